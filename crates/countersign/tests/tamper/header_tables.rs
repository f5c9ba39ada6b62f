//! The tables of V-01, V-02 and V-08 to V-10 for requests that are signed in their header. All of it
//! is signed by the owner of the key, so that only what the table changes is at issue.

use countersign::{
    Claim, Field, Mechanism, ParseError, PayloadRule, RequestHead, SigningKey, Skew, Timestamp,
    VerifyError,
};

use crate::{
    common::{Model, Report, Request, Server, header::HeaderModel},
    documented_key, documented_time,
    tables::SCOPES,
};

fn answer(model: &HeaderModel, now: Timestamp) -> Result<Report, VerifyError> {
    Server::documented().answer_in_header(&model.request(), now)
}

fn after(secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(documented_time().unix_secs() + secs).unwrap()
}

fn parse_error(error: ParseError) -> VerifyError {
    VerifyError::Parse(error)
}

fn set_header(model: &mut HeaderModel, name: &str, value: &str) {
    let (_, old) = model.0.headers.iter_mut().find(|(other, _)| other == name).unwrap();
    value.clone_into(old);
}

/// A server for both mechanisms, and none other.
fn answer_to_any(request: &Request) -> Result<Report, VerifyError> {
    let (server, now) = (Server::documented(), documented_time());
    match Mechanism::of(&request.head())? {
        Some(Mechanism::Query) => server.answer(request, now),
        Some(Mechanism::Header) => server.answer_in_header(request, now),
        None => Err(parse_error(ParseError::Missing(Field::Authorization))),
    }
}

const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

/// V-01: nothing that is not signed is let in, whatever is said of its body.
#[test]
fn every_mechanism_and_every_payload_but_the_right_ones_are_refused() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let payloads = [
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        Some("STREAMING-UNSIGNED-PAYLOAD"),
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        Some("garbage"),
        Some(empty),
        Some("UNSIGNED-PAYLOAD"),
        None,
    ];
    for method in METHODS {
        for payload in payloads {
            let model = Model {
                method: method.to_owned(),
                payload: payload.unwrap_or("UNSIGNED-PAYLOAD").to_owned(),
                ..Model::documented()
            };
            let good_header = HeaderModel::new(model.clone(), payload.is_some()).request();
            let mut good_query = model.request();
            good_query.headers.extend(
                payload.map(|payload| ("x-amz-content-sha256".to_owned(), payload.to_owned())),
            );
            let mut bad_header = good_header.clone();
            bad_header.headers.last_mut().unwrap().1.replace_range(.., "AWS4-HMAC-SHA256 x");
            let mut bad_query = good_query.clone();
            bad_query.target.push('0');
            let mut both = good_header.clone();
            both.target.clone_from(&good_query.target);
            let mut none = good_header.clone();
            none.headers.pop();
            for refused in [bad_header, bad_query, both, none] {
                assert!(answer_to_any(&refused).is_err(), "{refused:?}");
            }
            let is_good = [Some(empty), Some("UNSIGNED-PAYLOAD")].contains(&payload);
            let outcome = answer_to_any(&good_header);
            assert_eq!(outcome.is_ok(), is_good, "{method} {payload:?}: {outcome:?}");
            // Presigned, the header may be absent.
            let outcome = answer_to_any(&good_query);
            assert_eq!(outcome.is_ok(), is_good || payload.is_none(), "{payload:?}: {outcome:?}");
        }
    }
}

