//! The signing key of one scope, and the signatures it makes.
//!
//! Steps 2 and 3 of [creating a signed request][doc]: the string to sign, and the signature.
//!
//! [doc]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

use alloc::boxed::Box;
use core::{fmt, hint::select_unpredictable};

use zeroize::Zeroizing;

use crate::{
    Credentials, Date, PresignError, Region, Scope, Service, Timestamp,
    canonical::CanonicalDigest,
    credentials::SessionToken,
    gapped::Gapped,
    hex,
    scope::TERMINATOR,
    sha256::{Mac, MacKey},
    sink::Sink,
    timestamp::Written,
};

/// The one algorithm that there is.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The key that signs and verifies within one [`Scope`], with the id and the session token that
/// belong to it.
///
/// - Derived once a day; after that a signature costs two hashes of a few blocks.
/// - Knows its scope, so it cannot sign or verify under another one.
/// - Never shown, never compared, wiped when dropped.
///
/// ```
/// use countersign::{Credentials, Date, Region, Scope, SecretKey, Service, SigningKey};
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let scope = Scope::new(Date::parse("20130524")?, Region::new("us-east-1")?, Service::S3);
/// let key = SigningKey::derive(&credentials, scope);
/// assert_eq!(key.access_key_id(), "AKIAIOSFODNN7EXAMPLE");
/// assert_eq!(key.scope(), scope);
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    mac: MacKey,
    access_key_id: Box<str>,
    session_token: Option<SessionToken>,
    expires_at: Option<Timestamp>,
    date: Date,
    region: Box<str>,
    service: Box<str>,
}

impl SigningKey {
    /// Derives the key of a scope: four HMACs, one over another.
    #[must_use]
    pub fn derive(credentials: &Credentials, scope: Scope<'_>) -> Self {
        let secret = Zeroizing::new([b"AWS4", credentials.secret().expose()].concat());
        Self {
            mac: derive(&secret, scope),
            access_key_id: credentials.access_key_id().into(),
            session_token: credentials.session_token().cloned(),
            expires_at: credentials.expires_at(),
            date: scope.date(),
            region: scope.region().as_str().into(),
            service: scope.service().as_str().into(),
        }
    }

    /// What stands in for a key that there is not: of no id, and of no secret.
    pub(crate) fn nobody(region: Region<'_>, service: Service<'_>) -> Self {
        Self {
            mac: MacKey::new(&[]),
            access_key_id: Box::default(),
            session_token: None,
            expires_at: None,
            date: Timestamp::MIN.date(),
            region: region.as_str().into(),
            service: service.as_str().into(),
        }
    }

    /// The key to compare a signature with, and whether it is one of this id and scope. Where there
    /// is none it is `nobody`, which takes as long: so nothing here decides between the two, it only
    /// chooses what to look at, and the id and the day are then compared with themselves.
    #[inline]
    pub(crate) fn known_or<'k>(
        key: Option<&'k Self>,
        nobody: &'k Self,
        id: &str,
        scope: Scope<'_>,
    ) -> (&'k Self, bool) {
        let is_there = key.is_some();
        let it = select_unpredictable(is_there, key.unwrap_or(nobody), nobody);
        let its_id = select_unpredictable(is_there, &*it.access_key_id, id);
        let its_date = select_unpredictable(is_there, it.date, scope.date());
        let is_right = is_equal(its_id, id)
            & (its_date == scope.date())
            & (*it.region == *scope.region().as_str())
            & (*it.service == *scope.service().as_str());
        (it, is_there & is_right)
    }

    /// The public half of the credentials.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// What the key is good for.
    #[must_use]
    pub fn scope(&self) -> Scope<'_> {
        Scope::new(self.date, Region::known(&self.region), Service::known(&self.service))
    }

    /// When the credentials end that it was derived from; `None`, where that is not known.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(crate) const fn session_token(&self) -> Option<&SessionToken> {
        self.session_token.as_ref()
    }

    pub(crate) const fn mac(&self) -> &MacKey {
        &self.mac
    }

    /// Starts a string to sign at this second, which must be one of the key's day.
    pub(crate) fn begin_at(&self, now: Timestamp) -> Result<Begun<'_>, PresignError> {
        let scope = self.scope();
        if scope.date() != now.date() {
            return Err(PresignError::KeyScopeExpired { key: scope.date(), now: now.date() });
        }
        Ok(Begun::new(&self.mac, now.into(), scope))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope())
            .finish_non_exhaustive()
    }
}

/// Not inlined, or the compiler sees that a text is compared with itself, and leaves a part out.
#[inline(never)]
fn is_equal(one: &str, other: &str) -> bool {
    one == other
}

/// The signing key for a secret that has its `AWS4` in front.
fn derive(secret: &[u8], scope: Scope<'_>) -> MacKey {
    let date = scope.date();
    let parts = [date.as_str(), scope.region().as_str(), scope.service().as_str(), TERMINATOR];
    parts.iter().fold(MacKey::new(secret), |key, part| {
        MacKey::new(&*Zeroizing::new(key.mac([part.as_bytes()]).into_bytes()))
    })
}

/// Writes the string to sign up to the digest of the canonical request.
fn put_string_to_sign(sink: &mut impl Sink, signed_at: Written, scope: Scope<'_>) {
    sink.put(ALGORITHM.as_bytes());
    sink.put(b"\n");
    sink.put(signed_at.as_bytes());
    sink.put(b"\n");
    scope.put(sink);
    sink.put(b"\n");
}

/// A string to sign that lacks its last line, the digest of the canonical request. It is the same
/// for all that is signed in one second.
pub(crate) struct Begun<'k> {
    key: &'k MacKey,
    begun: Gapped,
}

