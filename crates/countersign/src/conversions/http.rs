//! Requests and URLs of the `http` crate.

use core::fmt;

use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Uri,
    header::{AUTHORIZATION, HOST},
    method::InvalidMethod,
    request::Parts,
    uri::InvalidUri,
};

use crate::{Headers, InvalidValue, Method, PresignedUrl, RequestHead};

/// Every field, each as often as it came. What HTTP/2 calls `:authority` is not among them:
/// [`ReceivedHead`] adds it.
impl Headers for HeaderMap {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

/// The head of an `http::Request` as it was received, to be read by
/// [`Claim::parse`](crate::Claim::parse).
///
/// - With HTTP/2 and HTTP/3 the host is not a header but part of the URI, and so it is in a request
///   whose target is absolute. It comes up as `host`.
/// - Where the request has a `host` header too, and it says the same, it comes up once. Where it
///   says something else both come up, and the claim is refused.
/// - A router that is nested in another one may have cut the URI: give the one that was received.
/// - The `http` crate has no fragments. One in a target is gone before it is verified.
///
/// ```
/// use countersign::{Headers, ReceivedHead};
///
/// let request = http::Request::get("https://examplebucket.s3.amazonaws.com/test.txt?a=b").body(())?;
/// let received = ReceivedHead::from(&request);
/// assert_eq!(received.head().target, "/test.txt?a=b");
/// let fields: Vec<_> = received.fields().collect();
/// assert_eq!(fields, [("host", b"examplebucket.s3.amazonaws.com".as_slice())]);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct ReceivedHead<'r> {
    method: &'r http::Method,
    uri: &'r Uri,
    headers: &'r HeaderMap,
}

impl<'r> ReceivedHead<'r> {
    /// Takes the parts that a signature covers.
    #[must_use]
    pub const fn new(method: &'r http::Method, uri: &'r Uri, headers: &'r HeaderMap) -> Self {
        Self { method, uri, headers }
    }

    /// The head. A target that is no path, as that of `CONNECT`, is empty, and no claim is in it.
    #[must_use]
    pub fn head(&self) -> RequestHead<'_, Self> {
        let target = self.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        RequestHead { method: self.method.as_str(), target, headers: self }
    }

    /// The host that the URI has, unless the one `host` header says the same.
    fn host_of_uri(&self) -> Option<&'r str> {
        let authority = self.uri.authority()?.as_str();
        let mut hosts = self.headers.get_all(HOST).iter();
        let is_said = hosts.next().is_some_and(|host| {
            host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) && hosts.next().is_none()
        });
        (!is_said).then_some(authority)
    }
}

impl Headers for ReceivedHead<'_> {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let of_uri = self.host_of_uri().map(|host| (HOST.as_str(), host.as_bytes()));
        of_uri.into_iter().chain(self.headers.fields())
    }
}

impl<'r, B> From<&'r Request<B>> for ReceivedHead<'r> {
    fn from(request: &'r Request<B>) -> Self {
        Self::new(request.method(), request.uri(), request.headers())
    }
}

impl<'r> From<&'r Parts> for ReceivedHead<'r> {
    fn from(parts: &'r Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers)
    }
}

/// Shows no query and no header: either may be a claim that holds.
impl fmt::Debug for ReceivedHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedHead")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

/// [`InvalidValue::Method`], when it is over 32 characters.
impl<'m> TryFrom<&'m http::Method> for Method<'m> {
    type Error = InvalidValue;

    fn try_from(method: &'m http::Method) -> Result<Self, InvalidValue> {
        Self::new(method.as_str())
    }
}

impl TryFrom<Method<'_>> for http::Method {
    type Error = InvalidMethod;

    fn try_from(method: Method<'_>) -> Result<Self, InvalidMethod> {
        Self::from_bytes(method.as_str().as_bytes())
    }
}

/// The `Debug` of a `Uri` shows all of it: whoever logs it hands out what it allows.
///
/// ```
/// # use countersign::*;
/// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
/// # let key = SigningKey::derive(&credentials, scope);
/// # let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let request = PresignRequest::new(Method::PUT, bucket.object("k")?, Lifetime::from_secs(60)?)
///     .with_signed_header("Content-Type", "text/csv")?;
/// let url = key.at(now)?.presign(&request)?;
/// let mut upload = http::Request::put(http::Uri::try_from(&url)?).body("a,b")?;
/// upload.headers_mut().extend(http::HeaderMap::try_from(&url)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl TryFrom<&PresignedUrl> for Uri {
    type Error = InvalidUri;

    fn try_from(url: &PresignedUrl) -> Result<Self, InvalidUri> {
        url.as_str().parse()
    }
}

/// The headers that a client has to send with the URL, apart from `host`. Those that are secret by
/// their name are marked as such: a client shows them in no log, and HTTP/2 keeps them out of its
/// tables.
impl TryFrom<&PresignedUrl> for HeaderMap {
    type Error = http::Error;

    fn try_from(url: &PresignedUrl) -> Result<Self, http::Error> {
        let fields = url.required_headers().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            let mut value = HeaderValue::from_bytes(value.as_bytes())?;
            value.set_sensitive(is_secret(&name));
            Ok((name, value))
        });
        fields.collect()
    }
}

/// Credentials of any kind, session tokens, and keys with which a store is to encrypt.
fn is_secret(name: &HeaderName) -> bool {
    let names = [AUTHORIZATION.as_str(), "cookie", "proxy-authorization", "x-amz-security-token"];
    names.contains(&name.as_str()) || name.as_str().ends_with("-customer-key")
}
