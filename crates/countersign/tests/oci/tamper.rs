//! A request that was changed after it was signed is not let in.

use countersign::{
    RequestHead,
    oci::{Claim, Content, RsaKey, RsaPublicKey, VerifyError},
};

use super::{OTHER, Sent, UPLOAD, Verifier, key, key_id, now, public_key};

const MISMATCH: VerifyError = VerifyError::SignatureMismatch;

#[test]
fn nothing_that_is_signed_can_be_changed() {
    let good = Sent::post();
    assert!(good.outcome().is_ok());
    let mismatches: [fn(&mut Sent); 17] = [
        |sent| sent.method = "PUT".to_owned(),
        |sent| sent.method = "PATCH".to_owned(),
        |sent| sent.target = sent.target.replace("limit=10", "limit=11"),
        |sent| sent.target = sent.target.replace("/ns/", "/nt/"),
        |sent| sent.target = sent.target.replace("/p?", "/P?"),
        |sent| sent.target = sent.target.replace("%20", "+"),
        |sent| sent.target = sent.target.replace("/p?", "/%70?"),
        |sent| sent.target = sent.target.replace("limit=10&page=%20x", "page=%20x&limit=10"),
        |sent| sent.target = sent.target.replace("/n/", "//n/"),
        |sent| sent.target.push('&'),
        |sent| sent.value("host").push_str(":443"),
        |sent| *sent.value("host") = sent.value("host").to_ascii_uppercase(),
        |sent| *sent.value("date") = "Sat, 21 Nov 2026 12:00:01 GMT".to_owned(),
        |sent| *sent.value("date") = "Sun, 21 Nov 2026 12:00:00 GMT".to_owned(),
        |sent| *sent.value("content-length") = "3".to_owned(),
        |sent| *sent.value("content-type") = "application/jsoN".to_owned(),
        |sent| *sent.value("content-length") = "02".to_owned(),
    ];
    for (index, change) in mismatches.into_iter().enumerate() {
        let mut sent = good.clone();
        change(&mut sent);
        assert_ne!(sent, good, "{index}");
        assert_eq!(sent.refused(), MISMATCH, "{index}");
    }
    let mut sent = good;
    let other = Content::of(b"{} ", "").sha256;
    *sent.value("x-content-sha256") = {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        STANDARD.encode(other)
    };
    assert_eq!(sent.refused(), MISMATCH);
}

#[test]
fn the_list_of_what_is_signed_cannot_be_changed() {
    let good = Sent::post();
    let list = "date (request-target) host content-length content-type x-content-sha256";
    for other in [
        "(request-target) date host content-length content-type x-content-sha256",
        "date (request-target) host content-type content-length x-content-sha256",
        "date (request-target) host content-length content-type x-content-sha256 accept",
        "accept date (request-target) host content-length content-type x-content-sha256",
    ] {
        let mut sent = good.clone();
        let value = sent.value("authorization");
        assert!(value.contains(list));
        *value = value.replace(list, other);
        assert_eq!(sent.refused(), MISMATCH, "{other}");
    }
    for missing in list.split(' ') {
        let mut sent = good.clone();
        let value = sent.value("authorization");
        let others: Vec<_> = list.split(' ').filter(|name| *name != missing).collect();
        *value = value.replace(list, &others.join(" "));
        assert!(matches!(sent.refused(), VerifyError::NotSigned(it) if it.as_str() == missing));
    }
}

#[test]
fn no_byte_of_the_signature_can_be_changed() {
    let good = Sent::get();
    let header = good.clone().value("authorization").clone();
    let start = header.find("signature=\"").unwrap() + "signature=\"".len();
    let end = start + header[start..].find('"').unwrap();
    assert_eq!(end - start, 344);
    for place in start..end {
        for other in ["A", "/", "="] {
            if header[place..].starts_with(other) {
                continue;
            }
            let mut sent = good.clone();
            sent.value("authorization").replace_range(place..=place, other);
            let error = sent.refused();
            let is_expected =
                error == MISMATCH || error.to_string() == "the request carries no valid signature";
            assert!(is_expected, "{place}: {error:?}");
        }
    }
    let other = Sent::new("GET", UPLOAD, None).value("authorization").clone();
    let mut sent = good;
    *sent.value("authorization") = other;
    assert_eq!(sent.refused(), MISMATCH);
}

