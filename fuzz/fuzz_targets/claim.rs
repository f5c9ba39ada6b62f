//! Whatever is received: reading and checking it never panics, and nobody without the key is let in.
//!
//! The input is a request as text: the method, the target, then a header a line.
#![no_main]

use countersign::{
    Claim, Credentials, Region, RequestHead, SecretKey, Service, SigningKey, Timestamp, Verifier,
    VerifyError,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let (Some(method), Some(target)) = (lines.next(), lines.next()) else { return };
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let head = RequestHead { method, target, headers: headers.as_slice() };
    let Ok(claim) = Claim::parse(&head) else { return };
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    // Within the life of the seeds.
    let now = Timestamp::parse("20130524T123600Z").unwrap();
    let Ok(checked) = verifier.check(&claim, now) else { return };
    // A key of the right name and scope, but another secret.
    let id = checked.access_key_id().to_owned();
    let secret = SecretKey::new("not the secret of any seed").unwrap();
    let Ok(credentials) = Credentials::new(id, secret) else { return };
    let key = SigningKey::derive(&credentials, checked.scope());
    match checked.verify(Some(&key)) {
        Err(VerifyError::SignatureMismatch | VerifyError::SignedHeaderAbsent(_)) => {}
        outcome => panic!("let in without the key: {outcome:?}"),
    }
});
