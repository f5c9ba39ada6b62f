//! Whatever is received: reading and checking a request that is signed in its header never panics,
//! nobody without the key is let in, and what tells the mechanisms apart agrees with their readers.
//!
//! The input is a request as text: the method, the target, then a header a line.
#![no_main]

use countersign::{
    Claim, Credentials, Headers, Mechanism, PayloadRule, Region, RequestHead, SecretKey, Service,
    SigningKey, Timestamp, Verifier, VerifyError,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let (Some(method), Some(target)) = (lines.next(), lines.next()) else { return };
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let head = RequestHead { method, target, headers: headers.as_slice() };

    let mechanism = Mechanism::of(&head);
    if Claim::parse(&head).is_ok() {
        assert_eq!(mechanism, Ok(Some(Mechanism::Query)));
    }
    let Ok(claim) = Claim::parse_header(&head) else { return };
    assert_eq!(mechanism, Ok(Some(Mechanism::Header)));

    let region = Region::new("us-east-1").unwrap();
    let s3 = Verifier::new(region, Service::S3);
    try_without_key(&s3, &claim, "20130524T000000Z");
    // What the suite was signed for.
    let service = Service::new("service").unwrap();
    let service = Verifier::new(region, service).with_default_payload(PayloadRule::EMPTY);
    try_without_key(&service, &claim, "20150830T123600Z");
});

fn try_without_key<H: Headers + ?Sized>(verifier: &Verifier, claim: &Claim<'_, H>, now: &str) {
    let now = Timestamp::parse(now).unwrap();
    let Ok(checked) = verifier.check(claim, now) else { return };
    // A key of the right name and scope, but another secret.
    let id = checked.access_key_id().to_owned();
    let secret = SecretKey::new("not the secret of any seed").unwrap();
    let Ok(credentials) = Credentials::new(id, secret) else { return };
    let key = SigningKey::derive(&credentials, checked.scope());
    match checked.verify(Some(&key)) {
        Err(VerifyError::SignatureMismatch | VerifyError::SignedHeaderAbsent(_)) => {}
        outcome => panic!("let in without the key: {outcome:?}"),
    }
}