#[test]
fn a_signed_header_is_there_once_and_in_its_form() {
    for name in ["date", "host", "content-length", "content-type", "x-content-sha256"] {
        let good = Sent::post();
        let value = good.clone().value(name).clone();
        for second in [&*value, "", "other"] {
            for spelling in [name.to_owned(), name.to_ascii_uppercase()] {
                let mut sent = good.clone();
                sent.add(&spelling, second);
                assert_eq!(sent.refused(), VerifyError::DuplicateHeader(name.into()));
            }
        }
        let mut sent = good.clone();
        sent.remove(name);
        assert_eq!(sent.refused(), VerifyError::AbsentHeader(name.into()));
        for wrong in [format!("{value}\nx: y"), format!("{value}\r"), format!("{value}é")] {
            let mut sent = good.clone();
            *sent.value(name) = wrong;
            assert_eq!(sent.refused(), VerifyError::MalformedHeader(name.into()));
        }
        // The white space around a value is not part of it.
        let mut sent = good;
        *sent.value(name) = format!(" \t{value} ");
        assert!(sent.outcome().is_ok(), "{name}");
    }
    for (name, wrong) in [
        ("content-length", "+2"),
        ("content-length", "2, 2"),
        ("content-length", "-1"),
        ("content-length", ""),
        ("content-length", "0x2"),
        ("content-length", "18446744073709551616"),
        ("x-content-sha256", ""),
        ("x-content-sha256", "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o"),
        ("x-content-sha256", "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4p="),
        ("x-content-sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
    ] {
        let mut sent = Sent::post();
        wrong.clone_into(sent.value(name));
        assert_eq!(sent.refused(), VerifyError::MalformedHeader(name.into()), "{wrong}");
    }
}

#[test]
fn only_the_key_that_is_named_lets_in() {
    let sent = Sent::get();
    let none: Option<&RsaPublicKey> = None;
    let unknown = sent.answer(&Verifier::new(), none, now());
    assert_eq!(unknown, Err(VerifyError::UnknownKey));
    let other = RsaKey::from_pem(include_str!("../data/oci-keys/other.pem")).unwrap();
    let mismatch = sent.answer(&Verifier::new(), Some(&other.public_key()), now());
    assert_eq!(mismatch, Err(MISMATCH));
}

#[test]
fn the_witness_says_what_was_signed_and_shows_no_header() {
    let sent = Sent::post();
    let head = RequestHead { method: "POST", target: OTHER, headers: sent.headers.as_slice() };
    let claim = Claim::parse(&head).unwrap();
    let verifier = Verifier::new();
    let checked = verifier.check(&claim, now()).unwrap();
    assert_eq!(checked.key_id().as_str(), super::KEY_ID);
    let list = "date (request-target) host content-length content-type x-content-sha256";
    assert!(checked.signed_headers().eq(list.split(' ')));
    let signature = sent.clone().value("authorization").clone();
    let signature = signature.split("signature=\"").nth(1).unwrap()[..344].to_owned();
    let shown = format!("{claim:?} {checked:?}");
    let start = "Claim { method: Method(\"POST\"), target: Target(/n/ns/b/bucket/p..), authoriz";
    assert!(shown.starts_with(start), "{shown}");
    assert!(shown.contains(".. } Checked { authorization: Authorization { key_id"), "{shown}");
    let verified = checked.verify(Some(public_key())).unwrap();
    assert_eq!(verified.host(), super::HOST);
    assert_eq!(verified.dated(), now());
    assert_eq!(verified.content_length_bytes(), Some(2));
    assert_eq!(verified.content_type(), Some("application/json"));
    assert_eq!(verified.content_sha256(), Some(Content::of(b"{}", "").sha256));
    assert_eq!(verified.signed_header("accept"), None);
    assert_eq!(verified.signed_header("(request-target)"), None);
    let shown = format!("{shown} {verified:?}");
    assert!(shown.contains(".. } Verified { "), "{shown}");
    assert!(!shown.contains(&signature) && !shown.contains("limit=10"), "{shown}");

    let get = Sent::get();
    let head = RequestHead { method: "GET", target: OTHER, headers: get.headers.as_slice() };
    let claim = Claim::parse(&head).unwrap();
    let verified = verifier.check(&claim, now()).unwrap().verify(Some(public_key())).unwrap();
    assert_eq!(verified.content_length_bytes(), None);
    assert_eq!(verified.content_sha256(), None);
}

#[test]
fn what_is_signed_is_not_shown() {
    use countersign::oci::{ContentRule, Request, SigningString};
    let request =
        Request::new(super::method("GET"), super::target(OTHER), super::HOST, ContentRule::Signed);
    let signed = request.sign(&key_id(), key(), now()).unwrap();
    let signature = signed.authorization().signature();
    let shown = format!("{signed:?} {:?}", signed.authorization());
    assert!(shown.starts_with("SignedRequest { authorization: Authorization { "), "{shown}");
    assert!(!shown.contains(&signature), "{shown}");

    let list = [("date", "Sat, 21 Nov 2026 12:00:00 GMT"), ("(request-target)", ""), ("host", "h")];
    let (method, target) = (super::method("GET"), super::target(OTHER));
    let text = SigningString::new(method, target, &list, ContentRule::Signed).unwrap();
    let names = r#"SigningString { names: ["date", "(request-target)", "host"], .. }"#;
    assert_eq!(format!("{text:?}"), names);
}
