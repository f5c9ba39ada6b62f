//! Every subset of what has to be signed, for every method, on both sides.

use countersign::oci::{
    Authorization, Content, ContentRule, Required, SignError, SigningString, VerifyError,
};

use super::{OTHER, Sent, UPLOAD, Verifier, key, key_id, method, now, public_key, target};

const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

const ALL: [(&str, &str); 7] = [
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("x-date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("(request-target)", ""),
    ("host", super::HOST),
    ("content-length", "2"),
    ("content-type", "application/json"),
    ("x-content-sha256", "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="),
];

/// The first of these that a subset lacks, in the order in which they are looked for.
fn missing(subset: &[(&str, &str)], is_exempt: bool) -> Option<Required> {
    let has = |name: &str| subset.iter().any(|(other, _)| *other == name);
    let reasons = [
        (has("(request-target)"), Required::RequestTarget),
        (has("host"), Required::Host),
        (has("date") || has("x-date"), Required::Date),
        (is_exempt || has("content-length"), Required::ContentLength),
        (is_exempt || has("content-type"), Required::ContentType),
        (is_exempt || has("x-content-sha256"), Required::ContentSha256),
    ];
    reasons.into_iter().find(|(is_there, _)| !is_there).map(|(_, reason)| reason)
}

fn subset(mask: u8) -> Vec<(&'static str, &'static str)> {
    let is_in = |(index, _): &(usize, _)| mask & (1 << index) != 0;
    ALL.into_iter().enumerate().filter(is_in).map(|(_, header)| header).collect()
}

#[test]
fn nothing_is_signed_that_lacks_what_has_to_be_bound() {
    let (mut signed, mut refused) = (0, 0);
    for method_text in METHODS {
        for (target_text, is_object) in [(OTHER, false), (UPLOAD, true)] {
            for rule in [ContentRule::Signed, ContentRule::ObjectUpload] {
                for mask in 0..128 {
                    let list = subset(mask);
                    let (method, target) = (method(method_text), target(target_text));
                    let outcome = SigningString::new(method, target, &list, rule);
                    let is_upload = is_object && method_text == "PUT";
                    let is_claimed = rule == ContentRule::ObjectUpload;
                    let is_bodiless = matches!(method_text, "DELETE" | "GET" | "HEAD");
                    let expected = match missing(&list, is_bodiless || (is_claimed && is_upload)) {
                        _ if is_claimed && !is_upload => Some(SignError::NotAnObjectUpload),
                        required => required.map(SignError::Missing),
                    };
                    assert_eq!(outcome.err(), expected, "{method_text} {target_text} {list:?}");
                    if expected.is_none() { signed += 1 } else { refused += 1 }
                }
            }
        }
    }
    // Of 128 lists each 24 have what is always needed, and 3 the content too.
    assert_eq!((signed, refused), (6 * 24 + 6 * 3 + 24, 3072 - 186));
}

/// Signed by somebody who does not refuse: the text is that of the list, whatever it lacks.
fn signed_by_hand(method: &str, target: &str, list: &[(&str, &str)]) -> Sent {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use countersign::oci::RsaSigner as _;
    let line = |&(name, value): &(&str, &str)| match name {
        "(request-target)" => format!("{name}: {} {target}", method.to_ascii_lowercase()),
        _ => format!("{name}: {value}"),
    };
    let text = list.iter().map(line).collect::<Vec<_>>().join("\n");
    let signature = STANDARD.encode(key().sign_pkcs1_sha256(text.as_bytes()).unwrap());
    let names = list.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
    let key_id = super::KEY_ID;
    let mut sent =
        Sent { method: method.to_owned(), target: target.to_owned(), headers: Vec::new() };
    for (name, value) in ALL.iter().filter(|header| list.contains(header)) {
        if *name != "(request-target)" {
            sent.add(name, value);
        }
    }
    sent.add(
        "authorization",
        &format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"{names}\",keyId=\"{key_id}\",\
             signature=\"{signature}\",version=\"1\""
        ),
    );
    sent
}

