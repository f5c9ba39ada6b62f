//! Proves that secrets and MACs cannot be compared, ordered, hashed, written or copied by accident
//! (V-11, L-01): where one of them could be, this would not compile.

use core::{fmt::Display, hash::Hash};

use arbitrary::Arbitrary;
use countersign::{
    Addressing, Checked, Claim, Credentials, Endpoint, Lifetime, MasterKey, Method, PrefixToken,
    PrefixTokenKey, PresignRequest, PresignedUrl, Presigner, Region, Scope, SecretKey, Service,
    SigningKey, Timestamp, Verified, VerifiedPrefix,
};
use serde::{Deserialize, Serialize};

#[macro_use]
#[path = "common/lacks.rs"]
mod lacks;

type Headers = [(&'static str, &'static str)];

#[test]
fn secrets_have_no_comparison_no_order_no_display_and_no_serde() {
    assert_lacks!(SecretKey: PartialEq, PartialOrd, Hash, Copy, Display, Serialize, AsRef<str>);
    assert_lacks!(SecretKey: Deserialize<'static>, AsRef<[u8]>, Default);
    assert_lacks!(Credentials: PartialEq, PartialOrd, Hash, Copy, Display, Serialize);
    assert_lacks!(Credentials: Deserialize<'static>, Default);
    assert_lacks!(SigningKey: PartialEq, PartialOrd, Hash, Copy, Display, Serialize);
    assert_lacks!(SigningKey: Deserialize<'static>, Arbitrary<'static>, Default);
    assert_lacks!(MasterKey: PartialEq, PartialOrd, Hash, Copy, Display, Serialize, Clone);
    assert_lacks!(MasterKey: Deserialize<'static>, Arbitrary<'static>, Default);
    assert_lacks!(PrefixTokenKey: PartialEq, PartialOrd, Hash, Copy, Display, Serialize);
    assert_lacks!(PrefixTokenKey: Deserialize<'static>, Arbitrary<'static>, Default);
}

#[test]
fn what_is_as_good_as_what_it_allows_has_none_of_it_either() {
    assert_lacks!(PresignedUrl: PartialEq, PartialOrd, Hash, Copy, Display, Serialize);
    assert_lacks!(PresignedUrl: Deserialize<'static>, Arbitrary<'static>);
    assert_lacks!(PrefixToken: PartialEq, PartialOrd, Hash, Copy, Display, Serialize);
    assert_lacks!(PrefixToken: Deserialize<'static>, Arbitrary<'static>);
    assert_lacks!(Presigner<'_>: PartialEq, PartialOrd, Hash, Copy, Display, Serialize);
}

#[test]
fn nothing_but_a_request_makes_a_claim_and_nothing_but_a_verification_a_witness() {
    assert_lacks!(Claim<'static, Headers>: PartialEq, Display, Serialize);
    assert_lacks!(Claim<'static, Headers>: Deserialize<'static>, Arbitrary<'static>, Default);
    assert_lacks!(Checked<'static, 'static, Headers>: PartialEq, Clone, Copy, Serialize);
    assert_lacks!(Checked<'static, 'static, Headers>: Deserialize<'static>, Arbitrary<'static>);
    assert_lacks!(Verified<'static, 'static>: PartialEq, Copy, Default, Serialize);
    assert_lacks!(Verified<'static, 'static>: Deserialize<'static>, Arbitrary<'static>);
    assert_lacks!(VerifiedPrefix: Default, Serialize, Deserialize<'static>, Arbitrary<'static>);
}

/// Of a URL only the part that allows nothing; of a signer, only what anybody may know.
#[test]
fn what_is_written_to_a_log_says_what_it_is_and_allows_nothing() {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
    let now = Timestamp::parse("20130524T000000Z").unwrap();
    let scope = Scope::new(now.date(), Region::new("us-east-1").unwrap(), Service::S3);
    let key = SigningKey::derive(&credentials, scope);
    let bucket = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
    let bucket = bucket.bucket("bucket").unwrap();
    let presigner = key.at(now).unwrap();
    let request = PresignRequest::new(Method::GET, bucket.object("k").unwrap(), Lifetime::MAX);
    let url = presigner.presign(&request).unwrap();
    assert_eq!(format!("{url:?}"), "PresignedUrl(https://h.example/bucket/k?..)");

    let of_key =
        format!("SigningKey {{ access_key_id: \"AKIAIOSFODNN7EXAMPLE\", scope: {scope:?}, .. }}");
    assert_eq!(format!("{key:?}"), of_key);
    assert_eq!(format!("{presigner:?}"), format!("Presigner {{ key: {of_key}, now: {now:?} }}"));
}
