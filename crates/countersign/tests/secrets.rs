//! Proves that secrets and MACs cannot be compared, ordered, hashed, written or copied by accident
//! (V-11, L-01): where one of them could be, this would not compile.

use core::{fmt::Display, hash::Hash};

use arbitrary::Arbitrary;
use countersign::{
    Checked, Claim, Credentials, MasterKey, PrefixToken, PrefixTokenKey, PresignedUrl, Presigner,
    SecretKey, SigningKey, Verified, VerifiedPrefix,
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