#[test]
fn nothing_is_let_in_that_lacks_what_has_to_be_bound() {
    let strict = Verifier::new();
    let lenient = Verifier::new().danger_allow_unsigned_uploads();
    let (mut let_in, mut refused) = (0, 0);
    for method_text in METHODS {
        for (target_text, is_object) in [(OTHER, false), (UPLOAD, true)] {
            for mask in 1..128 {
                let list = subset(mask);
                let sent = signed_by_hand(method_text, target_text, &list);
                for (verifier, is_lenient) in [(&strict, false), (&lenient, true)] {
                    let is_upload = is_lenient && is_object && method_text == "PUT";
                    let is_bodiless = matches!(method_text, "DELETE" | "GET" | "HEAD");
                    let expected = missing(&list, is_bodiless || is_upload);
                    let outcome = sent.answer(verifier, Some(public_key()), now());
                    let expected = expected.map(VerifyError::NotSigned);
                    assert_eq!(outcome.err(), expected, "{method_text} {target_text} {list:?}");
                    if expected.is_none() { let_in += 1 } else { refused += 1 }
                }
            }
        }
    }
    assert_eq!((let_in, refused), (12 * 24 + 11 * 3 + 24, 3048 - 345));
}

#[test]
fn an_upload_signs_what_it_is_given() {
    let lenient = Verifier::new().danger_allow_unsigned_uploads();
    let bare = Sent::new("PUT", UPLOAD, None);
    let answer = |sent: &Sent| sent.answer(&lenient, Some(public_key()), now());
    assert_eq!(answer(&bare).unwrap(), ["date", "host"]);
    assert_eq!(bare.refused(), VerifyError::NotSigned(Required::ContentLength));
    let whole = Sent::new("PUT", UPLOAD, Some(Content::of(b"{}", "text/csv")));
    assert_eq!(answer(&whole).unwrap().len(), 5);
    assert_eq!(whole.outcome().unwrap().len(), 5);
    // What an upload has unsigned is anybody's; what it signs must be right all the same.
    let mut more = bare;
    more.add("content-length", "7");
    assert!(answer(&more).is_ok());
}

#[test]
fn an_empty_header_binds_nothing() {
    for index in [0, 3, 4, 5, 6] {
        let mut list: Vec<_> = ALL.into_iter().filter(|(name, _)| *name != "x-date").collect();
        let place = list.iter().position(|(name, _)| *name == ALL[index].0).unwrap();
        for empty in ["", " ", "\t "] {
            list[place].1 = empty;
            let outcome =
                SigningString::new(method("POST"), target(OTHER), &list, ContentRule::Signed);
            let Err(SignError::Missing(required)) = outcome else { panic!("{list:?}") };
            assert_eq!(required.as_str(), ALL[index].0);
        }
    }
}

#[test]
fn methods_that_oracle_does_not_have_are_refused() {
    for wrong in ["OPTIONS", "TRACE", "CONNECT", "LOCK", "get", "Get", "post", "PoSt", "put"] {
        let outcome = SigningString::new(method(wrong), target(OTHER), &ALL, ContentRule::Signed);
        assert_eq!(outcome.unwrap_err(), SignError::UnsupportedMethod, "{wrong}");
        let mut sent = Sent::get();
        wrong.clone_into(&mut sent.method);
        let error = sent.refused().to_string();
        assert_eq!(error, "the request carries no valid signature", "{wrong}");
    }
}

/// A key that gives nothing, or more than any key makes.
#[test]
fn a_signature_that_is_none_is_not_sent() {
    use countersign::oci::{RsaFailure, RsaSigner};
    struct Strange(usize);
    impl RsaSigner for Strange {
        fn sign_pkcs1_sha256(&self, _: &[u8]) -> Result<Vec<u8>, RsaFailure> {
            Ok(vec![0; self.0])
        }
    }
    let text = SigningString::new(method("GET"), target(OTHER), &ALL, ContentRule::Signed).unwrap();
    for wrong in [0, 1025] {
        let error = text.sign(&key_id(), &Strange(wrong)).unwrap_err();
        assert_eq!(error, SignError::Rsa(RsaFailure));
    }
    let longest = text.sign(&key_id(), &Strange(1024)).unwrap().to_header_value();
    assert!(Authorization::parse(&longest).is_ok());
}
