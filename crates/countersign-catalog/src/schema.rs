//! What a prefix of uploads is for.

use countersign::Timestamp;

use crate::{InvalidName, TeamId};

/// The name of a [`Schema`] in a URL: 1 to 64 of `a-z 0-9 - _`, beginning with a letter or a digit.
///
/// ```
/// use countersign_catalog::Slug;
///
/// assert_eq!(Slug::new("daily_sales-2")?.as_str(), "daily_sales-2");
/// assert!(Slug::new("../etc").is_err());
/// # Ok::<(), countersign_catalog::InvalidName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(Box<str>);

impl Slug {
    const LEN_MAX: usize = 64;

    /// Takes the slug as it was given.
    ///
    /// # Errors
    ///
    /// [`InvalidName::Slug`]
    pub fn new(slug: impl Into<Box<str>>) -> Result<Self, InvalidName> {
        let slug = slug.into();
        let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins_well = slug.bytes().next().is_some_and(is_alphanumeric);
        let is_plain = |byte| is_alphanumeric(byte) || matches!(byte, b'-' | b'_');
        if !begins_well || slug.len() > Self::LEN_MAX || !slug.bytes().all(is_plain) {
            return Err(InvalidName::Slug);
        }
        Ok(Self(slug))
    }

    /// The slug as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A schema of a team.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schema {
    /// Its number in the catalog.
    pub id: i64,
    /// The team that has it.
    pub team: TeamId,
    /// Its name, unique in the team.
    pub slug: Slug,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// One page of a list of schemas, and how long the whole list was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaPage {
    /// The schemas of the page, in the order of their slugs.
    pub schemas: Vec<Schema>,
    /// How many schemas the team has.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_plain_segment_of_a_path() {
        for wrong in ["", "-a", "_a", "A", "a b", "a/b", "a.b", "é", "a\0", &"a".repeat(65)] {
            assert_eq!(Slug::new(wrong), Err(InvalidName::Slug), "{wrong:?}");
        }
        for right in ["a", "0", "a-_", &"a".repeat(64)] {
            assert_eq!(Slug::new(right).unwrap().as_str(), right);
        }
    }
}
