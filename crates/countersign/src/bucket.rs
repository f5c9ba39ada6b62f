use alloc::string::String;
use core::fmt;

use crate::{
    InvalidValue, bytes,
    canonical::{BEFORE_HOST, BEHIND_HOST},
    encode,
    error::KeyFault,
};

/// A bucket, resolved: the host that answers for it, and the path before its keys.
///
/// Made by [`Endpoint::bucket`](crate::Endpoint::bucket), once for many keys.
///
/// ```
/// use countersign::{Addressing, Endpoint};
///
/// let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
/// let bucket = endpoint.bucket("examplebucket")?;
/// assert_eq!(bucket.authority(), "examplebucket.s3.amazonaws.com");
/// assert_eq!(bucket.object("test.txt")?.to_string(), "/test.txt");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The URL of the bucket with a slash at its end: what the URLs of its objects begin with.
    objects: String,
    origin_len: usize,
    /// What most canonical requests for this bucket end in. All URLs of a bucket share it, so it is
    /// written once.
    canonical_tail: String,
}

impl Bucket {
    /// `path` is encoded; empty, or with a slash at its start and none at its end.
    pub(crate) fn new(origin: &str, authority: &str, path: &str) -> Self {
        Self {
            objects: [origin, path, "/"].concat(),
            origin_len: origin.len(),
            canonical_tail: [BEFORE_HOST, authority, BEHIND_HOST].concat(),
        }
    }

    /// `scheme://host[:port]`
    #[must_use]
    pub fn origin(&self) -> &str {
        self.objects.get(..self.origin_len).unwrap_or_default()
    }

    /// `host[:port]`, the value of the `Host` header that is signed.
    #[must_use]
    pub fn authority(&self) -> &str {
        let end = self.canonical_tail.len().saturating_sub(BEHIND_HOST.len());
        self.canonical_tail.get(BEFORE_HOST.len()..end).unwrap_or_default()
    }

    /// What stands behind the query of a canonical request that signs no header but `host`, and
    /// nothing of the body.
    pub(crate) fn canonical_tail(&self) -> &str {
        &self.canonical_tail
    }

    /// An object of this bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Key`], when the key is empty, over 1,024 bytes, or has a NUL byte.
    pub fn object<'a>(&'a self, key: &'a str) -> Result<WirePath<'a>, InvalidValue> {
        check_key(key)?;
        Ok(WirePath { bucket: self, key: Some(key) })
    }

    /// The bucket itself, for operations that have no key, such as a listing. Its path has no slash
    /// at its end, but for the one that is a path by itself.
    ///
    /// ```
    /// use countersign::{Addressing, Endpoint};
    ///
    /// let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?;
    /// assert_eq!(endpoint.bucket("examplebucket")?.root().to_string(), "/examplebucket");
    /// assert_eq!(endpoint.as_bucket().root().to_string(), "/");
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub const fn root(&self) -> WirePath<'_> {
        WirePath { bucket: self, key: None }
    }
}

/// A path as it goes on the wire, tied to the bucket whose host answers it.
///
/// - Encoded exactly once, when it is written.
/// - Keeps every byte of the key: dots, empty segments, controls.
/// - Whatever the key, host and bucket stay those of the [`Bucket`].
///
/// ```
/// use countersign::{Addressing, Endpoint};
///
/// let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// assert_eq!(bucket.object("//host/../ü?#")?.to_string(), "/b///host/../%C3%BC%3F%23");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WirePath<'a> {
    bucket: &'a Bucket,
    /// Decoded.
    key: Option<&'a str>,
}

impl<'a> WirePath<'a> {
    pub(crate) const fn bucket(self) -> &'a Bucket {
        self.bucket
    }

    /// Writes the URL of the object or bucket, without a query.
    pub(crate) fn put_url(self, url: &mut String) {
        let Some(key) = self.key else {
            let root = self.bucket.objects.as_str();
            // The one path that is a slash by itself keeps it.
            let is_bare = root.len() == self.bucket.origin_len.saturating_add(1);
            let trimmed = root.strip_suffix('/').filter(|_| !is_bare);
            return url.push_str(trimmed.unwrap_or(root));
        };
        url.push_str(&self.bucket.objects);
        encode::put_path(url, key);
    }

    /// No fewer bytes than [`put_url`](Self::put_url) writes.
    pub(crate) fn url_len_max(self) -> usize {
        let key = self.key.map_or(0, str::len);
        self.bucket.objects.len().saturating_add(key.saturating_mul(3))
    }
}

impl fmt::Display for WirePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = String::with_capacity(self.url_len_max());
        self.put_url(&mut url);
        f.write_str(url.get(self.bucket.origin_len..).unwrap_or_default())
    }
}

/// A bucket name is one segment of a path that no client takes out.
pub(crate) fn check_bucket_name(name: &str) -> Result<(), InvalidValue> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = (1..=255).contains(&name.len()) && name.bytes().all(is_plain);
    if is_name && name != "." && name != ".." { Ok(()) } else { Err(InvalidValue::Bucket) }
}

pub(crate) fn check_key(key: &str) -> Result<(), InvalidValue> {
    let fault = match key.len() {
        0 => KeyFault::Empty,
        1025.. => KeyFault::TooLong,
        _ if !bytes::none(key.as_bytes(), |byte| byte == 0) => KeyFault::Nul,
        _ => return Ok(()),
    };
    Err(InvalidValue::Key(fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Addressing, Endpoint};

    #[test]
    fn a_key_is_1_to_1024_bytes_without_nul() {
        let bucket = Endpoint::parse("https://h", Addressing::Path).unwrap().bucket("b").unwrap();
        let (long, longer) = ("k".repeat(1024), "k".repeat(1025));
        for (key, expected) in [
            ("", Some(KeyFault::Empty)),
            ("\0", Some(KeyFault::Nul)),
            ("a\0b", Some(KeyFault::Nul)),
            (&longer, Some(KeyFault::TooLong)),
            (&long, None),
            ("k", None),
            ("\u{1}\u{7f}", None),
        ] {
            assert_eq!(bucket.object(key).err(), expected.map(InvalidValue::Key), "{key:?}");
        }
    }

    /// A buffer of that length holds the URL, so that it grows once.
    #[test]
    fn a_path_is_never_longer_than_it_says() {
        for url in ["https://h", "https://h/b%20se"] {
            let endpoint = Endpoint::parse(url, Addressing::Path).unwrap();
            for bucket in [endpoint.as_bucket(), endpoint.bucket("bucket").unwrap()] {
                for path in
                    [bucket.root(), bucket.object("k").unwrap(), bucket.object("é ").unwrap()]
                {
                    let mut written = String::new();
                    path.put_url(&mut written);
                    assert!(written.len() <= path.url_len_max(), "{written}");
                }
            }
        }
    }
}
