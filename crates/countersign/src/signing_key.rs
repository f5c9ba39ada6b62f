//! The signing key of one scope, and the signatures it makes.
//!
//! Steps 2 and 3 of [creating a signed request][doc]: the string to sign, and the signature.
//!
//! [doc]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

use alloc::boxed::Box;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac, digest::Update};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    Credentials, Date, Region, Scope, Service, Timestamp,
    canonical::CanonicalDigest,
    credentials::SessionToken,
    payload::{hex_of, lower_hex},
    scope::TERMINATOR,
    sink::{Buffered, Sink},
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
    mac: Keyed,
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
            mac: Keyed::derive(&secret, scope),
            access_key_id: credentials.access_key_id().into(),
            session_token: credentials.session_token().cloned(),
            expires_at: credentials.expires_at(),
            date: scope.date(),
            region: scope.region().as_str().into(),
            service: scope.service().as_str().into(),
        }
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

    pub(crate) const fn keyed(&self) -> &Keyed {
        &self.mac
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

/// HMAC-SHA-256 with a key of any length taken in, as RFC 2104 does: padded to one block, or hashed
/// where it is longer.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    if let Some(start) = block.get_mut(..key.len()) {
        start.copy_from_slice(key);
    } else {
        let digest = Sha256::digest(key);
        block.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    }
    Hmac::new(&(*block).into())
}

/// HMAC-SHA-256 with its key taken in, which is half of its work.
#[derive(Clone)]
pub(crate) struct Keyed(Hmac<Sha256>);

impl Keyed {
    /// The signing key for a secret that has its `AWS4` in front.
    fn derive(secret: &[u8], scope: Scope<'_>) -> Self {
        let date = scope.date();
        let parts = [date.as_str(), scope.region().as_str(), scope.service().as_str(), TERMINATOR];
        parts.iter().fold(Self::new(secret), |key, part| {
            let mut next: [u8; 32] = key.0.chain_update(part).finalize().into_bytes().into();
            let keyed = Self::new(&next);
            next.zeroize();
            keyed
        })
    }

    /// A key that nobody has, for claims whose key does not exist.
    pub(crate) fn nobody() -> Self {
        Self::new(&[])
    }

    fn new(key: &[u8]) -> Self {
        Self(keyed(key))
    }

    /// Starts a string to sign: everything before the digest of the canonical request, which is the
    /// same for all that is signed in one second.
    pub(crate) fn begin(&self, signed_at: Timestamp, scope: Scope<'_>) -> Begun {
        let mut text = Buffered::new(self.0.clone());
        put_string_to_sign(&mut text, signed_at, scope);
        Begun(text.into_inner())
    }
}

/// Writes the string to sign up to the digest of the canonical request.
fn put_string_to_sign(sink: &mut impl Sink, signed_at: Timestamp, scope: Scope<'_>) {
    sink.put(ALGORITHM.as_bytes());
    sink.put(b"\n");
    sink.put(&signed_at.to_basic());
    sink.put(b"\n");
    scope.put(sink);
    sink.put(b"\n");
}

/// A string to sign that lacks its last line.
#[derive(Clone)]
pub(crate) struct Begun(Hmac<Sha256>);

impl Begun {
    pub(crate) fn sign(&self, canonical_request: CanonicalDigest) -> [u8; 64] {
        hex_of(self.with(canonical_request).finalize().into_bytes().into())
    }

    /// Compares in constant time, in the one place where a MAC is compared.
    pub(crate) fn verify(
        &self,
        canonical_request: CanonicalDigest,
        signature: Option<&Signature>,
    ) -> bool {
        // What is not in the form of a signature costs as much as what is.
        let expected = signature.map_or(&[0; 32], |signature| &signature.0);
        let is_equal = self.with(canonical_request).verify_slice(expected).is_ok();
        is_equal && signature.is_some()
    }

    fn with(&self, CanonicalDigest(digest): CanonicalDigest) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        Update::update(&mut mac, &hex_of(digest));
        mac
    }
}

