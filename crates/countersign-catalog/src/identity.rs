//! Who owns a record.

use std::fmt;

use crate::InvalidName;

/// The number of a team in this catalog. It means nothing anywhere else.
///
/// ```
/// use countersign_catalog::TeamId;
///
/// assert_eq!(TeamId::new(7).to_string(), "7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TeamId(i64);

impl TeamId {
    /// Takes the number that [`as_i64`](Self::as_i64) gave.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number.
    #[must_use]
    pub const fn as_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A user as the caller names them: 1 to 128 characters, none of them a control character.
///
/// - Compared byte by byte: no case is folded, nothing is normalised or trimmed.
/// - Unique within a team, not beyond it.
///
/// ```
/// use countersign_catalog::UserId;
///
/// assert_eq!(UserId::new("ada@example.com")?.as_str(), "ada@example.com");
/// assert!(UserId::new("").is_err());
/// # Ok::<(), countersign_catalog::InvalidName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Box<str>);

impl UserId {
    /// Takes the name as it was given.
    ///
    /// # Errors
    ///
    /// [`InvalidName::User`]
    pub fn new(name: impl Into<Box<str>>) -> Result<Self, InvalidName> {
        plain_name(name.into()).map(Self).ok_or(InvalidName::User)
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a team: 1 to 128 characters, none of them a control character.
///
/// - Compared byte by byte: no case is folded, nothing is normalised or trimmed.
/// - Unique in the catalog.
///
/// ```
/// use countersign_catalog::TeamName;
///
/// assert_eq!(TeamName::new("Équipe 7")?.as_str(), "Équipe 7");
/// assert!(TeamName::new("\0").is_err());
/// # Ok::<(), countersign_catalog::InvalidName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TeamName(Box<str>);

impl TeamName {
    /// Takes the name as it was given.
    ///
    /// # Errors
    ///
    /// [`InvalidName::Team`]
    pub fn new(name: impl Into<Box<str>>) -> Result<Self, InvalidName> {
        plain_name(name.into()).map(Self).ok_or(InvalidName::Team)
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user in a team: the owner of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The tenant. Nothing of another one is ever shown.
    pub team: TeamId,
    /// The user within it.
    pub user: UserId,
}

fn plain_name(name: Box<str>) -> Option<Box<str>> {
    const CHARS_MAX: usize = 128;
    let is_plain = !name.is_empty()
        && name.chars().count() <= CHARS_MAX
        && !name.chars().any(char::is_control);
    is_plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_1_to_128_characters_without_controls() {
        for wrong in ["", "\0", "a\0b", "a\n", "\u{7f}", "\u{85}", &"ü".repeat(129)] {
            assert_eq!(UserId::new(wrong), Err(InvalidName::User), "{wrong:?}");
            assert_eq!(TeamName::new(wrong), Err(InvalidName::Team), "{wrong:?}");
        }
        for right in ["a", " ", "O'Brien", "'; DROP TABLE teams; --", "\u{202e}", &"🦀".repeat(128)]
        {
            assert_eq!(UserId::new(right).unwrap().as_str(), right);
            assert_eq!(TeamName::new(right).unwrap().as_str(), right);
        }
    }
}
