use alloc::vec::Vec;
use core::fmt;

use super::{
    Authorization, Claim, ContentRule, KeyId, Required, RsaVerifier, Target, Verified, VerifyError,
    date,
    required::{X_DATE, find_missing, is_content_exempt},
    signing_string,
    verified::SignedContent,
};
use crate::{Headers, Method, Skew, Timestamp};

/// Five minutes, as Oracle allows ("Client Clock Skew").
const SKEW_SECS: u32 = 300;

/// The policy by which signed requests are verified.
///
/// - The date is at most so far from the clock, ahead or back: five minutes where nothing else was
///   said. For that long, whoever sees a request can send it again.
/// - All that Oracle requires is signed; the headers of the body too.
///
/// ```
/// use countersign::{
///     Method, RequestHead, Timestamp,
///     oci::{
///         Claim, ContentRule, KeyId, Request, RsaFailure, RsaSigner, RsaVerifier, Target,
///         Verifier, VerifyError,
///     },
/// };
/// # struct Key;
/// # impl RsaSigner for Key {
/// #     fn sign_pkcs1_sha256(&self, message: &[u8]) -> Result<Vec<u8>, RsaFailure> {
/// #         Ok(message.iter().rev().copied().take(64).collect())
/// #     }
/// # }
/// # impl RsaVerifier for Key {
/// #     fn verify_pkcs1_sha256(&self, message: &[u8], it: &[u8]) -> Result<(), RsaFailure> {
/// #         if self.sign_pkcs1_sha256(message)? == it { Ok(()) } else { Err(RsaFailure) }
/// #     }
/// # }
/// # let (private_key, public_key) = (Key, Key); // with the feature `ring`, `RsaKey` and its other
///
/// let now = Timestamp::parse("20261121T120000Z")?;
/// let target = Target::new("/n/ns/b")?;
/// let signed = Request::new(Method::GET, target, "h.example", ContentRule::Signed)
///     .sign(&KeyId::parse("tenancy/user/fingerprint")?, &private_key, now)?;
///
/// // What a server receives:
/// let mut headers: Vec<_> = signed.headers().collect();
/// headers.push(("Host", "h.example"));
/// let head = RequestHead { method: "GET", target: "/n/ns/b", headers: headers.as_slice() };
///
/// let verifier = Verifier::new();
/// let claim = Claim::parse(&head)?;
/// let checked = verifier.check(&claim, now)?;
/// // Here a server looks the key up, by `checked.key_id()`.
/// let verified = checked.verify(Some(&public_key))?;
/// assert_eq!(verified.key_id().as_str(), "tenancy/user/fingerprint");
///
/// let later = now.checked_add_secs(301).ok_or("after the year 9999")?;
/// assert!(matches!(verifier.check(&claim, later), Err(VerifyError::Expired { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Follows [Request Signatures](super#specification).
#[derive(Debug, Clone)]
pub struct Verifier {
    skew_secs: u32,
    rule: ContentRule,
}

impl Verifier {
    /// Verifies by a clock that may differ by five minutes.
    #[must_use]
    pub const fn new() -> Self {
        Self { skew_secs: SKEW_SECS, rule: ContentRule::Signed }
    }

    /// Allows another clock skew.
    #[must_use]
    pub const fn with_skew(mut self, skew: Skew) -> Self {
        self.skew_secs = skew.as_secs();
        self
    }

    /// Takes a `PutObject` and an `UploadPart` whose body is not signed, as Oracle does and as its
    /// SDKs send them: see [`ContentRule::ObjectUpload`].
    #[must_use]
    pub const fn danger_allow_unsigned_uploads(mut self) -> Self {
        self.rule = ContentRule::ObjectUpload;
        self
    }

