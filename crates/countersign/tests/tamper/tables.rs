//! The tables of V-07 to V-10. All of it is signed by the owner of the key, so that only what the
//! table changes is at issue.

use std::collections::BTreeSet;

use countersign::{Field, ParseError, Timestamp, VerifyError};

use crate::{
    common::{Model, Report, Server},
    documented_time,
    request::AMZ_HEADERS,
};

fn documented_answer(model: &Model, now: Timestamp) -> Result<Report, VerifyError> {
    Server::documented().answer(&model.request(), now)
}

fn after(secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(documented_time().unix_secs() + secs).unwrap()
}

/// V-07.
#[test]
fn all_720_orders_of_the_six_parameters_are_one_url() {
    let mut request = Model::documented().request();
    let (path, query) = request.target.split_once('?').unwrap();
    let pieces: Vec<_> = query.split('&').map(String::from).collect();
    let path = path.to_owned();
    assert_eq!(pieces.len(), 6);
    let server = Server::documented();
    let mut orders = vec![Vec::new()];
    for count in 0..6 {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=count).map(|place| {
                    let mut longer = order.clone();
                    longer.insert(place, count);
                    longer
                })
            })
            .collect();
    }
    assert_eq!(orders.len(), 720);
    for order in orders {
        let query: Vec<_> = order.iter().map(|&place| pieces[place].as_str()).collect();
        request.target = format!("{path}?{}", query.join("&"));
        assert!(server.answer(&request, documented_time()).is_ok(), "{}", request.target);
    }
}

/// V-08: the last is a part of a multipart upload.
#[test]
fn forty_amz_headers_are_refused_unsigned_and_accepted_signed_with_four_methods() {
    let of_a_part = [("partNumber", "1"), ("uploadId", "id")];
    let of_a_part = of_a_part.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (method, query) in [("GET", &[][..]), ("PUT", &[]), ("HEAD", &[]), ("POST", &of_a_part)] {
        for name in AMZ_HEADERS {
            let unsigned =
                Model { method: method.to_owned(), query: query.to_vec(), ..Model::documented() };
            let headers = vec![(name.to_owned(), "1".to_owned())];
            let signed = Model { headers: headers.clone(), ..unsigned.clone() };
            let report = documented_answer(&signed, documented_time()).expect(name);
            assert_eq!(report.signed_headers, ["host", name], "{method}");

            let mut request = unsigned.request();
            let server = Server::documented();
            assert!(server.answer(&request, documented_time()).is_ok(), "{method}");
            request.headers.extend(headers);
            let expected = Err(VerifyError::UnsignedHeader(name.into()));
            assert_eq!(server.answer(&request, documented_time()), expected, "{method}");
        }
    }
}

/// V-08.
#[test]
fn a_list_of_signed_headers_that_is_not_in_form_is_refused_even_if_it_is_signed() {
    let malformed = VerifyError::Parse(ParseError::Malformed(Field::SignedHeaders));
    for (list, expected) in [
        ("host;", malformed.clone()),
        (";host", malformed.clone()),
        ("host;host", malformed.clone()),
        ("Host", malformed.clone()),
        ("host;content-type", malformed.clone()),
        ("content-type;;host", malformed.clone()),
        ("content-type;host;x y", malformed.clone()),
        ("content-type host", malformed.clone()),
        ("content-type,host", malformed),
        ("", VerifyError::HostNotSigned),
        ("content-type", VerifyError::HostNotSigned),
        ("content-type;host;x-absent", VerifyError::SignedHeaderAbsent("x-absent".into())),
        ("content-type;host;x-amz-date", VerifyError::SignedHeaderAbsent("x-amz-date".into())),
    ] {
        let model = Model {
            headers: vec![("content-type".to_owned(), "text/csv".to_owned())],
            signed_headers: Some(list.to_owned()),
            ..Model::documented()
        };
        assert_eq!(documented_answer(&model, documented_time()), Err(expected), "{list}");
    }
}

/// What decodes to `content-type%3Bhost` is one name, and no name of a header.
#[test]
fn a_list_of_signed_headers_is_decoded_once() {
    let model = Model {
        headers: vec![("content-type".to_owned(), "text/csv".to_owned())],
        signed_headers: Some("content-type%3Bhost".to_owned()),
        ..Model::documented()
    };
    let expected = VerifyError::Parse(ParseError::Malformed(Field::SignedHeaders));
    assert_eq!(documented_answer(&model, documented_time()), Err(expected));
}

