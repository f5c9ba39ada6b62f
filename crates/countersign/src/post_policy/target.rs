//! Where a form was posted.

use alloc::string::String;

use crate::{
    Endpoint,
    encode::{Part, Wire},
};

impl Endpoint {
    /// The bucket to which a form was posted, as seen from this endpoint; `None` where the request
    /// is for another one, names a key or no bucket, or has a query.
    ///
    /// ```
    /// use countersign::{Addressing, Endpoint};
    ///
    /// let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
    /// let bucket = |host, target| endpoint.form_bucket(host, target);
    /// assert_eq!(bucket("s3.amazonaws.com", "/examplebucket").as_deref(), Some("examplebucket"));
    /// assert_eq!(bucket("b.s3.amazonaws.com", "/").as_deref(), Some("b"));
    /// assert_eq!(bucket("s3.amazonaws.com", "/examplebucket/key"), None);
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn form_bucket(&self, host: &str, target: &str) -> Option<String> {
        if target.contains('?') {
            return None;
        }
        let path = Wire::new(target, Part::Path)?.decode();
        match self.locate(host, &path)? {
            (bucket, None) => Some(bucket.into()),
            (_, Some(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Addressing;

    #[test]
    fn a_form_is_posted_to_a_bucket_and_to_nothing_else() {
        let endpoint = Endpoint::parse("http://h:9000/base", Addressing::Path).unwrap();
        for (host, target, expected) in [
            ("h:9000", "/base/bucket", Some("bucket")),
            ("h:9000", "/base/bucket/", Some("bucket")),
            ("H:9000", "/base/b%75cket", Some("bucket")),
            ("h:9000", "/base/bucket//", None),
            ("h:9000", "/base/bucket/key", None),
            ("h:9000", "/base/bucket?acl", None),
            ("h:9000", "/base/bucket?", None),
            ("h:9000", "/base/a%2Fb", None),
            ("h:9000", "/base/%ff", None),
            ("h:9000", "/base/..", None),
            ("h:9000", "/base/", None),
            ("h:9000", "/base", None),
            ("h:9000", "/bucket", None),
            ("h", "/base/bucket", None),
            ("other:9000", "/base/bucket", None),
        ] {
            assert_eq!(endpoint.form_bucket(host, target).as_deref(), expected, "{host} {target}");
        }
    }
}