    /// Checks all that can be checked without a key: what is signed, and the date.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], with the first reason.
    pub fn check<'c, 'a, H: Headers + ?Sized>(
        &self,
        claim: &'c Claim<'a, H>,
        now: Timestamp,
    ) -> Result<Checked<'c, 'a>, VerifyError> {
        let Claim { method, target, authorization, .. } = claim;
        let is_exempt = is_content_exempt(*method, *target, self.rule);
        if let Some(required) = find_missing(is_exempt, |name| authorization.signs(name)) {
            return Err(VerifyError::NotSigned(required));
        }
        // Oracle reads `x-date` where it is there: anybody could add one to a request with a date.
        if claim.has_header(X_DATE) && !authorization.signs(X_DATE) {
            return Err(VerifyError::NotSigned(Required::Date));
        }
        let fields = claim.signed_fields()?;
        let dated = self.check_date(&fields, now)?;
        let content = SignedContent::read(&fields)?;
        let (method, target, signed_method) = (*method, *target, claim.signed_method);
        Ok(Checked { authorization, method, signed_method, target, fields, dated, content })
    }

    fn check_date(
        &self,
        fields: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<Timestamp, VerifyError> {
        let (name, text) = date_of(fields).ok_or(VerifyError::NotSigned(Required::Date))?;
        let dated = date::parse(text).map_err(|_| VerifyError::MalformedHeader(name.into()))?;
        let not_before = dated.saturating_sub_secs(self.skew_secs);
        if now < not_before {
            return Err(VerifyError::NotYetValid { now, not_before });
        }
        // The last second counts: Oracle refuses what is off by more.
        match dated.checked_add_secs(self.skew_secs.saturating_add(1)) {
            Some(not_after) if now >= not_after => Err(VerifyError::Expired { now, not_after }),
            _ => Ok(dated),
        }
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

/// The date among signed fields: `x-date` goes before `date`, as it does for Oracle.
fn date_of<'f>(fields: &[(&str, &'f str)]) -> Option<(&'static str, &'f str)> {
    [X_DATE, Required::Date.as_str()].into_iter().find_map(|name| {
        let (_, value) = fields.iter().find(|(other, _)| *other == name)?;
        Some((name, *value))
    })
}

/// A claim whose headers and date are in order, and whose signature is not compared yet.
///
/// Made by [`Verifier::check`]; [`Verifier`] has the example.
pub struct Checked<'c, 'a> {
    authorization: &'c Authorization,
    method: Method<'a>,
    signed_method: &'static str,
    target: Target<'a>,
    fields: Vec<(&'c str, &'a str)>,
    dated: Timestamp,
    content: SignedContent<'a>,
}

impl<'c, 'a> Checked<'c, 'a> {
    /// Whose key the claim names. Anybody can name any.
    #[must_use]
    pub const fn key_id(&self) -> &'c KeyId {
        self.authorization.key_id()
    }

    /// What the claim says is signed, in order.
    pub fn signed_headers(&self) -> impl Iterator<Item = &'c str> {
        self.authorization.signed_headers()
    }

    /// Verifies the signature with the key of [`key_id`](Self::key_id), or `None` where there is no
    /// such key.
    ///
    /// A key that does not exist costs less time than one that does: key ids are no secret.
    ///
    /// # Errors
    ///
    /// - [`VerifyError::UnknownKey`] without a key.
    /// - [`VerifyError::SignatureMismatch`]
    pub fn verify(self, key: Option<&impl RsaVerifier>) -> Result<Verified<'c, 'a>, VerifyError> {
        let key = key.ok_or(VerifyError::UnknownKey)?;
        let fields = self.fields.iter().copied();
        let text = signing_string::write(self.signed_method, self.target, fields);
        key.verify_pkcs1_sha256(text.as_bytes(), self.authorization.signature_bytes())
            .map_err(|_| VerifyError::SignatureMismatch)?;
        let (key_id, method, target) = (self.key_id(), self.method, self.target);
        Ok(Verified::new(key_id, method, target, self.fields, self.dated, self.content))
    }
}

impl fmt::Debug for Checked<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("authorization", &self.authorization)
            .field("method", &self.method)
            .field("target", &self.target)
            .field("dated", &self.dated)
            .finish_non_exhaustive()
    }
}
