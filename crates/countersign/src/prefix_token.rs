//! Tokens that let their holder put files below a prefix, which Signature Version 4 cannot say.

use alloc::string::String;
use core::fmt;

use zeroize::Zeroizing;

use crate::{
    PrefixTokenError, Timestamp, hex,
    sha256::{Mac, MacKey},
};

/// The generation of the master key, as in the ids of access keys.
const GENERATION: &str = "CS01";

/// `CS01-<32 digits>-20130524T000000Z-<64 digits>`
const LEN: usize = 119;

/// The key that makes prefix tokens and verifies them.
///
/// - [`MasterKey::prefix_token_key`](crate::MasterKey::prefix_token_key) derives it, under a label
///   of its own: no secret of a signing key pair makes a token.
/// - Never shown, never compared, wiped when dropped.
///
/// A token is `CS01-<grant>-<not after>-<MAC>`: 32 lower-case hex digits, a time as
/// `20130524T000000Z`, and 64 lower-case hex digits of the HMAC-SHA-256 over everything before the
/// last dash. There is one spelling of it.
///
/// ```
/// use countersign::{MasterKey, PrefixTokenError, Timestamp};
///
/// let key = MasterKey::new([7; 32]).prefix_token_key(); // of a good random source
/// let now = Timestamp::parse("20261121T120000Z")?;
/// let not_after = now.checked_add_secs(3600).ok_or("after the year 9999")?;
///
/// let token = key.issue([1; 16], not_after); // an id of the caller's, under which it has a record
/// let verified = key.verify(token.as_str(), now)?;
/// assert_eq!(verified.grant(), [1; 16]);
///
/// let late = key.verify(token.as_str(), not_after).unwrap_err();
/// assert_eq!(late, PrefixTokenError::Expired { now: not_after, not_after });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PrefixTokenKey(MacKey);

impl PrefixTokenKey {
    pub(crate) fn derived(key: &Zeroizing<[u8; 32]>) -> Self {
        Self(MacKey::new(&**key))
    }

    /// Makes the token of a grant, which is good until, and not at, `not_after`.
    ///
    /// The same input makes the same token: what tells two grants apart is their id.
    #[must_use]
    pub fn issue(&self, grant: [u8; 16], not_after: Timestamp) -> PrefixToken {
        let mut text = String::with_capacity(LEN);
        text.push_str(GENERATION);
        text.push('-');
        text.extend(grant.iter().flat_map(|&byte| hex::of_byte(byte)).map(char::from));
        text.push('-');
        text.extend(not_after.to_basic().map(char::from));
        let mac = self.mac(&text).into_bytes();
        text.push('-');
        text.extend(hex::of_digest(&mac).map(char::from));
        PrefixToken(text)
    }

    /// Checks a token as it was received. Allocates nothing, and compares in constant time.
    ///
    /// # Errors
    ///
    /// [`PrefixTokenError`]. A token that is forged and over is a forged one: only who holds a real
    /// one learns when it ended.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedPrefix, PrefixTokenError> {
        let Read { signed, grant, not_after, mac } =
            Read::parse(token).ok_or(PrefixTokenError::Malformed)?;
        if !self.mac(signed).is(&mac) {
            return Err(PrefixTokenError::Mismatch);
        }
        if now >= not_after {
            return Err(PrefixTokenError::Expired { now, not_after });
        }
        Ok(VerifiedPrefix { grant, not_after })
    }

    fn mac(&self, signed: &str) -> Mac {
        self.0.mac([signed.as_bytes()])
    }
}

impl fmt::Debug for PrefixTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrefixTokenKey(..)")
    }
}

/// A prefix token. Whoever has it has what it allows: `Debug` does not show it, and it has no `==`.
///
/// 119 of `0-9 A-Z a-z -`, so that it stands in a path as it is.
///
/// ```
/// use countersign::{MasterKey, Timestamp};
///
/// let key = MasterKey::new([7; 32]).prefix_token_key();
/// let token = key.issue([1; 16], Timestamp::parse("20261121T120000Z")?);
/// assert!(token.as_str().starts_with("CS01-01010101010101010101010101010101-20261121T120000Z-"));
/// assert_eq!(format!("{token:?}"), "PrefixToken(..)");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
///
/// ```compile_fail
/// # let at = countersign::Timestamp::MIN;
/// let token = countersign::MasterKey::new([7; 32]).prefix_token_key().issue([1; 16], at);
/// assert!(token == token);
/// ```
#[derive(Clone)]
pub struct PrefixToken(String);

impl PrefixToken {
    /// The token, for whom it is made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrefixToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrefixToken(..)")
    }
}

/// What a prefix token says that was right: the witness that it was verified.
///
/// Only [`PrefixTokenKey::verify`] makes one.
///
/// ```compile_fail
/// # let not_after = countersign::Timestamp::MAX;
/// let forged = countersign::VerifiedPrefix { grant: [0; 16], not_after };
/// ```
#[derive(Debug, Clone, Copy)]
pub struct VerifiedPrefix {
    grant: [u8; 16],
    not_after: Timestamp,
}

impl VerifiedPrefix {
    /// The id under which its issuer has a record of what it allows. It is no secret.
    #[must_use]
    pub const fn grant(&self) -> [u8; 16] {
        self.grant
    }

    /// The first second in which it no longer holds.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

/// A token in its parts, not believed yet. It has no `==`: [`PrefixTokenKey::verify`] compares.
struct Read<'a> {
    signed: &'a str,
    grant: [u8; 16],
    not_after: Timestamp,
    mac: [u8; 32],
}

impl<'a> Read<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        if token.len() != LEN {
            return None;
        }
        let (signed, mac) = token.rsplit_once('-')?;
        let mut parts = signed.split('-');
        if parts.next()? != GENERATION {
            return None;
        }
        let (grant, not_after) = (hex::decode(parts.next()?.as_bytes())?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let not_after = Timestamp::parse(not_after).ok()?;
        Some(Self { signed, grant, not_after, mac: hex::decode(mac.as_bytes())? })
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::MasterKey;

    const NOT_AFTER: &str = "20261121T120000Z";

    fn key(master: u8) -> PrefixTokenKey {
        MasterKey::new([master; 32]).prefix_token_key()
    }

    /// `printf 'CS01-01…01-20261121T120000Z' | openssl dgst -sha256 -mac HMAC -macopt
    /// hexkey:0bab…5015`, where the key is that of the test in `master_key.rs`.
    #[test]
    fn a_token_is_what_openssl_says() {
        let token = key(7).issue([1; 16], Timestamp::parse(NOT_AFTER).unwrap());
        let signed = "CS01-01010101010101010101010101010101-20261121T120000Z";
        let mac = "6b4c8292871364bc9bd6d9852a6e12c6497b8e0090d7cebd00381c7aaf2b950a";
        assert_eq!(token.as_str(), format!("{signed}-{mac}"));
        assert_eq!(token.as_str().len(), LEN);
    }

    #[test]
    fn neither_key_nor_token_is_shown() {
        let token = key(7).issue([1; 16], Timestamp::MAX);
        assert_eq!(format!("{:?}", key(7)), "PrefixTokenKey(..)");
        assert_eq!(format!("{token:?}"), "PrefixToken(..)");
    }
}
