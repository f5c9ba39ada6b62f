//! The `Authorization` header, and what headers may be signed.

use countersign::oci::{Authorization, ContentRule, Field, ParseError, SignError, SigningString};

use super::{OTHER, Sent, VerifyError, method, target};

const GOOD: &str = "Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",\
    keyId=\"t/u/f\",signature=\"AAAA\",version=\"1\"";

fn parse(text: &str) -> Result<String, ParseError> {
    Authorization::parse(text).map(|read| read.to_header_value())
}

#[test]
fn a_header_is_read_in_any_order_and_spacing() {
    assert_eq!(parse(GOOD).as_deref(), Ok(GOOD));
    let (_, parameters) = GOOD.split_once(' ').unwrap();
    let mut parameters: Vec<_> = parameters.split(',').collect();
    for _ in 0..parameters.len() {
        parameters.rotate_left(1);
        for between in [",", ", ", " ,", "\t ,\t"] {
            for scheme in ["Signature ", "signature ", "SIGNATURE   ", "Signature \t"] {
                let text = format!("{scheme}{}", parameters.join(between));
                assert_eq!(parse(&text).as_deref(), Ok(GOOD), "{text}");
            }
        }
    }
    // The current version, where none is said.
    assert_eq!(parse(&GOOD.replace(",version=\"1\"", "")).as_deref(), Ok(GOOD));
}

#[test]
fn a_header_that_is_none_is_refused_by_name() {
    let malformed = ParseError::Malformed(Field::Authorization);
    let swap = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1)
    };
    for (text, reason) in [
        (String::new(), ParseError::UnsupportedScheme),
        ("Signature".to_owned(), ParseError::UnsupportedScheme),
        ("Signature ".to_owned(), malformed),
        (swap("Signature ", "Bearer "), ParseError::UnsupportedScheme),
        (swap("Signature ", "AWS4-HMAC-SHA256 "), ParseError::UnsupportedScheme),
        (swap("Signature ", "Signature,"), ParseError::UnsupportedScheme),
        (swap("\"1\"", "\"2\""), ParseError::UnsupportedVersion),
        (swap("\"1\"", "\"\""), ParseError::UnsupportedVersion),
        (swap("\"1\"", "\"1.0\""), ParseError::UnsupportedVersion),
        (swap("\"1\"", "1"), malformed),
        (swap("rsa-sha256", "RSA-SHA256"), ParseError::UnsupportedAlgorithm),
        (swap("rsa-sha256", "rsa-sha1"), ParseError::UnsupportedAlgorithm),
        (swap("rsa-sha256", "hmac-sha256"), ParseError::UnsupportedAlgorithm),
        (swap("rsa-sha256", "hs2019"), ParseError::UnsupportedAlgorithm),
        (swap("algorithm=\"rsa-sha256\",", ""), ParseError::Missing(Field::Algorithm)),
        (swap("keyId=\"t/u/f\",", ""), ParseError::Missing(Field::KeyId)),
        (swap("signature=\"AAAA\",", ""), ParseError::Missing(Field::Signature)),
        (
            swap("headers=\"date (request-target) host\",", ""),
            ParseError::Missing(Field::SignedHeaders),
        ),
        (swap("keyId=", "keyid="), ParseError::UnknownParameter),
        (swap("keyId=", "created=\"1\",keyId="), ParseError::UnknownParameter),
        (swap("keyId=", "=\"1\",keyId="), ParseError::UnknownParameter),
        (swap("keyId=", "keyId =").clone(), ParseError::UnknownParameter),
        (swap("keyId=", "keyId= "), malformed),
        (swap("version=", "keyId=\"t/u/f\",version="), ParseError::Duplicate(Field::KeyId)),
        (swap("keyId=", "version=\"1\",keyId="), ParseError::Duplicate(Field::Version)),
        (format!("{GOOD},signature=\"AAAA\""), ParseError::Duplicate(Field::Signature)),
        (format!("{GOOD},"), malformed),
        (format!("{GOOD}x"), malformed),
        (format!("{GOOD} version=\"1\""), malformed),
        (swap(",keyId", ",,keyId"), ParseError::UnknownParameter),
        (swap("\"1\"", "\"1"), malformed),
        (swap("\"t/u/f\"", "\"t/u/f"), malformed),
        (swap("t/u/f", "t/u/\\\"f"), malformed),
        (swap("t/u/f", "t/u"), ParseError::Malformed(Field::KeyId)),
        (swap("t/u/f", ""), ParseError::Malformed(Field::KeyId)),
        (swap("t/u/f", "t/u/f g"), ParseError::Malformed(Field::KeyId)),
        (swap("date (", "Date ("), ParseError::Malformed(Field::SignedHeaders)),
        (swap("date (", "date  ("), ParseError::Malformed(Field::SignedHeaders)),
        (swap("date (", " date ("), ParseError::Malformed(Field::SignedHeaders)),
        (swap("host\"", "host \""), ParseError::Malformed(Field::SignedHeaders)),
        (swap("host\"", "host\t\""), ParseError::Malformed(Field::SignedHeaders)),
        (swap("host\"", "host (created)\""), ParseError::Malformed(Field::SignedHeaders)),
        (swap("host\"", "authorization\""), ParseError::Malformed(Field::SignedHeaders)),
        (swap("host\"", "höst\""), ParseError::Malformed(Field::SignedHeaders)),
        (swap("date (request-target) host", ""), ParseError::Malformed(Field::SignedHeaders)),
        (swap("host\"", "date\""), ParseError::Duplicate(Field::SignedHeaders)),
        (swap("host\"", "(request-target)\""), ParseError::Duplicate(Field::SignedHeaders)),
        (swap("AAAA", ""), ParseError::Malformed(Field::Signature)),
        (swap("AAAA", "AAA"), ParseError::Malformed(Field::Signature)),
        (swap("AAAA", "AB=="), ParseError::Malformed(Field::Signature)),
        (swap("AAAA", "AA-_"), ParseError::Malformed(Field::Signature)),
        (swap("AAAA", "AA AA"), ParseError::Malformed(Field::Signature)),
        (swap("AAAA", "AAAA\n"), ParseError::Malformed(Field::Signature)),
        (swap("AAAA", &"A".repeat(1368)), ParseError::TooLarge(Field::Signature)),
        (swap("host\"", &format!("{}\"", "h".repeat(257))), {
            ParseError::TooLarge(Field::SignedHeaders)
        }),
        (format!("{GOOD}{}", " ".repeat(32_768)), ParseError::TooLarge(Field::Authorization)),
    ] {
        assert_eq!(parse(&text), Err(reason), "{text}");
    }
}