/// A signature as it was received. It has no `==`: [`Begun::verify`] is the only comparison.
pub(crate) struct Signature([u8; 32]);

impl Signature {
    /// Reads 64 lower-case hex digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        lower_hex(text).map(Self)
    }
}

#[cfg(any(test, doctest))]
#[macro_use]
#[path = "../tests/common/lacks.rs"]
mod lacks;

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use serde_json::Value;

    use super::*;
    use crate::SecretKey;

    fn unhex(value: &Value) -> Vec<u8> {
        hex::decode(value.as_str().expect("a string")).expect("hex")
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).expect("a vector file")
    }

    fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
        Keyed::new(key).0.chain_update(data).finalize().into_bytes().to_vec()
    }

    #[test]
    fn rfc_4231_section_4() {
        let vectors = json(include_str!("../tests/data/rfc4231/hmac_sha256.json"));
        let cases = vectors["cases"].as_array().expect("cases");
        assert_eq!(cases.len(), 7);
        for case in cases {
            let expected = unhex(&case["hmac_sha256_hex"]);
            let mac = hmac(&unhex(&case["key_hex"]), &unhex(&case["data_hex"]));
            assert_eq!(mac.get(..expected.len()), Some(expected.as_slice()), "{case}");
        }
    }

    #[test]
    fn wycheproof_hmac_sha256() {
        let vectors = json(include_str!("../tests/data/wycheproof/hmac_sha256_test.json"));
        let mut cases = 0;
        for group in vectors["testGroups"].as_array().expect("groups") {
            for case in group["tests"].as_array().expect("tests") {
                let tag = unhex(&case["tag"]);
                let mac = hmac(&unhex(&case["key"]), &unhex(&case["msg"]));
                let is_valid = mac.get(..tag.len()) == Some(tag.as_slice());
                assert_eq!(is_valid, case["result"] == "valid", "{case}");
                cases += 1;
            }
        }
        assert_eq!(cases, 174);
    }

    #[test]
    fn the_documented_signing_keys() {
        let vectors = json(include_str!("../tests/data/aws-docs-examples/examples.json"));
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
            let ours = Keyed::derive(&secret, scope).0.chain_update(b"probe").finalize();
            assert_eq!(
                ours.into_bytes().to_vec(),
                hmac(&unhex(&case["signing_key_hex"]), b"probe")
            );
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
        put_string_to_sign(&mut text, signed_at, scope);
        assert_eq!(
            text,
            "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
        );

        let mut digest = [0; 32];
        let canonical = "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04";
        hex::decode_to_slice(canonical, &mut digest).unwrap();
        let key = SigningKey::derive(&credentials, scope);
        let begun = key.keyed().begin(signed_at, scope);
        let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert_eq!(begun.sign(CanonicalDigest(digest)), signature.as_bytes());
        let received = Signature::parse(signature);
        assert!(begun.verify(CanonicalDigest(digest), received.as_ref()));
        assert!(!begun.verify(CanonicalDigest(digest), None));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        let good = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(Signature::parse(good).is_some());
        let upper = good.to_ascii_uppercase();
        for wrong in ["", &good[1..], &alloc::format!("{good}0"), &upper, &good.replace('a', "g")] {
            assert!(Signature::parse(wrong).is_none(), "{wrong}");
        }
    }

    /// V-11. `tests/secrets.rs` has the types that others can name.
    #[test]
    fn nothing_that_a_mac_is_in_can_be_compared_by_accident() {
        use core::{fmt::Debug, hash::Hash};

        assert_lacks!(Signature: PartialEq, PartialOrd, Hash, Debug, Clone, AsRef<[u8]>);
        assert_lacks!(Keyed: PartialEq, PartialOrd, Hash, Debug);
        assert_lacks!(Begun: PartialEq, PartialOrd, Hash, Debug);
        assert_lacks!(CanonicalDigest: PartialEq, PartialOrd, Hash, Debug, Clone);
        assert_lacks!(SessionToken: PartialEq, PartialOrd, Hash, Debug);
    }
}
