//! The name of a file, out of a path as it was received.

use percent_encoding::percent_decode_str;

/// The last segment of a path, decoded.
///
/// - 1 to 255 bytes of UTF-8.
/// - No slash, no backslash, no control; not `.` and not `..`.
///
/// So it is one segment in every reading, on every system: also where somebody decodes it again,
/// the worst is another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName(Box<str>);

impl FileName {
    const LEN_MAX: usize = 255;

    /// Decodes what was received, once, and looks at what came out. `None` for what is no name, and
    /// for a `%` that no two digits follow: readers disagree on what that is.
    pub(crate) fn parse(received: &str) -> Option<Self> {
        // Encoded, a byte is three.
        if received.len() > Self::LEN_MAX * 3 || !has_whole_escapes(received) {
            return None;
        }
        let name = percent_decode_str(received).decode_utf8().ok()?;
        let is_plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\');
        let is_name = (1..=Self::LEN_MAX).contains(&name.len())
            && name.chars().all(is_plain)
            && !matches!(&*name, "." | "..");
        is_name.then(|| Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after.as_bytes().first_chunk::<2>().is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_decoded_once() {
        for (received, name) in [
            ("a.jsonl", "a.jsonl"),
            ("a%20b", "a b"),
            ("a+b", "a+b"),
            ("%c3%A9", "é"),
            ("é", "é"),
            ("%252F", "%2F"),
            ("%252e%252e", "%2e%2e"),
            ("%25", "%"),
            ("%231", "#1"),
            ("%3F", "?"),
            ("...", "..."),
            (".%20", ". "),
            ("%20", " "),
            ("C:", "C:"),
            ("%E2%80%AEcod.exe", "\u{202e}cod.exe"),
        ] {
            let parsed = FileName::parse(received);
            assert_eq!(parsed.as_ref().map(FileName::as_str), Some(name), "{received}");
        }
    }

    #[test]
    fn a_name_is_no_path() {
        for wrong in [
            "",
            ".",
            "..",
            "%2e",
            "%2E%2e",
            ".%2e",
            "a/b",
            "/",
            "a/",
            "a%2Fb",
            "a%2fb",
            "a\\b",
            "a%5Cb",
            "%00",
            "a%0A",
            "%1f",
            "%7F",
            "%C2%80",
            "%C2%9f",
            "%",
            "a%",
            "a%2",
            "%zz",
            "%2%46",
            "%+5",
            "%é",
            "%ff",
            "%c3",
            "%c0%af",
            "%ed%a0%80",
            "%f4%90%80%80",
        ] {
            assert_eq!(FileName::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_name_has_up_to_255_bytes() {
        for (byte, fits) in [("a", 255), ("%61", 255), ("%c3%a9", 127), ("é", 127)] {
            assert!(FileName::parse(&byte.repeat(fits)).is_some(), "{byte}");
            assert_eq!(FileName::parse(&byte.repeat(fits + 1)), None, "{byte}");
        }
    }
}
