use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use crate::{PrefixTokenKey, SecretKey, hex, sha256::MacKey};

/// What the purpose of a derived secret begins with. The NUL ends it: no id can move the border.
const SIGNING_LABEL: &[u8] = b"countersign signing key v1\0";
const PREFIX_TOKEN_LABEL: &[u8] = b"countersign prefix token v1\0";

/// 32 random bytes from which the secrets of signing key pairs and the key of prefix tokens are
/// derived, so that none has to be stored.
///
/// - A secret is HMAC-SHA-256 under this key, over a label of its purpose and the access key id, in
///   64 lower-case hex digits. Who knows one learns nothing of another.
/// - Never shown, never compared, wiped when dropped.
///
/// ```
/// use countersign::{Credentials, MasterKey};
///
/// let master = MasterKey::new([7; 32]); // of a good random source
/// let id = "CS01ABCDEFGHIJKLMNOP";
/// let credentials = Credentials::new(id, master.signing_secret(id))?;
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Takes the bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret of the signing key pair with this id.
    #[must_use]
    pub fn signing_secret(&self, access_key_id: &str) -> SecretKey {
        let mac = MacKey::new(&*self.0).mac([SIGNING_LABEL, access_key_id.as_bytes()]);
        let digits = Zeroizing::new(hex::of_digest(&Zeroizing::new(mac.into_bytes())));
        let mut secret = Zeroizing::new(String::with_capacity(digits.len()));
        secret.extend(digits.iter().copied().map(char::from));
        SecretKey::derived(secret)
    }

    /// The key of prefix tokens: HMAC-SHA-256 under this key, over a label of its own.
    ///
    /// [`PrefixTokenKey`] has an example.
    #[must_use]
    pub fn prefix_token_key(&self) -> PrefixTokenKey {
        let mac = MacKey::new(&*self.0).mac([PREFIX_TOKEN_LABEL]);
        PrefixTokenKey::derived(&Zeroizing::new(mac.into_bytes()))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::Timestamp;

    fn secret(master: u8, id: &str) -> String {
        let secret = MasterKey::new([master; 32]).signing_secret(id);
        String::from_utf8(secret.expose().into()).unwrap()
    }

    /// `printf 'countersign signing key v1\0CS01ABCDEFGHIJKLMNOP' | openssl dgst -sha256 -mac HMAC
    /// -macopt hexkey:0707…07`
    #[test]
    fn a_secret_is_what_openssl_says() {
        let expected = "0f480a489312b4cd18fa01f451db3eae3d5b77d993697012c3a30bef12d9cfb4";
        assert_eq!(secret(7, "CS01ABCDEFGHIJKLMNOP"), expected);
    }

    /// `printf 'countersign prefix token v1\0' | openssl dgst -sha256 -mac HMAC -macopt
    /// hexkey:0707…07`
    #[test]
    fn the_key_of_prefix_tokens_is_what_openssl_says() {
        let expected = "0babac60054dbd058c359961bfc924f6a965b1591221cc4c1eaa75a7d3a95015";
        let mut bytes = Zeroizing::new([0; 32]);
        ::hex::decode_to_slice(expected, &mut *bytes).unwrap();
        // A key shows itself only through what it makes.
        let of = |key: PrefixTokenKey| String::from(key.issue([1; 16], Timestamp::MAX).as_str());
        let derived = of(MasterKey::new([7; 32]).prefix_token_key());
        assert_eq!(derived, of(PrefixTokenKey::derived(&bytes)));
        assert_ne!(derived, of(MasterKey::new([8; 32]).prefix_token_key()));
    }

    #[test]
    fn every_id_and_every_master_has_its_own() {
        let secrets = [secret(7, "A"), secret(7, "B"), secret(8, "A"), secret(7, "")];
        for (place, one) in secrets.iter().enumerate() {
            assert_eq!(one.len(), 64);
            assert!(!secrets.iter().skip(place + 1).any(|other| other == one));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", MasterKey::new([7; 32])), "MasterKey(..)");
    }
}
