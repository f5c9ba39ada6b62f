use alloc::{borrow::Cow, boxed::Box};
use core::fmt;

use crate::{
    Claim, Date, Headers, Lifetime, Mechanism, Method, ParseError, PayloadRule, Region, Scope,
    Service, SigningKey, Skew, Timestamp, Validity, Verified, VerifyError,
    canonical::{BEFORE_HOST, BEHIND_HOST, CanonicalRequest, put_header_value, put_tail},
    claim::Term,
    encode::Part,
    error::{Field, ScopeMismatch},
    names::{CONTENT_SHA256, has_amz_prefix, is_header_value},
    received::Received,
    scope::TERMINATOR,
    signing_key::{Signature, expected_mac},
    sink::Sink,
};

/// The policy by which claims are verified: one region, one service, a clock skew. It is the same
/// for requests that are presigned and those that are signed in their header.
///
/// The order of its checks, and so its answer to a request that is wrong in two ways, is that of
/// AWS.
///
/// ```
/// use countersign::{
///     Claim, Credentials, Region, RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp,
///     Verifier, VerifyError,
/// };
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let head = RequestHead {
///     method: "GET",
///     target: "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
///         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
///         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
///         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
///     headers: &[("Host", "examplebucket.s3.amazonaws.com")],
/// };
///
/// let verifier = Verifier::new(Region::new("us-east-1")?, Service::S3);
/// let claim = Claim::parse(&head)?;
/// let checked = verifier.check(&claim, Timestamp::parse("20130524T120000Z")?)?;
/// // Here a server looks the key up: by `checked.access_key_id()` and `checked.scope()`.
/// let key = SigningKey::derive(&credentials, checked.scope());
/// let verified = checked.verify(Some(&key))?;
/// assert_eq!(verified.path(), "/test.txt");
///
/// let late = verifier.check(&claim, Timestamp::parse("20130525T000000Z")?);
/// assert!(matches!(late, Err(VerifyError::Expired { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Verifier {
    region: Box<str>,
    service: Box<str>,
    /// What a credential ends in, behind its date, in a query and in a header.
    credential_ends: CredentialEnds,
    pub(crate) skew: Skew,
    default_payload: Option<PayloadRule>,
    pub(crate) nobody: SigningKey,
}

impl Verifier {
    /// Verifies what was signed for this region and service, by a clock that is up to 900 s ahead;
    /// or behind, in a request that is signed in its header.
    #[must_use]
    pub fn new(region: Region<'_>, service: Service<'_>) -> Self {
        Self {
            region: region.as_str().into(),
            service: service.as_str().into(),
            credential_ends: CredentialEnds::new(region, service),
            skew: Skew::default(),
            default_payload: None,
            nobody: SigningKey::nobody(region, service),
        }
    }

    /// Allows another clock skew.
    #[must_use]
    pub const fn with_skew(mut self, skew: Skew) -> Self {
        self.skew = skew;
        self
    }

    /// Says what was signed of the body where a request has no `x-amz-content-sha256` header.
    ///
    /// S3 means [`PayloadRule::Unsigned`] in a presigned request, which is the default. In one that
    /// is signed in its header S3 wants that header, so there is no default; other services mean the
    /// body itself.
    #[must_use]
    pub const fn with_default_payload(mut self, payload: PayloadRule) -> Self {
        self.default_payload = Some(payload);
        self
    }

    /// Checks all that can be checked without a key: times, scope, and which headers are signed.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], with the first reason that AWS would find.
    pub fn check<'c, 'a, H: Headers + ?Sized>(
        &'c self,
        claim: &'c Claim<'a, H>,
        now: Timestamp,
    ) -> Result<Checked<'c, 'a, H>, VerifyError> {
        let payload = self.payload(claim)?;
        let validity = self.check_time(claim, now)?;
        let (access_key_id, scope) = self.check_scope(claim)?;
        claim.signed_headers.check()?;
        check_must_be_signed(claim)?;
        let absent_header = find_absent(claim)?;
        let nobody = &self.nobody;
        Ok(Checked { claim, access_key_id, scope, validity, absent_header, payload, nobody })
    }

    fn payload<H: Headers + ?Sized>(
        &self,
        claim: &Claim<'_, H>,
    ) -> Result<PayloadRule, ParseError> {
        let is_s3 = Service::known(&self.service) == Service::S3;
        match (claim.payload, claim.mechanism(), self.default_payload) {
            (Some(payload), ..) => Ok(payload),
            (None, Mechanism::Query, default) => Ok(default.unwrap_or_default()),
            (None, Mechanism::Header, Some(default)) if !is_s3 => Ok(default),
            (None, Mechanism::Header, _) => Err(ParseError::Missing(Field::ContentSha256)),
        }
    }

    fn check_time<H: Headers + ?Sized>(
        &self,
        claim: &Claim<'_, H>,
        now: Timestamp,
    ) -> Result<Validity, VerifyError> {
        match claim.term {
            Term::Secs(secs) => self.check_lifetime(claim.signed_at.at, secs, now),
            Term::AtOnce => self.check_skew(claim.signed_at.at, now),
        }
    }

