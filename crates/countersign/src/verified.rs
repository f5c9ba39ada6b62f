use alloc::{borrow::Cow, string::String};
use core::fmt;

use crate::{
    Claim, Endpoint, Headers, Mechanism, Method, PayloadRule, Scope, Validity, canonical::trim,
    encode::Wire, query::Parameter, signed_headers::SignedHeaders,
};

/// A request whose signature is right: the witness that it was verified.
///
/// Only [`Checked::verify`](crate::Checked::verify) makes one, so a handler that takes one cannot be
/// reached by a request that was not verified. What it says is decoded once, here; nothing behind it
/// should read the request's path again.
///
/// ```compile_fail
/// let forged = countersign::Verified {};
/// ```
#[derive(Clone)]
pub struct Verified<'v, 'a> {
    access_key_id: Cow<'a, str>,
    scope: Scope<'v>,
    validity: Validity,
    payload: PayloadRule,
    mechanism: Mechanism,
    method: Method<'a>,
    host: &'a [u8],
    path: Wire<'a>,
    query: &'a str,
    signed_headers: SignedHeaders<'a>,
}

/// Shows no query, which is a claim that holds.
impl fmt::Debug for Verified<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("validity", &self.validity)
            .field("mechanism", &self.mechanism)
            .field("method", &self.method)
            .field("host", &self.host())
            .field("path", &self.path.as_received())
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// The bucket and key that a request is about, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a resource is these two and nothing else")]
pub struct Resource<'a> {
    /// The bucket.
    pub bucket: Cow<'a, str>,
    /// The key, or `None` where the bucket itself is meant.
    pub key: Option<Cow<'a, str>>,
}

impl<'v, 'a> Verified<'v, 'a> {
    pub(crate) fn new<H: Headers + ?Sized>(
        access_key_id: Cow<'a, str>,
        scope: Scope<'v>,
        validity: Validity,
        payload: PayloadRule,
        claim: &Claim<'a, H>,
    ) -> Self {
        let [host, _] = claim.hosts;
        Self {
            access_key_id,
            scope,
            validity,
            payload,
            mechanism: claim.mechanism(),
            method: claim.method,
            host: trim(host.unwrap_or_default()),
            path: claim.path,
            query: claim.query.as_received(),
            signed_headers: claim.signed_headers.clone(),
        }
    }

    /// A host that is no text is that of no endpoint.
    fn host(&self) -> &'a str {
        core::str::from_utf8(self.host).unwrap_or_default()
    }

    /// Who signed.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The scope of the key that signed.
    #[must_use]
    pub const fn scope(&self) -> Scope<'v> {
        self.scope
    }

    /// When the claim holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// What was signed of the body. With [`PayloadRule::Sha256`] the receiver of the body has to
    /// compare.
    #[must_use]
    pub const fn payload(&self) -> PayloadRule {
        self.payload
    }

    /// Where the signature stood.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The method that was signed.
    #[must_use]
    pub const fn method(&self) -> Method<'a> {
        self.method
    }

    /// The path, decoded once, nothing normalised.
    #[must_use]
    pub fn path(&self) -> Cow<'a, str> {
        self.path.decode()
    }

    /// The query parameters that were signed beside the claim's own, decoded, in the order in which
    /// they came. A claim in the header has none of its own in the query.
    pub fn query(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        Parameter::signed_by(self.mechanism, self.query)
            .map(|parameter| (parameter.name.decode(), parameter.value.decode()))
    }

    /// The names of the headers that were signed, in lower case, sorted. All other headers are
    /// anybody's.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.names()
    }

    /// The bucket and key, as seen from an endpoint; `None` where the request was signed for
    /// another one, or names nothing that a URL could be presigned for: no bucket, a bucket `..`, a
    /// key over 1,024 bytes.
    ///
    /// ```
    /// # use countersign::*;
    /// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
    /// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
    /// # let now = Timestamp::parse("20130524T000000Z")?;
    /// # let region = Region::new("us-east-1")?;
    /// # let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
    /// # let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
    /// # let bucket = endpoint.bucket("examplebucket")?;
    /// # let path = bucket.object("a b/../c")?;
    /// # let request = PresignRequest::new(Method::GET, path, Lifetime::MAX);
    /// # let url = key.at(now)?.presign(&request)?;
    /// # let target = url.as_str().strip_prefix(bucket.origin()).ok_or("no target")?;
    /// # let headers = [("host", bucket.authority())];
    /// # let claim = Claim::parse(&RequestHead { method: "GET", target, headers: &headers })?;
    /// # let verifier = Verifier::new(region, Service::S3);
    /// # let verified = verifier.check(&claim, now)?.verify(Some(&key))?;
    /// let resource = verified.resource(&endpoint).ok_or("another endpoint")?;
    /// assert_eq!(resource.bucket, "examplebucket");
    /// assert_eq!(resource.key.as_deref(), Some("a b/../c"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resource(&self, endpoint: &Endpoint) -> Option<Resource<'a>> {
        let owned = |text: &str| Cow::Owned(String::from(text));
        match self.path.decode() {
            Cow::Borrowed(path) => {
                let (bucket, key) = endpoint.locate(self.host(), path)?;
                Some(Resource { bucket: Cow::Borrowed(bucket), key: key.map(Cow::Borrowed) })
            }
            Cow::Owned(path) => {
                let (bucket, key) = endpoint.locate(self.host(), &path)?;
                Some(Resource { bucket: owned(bucket), key: key.map(owned) })
            }
        }
    }
}
