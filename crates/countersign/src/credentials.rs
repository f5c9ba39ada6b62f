//! Who signs.

use alloc::{boxed::Box, string::String};
use core::fmt;

use zeroize::Zeroizing;

use crate::{InvalidValue, Timestamp};

/// A secret access key: never shown, never compared, wiped when dropped.
///
/// ```
/// use countersign::SecretKey;
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// assert_eq!(format!("{secret:?}"), "SecretKey(..)");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
///
/// ```compile_fail
/// let secret = countersign::SecretKey::new("a").unwrap();
/// assert!(secret == secret);
/// ```
#[derive(Clone)]
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    const LEN_MAX: usize = 1024;

    /// Takes the secret as it was issued.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::SecretKey`], when it is empty or over 1,024 bytes.
    pub fn new(secret: impl Into<String>) -> Result<Self, InvalidValue> {
        let secret = Zeroizing::new(secret.into());
        if secret.is_empty() || secret.len() > Self::LEN_MAX {
            return Err(InvalidValue::SecretKey);
        }
        Ok(Self(secret))
    }

    /// The secret, for the one time that it is handed to its owner. Everything else here works
    /// without.
    ///
    /// ```
    /// use countersign::SecretKey;
    ///
    /// assert_eq!(SecretKey::new("a secret")?.reveal(), "a secret");
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes a secret that was made here, and needs no look.
    pub(crate) const fn derived(secret: Zeroizing<String>) -> Self {
        Self(secret)
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// An access key id, its secret, and the session token of temporary credentials.
///
/// ```
/// use countersign::{Credentials, SecretKey};
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// assert_eq!(credentials.access_key_id(), "AKIAIOSFODNN7EXAMPLE");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    access_key_id: Box<str>,
    secret: SecretKey,
    session_token: Option<SessionToken>,
    expires_at: Option<Timestamp>,
}

impl Credentials {
    const ID_LEN_MAX: usize = 128;

    /// Takes long-lived credentials.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::AccessKeyId`], when the id is not 1 to 128 printable ASCII characters
    /// without `/`.
    pub fn new(
        access_key_id: impl Into<Box<str>>,
        secret: SecretKey,
    ) -> Result<Self, InvalidValue> {
        let access_key_id = access_key_id.into();
        // A slash would move the borders of the five parts of `X-Amz-Credential`.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
        if access_key_id.is_empty()
            || access_key_id.len() > Self::ID_LEN_MAX
            || !access_key_id.bytes().all(is_plain)
        {
            return Err(InvalidValue::AccessKeyId);
        }
        Ok(Self { access_key_id, secret, session_token: None, expires_at: None })
    }

    /// Makes them temporary credentials.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::SessionToken`], when the token is not 1 to 8,192 printable ASCII characters.
    pub fn with_session_token(self, token: impl Into<String>) -> Result<Self, InvalidValue> {
        Ok(Self { session_token: Some(SessionToken::new(token.into())?), ..self })
    }

    /// Says when they end, as whoever issued them said. A URL that is signed with them ends then
    /// too, whatever it says of itself: so one that says more is not signed
    /// ([`PresignError::OutlivesCredentials`](crate::PresignError::OutlivesCredentials)).
    ///
    /// [`Clamp`](crate::Clamp) shortens a lifetime to what is left of them.
    ///
    /// ```
    /// use countersign::{Credentials, SecretKey, Timestamp};
    ///
    /// let expires_at = Timestamp::parse("20130524T010000Z")?;
    /// let credentials = Credentials::new("ASIAIOSFODNN7EXAMPLE", SecretKey::new("a secret")?)?
    ///     .with_session_token("IQoJb3JpZ2luX2Vj")?
    ///     .with_expiry(expires_at);
    /// assert_eq!(credentials.expires_at(), Some(expires_at));
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn with_expiry(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }

    /// The public half, which stands in every URL.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The first second in which they no longer sign; `None`, where that is not known.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(crate) const fn secret(&self) -> &SecretKey {
        &self.secret
    }

    pub(crate) const fn session_token(&self) -> Option<&SessionToken> {
        self.session_token.as_ref()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A session token. It is no secret by itself, but it stands beside one.
#[derive(Clone)]
pub(crate) struct SessionToken(Zeroizing<String>);

impl SessionToken {
    const LEN_MAX: usize = 8192;

    fn new(token: String) -> Result<Self, InvalidValue> {
        let token = Zeroizing::new(token);
        let is_plain = |byte: u8| byte.is_ascii_graphic();
        if token.is_empty() || token.len() > Self::LEN_MAX || !token.bytes().all(is_plain) {
            return Err(InvalidValue::SessionToken);
        }
        Ok(Self(token))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    #[test]
    fn debug_shows_neither_secret_nor_token() {
        let credentials = Credentials::new("AKID", SecretKey::new("hush").unwrap())
            .unwrap()
            .with_session_token("temporary")
            .unwrap();
        let debug = format!("{credentials:?}");
        assert_eq!(debug, r#"Credentials { access_key_id: "AKID", .. }"#);
        assert_eq!(format!("{:?}", credentials.secret()), "SecretKey(..)");
    }

    #[test]
    fn an_id_cannot_move_the_borders_of_the_credential() {
        let secret = SecretKey::new("hush").unwrap();
        for wrong in ["", "a/b", "a b", "a\nb", "ü", &"a".repeat(129)] {
            let error = Credentials::new(wrong, secret.clone()).unwrap_err();
            assert_eq!(error, InvalidValue::AccessKeyId, "{wrong}");
            assert!(!error.to_string().contains("hush"));
        }
        assert!(SecretKey::new("").is_err());
    }
}