    fn check_skew(&self, signed_at: Timestamp, now: Timestamp) -> Result<Validity, VerifyError> {
        let skew = self.skew;
        let validity =
            Validity::around(signed_at, skew).ok_or(ParseError::Malformed(Field::Date))?;
        if !validity.contains(now) {
            return Err(VerifyError::TimeSkewed { now, signed_at, skew });
        }
        Ok(validity)
    }

    fn check_lifetime(
        &self,
        signed_at: Timestamp,
        secs: u64,
        now: Timestamp,
    ) -> Result<Validity, VerifyError> {
        if secs > u64::from(Lifetime::MAX.as_secs()) {
            return Err(VerifyError::LifetimeTooLong);
        }
        let not_before = signed_at.saturating_sub_secs(self.skew.as_secs());
        if now < not_before {
            return Err(VerifyError::NotYetValid { now, not_before });
        }
        // No seconds at all are plain digits too, and over before they begin.
        let Ok(lifetime) = Lifetime::from_secs(secs) else {
            return Err(VerifyError::Expired { now, not_after: signed_at });
        };
        let validity = Validity::new(signed_at, lifetime, self.skew)
            .ok_or(ParseError::Malformed(Field::Date))?;
        if !validity.contains(now) {
            return Err(VerifyError::Expired { now, not_after: validity.not_after() });
        }
        Ok(validity)
    }

    fn check_scope<'a, H: Headers + ?Sized>(
        &self,
        claim: &Claim<'a, H>,
    ) -> Result<(Cow<'a, str>, Scope<'_>), VerifyError> {
        let signed_on = claim.signed_at.date();
        if let Some(access_key_id) = self.credential_ends.cut(claim.credential, signed_on) {
            return Ok((Cow::Borrowed(access_key_id), self.scope_of(signed_on)));
        }
        let [access_key_id, date, region, service, terminator] = claim.credential()?;
        let date = Date::parse(&date).map_err(|_| ParseError::Malformed(Field::Credential))?;
        let scope = self.own_scope(date, [&region, &service, &terminator], signed_on)?;
        Ok((access_key_id, scope))
    }

    /// The scope of a credential, where it is one of this verifier's and of the signing day.
    pub(crate) fn own_scope(
        &self,
        date: Date,
        [region, service, terminator]: [&str; 3],
        signed_on: Date,
    ) -> Result<Scope<'_>, VerifyError> {
        if *region != *self.region {
            let (expected, got) = (self.region.clone(), region.into());
            return Err(VerifyError::Scope(ScopeMismatch::Region { expected, got }));
        }
        if *service != *self.service {
            let (expected, got) = (self.service.clone(), service.into());
            return Err(VerifyError::Scope(ScopeMismatch::Service { expected, got }));
        }
        if terminator != TERMINATOR {
            return Err(VerifyError::Scope(ScopeMismatch::Terminator));
        }
        if date != signed_on {
            return Err(VerifyError::DateMismatch);
        }
        Ok(self.scope_of(date))
    }

    /// What this verifier serves, on a day.
    fn scope_of(&self, date: Date) -> Scope<'_> {
        Scope::new(date, Region::known(&self.region), Service::known(&self.service))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("region", &self.region)
            .field("service", &self.service)
            .field("skew", &self.skew)
            .field("default_payload", &self.default_payload)
            .finish_non_exhaustive()
    }
}

/// How the credentials end that a verifier takes, as everybody spells them. What ends in another
/// way is read part by part, and mostly refused.
struct CredentialEnds {
    /// `%2Fus-east-1%2Fs3%2Faws4_request`
    in_query: Box<str>,
    /// `/us-east-1/s3/aws4_request`
    in_header: Box<str>,
}

impl CredentialEnds {
    fn new(region: Region<'_>, service: Service<'_>) -> Self {
        let parts = ["", region.as_str(), service.as_str(), TERMINATOR];
        Self { in_query: parts.join("%2F").into(), in_header: parts.join("/").into() }
    }

    /// The access key id of a credential of this day with one of these ends; `None` where it has
    /// another, or the id is anything but plain characters.
    fn cut<'a>(&self, credential: Received<'a>, date: Date) -> Option<&'a str> {
        let (end, slash) = match credential {
            Received::Query(_) => (&self.in_query, "%2F"),
            Received::Header(_) => (&self.in_header, "/"),
        };
        let dated = credential.as_received().strip_suffix(&**end)?;
        let (dateless, last) = dated.split_at_checked(dated.len().checked_sub(8)?)?;
        let access_key_id =
            dateless.strip_suffix(slash).filter(|_| last.as_bytes() == date.as_bytes())?;
        let is_plain = !access_key_id.is_empty() && Part::Query.is_all_plain(access_key_id);
        is_plain.then_some(access_key_id)
    }
}

