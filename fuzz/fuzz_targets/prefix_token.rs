//! Whatever is received: reading it never panics, and what is let in, or told that it is over, is
//! byte for byte what was issued.
#![no_main]

use countersign::{MasterKey, PrefixTokenError, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    // The key of the seeds, two of which are real tokens. There is no way to a third one.
    let key = MasterKey::new([7; 32]).prefix_token_key();
    let now = Timestamp::parse("20261121T120000Z").unwrap();
    match key.verify(input, now) {
        Ok(verified) => {
            assert!(now < verified.not_after());
            let issued = key.issue(verified.grant(), verified.not_after());
            assert_eq!(input, issued.as_str());
            assert_eq!(verified.grant(), [1; 16], "let in without the key");
        }
        Err(PrefixTokenError::Expired { not_after, .. }) => {
            assert!(now >= not_after);
            assert_eq!(input, key.issue([1; 16], not_after).as_str());
        }
        Err(_) => {}
    }
});
