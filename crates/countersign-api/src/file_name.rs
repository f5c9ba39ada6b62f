use crate::fields::Reason;

/// The name of a file, as its owner knows it. It is shown, and never becomes part of a path.
///
/// - 1 to 255 characters, no slash, no backslash, no control; not `.` and not `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName(Box<str>);

impl FileName {
    const CHARS_MAX: usize = 255;

    pub(crate) fn parse(name: &str) -> Result<Self, Reason> {
        if name.trim().is_empty() {
            return Err(Reason::Rule("a file name cannot be empty"));
        }
        if name.chars().count() > Self::CHARS_MAX {
            return Err(Reason::TooLong { chars_max: Self::CHARS_MAX });
        }
        if name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) {
            return Err(Reason::Rule("a file name has no slash, backslash or control character"));
        }
        if matches!(name, "." | "..") {
            return Err(Reason::Rule("a file name is not a folder"));
        }
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What comes after the last dot, in lower case, where it is plain and short.
    pub(crate) fn extension(&self) -> Option<String> {
        extension_of(&self.0)
    }
}

/// The extension of a file name.
pub(crate) fn extension_of(name: &str) -> Option<String> {
    const LEN_MAX: usize = 10;
    let (stem, extension) = name.rsplit_once('.')?;
    let is_plain = (1..=LEN_MAX).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_plain && !stem.is_empty()).then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for wrong in ["", " ", ".", "..", "a/b", "a\\b", "a\nb", "a\0b", &"ü".repeat(256)] {
            assert!(FileName::parse(wrong).is_err(), "{wrong:?}");
        }
        for right in ["a", "…", ".env", "a..b", "C:", "Bücher & more.csv", &"ü".repeat(255)] {
            assert!(FileName::parse(right).is_ok(), "{right:?}");
        }
    }

    #[test]
    fn an_extension_is_plain_or_none() {
        let cases = [
            ("a.CSV", Some("csv")),
            ("a.tar.gz", Some("gz")),
            (".env", None),
            ("a.", None),
            ("a.b c", None),
            ("a.ü", None),
            ("a.12345678901", None),
        ];
        for (name, extension) in cases {
            assert_eq!(extension_of(name).as_deref(), extension, "{name}");
        }
    }
}
