use core::fmt;

use super::InvalidValue;
use crate::{Method, query::TARGET_LEN_MAX};

/// The path and query of a request, as they are sent.
///
/// - Signed byte for byte: nothing is encoded, sorted or normalised. Whoever sends it must not do so
///   either.
/// - 1 to 16,384 printable ASCII characters that start with `/`. `#` is refused, for no client sends
///   what follows it.
///
/// ```
/// use countersign::oci::Target;
///
/// assert_eq!(Target::new("/n/ns/b/bucket/p?limit=10")?.as_str(), "/n/ns/b/bucket/p?limit=10");
/// assert!(Target::new("/a b").is_err());
/// # Ok::<(), countersign::oci::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target<'a>(&'a str);

impl<'a> Target<'a> {
    /// Takes a target as it stands in a request line.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Target`]
    pub fn new(target: &'a str) -> Result<Self, InvalidValue> {
        // A line break would forge the lines that follow.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        let is_target = target.len() <= TARGET_LEN_MAX && target.bytes().all(is_plain);
        if !target.starts_with('/') || !is_target {
            return Err(InvalidValue::Target);
        }
        Ok(Self(target))
    }

    /// The target as it goes on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether a request of this method is one of the two whose body need not be signed: `PutObject`
    /// (`PUT /n/{namespace}/b/{bucket}/o/{object}`) and `UploadPart` (`…/u/{object}`).
    ///
    /// A path with a dot segment is neither, for what it means is another matter to each reader.
    ///
    /// ```
    /// use countersign::{Method, oci::Target};
    ///
    /// let upload = Target::new("/n/ns/b/bucket/o/report.csv")?;
    /// assert!(upload.is_object_upload(Method::PUT));
    /// assert!(!upload.is_object_upload(Method::POST));
    /// assert!(!Target::new("/n/ns/b/bucket/p")?.is_object_upload(Method::PUT));
    /// # Ok::<(), countersign::oci::InvalidValue>(())
    /// ```
    ///
    /// Follows "Special Instructions for Object Storage PUT" of
    /// [Request Signatures](super#specification).
    #[must_use]
    pub fn is_object_upload(self, method: Method<'_>) -> bool {
        method == Method::PUT && self.is_object()
    }

    fn is_object(self) -> bool {
        let path = self.0.split('?').next().unwrap_or_default();
        let mut segments = path.split('/').skip(1);
        let mut next = || segments.next().unwrap_or_default();
        let [n, namespace, b, bucket, kind] = [next(), next(), next(), next(), next()];
        let is_named = !namespace.is_empty() && !bucket.is_empty();
        let has_object = segments.clone().any(|segment| !segment.is_empty());
        let has_dots = path.split('/').any(is_dot_segment);
        n == "n" && b == "b" && matches!(kind, "o" | "u") && is_named && has_object && !has_dots
    }
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A query may have a token in it.
        write!(f, "Target({}..)", self.0.split('?').next().unwrap_or_default())
    }
}

/// Whether a segment is `.` or `..`, encoded or not.
fn is_dot_segment(segment: &str) -> bool {
    let mut dots = 0_u8;
    let mut rest = segment;
    while !rest.is_empty() {
        let dot = [".", "%2e", "%2E"].iter().find_map(|dot| rest.strip_prefix(dot));
        let Some(tail) = dot else { return false };
        rest = tail;
        dots = dots.saturating_add(1);
    }
    dots == 1 || dots == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_printable_and_starts_with_a_slash() {
        let longest = ["/", &"a".repeat(TARGET_LEN_MAX - 1)].concat();
        for good in ["/", "//", "/?", "/a?b=%00&c=d/e?f", "/%", "/\"'<>\\^`{|}~", &longest] {
            assert_eq!(Target::new(good).unwrap().as_str(), good);
        }
        let long = [&longest, "a"].concat();
        for wrong in ["", "a", "?a", "*", "/a b", "/a\n", "/a\0", "/\u{7f}", "/ü", "/a#b", &long] {
            assert_eq!(Target::new(wrong), Err(InvalidValue::Target), "{wrong}");
        }
    }

    #[test]
    fn only_a_put_of_an_object_or_a_part_is_an_upload() {
        let is_upload = |target| Target::new(target).unwrap().is_object_upload(Method::PUT);
        for upload in [
            "/n/ns/b/bucket/o/object",
            "/n/ns/b/bucket/o/a/b//c/",
            "/n/ns/b/bucket/o/a%2Fb?x=/../",
            "/n/ns/b/bucket/o/...",
            "/n/ns/b/bucket/o/.a/..b/%2e%2e%2e",
            "/n/ns/b/bucket/u/object?uploadId=x&uploadPartNum=1",
        ] {
            assert!(is_upload(upload), "{upload}");
            for method in ["GET", "HEAD", "DELETE", "POST", "PATCH", "put"] {
                let method = Method::new(method).unwrap();
                assert!(!Target::new(upload).unwrap().is_object_upload(method), "{method}");
            }
        }
        for other in [
            "/",
            "/n/ns/b/bucket/o",
            "/n/ns/b/bucket/o/",
            "/n/ns/b/bucket/o//",
            "/n/ns/b/bucket/o/?a",
            "/n/ns/b/bucket/o?/object",
            "/n/ns/b/bucket/u",
            "/n/ns/b/bucket/p/x",
            "/n/ns/b/bucket/O/x",
            "/n/ns/b/bucket/%6f/x",
            "/n//b/bucket/o/x",
            "/n/ns/b//o/x",
            "//n/ns/b/bucket/o/x",
            "/x/n/ns/b/bucket/o/x",
            "/n/ns/x/bucket/o/x",
            "/n/ns/b/bucket/o/../p",
            "/n/ns/b/bucket/o/a/%2e%2E/../../p/x",
            "/n/ns/b/./o/x",
            "/n/ns/b/bucket/o/.",
            "/?/n/ns/b/bucket/o/x",
        ] {
            assert!(!is_upload(other), "{other}");
        }
    }
}