/// V-02.
#[test]
fn a_request_has_one_mechanism_or_none() {
    for method in METHODS {
        let model = Model { method: method.to_owned(), ..Model::documented() };
        let in_header = HeaderModel::new(model.clone(), true).request();
        let signed = in_header.headers.last().unwrap().1.clone();
        let claim_headers = &in_header.headers[..in_header.headers.len() - 1];
        let presigned = model.request().target;
        let plain = in_header.target.clone();
        let half = ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Signature=0"]
            .map(|parameter| format!("{plain}?{parameter}"));
        let two = Err(ParseError::TwoMechanisms);
        for (target, authorization, expected) in [
            (&plain, None, Ok(None)),
            (&plain, Some("Bearer token"), Ok(None)),
            (&plain, Some(&*signed), Ok(Some(Mechanism::Header))),
            (&plain, Some("AWS AKID:c2lnbmF0dXJl"), Ok(Some(Mechanism::Header))),
            (&presigned, None, Ok(Some(Mechanism::Query))),
            (&presigned, Some("Bearer token"), Ok(Some(Mechanism::Query))),
            (&presigned, Some(&*signed), two),
            (&presigned, Some("AWS AKID:c2lnbmF0dXJl"), two),
            (&half[0], Some(&*signed), two),
            (&half[1], Some(&*signed), two),
        ] {
            let mut headers = claim_headers.to_vec();
            headers.extend(authorization.map(|it| ("Authorization".to_owned(), it.to_owned())));
            let request = Request { method: method.to_owned(), target: target.clone(), headers };
            assert_eq!(Mechanism::of(&request.head()), expected, "{request:?}");
            let [by_query, by_header] =
                [Claim::parse(&request.head()).err(), Claim::parse_header(&request.head()).err()];
            match expected {
                // Version 2 signs, and is not supported.
                Ok(Some(Mechanism::Header)) if authorization != Some(&signed) => {
                    assert_eq!(by_header, Some(ParseError::UnsupportedAlgorithm));
                }
                Ok(mechanism) => {
                    assert_eq!(by_query.is_none(), mechanism == Some(Mechanism::Query));
                    assert_eq!(by_header.is_none(), mechanism == Some(Mechanism::Header));
                }
                Err(error) => assert_eq!([by_query, by_header], [Some(error); 2]),
            }
        }
    }
}

/// There it belongs to the claim; here it is one parameter among others, signed like them, and a
/// handler sees it.
#[test]
fn what_would_be_of_a_presigned_claim_is_a_plain_parameter() {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let query = [
        ("X-Amz-Date", "20200101T000000Z"),
        ("X-Amz-Expires", "604800"),
        ("X-Amz-Security-Token", "t"),
        ("prefix", "a b"),
    ];
    let mut model = HeaderModel::documented();
    model.0.query = query.map(pair).into();
    let report = answer(&model, documented_time()).unwrap();
    assert_eq!(report.query, model.0.query);
    assert_eq!(report.validity.not_after(), after(901));
}

/// V-08.
#[test]
fn a_list_of_signed_headers_that_is_not_in_form_is_refused_even_if_it_is_signed() {
    let malformed = parse_error(ParseError::Malformed(Field::SignedHeaders));
    let absent = |name: &str| VerifyError::SignedHeaderAbsent(name.into());
    for (list, expected) in [
        ("host;x-amz-date;", malformed.clone()),
        (";host;x-amz-date", malformed.clone()),
        ("host;host;x-amz-date", malformed.clone()),
        ("Host;x-amz-date", malformed.clone()),
        ("x-amz-date;host", malformed.clone()),
        ("host;;x-amz-date", malformed.clone()),
        ("host%3Bx-amz-date", malformed),
        ("", VerifyError::HostNotSigned),
        ("x-amz-date", VerifyError::HostNotSigned),
        ("host", VerifyError::UnsignedHeader("x-amz-date".into())),
        ("host;x-absent;x-amz-date", absent("x-absent")),
        ("host;x-amz-acl;x-amz-date", absent("x-amz-acl")),
    ] {
        let mut model = HeaderModel::documented();
        model.0.signed_headers = Some(list.to_owned());
        assert_eq!(answer(&model, documented_time()), Err(expected), "{list}");
    }
}

/// The value is signed all the same: it is the payload line. Early builds of the AWS SDK for
/// JavaScript did not list it.
#[test]
fn a_payload_header_that_is_not_listed_is_signed_by_the_payload_line() {
    let mut model = HeaderModel::documented();
    model.0.signed_headers = Some("host;x-amz-date".to_owned());
    assert!(answer(&model, documented_time()).is_ok());
    let mut request = model.request();
    let is_payload = |(name, _): &&mut (String, String)| name == "x-amz-content-sha256";
    request.headers.iter_mut().find(is_payload).unwrap().1 = "0".repeat(64);
    let outcome = Server::documented().answer_in_header(&request, documented_time());
    assert_eq!(outcome, Err(VerifyError::SignatureMismatch));
}

/// The documentation wants it signed. The AWS SDK for JavaScript, version 2, never signs it, in any
/// request: `lib/signers/v4.js`.
#[test]
fn a_content_type_may_go_unsigned() {
    let mut request = HeaderModel::documented().request();
    request.headers.push(("Content-Type".to_owned(), "text/csv".to_owned()));
    let report = Server::documented().answer_in_header(&request, documented_time()).unwrap();
    assert_eq!(report.signed_headers, ["host", "range", "x-amz-content-sha256", "x-amz-date"]);
}

