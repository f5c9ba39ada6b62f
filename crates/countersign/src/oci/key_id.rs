use alloc::string::String;
use core::fmt;

use super::InvalidValue;

/// What a session token is marked with.
const SESSION_MARK: &str = "ST$";

/// Whose key signed, as the parameter `keyId` says it.
///
/// - `tenancy/user/fingerprint` for a key that a user uploaded. Instance principals put other words
///   in these three places.
/// - `ST$` and a token for a session key. Such a token is not shown by `Debug`: whoever has it and
///   the session's key is the user.
/// - Printable ASCII without quotes and backslashes, at most 16,384 characters.
///
/// ```
/// use countersign::oci::KeyId;
///
/// let fingerprint = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
/// let key_id = KeyId::parse(format!("ocid1.tenancy.oc1..a/ocid1.user.oc1..b/{fingerprint}"))?;
/// assert_eq!(key_id.fingerprint(), Some(fingerprint));
///
/// let session = KeyId::session("eyJ0.eyJz.c2ln")?;
/// assert_eq!(session.as_str(), "ST$eyJ0.eyJz.c2ln");
/// assert_eq!(format!("{session:?}"), "KeyId(ST$..)");
/// # Ok::<(), countersign::oci::InvalidValue>(())
/// ```
///
/// Follows "Key Identifier" of [Request Signatures](super#specification).
#[derive(Clone)]
pub struct KeyId(String);

impl KeyId {
    pub(super) const LEN_MAX: usize = 16_384;

    /// Takes a key id as it stands in an `Authorization` header.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::KeyId`]
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        // A quote or a backslash would move the borders of the parameters.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        let is_whole = match text.strip_prefix(SESSION_MARK) {
            Some(token) => !token.is_empty(),
            None => is_three_parts(&text),
        };
        if text.len() > Self::LEN_MAX || !text.bytes().all(is_plain) || !is_whole {
            return Err(InvalidValue::KeyId);
        }
        Ok(Self(text))
    }

    /// Takes the token of a session.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::KeyId`]
    pub fn session(token: &str) -> Result<Self, InvalidValue> {
        Self::parse([SESSION_MARK, token].concat())
    }

    /// The key id as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last of the three parts, or `None` for a session.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        if self.0.starts_with(SESSION_MARK) {
            return None;
        }
        self.0.rsplit('/').next()
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_session = self.0.starts_with(SESSION_MARK);
        write!(f, "KeyId({})", if is_session { "ST$.." } else { &self.0 })
    }
}

fn is_three_parts(text: &str) -> bool {
    let mut parts = text.split('/');
    parts.clone().count() == 3 && parts.all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_fingerprint_is_shown_and_a_token_is_not() {
        let of_user = KeyId::parse("t/u/20:3b").unwrap();
        assert_eq!(of_user.fingerprint(), Some("20:3b"));
        assert_eq!(format!("{of_user:?}"), "KeyId(t/u/20:3b)");
        let of_session = KeyId::session("to/k/en").unwrap();
        assert_eq!(of_session.fingerprint(), None);
        assert_eq!(format!("{of_session:?}"), "KeyId(ST$..)");
    }

    #[test]
    fn a_key_id_is_three_parts_or_a_session() {
        for good in ["a/b/c", "ocid1.tenancy.oc1..a/fed-x509/20:3b", "ST$a", "ST$a/b.c-d_e="] {
            assert_eq!(KeyId::parse(good).unwrap().as_str(), good);
        }
        let long = ["ST$", &"a".repeat(KeyId::LEN_MAX - 2)].concat();
        for wrong in [
            "", "a", "a/b", "a/b/", "/b/c", "a//c", "a/b/c/d", "a/b/c/", "//", "ST$", "st$a",
            "a/b/\"c", "a/b\\/c", "a/b/c\n", "a/ b/c", "a/b/ü", "ST$a b", "ST$\"", &long,
        ] {
            assert_eq!(KeyId::parse(wrong).unwrap_err(), InvalidValue::KeyId, "{wrong}");
        }
        assert!(KeyId::parse(&long[..KeyId::LEN_MAX]).is_ok());
    }
}
