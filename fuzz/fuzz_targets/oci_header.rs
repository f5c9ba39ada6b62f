//! Whatever is received: reading and checking it never panics, nobody is let in by a key that takes
//! nothing, and an `Authorization` header that is read can be written and read again to the same.
//!
//! The input is a request as text: the method, the target, then a header a line.
#![no_main]

use countersign::{
    RequestHead, Skew, Timestamp,
    oci::{Authorization, Claim, RsaFailure, RsaVerifier, Verifier, VerifyError},
};
use libfuzzer_sys::fuzz_target;

/// Takes no signature, and no text that breaks out of its lines.
struct Nobody {
    lines: usize,
}

impl RsaVerifier for Nobody {
    fn verify_pkcs1_sha256(&self, message: &[u8], signature: &[u8]) -> Result<(), RsaFailure> {
        let lines = message.split(|&byte| byte == b'\n').count();
        assert_eq!(lines, self.lines, "a header forged a line");
        assert!(!signature.is_empty());
        Err(RsaFailure)
    }
}

fuzz_target!(|input: &str| {
    written_is_read_again(input);
    let mut lines = input.split('\n');
    let (Some(method), Some(target)) = (lines.next(), lines.next()) else { return };
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    for (_, value) in &headers {
        written_is_read_again(value.trim_matches([' ', '\t']));
    }
    let head = RequestHead { method, target, headers: headers.as_slice() };
    let Ok(claim) = Claim::parse(&head) else { return };
    // Within the life of the seeds.
    let now = Timestamp::parse("20140105T213140Z").unwrap();
    for verifier in [Verifier::new(), Verifier::new().danger_allow_unsigned_uploads()] {
        let verifier = verifier.with_skew(Skew::MAX);
        let Ok(checked) = verifier.check(&claim, now) else { continue };
        assert!(!checked.key_id().as_str().is_empty());
        let nobody = Nobody { lines: checked.signed_headers().count() };
        match checked.verify(Some(&nobody)) {
            Err(VerifyError::SignatureMismatch) => {}
            outcome => panic!("let in without the key: {outcome:?}"),
        }
    }
});

fn written_is_read_again(text: &str) {
    let Ok(read) = Authorization::parse(text) else { return };
    let written = read.to_header_value();
    let again = Authorization::parse(&written).expect("what we write, we read");
    assert_eq!(again.to_header_value(), written);
    assert_eq!(again.key_id().as_str(), read.key_id().as_str());
    assert_eq!(again.signature(), read.signature());
    assert!(again.signed_headers().eq(read.signed_headers()));
}