/// V-09.
#[test]
fn a_claim_holds_while_the_clocks_agree() {
    for skew_secs in [0_i64, 1, 300, 900] {
        let skew = Skew::from_secs(u32::try_from(skew_secs).unwrap()).unwrap();
        let mut server = Server::documented();
        server.verifier = server.verifier.with_skew(skew);
        let request = HeaderModel::documented().request();
        let far = [-1, 1].map(|sign| sign * (skew_secs + 1));
        let ends = [Timestamp::MIN, Timestamp::MAX];
        for now in far.map(after).into_iter().chain(ends).chain([after(86_400)]) {
            let signed_at = documented_time();
            let expected = Err(VerifyError::TimeSkewed { now, signed_at, skew });
            assert_eq!(server.answer_in_header(&request, now), expected, "{now}");
        }
        for now in [-skew_secs, 0, skew_secs].map(after) {
            let report = server.answer_in_header(&request, now).expect("the clocks agree");
            assert_eq!(report.validity.not_before(), after(-skew_secs));
            assert_eq!(report.validity.not_after(), after(skew_secs + 1));
        }
    }
}

/// V-09.
#[test]
fn a_date_is_sixteen_characters_and_a_second_of_the_calendar() {
    for date in [
        "",
        "00000524T000000Z",
        "20130229T000000Z",
        "20130524T240000Z",
        "20130524T006000Z",
        "20130524T000060Z",
        "20130524T000000",
        "20130524t000000z",
        "20130524T000000Z, 20130524T000000Z",
        "2013-05-24T00:00:00Z",
        "Fri, 24 May 2013 00:00:00 GMT",
        "1369353600",
    ] {
        let mut model = HeaderModel::documented();
        date.clone_into(&mut model.0.date);
        set_header(&mut model, "X-Amz-Date", date);
        let expected = parse_error(ParseError::Malformed(Field::Date));
        assert_eq!(answer(&model, documented_time()), Err(expected), "{date:?}");
    }
    // Nothing comes after the end of time, and nothing overflows.
    for (date, is_good) in [
        ("00010101T000000Z", true),
        ("99991231T234458Z", true),
        ("99991231T234459Z", false),
        ("99991231T235959Z", false),
    ] {
        let mut model = HeaderModel::documented();
        date.clone_into(&mut model.0.date);
        set_header(&mut model, "X-Amz-Date", date);
        date[..8].clone_into(&mut model.0.scope[0]);
        let outcome = answer(&model, Timestamp::parse(date).unwrap());
        assert_eq!(outcome.is_ok(), is_good, "{date}: {outcome:?}");
    }
}

#[test]
fn a_plain_date_header_is_no_signing_time() {
    for date in ["Fri, 24 May 2013 00:00:00 GMT", "20130524T000000Z"] {
        let mut model = HeaderModel::documented();
        let (name, value) = model.0.headers.iter_mut().find(|(it, _)| it == "X-Amz-Date").unwrap();
        "Date".clone_into(name);
        date.clone_into(value);
        let expected = parse_error(ParseError::Missing(Field::Date));
        assert_eq!(answer(&model, documented_time()), Err(expected));
    }
}

/// V-10. What is no visible ASCII, or would separate parameters, does not get as far as the scope.
#[test]
fn every_part_of_the_scope_is_exact() {
    let mut by_scope = 0;
    for (part, reason, mutations) in SCOPES {
        for mutation in mutations {
            let mut model = HeaderModel::documented();
            let field = if part == 0 { &mut model.0.id } else { &mut model.0.scope[part - 1] };
            (*mutation).clone_into(field);
            let error = answer(&model, documented_time()).expect_err(mutation);
            let is_visible = mutation.bytes().all(|byte| byte.is_ascii_graphic());
            let expected = match *mutation {
                _ if is_visible => reason,
                // The end of the parameter, around which white space is nothing.
                "aws4_request " => "SignatureMismatch",
                _ => "Parse(Malformed(Credential))",
            };
            by_scope += i32::from(is_visible);
            assert!(format!("{error:?}").starts_with(expected), "{mutation:?}: {error:?}");
        }
    }
    assert!(by_scope > 35, "{by_scope}");
}