/// V-09.
#[test]
fn a_claim_holds_from_its_date_less_the_skew_up_to_its_end_and_not_then() {
    for lifetime in [1_i64, 60, 604_800] {
        let model = Model { expires: lifetime.to_string(), ..Model::documented() };
        let (not_before, not_after) = (after(-900), after(lifetime));
        let early = [-901, -902, -86_400, Timestamp::MIN.unix_secs() - after(0).unix_secs()];
        for now in early.map(after) {
            let expected = Err(VerifyError::NotYetValid { now, not_before });
            assert_eq!(documented_answer(&model, now), expected, "{lifetime} at {now}");
        }
        for now in [-900, -899, -1, 0, lifetime - 1].map(after) {
            let report = documented_answer(&model, now).expect("valid");
            assert_eq!(report.validity.not_before(), not_before);
            assert_eq!(report.validity.not_after(), not_after);
            assert!(early.map(after).into_iter().all(|early| !report.validity.contains(early)));
            assert!(report.validity.contains(now) && !report.validity.contains(not_after));
        }
        let end_of_time = Timestamp::MAX.unix_secs() - after(0).unix_secs();
        for now in [lifetime, lifetime + 1, lifetime + 86_400, end_of_time].map(after) {
            let expected = Err(VerifyError::Expired { now, not_after });
            assert_eq!(documented_answer(&model, now), expected, "{lifetime} at {now}");
        }
    }
}

/// V-09.
#[test]
fn expires_is_plain_digits_from_1_to_604800() {
    let now = documented_time();
    let malformed = VerifyError::Parse(ParseError::Malformed(Field::Expires));
    let expired = VerifyError::Expired { now, not_after: now };
    let all = [
        ("0", expired.clone()),
        ("000", expired),
        ("604801", VerifyError::LifetimeTooLong),
        ("0604801", VerifyError::LifetimeTooLong),
        ("2147483648", VerifyError::LifetimeTooLong),
        ("4294967296", VerifyError::LifetimeTooLong),
        ("4294967297", VerifyError::LifetimeTooLong),
        ("9223372036854775808", VerifyError::LifetimeTooLong),
        ("18446744073709551615", VerifyError::LifetimeTooLong),
        ("18446744073709551616", VerifyError::LifetimeTooLong),
        ("18446744073709551617", VerifyError::LifetimeTooLong),
        ("340282366920938463463374607431768211457", VerifyError::LifetimeTooLong),
    ];
    let odd = [
        "", "-1", "-0", "+60", "60 ", " 60", "60\n", "1e3", "0x3c", "60.0", "6_0", "60s", "６０",
        "٦٠", "60,60", "null", "NaN",
    ];
    let odd = odd.map(|text| (text, malformed.clone()));
    for (text, expected) in all.into_iter().chain(odd) {
        let model = Model { expires: text.to_owned(), ..Model::documented() };
        assert_eq!(documented_answer(&model, now), Err(expected), "{text:?}");
    }
    for (text, lifetime) in [
        ("1", 1),
        ("600", 600),
        ("0600", 600),
        ("000000000000000000000000000600", 600),
        ("604800", 604_800),
    ] {
        let model = Model { expires: text.to_owned(), ..Model::documented() };
        let report = documented_answer(&model, after(lifetime - 1)).expect(text);
        assert_eq!(report.validity.not_after(), after(lifetime), "{text}");
        let end = documented_answer(&model, after(lifetime));
        assert!(matches!(end, Err(VerifyError::Expired { .. })), "{text}: {end:?}");
    }
}

/// V-09.
#[test]
fn a_date_is_sixteen_characters_and_a_second_of_the_calendar() {
    for date in [
        "",
        "00000524T000000Z",
        "20130229T000000Z",
        "20240230T000000Z",
        "20130431T000000Z",
        "20130024T000000Z",
        "20131324T000000Z",
        "20130524T240000Z",
        "20130524T006000Z",
        "20130524T000060Z",
        "20130524T000000",
        "20130524t000000z",
        "20130524T000000Z ",
        " 20130524T000000Z",
        "20130524T000000+",
        "2013-05-24T00:00:00Z",
        "+2013524T000000Z",
        "1369353600",
        "２０１３０５２４T000000Z",
    ] {
        let model = Model { date: date.to_owned(), ..Model::documented() };
        let expected = VerifyError::Parse(ParseError::Malformed(Field::Date));
        assert_eq!(documented_answer(&model, documented_time()), Err(expected), "{date:?}");
    }
}

/// V-09.
#[test]
fn the_ends_of_time_are_no_way_around_expiry() {
    for (date, expires, is_valid) in [
        ("00010101T000000Z", "1", true),
        ("20240229T235959Z", "604800", true),
        ("99991231T235958Z", "1", true),
        ("99991231T235959Z", "1", false),
        ("99991231T235959Z", "604800", false),
    ] {
        let mut model = Model { expires: expires.to_owned(), ..Model::documented() };
        date.clone_into(&mut model.date);
        date[..8].clone_into(&mut model.scope[0]);
        let answer = documented_answer(&model, Timestamp::parse(date).unwrap());
        assert_eq!(answer.is_ok(), is_valid, "{date}: {answer:?}");
    }
}

