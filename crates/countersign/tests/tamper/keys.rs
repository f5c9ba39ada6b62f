//! Keys, session tokens, and what is never shown of them.

use countersign::{
    Addressing, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region,
    RequestHead, SecretKey, Service, SigningKey, Verifier, VerifyError,
};

use crate::{
    common::{Model, Request, Server},
    documented_key, documented_time,
};

fn verifier() -> Verifier {
    Verifier::new(Region::new("us-east-1").unwrap(), Service::S3)
}

/// Hands this key to the verifier, whatever the claim names.
fn verdict(model: &Model, key: Option<&SigningKey>) -> Result<(), VerifyError> {
    let Request { method, target, headers } = model.request();
    let head = RequestHead { method: &method, target: &target, headers: headers.as_slice() };
    let claim = Claim::parse(&head)?;
    let verifier = verifier();
    verifier.check(&claim, documented_time())?.verify(key).map(drop)
}

#[test]
fn a_key_of_another_scope_or_id_is_unknown() {
    let model = Model::documented();
    let right = documented_key("20130524", "us-east-1", "s3");
    assert_eq!(verdict(&model, Some(&right)), Ok(()));
    assert_eq!(verdict(&model, None), Err(VerifyError::UnknownKey));
    for (date, region, service) in [
        ("20130523", "us-east-1", "s3"),
        ("20130525", "us-east-1", "s3"),
        ("20130524", "us-east-2", "s3"),
        ("20130524", "us-east-1", "sts"),
    ] {
        let key = documented_key(date, region, service);
        assert_eq!(verdict(&model, Some(&key)), Err(VerifyError::UnknownKey), "{date}");
    }
    for id in ["AKIAIOSFODNN7EXAMPL", "akiaiosfodnn7example", "AKIAIOSFODNN7EXAMPLE1"] {
        let other = Model { id: id.to_owned(), ..model.clone() }.credentials();
        let key = SigningKey::derive(&other, right.scope());
        assert_eq!(verdict(&model, Some(&key)), Err(VerifyError::UnknownKey), "{id}");
    }
}

#[test]
fn a_known_key_with_another_secret_is_a_mismatch_and_a_stranger_is_unknown() {
    let server = Server::documented();
    let now = documented_time();
    for secret in ["", "x", "wjalrxutnfemi/k7mdeng/bpxrficyexamplekey"] {
        let forged = Model { secret: secret.to_owned(), ..Model::documented() };
        let answer = server.answer(&forged.request(), now);
        assert_eq!(answer, Err(VerifyError::SignatureMismatch), "{secret}");
        let stranger = Model { id: "AKIDOFNOBODY".to_owned(), ..forged };
        assert_eq!(server.answer(&stranger.request(), now), Err(VerifyError::UnknownKey));
    }
    // A server without a key must not take the key that it computes with instead for one.
    let nobody =
        Model { secret: String::new(), id: "AKIDOFNOBODY".to_owned(), ..Model::documented() };
    assert_eq!(verdict(&nobody, None), Err(VerifyError::UnknownKey));
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
            let expected =
                if signed == known { Ok(()) } else { Err(VerifyError::SignatureMismatch) };
            assert_eq!(verdict(&with(signed), Some(&key)), expected, "{signed:?}, {known:?}");
        }
    }
}

/// It has one place: the query.
#[test]
fn a_session_token_in_a_header_is_none() {
    let temporary = Model { token: Some("token".to_owned()), ..Model::documented() };
    let scope = documented_key("20130524", "us-east-1", "s3");
    let key = SigningKey::derive(&temporary.credentials(), scope.scope());
    let headers = vec![("x-amz-security-token".to_owned(), "token".to_owned())];
    let model = Model { headers: headers.clone(), ..Model::documented() };
    assert_eq!(verdict(&model, Some(&key)), Err(VerifyError::SignatureMismatch));
    let unsigned = Model { headers, signed_headers: Some("host".to_owned()), ..temporary };
    let expected = VerifyError::UnsignedHeader("x-amz-security-token".into());
    assert_eq!(verdict(&unsigned, Some(&key)), Err(expected));
}

