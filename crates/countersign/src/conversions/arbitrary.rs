//! Values out of the bytes of a fuzzer, each of them valid.
//!
//! Every value can come out, but that texts end at 1,024 bytes, and that endpoints are a few awkward
//! ones.

use alloc::{format, string::String};

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{
    Addressing, Bucket, Credentials, Date, Endpoint, InvalidValue, Lifetime, Method, PayloadRule,
    Region, SecretKey, Service, Skew, Timestamp, Validity, Window,
};

impl Arbitrary<'_> for Timestamp {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let secs = u.int_in_range(Self::MIN.unix_secs()..=Self::MAX.unix_secs())?;
        valid(Self::from_unix_secs(secs))
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        // As many as `int_in_range` takes for this range.
        (0, Some(5))
    }
}

impl Arbitrary<'_> for Date {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Timestamp::arbitrary(u)?.date())
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        Timestamp::size_hint(depth)
    }
}

impl Arbitrary<'_> for Lifetime {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        valid(Self::from_secs(wrapped(u, Self::MIN.as_secs(), Self::MAX.as_secs())?.into()))
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        u32::size_hint(depth)
    }
}

impl Arbitrary<'_> for Skew {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        valid(Self::from_secs(wrapped(u, 0, Self::MAX.as_secs())?))
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        u32::size_hint(depth)
    }
}

impl Arbitrary<'_> for Window {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        valid(Self::from_secs(wrapped(u, Self::MIN.as_secs(), Self::MAX.as_secs())?))
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        u32::size_hint(depth)
    }
}

impl Arbitrary<'_> for Validity {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let (not_before, secs) = (Timestamp::arbitrary(u)?, Lifetime::arbitrary(u)?.as_secs());
        let not_after =
            not_before.checked_add_secs(secs).ok_or(arbitrary::Error::IncorrectFormat)?;
        Self::between(not_before, not_after).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl Arbitrary<'_> for Addressing {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        u.choose(&[Self::Path, Self::VirtualHost]).copied()
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (0, Some(1))
    }
}

impl Arbitrary<'_> for PayloadRule {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Option::<[u8; 32]>::arbitrary(u)?.map_or(Self::Unsigned, Self::Sha256))
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        Option::<[u8; 32]>::size_hint(depth)
    }
}

impl<'a> Arbitrary<'a> for Method<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(start_of(u, |text| Self::new(text).ok())?.unwrap_or(Self::GET))
    }
}

impl<'a> Arbitrary<'a> for Region<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(start_of(u, |text| Self::new(text).ok())?.unwrap_or(Self::known("us-east-1")))
    }
}

impl<'a> Arbitrary<'a> for Service<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(start_of(u, |text| Self::new(text).ok())?.unwrap_or(Self::S3))
    }
}

impl Arbitrary<'_> for Endpoint {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let scheme = u.choose(&["http", "https"])?;
        let host = u.choose(&["h.example", "S3.Example.COM", "h.example.", "1.2.3.4", "[::1]"])?;
        let port = u.choose(&["", ":80", ":443", ":9000"])?;
        let base = u.choose(&["", "/", "/base", "/b%61se/d%C3%A9ep/", "//a"])?;
        valid(Self::parse(&format!("{scheme}://{host}{port}{base}"), Addressing::arbitrary(u)?))
    }
}

/// A bucket of any name at an arbitrary endpoint, or the endpoint as a bucket.
impl Arbitrary<'_> for Bucket {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let endpoint = Endpoint::arbitrary(u)?;
        let bucket = start_of(u, |name| endpoint.bucket(name).ok())?;
        Ok(bucket.unwrap_or_else(|| endpoint.as_bucket()))
    }
}

/// A fuzzer's secret is nobody's.
impl Arbitrary<'_> for Credentials {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let secret = SecretKey::new(String::from("not the secret of anybody"));
        let secret =
            start_of(u, |text| SecretKey::new(text).ok())?.map_or_else(|| valid(secret), Ok)?;
        let with_id = |id: &str| Self::new(id, secret.clone()).ok();
        let known = Self::new("AKIAIOSFODNN7EXAMPLE", secret.clone());
        let mut credentials = start_of(u, with_id)?.map_or_else(|| valid(known), Ok)?;
        let with_token = |token: &str| credentials.clone().with_session_token(token).ok();
        if let Some(temporary) = start_of(u, with_token)? {
            credentials = temporary;
        }
        if let Some(expires_at) = Option::arbitrary(u)? {
            credentials = credentials.with_expiry(expires_at);
        }
        Ok(credentials)
    }
}

/// Each start of a text may be tried.
const LEN_MAX: usize = 1024;

/// What the longest start of the next text makes, if any start makes something.
fn start_of<'a, T>(
    u: &mut Unstructured<'a>,
    make: impl Fn(&'a str) -> Option<T>,
) -> Result<Option<T>> {
    let text = <&'a str>::arbitrary(u)?;
    let text = text.get(..text.floor_char_boundary(LEN_MAX)).unwrap_or_default();
    let starts = text.char_indices().rev().map(|(at, letter)| at.saturating_add(letter.len_utf8()));
    Ok(starts.filter_map(|end| text.get(..end)).find_map(make))
}

/// A number from `least` to `most`, out of four bytes whatever it is.
fn wrapped(u: &mut Unstructured<'_>, least: u32, most: u32) -> Result<u32> {
    let count = most.saturating_sub(least).saturating_add(1);
    let offset = u32::arbitrary(u)?.checked_rem(count).unwrap_or_default();
    Ok(least.saturating_add(offset))
}

fn valid<T>(value: core::result::Result<T, InvalidValue>) -> Result<T> {
    value.map_err(|_| arbitrary::Error::IncorrectFormat)
}