#[test]
fn s3_wants_to_be_told_of_the_body_and_other_services_may_be_told_once() {
    let missing = Err(parse_error(ParseError::Missing(Field::ContentSha256)));
    let silent = HeaderModel::new(Model::documented(), false);
    assert_eq!(answer(&silent, documented_time()), missing);
    let mut server = Server::documented();
    server.verifier = server.verifier.with_default_payload(PayloadRule::Unsigned);
    assert_eq!(server.answer_in_header(&silent.request(), documented_time()), missing);
    // It is the first thing to be looked at, as with whatever else a claim cannot be read without.
    assert_eq!(server.answer_in_header(&silent.request(), Timestamp::MAX), missing);
}

#[test]
fn a_body_in_signed_chunks_is_refused_by_name() {
    for (value, is_chunked) in [
        ("aws-chunked", true),
        ("gzip, AWS-Chunked", true),
        ("aws-chunked,gzip", true),
        ("gzip", false),
        ("not-aws-chunked", false),
    ] {
        let mut model = HeaderModel::documented();
        model.0.headers.push(("Content-Encoding".to_owned(), value.to_owned()));
        let outcome = answer(&model, documented_time());
        if is_chunked {
            assert_eq!(outcome, Err(parse_error(ParseError::StreamingPayload)), "{value}");
        } else {
            assert!(outcome.is_ok(), "{value}: {outcome:?}");
        }
    }
}

#[test]
fn a_session_token_belongs_to_its_key_even_if_the_signature_is_right() {
    let tokens = [None, Some("IQoJb3JpZ2luX2Vj+/="), Some("IQoJb3JpZ2luX2Vj+/=="), Some("x")];
    for signed in tokens {
        for known in tokens {
            let with = |token: Option<&str>| Model {
                token: token.map(String::from),
                ..Model::documented()
            };
            let scope = documented_key("20130524", "us-east-1", "s3");
            let key = SigningKey::derive(&with(known).credentials(), scope.scope());
            let request = HeaderModel::new(with(signed), true).request();
            let claim = Claim::parse_header(&request.head()).unwrap();
            let server = Server::documented();
            let checked = server.verifier.check(&claim, documented_time()).unwrap();
            let expected = (signed != known).then_some(VerifyError::SignatureMismatch);
            assert_eq!(checked.verify(Some(&key)).err(), expected, "{signed:?}, {known:?}");
        }
    }
}

#[test]
fn a_claim_has_no_more_headers_than_are_read() {
    let mut request = HeaderModel::documented().request();
    while request.headers.len() < 100 {
        request.headers.push(("x-more".to_owned(), String::new()));
    }
    let answer = |request: &Request| {
        Server::documented().answer_in_header(request, documented_time()).map(drop)
    };
    assert_eq!(answer(&request), Ok(()));
    request.headers.push(("x-more".to_owned(), String::new()));
    let too_large = ParseError::TooLarge(Field::Header);
    assert_eq!(answer(&request), Err(parse_error(too_large)));
    assert_eq!(Mechanism::of(&request.head()), Err(too_large));
}

/// Header fields that count how often they are gone through.
struct Counted<'a>(&'a [(String, String)], std::cell::Cell<u32>);

impl countersign::Headers for Counted<'_> {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.1.set(self.1.get() + 1);
        self.0.fields()
    }
}

/// What can be counted of V-11: whether there is a key, and whether the signature is right, or one
/// at all, the whole canonical request is made.
#[test]
fn a_stranger_costs_the_work_of_a_user() {
    let key = documented_key("20130524", "us-east-1", "s3");
    let good = HeaderModel::documented().request();
    let mut malformed = good.clone();
    let authorization = &mut malformed.headers.last_mut().unwrap().1;
    authorization.truncate(authorization.len() - 1);
    let work = |request: &Request, key: Option<&SigningKey>| {
        let headers = Counted(&request.headers, std::cell::Cell::new(0));
        let Request { method, target, .. } = request;
        let claim = Claim::parse_header(&RequestHead { method, target, headers: &headers });
        let (claim, server) = (claim.unwrap(), Server::documented());
        let checked = server.verifier.check(&claim, documented_time()).unwrap();
        headers.1.set(0);
        let is_verified = checked.verify(key).is_ok();
        assert_eq!(is_verified, key.is_some() && *request == good);
        headers.1.get()
    };
    let expected = work(&good, Some(&key));
    assert!(expected > 3, "{expected}");
    for request in [&good, &malformed] {
        assert_eq!(work(request, None), expected);
        assert_eq!(work(request, Some(&key)), expected);
    }
}