const SECRET: &str = "CANARYSECRET";
const TOKEN: &str = "CANARYTOKEN";

fn canaries() -> (Model, Credentials) {
    let mut model = Model::documented();
    SECRET.clone_into(&mut model.secret);
    model.token = Some(TOKEN.to_owned());
    let credentials = model.credentials();
    (model, credentials)
}

/// Neither line of it, plain or pretty, has a secret, a token or a signature.
fn assert_hides(signature: &str, shown: &[(&str, String)]) {
    for (name, text) in shown {
        for canary in [SECRET, TOKEN, signature] {
            assert!(!text.contains(canary), "{name} shows {canary}: {text}");
        }
        let bytes = |text: &str| format!("{:?}", text.as_bytes()).replace(['[', ']'], "");
        assert!(!text.contains(&bytes(SECRET)), "{name} shows the bytes of the secret");
    }
}

fn shown<T: std::fmt::Debug>(name: &'static str, value: &T) -> [(&'static str, String); 2] {
    [(name, format!("{value:?}")), (name, format!("{value:#?}"))]
}

#[test]
fn nothing_that_signs_shows_a_secret_a_token_or_a_signature() {
    let (_, credentials) = canaries();
    let scope = documented_key("20130524", "us-east-1", "s3");
    let key = SigningKey::derive(&credentials, scope.scope());
    let presigner = key.at(documented_time()).unwrap();
    let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path).unwrap();
    let bucket = endpoint.bucket("bucket").unwrap();
    let object = bucket.object("key").unwrap();
    let request = PresignRequest::new(Method::GET, object, Lifetime::MAX);
    let url = presigner.presign(&request).unwrap();
    let all = [
        shown("SecretKey", &SecretKey::new(SECRET).unwrap()),
        shown("Credentials", &credentials),
        shown("SigningKey", &key),
        shown("Presigner", &presigner),
        shown("PresignRequest", &request),
        shown("PresignedUrl", &url),
        shown("Verifier", &verifier()),
    ];
    assert!(url.as_str().contains(TOKEN));
    assert_hides(url.signature(), all.as_flattened());
}

/// All that has to do with one verification, shown, and the signature that it must hide.
fn shown_by_a_verification() -> (String, Vec<(&'static str, String)>) {
    let (model, credentials) = canaries();
    let scope = documented_key("20130524", "us-east-1", "s3");
    let key = SigningKey::derive(&credentials, scope.scope());
    let Request { method, target, headers } = model.request();
    let head = RequestHead { method: &method, target: &target, headers: headers.as_slice() };
    let claim = Claim::parse(&head).unwrap();
    let verifier = verifier();
    let check = || verifier.check(&claim, documented_time()).unwrap();
    let wrong = SigningKey::derive(&Model::documented().credentials(), scope.scope());
    let error = check().verify(Some(&wrong)).unwrap_err();
    let mut all = vec![("VerifyError", error.to_string())];
    all.extend(shown("VerifyError", &error));
    all.extend(shown("RequestHead", &head));
    all.extend(shown("Claim", &claim));
    all.extend(shown("Checked", &check()));
    all.extend(shown("Verified", &check().verify(Some(&key)).unwrap()));
    (model.signature(), all)
}

fn assert_verification_hides(name: &str) {
    let (signature, mut all) = shown_by_a_verification();
    all.retain(|(other, _)| *other == name);
    assert!(all.len() >= 2, "{name}");
    assert_hides(&signature, &all);
}

#[test]
fn a_request_head_shows_no_token_and_no_signature() {
    assert_verification_hides("RequestHead");
}

#[test]
fn a_claim_shows_no_token_and_no_signature() {
    assert_verification_hides("Claim");
}

#[test]
fn a_checked_claim_shows_no_token_and_no_signature() {
    assert_verification_hides("Checked");
}

#[test]
fn a_verified_request_shows_no_token_and_no_signature() {
    assert_verification_hides("Verified");
}

#[test]
fn an_error_shows_no_token_and_no_signature() {
    assert_verification_hides("VerifyError");
}