impl<'k> Begun<'k> {
    pub(crate) fn new(key: &'k MacKey, signed_at: Written, scope: Scope<'_>) -> Self {
        const DIGITS_LEN: usize = 64;
        let mut hasher = key.begin();
        put_string_to_sign(&mut hasher, signed_at, scope);
        Self { key, begun: Gapped::new(&hasher.midstate(), DIGITS_LEN, b"") }
    }

    pub(crate) fn sign(&self, CanonicalDigest(digest): &CanonicalDigest) -> [u8; 64] {
        let digest = self.begun.digest(|gap| {
            if let Ok(gap) = gap.try_into() {
                hex::write_digest(digest, gap);
            }
        });
        hex::of_digest(&self.key.finish_digest(&digest).into_bytes())
    }
}

/// The MAC that the signature of a request should be.
pub(crate) fn expected_mac(
    key: &MacKey,
    signed_at: Written,
    scope: Scope<'_>,
    CanonicalDigest(digest): &CanonicalDigest,
) -> Mac {
    let mut hasher = key.begin();
    put_string_to_sign(&mut hasher, signed_at, scope);
    hasher.put_hex(digest);
    key.finish(&mut hasher)
}

/// The MAC of a POST policy, whose string to sign is its text in base64.
#[cfg(feature = "post-policy")]
pub(crate) fn policy_mac(key: &MacKey, policy: &str) -> Mac {
    key.mac([policy.as_bytes()])
}

/// A signature as it was received. It has no `==`: [`is_that_of`](Signature::is_that_of) compares.
pub(crate) struct Signature([u8; 64]);

impl Signature {
    /// Takes what is as long as a signature. That it is 64 lower-case hex digits is seen when it is
    /// compared: nothing else is equal to any.
    pub(crate) fn new(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    /// Compares in constant time. What is not as long as a signature costs as much as what is.
    pub(crate) fn is_that_of(signature: Option<&Self>, expected: &Mac) -> bool {
        let received = signature.map_or(&[0; 64], |signature| &signature.0);
        expected.is_hex(received)
    }
}

#[cfg(any(test, doctest))]
#[macro_use]
#[path = "../tests/common/lacks.rs"]
mod lacks;

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use serde_json::Value;

    use super::*;
    use crate::SecretKey;

    #[test]
    fn the_documented_signing_keys() {
        let vectors = include_str!("../tests/data/aws-docs-examples/examples.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let keys = vectors["signing_keys"].as_array().expect("keys");
        assert_eq!(keys.len(), 2);
        for case in keys {
            let text = |name: &str| case[name].as_str().expect("a string");
            let scope = Scope::new(
                Date::parse(text("date")).unwrap(),
                Region::new(text("region")).unwrap(),
                Service::new(text("service")).unwrap(),
            );
            // A MAC shows its key only through what it makes: compare with one made by the
            // documented key.
            let secret = [b"AWS4", text("secret").as_bytes()].concat();
            let theirs = MacKey::new(&::hex::decode(text("signing_key_hex")).unwrap());
            let probe = |key: &MacKey| key.mac([&b"probe"[..]]).into_bytes();
            assert_eq!(probe(&derive(&secret, scope)), probe(&theirs));
        }
    }

    /// The presigned example of the documentation, `sigv4-query-string-auth`.
    #[test]
    fn the_documented_string_to_sign_and_signature() {
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let signed_at = Timestamp::parse("20130524T000000Z").unwrap();
        let region = Region::new("us-east-1").unwrap();
        let scope = Scope::new(signed_at.date(), region, Service::S3);

        let mut text = String::new();
        put_string_to_sign(&mut text, signed_at.into(), scope);
        assert_eq!(
            text,
            "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
        );

        let mut digest = [0; 32];
        let canonical = "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04";
        ::hex::decode_to_slice(canonical, &mut digest).unwrap();
        let key = SigningKey::derive(&credentials, scope);
        let begun = Begun::new(key.mac(), signed_at.into(), scope);
        let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        let digest = CanonicalDigest(digest);
        assert_eq!(begun.sign(&digest), signature.as_bytes());
        let expected = expected_mac(key.mac(), signed_at.into(), scope, &digest);
        let received = Signature::new(signature);
        assert!(Signature::is_that_of(received.as_ref(), &expected));
        assert!(!Signature::is_that_of(None, &expected));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        let mac = MacKey::new(b"key").mac([&b"message"[..]]);
        let good = "6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a";
        let is_it = |text: &str| Signature::is_that_of(Signature::new(text).as_ref(), &mac);
        assert!(is_it(good));
        let upper = good.to_ascii_uppercase();
        let zeros = "\0".repeat(64);
        for wrong in ["", &good[1..], &alloc::format!("{good}0"), &upper, &zeros] {
            assert!(!is_it(wrong), "{wrong}");
        }
    }

    /// V-11. `tests/secrets.rs` has the types that others can name.
    #[test]
    fn nothing_that_a_mac_is_in_can_be_compared_by_accident() {
        use core::{fmt::Debug, hash::Hash};

        assert_lacks!(Signature: PartialEq, PartialOrd, Hash, Debug, Clone, AsRef<[u8]>);
        assert_lacks!(MacKey: PartialEq, PartialOrd, Hash, Debug);
        assert_lacks!(Mac: PartialEq, PartialOrd, Hash, Debug, Clone);
        assert_lacks!(Begun<'static>: PartialEq, PartialOrd, Hash, Debug);
        assert_lacks!(CanonicalDigest: PartialEq, PartialOrd, Hash, Debug, Clone);
        assert_lacks!(SessionToken: PartialEq, PartialOrd, Hash, Debug);
    }
}
