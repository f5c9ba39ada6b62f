use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    Bucket, InvalidValue,
    bucket::{check_bucket_name, check_key},
    encode::{self, Part, Wire},
    error::EndpointFault,
};

/// Where a bucket's name goes: into the path or into the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two and will have no third")]
pub enum Addressing {
    /// `https://host/bucket/key`
    Path,
    /// `https://bucket.host/key`. A bucket whose name is no host label, or that the certificate of
    /// the host does not cover, is addressed by path all the same, as the AWS SDKs do.
    VirtualHost,
}

/// Where a store answers: scheme, host, port, base path.
///
/// - The host is lower case, a default port is dropped: so clients send them, and so they are
///   signed.
/// - A base path is part of what is signed, encoded once, without a slash at its end.
/// - No user name, query or fragment: nothing of them would be signed.
///
/// ```
/// use countersign::{Addressing, Endpoint};
///
/// let endpoint = Endpoint::parse("https://S3.Example.com:443/", Addressing::Path)?;
/// assert_eq!(endpoint.origin(), "https://s3.example.com");
/// assert_eq!(endpoint.authority(), "s3.example.com");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    /// Host and port, as in the `Host` header.
    authority: String,
    /// `scheme://authority`
    origin: String,
    /// Encoded; empty, or with a slash at its start and none at its end.
    base_path: String,
    is_address: bool,
    addressing: Addressing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Endpoint {
    /// Reads a URL such as `https://s3.eu-central-1.amazonaws.com` or `http://[::1]:9000/base`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Endpoint`] with the part that is wrong.
    pub fn parse(url: &str, addressing: Addressing) -> Result<Self, InvalidValue> {
        Self::parse_parts(url, addressing).map_err(InvalidValue::Endpoint)
    }

    fn parse_parts(url: &str, addressing: Addressing) -> Result<Self, EndpointFault> {
        let (scheme, rest) = split_scheme(url).ok_or(EndpointFault::Scheme)?;
        if rest.contains(['?', '#']) {
            return Err(EndpointFault::QueryOrFragment);
        }
        let path_start = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_start);
        if authority.contains('@') {
            return Err(EndpointFault::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        let is_address = is_address(&host).ok_or(EndpointFault::Host)?;
        let mut authority = host;
        if let Some(port) = port.filter(|&port| port != scheme.default_port()) {
            authority = alloc::format!("{authority}:{port}");
        }
        let origin = alloc::format!("{}{authority}", scheme.prefix());
        let path = Wire::new(path, Part::Path).ok_or(EndpointFault::Path)?.decode();
        // Clients take dot segments out of a URL before they send it, encoded ones too.
        if path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(EndpointFault::Path);
        }
        let mut base_path = String::new();
        encode::put_path(&mut base_path, path.trim_end_matches('/'));
        Ok(Self { scheme, authority, origin, base_path, is_address, addressing })
    }

    /// A bucket of this store.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Bucket`], when the name is not 1 to 255 of `A-Z a-z 0-9 - _ .`, or is `.` or
    /// `..`, which a client would take out of the path.
    pub fn bucket(&self, name: &str) -> Result<Bucket, InvalidValue> {
        check_bucket_name(name)?;
        Ok(if self.addressing == Addressing::VirtualHost && self.has_host_for(name) {
            let authority = alloc::format!("{name}.{}", self.authority);
            let origin = alloc::format!("{}{authority}", self.scheme.prefix());
            Bucket::new(&origin, &authority, &self.base_path)
        } else {
            let path = alloc::format!("{}/{name}", self.base_path);
            Bucket::new(&self.origin, &self.authority, &path)
        })
    }

    /// The bucket that this endpoint is by itself: a custom domain, a bucket's own host. A verifier
    /// takes the key from [`Verified::path`](crate::Verified::path) then: no part of the request
    /// names the bucket.
    ///
    /// ```
    /// use countersign::{Addressing, Endpoint};
    ///
    /// let files = Endpoint::parse("https://files.example.com", Addressing::Path)?.as_bucket();
    /// assert_eq!(files.object("a b")?.to_string(), "/a%20b");
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn as_bucket(&self) -> Bucket {
        Bucket::new(&self.origin, &self.authority, &self.base_path)
    }

    /// The bucket and key that a decoded path means at this endpoint.
    pub(crate) fn locate<'p>(
        &self,
        host: &'p str,
        path: &'p str,
    ) -> Option<(&'p str, Option<&'p str>)> {
        let base = Wire::new(&self.base_path, Part::Path)?.decode();
        // A base path is the whole path of a bucket that is in the host, and has no slash then.
        let path = match path.strip_prefix(&*base)? {
            "" => "",
            rest => rest.strip_prefix('/')?,
        };
        let (bucket, key) = if host.eq_ignore_ascii_case(&self.authority) {
            path.split_once('/').unwrap_or((path, ""))
        } else {
            let start = host.len().checked_sub(self.authority.len())?;
            let (bucket, authority) = host.split_at_checked(start)?;
            let is_here = self.addressing == Addressing::VirtualHost
                && authority.eq_ignore_ascii_case(&self.authority);
            (bucket.strip_suffix('.').filter(|_| is_here)?, path)
        };
        check_bucket_name(bucket).ok()?;
        if key.is_empty() {
            return Some((bucket, None));
        }
        check_key(key).ok()?;
        Some((bucket, Some(key)))
    }

    /// `scheme://host[:port]`
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `host[:port]`, as in the `Host` header.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether `bucket.host` is a host, and one that its certificate covers.
    ///
    /// The rule is that of the AWS SDKs' endpoint rules (`aws.isVirtualHostableS3Bucket`): one
    /// label of 3 to 63 lower-case characters; with plain HTTP, where no certificate's wildcard
    /// ends at a dot, several.
    fn has_host_for(&self, bucket: &str) -> bool {
        let is_edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let is_label = |label: &str| {
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            label.bytes().all(is_plain)
                && is_edge(label.bytes().next())
                && is_edge(label.bytes().next_back())
        };
        !self.is_address
            && (3..=63).contains(&bucket.len())
            && bucket.split('.').all(is_label)
            && (self.scheme == Scheme::Http || !bucket.contains('.'))
            && bucket.parse::<Ipv4Addr>().is_err()
    }
}