/// The fields of V-10, by their place in the credential, with what must become of each mutation.
pub(crate) const SCOPES: [(usize, &str, &[&str]); 5] = [
    (
        0,
        "UnknownKey",
        &[
            "AKIAIOSFODNN7EXAMPL",
            "AKIAIOSFODNN7EXAMPLEE",
            "akiaiosfodnn7example",
            "AKIAIOSFODNN7EXAMPLF",
            " AKIAIOSFODNN7EXAMPLE",
            "AKIAIOSFODNN7EXAMPLE ",
            "AKIAIOSFODNN7EXAMPLE\n",
            "*",
            "é",
            "АKIAIOSFODNN7EXAMPLE",
        ],
    ),
    (
        1,
        "DateMismatch",
        &[
            "20130523", "20130525", "20120524", "20140524", "20130624", "00010101", "99991231",
            "20240229",
        ],
    ),
    (
        2,
        "Scope(Region",
        &[
            "",
            "us-east-2",
            "US-EAST-1",
            "us-east-",
            "us-east-11",
            "us-east-1 ",
            " us-east-1",
            "us-east-1\n",
            "us_east_1",
            "us-west-1",
            "*",
            "aws-global",
            "eu-central-1",
            "us-eаst-1",
            "us-east-1;x",
        ],
    ),
    (
        3,
        "Scope(Service",
        &[
            "",
            "S3",
            "s",
            "s3 ",
            " s3",
            "s33",
            "s3\n",
            "s3-outposts",
            "s3express",
            "iam",
            "sts",
            "ec2",
            "*",
            "execute-api",
            "ｓ３",
        ],
    ),
    (
        4,
        "Scope(Terminator",
        &[
            "",
            "aws4_reques",
            "aws4_request ",
            "AWS4_REQUEST",
            "aws4-request",
            "aws3_request",
            "aws4_requestx",
            "aws4_request\n",
            "request",
            "*",
        ],
    ),
];

/// V-10.
#[test]
fn every_part_of_the_scope_is_exact() {
    for (part, reason, mutations) in SCOPES {
        for mutation in mutations {
            let mut model = Model::documented();
            let field = if part == 0 { &mut model.id } else { &mut model.scope[part - 1] };
            (*mutation).clone_into(field);
            let error = documented_answer(&model, documented_time()).expect_err(mutation);
            assert!(format!("{error:?}").starts_with(reason), "{mutation:?}: {error:?}");
        }
    }
}

/// V-10: each character dropped, doubled, in its other case, replaced; something before and behind.
#[test]
fn a_part_of_the_scope_that_is_a_character_off_is_another() {
    let of_part = |model: &mut Model, part: usize, text: &str| {
        let field = if part == 0 { &mut model.id } else { &mut model.scope[part - 1] };
        text.clone_into(field);
    };
    let right = ["AKIAIOSFODNN7EXAMPLE", "20130524", "us-east-1", "s3", "aws4_request"];
    for (part, right) in right.into_iter().enumerate() {
        let (_, reason, _) = SCOPES[part];
        let mut tried = BTreeSet::new();
        for mutation in mutations(right) {
            let mut model = Model::documented();
            of_part(&mut model, part, &mutation);
            let error = documented_answer(&model, documented_time()).expect_err(&mutation);
            let error = format!("{error:?}");
            // What is no date is not compared with one.
            let is_malformed = part == 1 && error == "Parse(Malformed(Credential))";
            assert!(error.starts_with(reason) || is_malformed, "{mutation:?}: {error}");
            tried.insert(mutation);
        }
        assert!(tried.len() >= 20, "{right}: {}", tried.len());
    }
}

fn mutations(right: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (at, letter) in right.char_indices() {
        let (before, after) = (&right[..at], &right[at + 1..]);
        let other_case = if letter.is_ascii_uppercase() {
            letter.to_ascii_lowercase()
        } else {
            letter.to_ascii_uppercase()
        };
        all.push(format!("{before}{after}"));
        all.push(format!("{before}{letter}{letter}{after}"));
        all.push(format!("{before}{other_case}{after}"));
        for other in ['x', '0', '9', '-', 'é'] {
            all.push(format!("{before}{other}{after}"));
        }
    }
    for odd in ["x", " ", "\t", "\n", "%", "*", "\u{200b}", ";"] {
        all.extend([format!("{odd}{right}"), format!("{right}{odd}")]);
    }
    all.retain(|mutation| mutation != right);
    all
}

/// V-10.
#[test]
fn a_credential_has_five_parts_and_a_day_of_the_calendar() {
    let with = |part: usize, text: &str| {
        let mut model = Model::documented();
        let field = if part == 0 { &mut model.id } else { &mut model.scope[part - 1] };
        text.clone_into(field);
        documented_answer(&model, documented_time())
    };
    let malformed = Err(VerifyError::Parse(ParseError::Malformed(Field::Credential)));
    let dates = [
        "",
        "2013052",
        "201305244",
        "20130230",
        "20131301",
        "2013-5-2",
        "+2013524",
        "00000524",
        "20130524Z",
    ];
    for date in dates {
        assert_eq!(with(1, date), malformed, "{date}");
    }
    for part in 0..5 {
        for slashed in ["a/b", "/", "a/", "/a"] {
            assert_eq!(with(part, slashed), malformed, "{part}: {slashed}");
        }
    }
    assert_eq!(with(0, ""), malformed);
}
