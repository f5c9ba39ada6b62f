use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use countersign::{
    Addressing, Bucket, Credentials, Date, Endpoint, Lifetime, Method, PayloadRule, Region,
    Service, Skew, Timestamp, Validity, Window,
};
use proptest::prelude::*;

/// The value of these bytes, and what reading it left of them.
fn read<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> T {
    T::arbitrary(&mut Unstructured::new(bytes)).expect("no bytes are too few or wrong")
}

proptest! {
    /// A value that is not one would have no way back through its constructor.
    #[test]
    fn whatever_the_bytes_the_value_is_one(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let at: Timestamp = read(&bytes);
        prop_assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
        let date: Date = read(&bytes);
        prop_assert_eq!(Date::parse(date.as_str()), Ok(date));
        let lifetime: Lifetime = read(&bytes);
        prop_assert_eq!(Lifetime::from_secs(lifetime.as_secs().into()), Ok(lifetime));
        let skew: Skew = read(&bytes);
        prop_assert_eq!(Skew::from_secs(skew.as_secs()), Ok(skew));
        let window: Window = read(&bytes);
        prop_assert_eq!(Window::from_secs(window.as_secs()), Ok(window));
        let method: Method<'_> = read(&bytes);
        prop_assert_eq!(Method::new(method.as_str()), Ok(method));
        let region: Region<'_> = read(&bytes);
        prop_assert_eq!(Region::new(region.as_str()), Ok(region));
        let service: Service<'_> = read(&bytes);
        prop_assert_eq!(Service::new(service.as_str()), Ok(service));
        if let Ok(validity) = Validity::arbitrary(&mut Unstructured::new(&bytes)) {
            prop_assert!(validity.contains(validity.not_before()));
        }
        let (endpoint, bucket): (Endpoint, Bucket) = (read(&bytes), read(&bytes));
        prop_assert!(Endpoint::parse(endpoint.origin(), Addressing::Path).is_ok());
        prop_assert!(bucket.object("key").is_ok());
        let credentials: Credentials = read(&bytes);
        prop_assert!(!credentials.access_key_id().is_empty());
    }
}

/// Reads many, and counts how many different ones there are by what is shown of them.
fn variety<T: for<'a> Arbitrary<'a>>(show: impl Fn(&T) -> String) -> usize {
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56).to_le_bytes()[0]
    };
    let shown = (0..500).map(|_| {
        let bytes: Vec<u8> = (0..64).map(|_| byte() & 0x7f).collect();
        show(&read::<T>(&bytes))
    });
    shown.collect::<BTreeSet<_>>().len()
}

#[test]
fn there_are_many_values_and_not_always_the_same() {
    assert!(variety::<Timestamp>(Timestamp::to_string) > 450);
    assert!(variety::<Lifetime>(|it| it.as_secs().to_string()) > 450);
    assert!(variety::<Skew>(|it| it.as_secs().to_string()) > 300);
    assert!(variety::<Window>(|it| it.as_secs().to_string()) > 450);
    assert_eq!(variety::<Addressing>(|it| format!("{it:?}")), 2);
    assert!(variety::<PayloadRule>(|it| format!("{it:?}")) > 200);
    assert!(variety::<Endpoint>(|it| format!("{it:?}")) > 100);
    assert!(variety::<Bucket>(|it| format!("{it:?}")) > 100);
    assert!(variety::<Credentials>(|it| it.access_key_id().to_owned()) > 10);
    assert!(variety::<Credentials>(|it| format!("{:?}", it.expires_at())) > 10);
}

#[test]
fn the_longest_start_of_a_text_that_is_a_value_is_taken() {
    // The length of a text stands at the end of the bytes.
    let method: Method<'_> = read(b"PUT /\x05");
    assert_eq!(method, Method::PUT);
    let region: Region<'_> = read(b"eu-1/s3\x07");
    assert_eq!(region.as_str(), "eu-1");
    assert_eq!(read::<Method<'_>>(b""), Method::GET);
    assert_eq!(read::<Region<'_>>(b"").as_str(), "us-east-1");
    assert_eq!(read::<Service<'_>>(b"/\x01"), Service::S3);
}

/// A fuzzer that brings fewer bytes gets few values, and one that brings more wastes them.
#[test]
fn a_fuzzer_is_told_how_many_bytes_a_value_is_made_of() {
    fn taken<'a, T: Arbitrary<'a>>(bytes: &'a [u8], least: usize, most: Option<usize>) {
        assert_eq!(T::size_hint(0), (least, most));
        let mut left = Unstructured::new(bytes);
        assert!(T::arbitrary(&mut left).is_ok());
        let taken = bytes.len() - left.len();
        assert!(least <= taken && most.is_none_or(|most| taken <= most), "{taken} bytes");
    }
    for byte in [0, 1, 0x41, 0xff] {
        let bytes = [byte; 64];
        taken::<Timestamp>(&bytes, 0, Some(5));
        taken::<Date>(&bytes, 0, Some(5));
        taken::<Lifetime>(&bytes, 4, Some(4));
        taken::<Skew>(&bytes, 4, Some(4));
        taken::<Window>(&bytes, 4, Some(4));
        taken::<Addressing>(&bytes, 0, Some(1));
        taken::<PayloadRule>(&bytes, 1, Some(33));
        taken::<Method<'_>>(&bytes, 0, None);
        taken::<Region<'_>>(&bytes, 0, None);
        taken::<Service<'_>>(&bytes, 0, None);
    }
}