#[test]
fn fifty_headers_are_signed_and_no_more() {
    let names: Vec<_> = (0..51).map(|number| format!("x-{number}")).collect();
    let mut list =
        vec![("date", "Sat, 21 Nov 2026 12:00:00 GMT"), ("(request-target)", ""), ("host", "h")];
    list.extend(names.iter().map(|name| (name.as_str(), "1")));
    let outcome = |list: &[(&str, &str)]| {
        SigningString::new(method("GET"), target(OTHER), list, ContentRule::Signed)
    };
    assert!(outcome(&list[..50]).is_ok());
    assert_eq!(outcome(&list[..51]).unwrap_err(), SignError::TooMany);
    let header = |count| {
        let list = list.iter().take(count).map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
        GOOD.replace("date (request-target) host", &list)
    };
    assert!(parse(&header(50)).is_ok());
    assert_eq!(parse(&header(51)), Err(ParseError::TooLarge(Field::SignedHeaders)));
}

#[test]
fn names_values_and_the_header_itself_are_read_up_to_their_limits_and_no_further() {
    let header = |len: usize| format!("{GOOD}{}", " ".repeat(len - GOOD.len()));
    assert_eq!(parse(&header(32_768)).as_deref(), Ok(GOOD));
    assert_eq!(parse(&header(32_769)), Err(ParseError::TooLarge(Field::Authorization)));

    let named = |len: usize| GOOD.replace("host\"", &format!("host {}\"", "n".repeat(len)));
    assert!(parse(&named(256)).is_ok());
    assert_eq!(parse(&named(257)), Err(ParseError::TooLarge(Field::SignedHeaders)));

    let sign = |name_len: usize, value_len: usize| {
        let (name, value) = ("n".repeat(name_len), "v".repeat(value_len));
        let list = [
            ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
            ("(request-target)", ""),
            ("host", "h"),
            (name.as_str(), value.as_str()),
        ];
        SigningString::new(method("GET"), target(OTHER), &list, ContentRule::Signed).map(drop)
    };
    assert_eq!(sign(256, 8192), Ok(()));
    assert_eq!(sign(257, 1), Err(SignError::InvalidHeaderName));
    assert_eq!(sign(1, 8193), Err(SignError::InvalidHeaderValue("n".into())));
}

