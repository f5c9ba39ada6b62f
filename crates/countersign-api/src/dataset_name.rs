use crate::fields::Reason;

/// The most characters of a name that is kept.
pub(crate) const NAME_CHARS_MAX: usize = 1_024;

/// The name of a dataset: 1 to 1,024 characters, no control, not only spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatasetName(Box<str>);

impl DatasetName {
    pub(crate) fn parse(name: &str) -> Result<Self, Reason> {
        check_name(name)?;
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What any name has to be.
pub(crate) fn check_name(name: &str) -> Result<(), Reason> {
    if name.trim().is_empty() {
        return Err(Reason::Rule("a name cannot be empty"));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Reason::TooLong { chars_max: NAME_CHARS_MAX });
    }
    if name.chars().any(char::is_control) {
        return Err(Reason::Rule("a name has no control character"));
    }
    Ok(())
}

/// What is said of a dataset: at most 5,000 characters of any kind, may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Description(Box<str>);

impl Description {
    const CHARS_MAX: usize = 5_000;

    pub(crate) fn parse(text: &str) -> Result<Self, Reason> {
        if text.chars().count() > Self::CHARS_MAX {
            return Err(Reason::TooLong { chars_max: Self::CHARS_MAX });
        }
        Ok(Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_something_to_show() {
        for wrong in ["", " ", "\u{3000}", "a\nb", "a\0", "\u{85}", &"ü".repeat(1_025)] {
            assert!(DatasetName::parse(wrong).is_err(), "{wrong:?}");
        }
        for right in ["a", "Q1/Q2", "..", "🦀 2026", &"ü".repeat(1_024)] {
            assert_eq!(DatasetName::parse(right).unwrap().as_str(), right);
        }
    }

    #[test]
    fn a_description_may_have_lines() {
        assert_eq!(Description::parse("a\nb").unwrap().as_str(), "a\nb");
        assert!(Description::parse(&"ü".repeat(5_000)).is_ok());
        assert!(Description::parse(&"ü".repeat(5_001)).is_err());
    }
}