/// Without this, whoever holds the URL of an upload adds `x-amz-acl` or `x-amz-copy-source` to it.
fn check_must_be_signed<H: Headers + ?Sized>(claim: &Claim<'_, H>) -> Result<(), VerifyError> {
    let signed = &claim.signed_headers;
    if !signed.contains("host") {
        return Err(VerifyError::HostNotSigned);
    }
    for (name, _) in claim.headers.fields() {
        let must_be_signed = name.eq_ignore_ascii_case("content-md5")
            || (has_amz_prefix(name.as_bytes()) && !name.eq_ignore_ascii_case(CONTENT_SHA256));
        if must_be_signed && !signed.contains(name) {
            return Err(VerifyError::UnsignedHeader(name.to_ascii_lowercase().into()));
        }
    }
    Ok(())
}

/// The first signed header that the request lacks. One that it has twice is refused: two readers
/// would take two values.
fn find_absent<'c, H: Headers + ?Sized>(
    claim: &'c Claim<'_, H>,
) -> Result<Option<&'c str>, ParseError> {
    let mut absent = None;
    for name in claim.signed_headers.names() {
        let (field, values) = if name == "host" {
            (Field::Host, claim.hosts)
        } else {
            let mut values = claim.header_values(name);
            (Field::Header, [values.next(), values.next()])
        };
        match values {
            [Some(_), Some(_)] => return Err(ParseError::Duplicate(field)),
            [Some(value), None] if !is_header_value(value) => {
                return Err(ParseError::Malformed(field));
            }
            [Some(_), None] => {}
            [None, _] => absent = absent.or(Some(name)),
        }
    }
    Ok(absent)
}

/// A claim whose time, scope and headers are in order, and whose signature is not compared yet.
///
/// Made by [`Verifier::check`], which has the example.
pub struct Checked<'c, 'a, H: ?Sized> {
    claim: &'c Claim<'a, H>,
    access_key_id: Cow<'a, str>,
    scope: Scope<'c>,
    validity: Validity,
    absent_header: Option<&'c str>,
    payload: PayloadRule,
    nobody: &'c SigningKey,
}

impl<'c, 'a, H: Headers + ?Sized> Checked<'c, 'a, H> {
    /// Whose key the claim names. Anybody can name any.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The scope for which the key is needed.
    #[must_use]
    pub const fn scope(&self) -> Scope<'c> {
        self.scope
    }

    /// Compares the signature.
    ///
    /// `None` says that there is no such key. It costs the same work as a key.
    ///
    /// # Errors
    ///
    /// - [`VerifyError::UnknownKey`] without a key, or with one of another id or scope.
    /// - [`VerifyError::SignedHeaderAbsent`]
    /// - [`VerifyError::SignatureMismatch`], also where the session token is not that of the key.
    pub fn verify(self, key: Option<&SigningKey>) -> Result<Verified<'c, 'a>, VerifyError> {
        let (key, is_known) =
            SigningKey::known_or(key, self.nobody, &self.access_key_id, self.scope);
        let expected = expected_mac(key.mac(), self.claim.signed_at, self.scope, &self.digest());
        let is_match = Signature::is_that_of(self.claim.signature.as_ref(), &expected)
            & self.has_token_of(key);
        if is_known & is_match && self.absent_header.is_none() {
            let Self { claim, access_key_id, scope, validity, payload, .. } = self;
            return Ok(Verified::new(access_key_id, scope, validity, payload, claim));
        }
        Err(self.refusal(is_known))
    }

    /// Why a signature is not taken. There is one way out for all that is refused, so that the time
    /// does not say whether there is such a key.
    #[cold]
    #[inline(never)]
    fn refusal(&self, is_known: bool) -> VerifyError {
        if let (Some(name), true) = (self.absent_header, is_known) {
            return VerifyError::SignedHeaderAbsent(name.into());
        }
        if is_known { VerifyError::SignatureMismatch } else { VerifyError::UnknownKey }
    }

    /// Whether the claim brings the token of temporary credentials, and none with permanent ones.
    /// The signature covers the token that is there; only this sees one that is not.
    fn has_token_of(&self, key: &SigningKey) -> bool {
        match (self.claim.session_token, key.session_token()) {
            (None, None) => true,
            (Some(received), Some(token)) => received.is(token.as_str()),
            _ => false,
        }
    }
}

impl<H: Headers + ?Sized> CanonicalRequest for Checked<'_, '_, H> {
    fn method(&self) -> Method<'_> {
        self.claim.method
    }

    fn put_path(&self, sink: &mut impl Sink) {
        self.claim.path.put(sink);
    }

    fn put_query(&self, sink: &mut impl Sink) {
        self.claim.query.put(sink);
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let first = |name| self.claim.header_values(name).next().map(|value| (name, value));
        self.claim.signed_headers.names().filter_map(first)
    }

    fn payload(&self) -> PayloadRule {
        self.payload
    }

    fn put_tail(&self, sink: &mut impl Sink) {
        if !self.claim.signed_headers.is_host_only() || self.payload != PayloadRule::Unsigned {
            return put_tail(self, sink);
        }
        sink.put_str(BEFORE_HOST);
        if let [Some(host), _] = self.claim.hosts {
            put_header_value(sink, host);
        }
        sink.put_str(BEHIND_HOST);
    }
}

impl<H: ?Sized> fmt::Debug for Checked<'_, '_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}