#[test]
fn a_header_that_cannot_be_signed_is_refused_by_name() {
    let long = "v".repeat(8193);
    let long_name = "n".repeat(257);
    let invalid = |name: &str| SignError::InvalidHeaderValue(name.into());
    for (name, value, reason) in [
        ("x-a", "b\nhost: evil", invalid("x-a")),
        ("x-a", "b\r\nhost: evil", invalid("x-a")),
        ("x-a", "b\r", invalid("x-a")),
        ("x-a", "\n", invalid("x-a")),
        ("X-A", "\0", invalid("x-a")),
        ("x-a", "\u{7f}", invalid("x-a")),
        ("x-a", "é", invalid("x-a")),
        ("x-a", &long, invalid("x-a")),
        ("", "1", SignError::InvalidHeaderName),
        ("x a", "1", SignError::InvalidHeaderName),
        ("x:a", "1", SignError::InvalidHeaderName),
        ("x-ä", "1", SignError::InvalidHeaderName),
        ("x-a\n", "1", SignError::InvalidHeaderName),
        ("(created)", "1", SignError::InvalidHeaderName),
        ("(Request-Target)", "", SignError::InvalidHeaderName),
        (&long_name, "1", SignError::InvalidHeaderName),
        ("Authorization", "1", SignError::ReservedName("authorization".into())),
        ("Host", "h", SignError::DuplicateName("host".into())),
        ("(request-target)", "", SignError::DuplicateName("(request-target)".into())),
        ("(request-target)", "get /", invalid("(request-target)")),
    ] {
        let list = [
            ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
            ("(request-target)", ""),
            ("host", "h"),
            (name, value),
        ];
        let outcome = SigningString::new(method("GET"), target(OTHER), &list, ContentRule::Signed);
        assert_eq!(outcome.unwrap_err(), reason, "{name}: {value}");
    }
}

#[test]
fn a_value_is_signed_as_it_arrives() {
    let list = [
        ("DATE", " Sat, 21 Nov 2026 12:00:00 GMT\t"),
        ("X-Empty", ""),
        ("(request-target)", ""),
        ("Host", "h"),
        ("x-inner", "a  b\tc"),
    ];
    let text = SigningString::new(method("DELETE"), target("/?"), &list, ContentRule::Signed);
    assert_eq!(
        text.unwrap().as_str(),
        "date: Sat, 21 Nov 2026 12:00:00 GMT\nx-empty: \n(request-target): delete /?\nhost: h\n\
         x-inner: a  b\tc",
    );
}

#[test]
fn a_request_is_refused_that_cannot_be_read() {
    let doubled = |sent: &mut Sent| {
        let value = sent.value("authorization").clone();
        sent.add("Authorization", &value);
    };
    let refused = |change: &dyn Fn(&mut Sent)| {
        let mut sent = Sent::get();
        change(&mut sent);
        let VerifyError::Parse(reason) = sent.refused() else { panic!("{sent:?}") };
        reason
    };
    let malformed = ParseError::Malformed;
    let authorization = Field::Authorization;
    let missing = refused(&|sent| sent.remove("authorization"));
    assert_eq!(missing, ParseError::Missing(authorization));
    assert_eq!(refused(&doubled), ParseError::Duplicate(authorization));
    let empty = refused(&|sent| sent.add("AUTHORIZATION", ""));
    assert_eq!(empty, ParseError::Duplicate(authorization));
    let longer = refused(&|sent| sent.value("authorization").push('é'));
    assert_eq!(longer, malformed(authorization));
    assert_eq!(refused(&|sent| sent.method.push(' ')), malformed(Field::Method));
    assert_eq!(refused(&|sent| sent.target.push(' ')), malformed(Field::Target));
    assert_eq!(refused(&|sent| "*".clone_into(&mut sent.target)), malformed(Field::Target));
    let many = refused(&|sent| (0..97).for_each(|number| sent.add(&format!("x-{number}"), "")));
    assert_eq!(many, ParseError::TooLarge(Field::Headers));

    let mut most = Sent::get();
    (0..96).for_each(|number| most.add(&format!("x-{number}"), ""));
    assert_eq!(most.headers.len(), 100);
    assert!(most.outcome().is_ok());
}