fn split_scheme(url: &str) -> Option<(Scheme, &str)> {
    [Scheme::Https, Scheme::Http].into_iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.prefix().len())?;
        start.eq_ignore_ascii_case(scheme.prefix()).then_some((scheme, rest))
    })
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointFault> {
    // The colons inside the brackets of an IPv6 address are none of the port's.
    let host_end = if authority.starts_with('[') {
        authority.rfind(']').ok_or(EndpointFault::Host)?.saturating_add(1)
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(host_end);
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.strip_prefix(':').ok_or(EndpointFault::Host)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if is_number && port != 0 => Ok((host, Some(port))),
        _ => Err(EndpointFault::Port),
    }
}

/// Whether the host is an address, or `None` where it is no host.
fn is_address(host: &str) -> Option<bool> {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok().then_some(true);
    }
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_plain)
    };
    // A dot at the end is the root of the DNS, which clients send along.
    let labels = host.strip_suffix('.').unwrap_or(host);
    let is_name = host.len() <= 253 && labels.split('.').all(is_label);
    is_name.then(|| host.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn fault(url: &str) -> EndpointFault {
        Endpoint::parse_parts(url, Addressing::Path).expect_err(url)
    }

    #[test]
    fn what_would_not_be_signed_is_refused() {
        assert_eq!(fault("ftp://h"), EndpointFault::Scheme);
        assert_eq!(fault("h"), EndpointFault::Scheme);
        assert_eq!(fault("https://u:p@h"), EndpointFault::UserInfo);
        assert_eq!(fault("https://h?x"), EndpointFault::QueryOrFragment);
        assert_eq!(fault("https://h/#x"), EndpointFault::QueryOrFragment);
        for host in [
            "",
            ":80",
            "a b",
            "ü",
            "a..b",
            ".",
            "[::1",
            "[1.2.3.4]",
            "[::1]x",
            "[fe80::1%25e]",
            "h\\x",
        ] {
            assert_eq!(fault(&alloc::format!("https://{host}")), EndpointFault::Host, "{host}");
        }
        for port in ["", "0", "65536", "+80", "8a", "80:80"] {
            assert_eq!(fault(&alloc::format!("https://h:{port}")), EndpointFault::Port, "{port}");
        }
        assert_eq!(fault("https://h/%00"), EndpointFault::Path);
        assert_eq!(fault("https://h/%f"), EndpointFault::Path);
        assert_eq!(fault("https://h/a/../b"), EndpointFault::Path);
        assert_eq!(fault("https://h/%2e/"), EndpointFault::Path);
        let endpoint = Endpoint::parse("https://h/a%2F", Addressing::Path).unwrap();
        assert_eq!(endpoint.as_bucket().object("k").unwrap().to_string(), "/a/k");
    }

    /// Checked against botocore 1.44.5, which takes its rules from the same file as all AWS SDKs.
    #[test]
    fn a_bucket_goes_where_botocore_puts_it() {
        use Addressing::{Path, VirtualHost};
        for (url, addressing, bucket, authority, path) in [
            ("https://h.example", Path, "buck", "h.example", "/buck/k"),
            ("https://h.example", VirtualHost, "buck", "buck.h.example", "/k"),
            ("https://h.example", VirtualHost, "my.bucket", "h.example", "/my.bucket/k"),
            ("http://h.example", VirtualHost, "my.bucket", "my.bucket.h.example", "/k"),
            ("http://h.example", VirtualHost, "1.2.3.4", "h.example", "/1.2.3.4/k"),
            ("https://h.example", VirtualHost, "BUCK", "h.example", "/BUCK/k"),
            ("https://h.example", VirtualHost, "a_b", "h.example", "/a_b/k"),
            ("https://h.example", VirtualHost, "ab", "h.example", "/ab/k"),
            ("https://h.example", VirtualHost, "-abc", "h.example", "/-abc/k"),
            ("https://1.2.3.4:9000", VirtualHost, "buck", "1.2.3.4:9000", "/buck/k"),
            ("https://[::1]:9000", VirtualHost, "buck", "[::1]:9000", "/buck/k"),
            ("https://LOCALHOST:443", VirtualHost, "buck", "buck.localhost", "/k"),
            ("http://localhost:80/", Path, "buck", "localhost", "/buck/k"),
            ("http://localhost:443", Path, "buck", "localhost:443", "/buck/k"),
            ("https://h.example/base/", Path, "buck", "h.example", "/base/buck/k"),
            ("https://h.example/b%61se", VirtualHost, "buck", "buck.h.example", "/base/k"),
        ] {
            let endpoint = Endpoint::parse(url, addressing).unwrap();
            let bucket = endpoint.bucket(bucket).unwrap();
            assert_eq!(bucket.authority(), authority, "{url}");
            assert_eq!(bucket.object("k").unwrap().to_string(), path, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_signed_for_is_not_located_either() {
        let endpoint = Endpoint::parse("https://h/base", Addressing::VirtualHost).unwrap();
        let long = "k".repeat(1025);
        for (host, path, expected) in [
            ("h", "/base/b/k/../x", Some(("b", Some("k/../x")))),
            ("h", "/base/b/", Some(("b", None))),
            ("B.H", "/base/k", Some(("B", Some("k")))),
            ("b.h", "/base", Some(("b", None))),
            ("h", "/base/../etc", None),
            ("h", "/base/a\\b/k", None),
            ("h", "/base//k", None),
            ("h", "/based/b/k", None),
            ("h", "/b/k", None),
            ("..h", "/base/k", None),
            ("a/b.h", "/base/k", None),
            ("xh", "/base/k", None),
            ("other", "/base/b/k", None),
            ("b.x", "/base/k", None),
            ("h", &alloc::format!("/base/b/{long}"), None),
        ] {
            assert_eq!(endpoint.locate(host, path), expected, "{host} {path}");
        }
        let in_path = Endpoint::parse("https://h/base", Addressing::Path).unwrap();
        assert_eq!(in_path.locate("h", "/base/b/k"), Some(("b", Some("k"))));
        assert_eq!(in_path.locate("b.h", "/base/k"), None);
    }

    #[test]
    fn an_origin_is_what_a_client_connects_to_and_an_authority_its_host() {
        let endpoint = Endpoint::parse("HTTP://H.Example:443/base", Addressing::Path).unwrap();
        assert_eq!(endpoint.origin(), "http://h.example:443");
        assert_eq!(endpoint.authority(), "h.example:443");
    }

    #[test]
    fn a_bucket_name_stays_one_segment() {
        let endpoint = Endpoint::parse("https://h", Addressing::Path).unwrap();
        for wrong in ["", ".", "..", "a/b", "a?b", "a b", "a%2fb", "ü", "a\n", &"a".repeat(256)] {
            assert_eq!(endpoint.bucket(wrong), Err(InvalidValue::Bucket), "{wrong}");
        }
    }
}
