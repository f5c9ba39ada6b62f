//! `Content-Disposition`: the name under which a browser saves an object.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in an `ext-value` as it is ([RFC 8187], section 3.2.1, `attr-char`).
///
/// [RFC 8187]: https://www.rfc-editor.org/rfc/rfc8187
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The longest name that is written, in bytes: that of a file name.
const NAME_LEN_MAX: usize = 255;

/// The header value that saves an object under `file_name`: `attachment`, with the name in ASCII
/// for old clients, and whole for all others ([RFC 6266], appendix D; [RFC 8187]).
///
/// - Whatever the name, the value is one header of visible ASCII.
/// - Directories, controls and marks that turn the direction of text are no part of a name.
/// - A longer name is cut to 255 bytes, its extension kept.
///
/// ```
/// use countersign_storage::attachment;
///
/// assert_eq!(attachment("sales.csv"), "attachment; filename=\"sales.csv\"");
/// assert_eq!(
///     attachment("Bücher.csv"),
///     "attachment; filename=\"B_cher.csv\"; filename*=UTF-8''B%C3%BCcher.csv",
/// );
/// ```
///
/// [RFC 6266]: https://www.rfc-editor.org/rfc/rfc6266
/// [RFC 8187]: https://www.rfc-editor.org/rfc/rfc8187
#[must_use]
pub fn attachment(file_name: &str) -> String {
    let name = cut(&plain(file_name));
    // A percent sign in the plain form is read as an escape by some readers, `=?…?=` as an encoded
    // word by others; a quote ends the string, and a backslash escapes in it.
    let is_safe = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%' | '?');
    let ascii: String = name.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{ascii}\"");
    if ascii != name {
        let encoded = utf8_percent_encode(&name, ENCODED);
        write!(value, "; filename*=UTF-8''{encoded}").unwrap_or_default();
    }
    value
}

fn plain(file_name: &str) -> String {
    // `Bidi_Control` in Unicode's PropList.txt, the other breaks of a line, the byte order mark.
    let is_hidden = |c: char| match c {
        '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{feff}' => true,
        c => c.is_control(),
    };
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !is_hidden(*c)).collect();
    let name = name.trim();
    if name.is_empty() || name == "." || name == ".." { String::from("file") } else { name.into() }
}

fn cut(name: &str) -> String {
    if name.len() <= NAME_LEN_MAX {
        return name.into();
    }
    let extension = name.rfind('.').map_or("", |dot| name.split_at(dot).1);
    let extension = if extension.len() <= 32 { extension } else { "" };
    let stem_len_max = NAME_LEN_MAX.saturating_sub(extension.len());
    let stem = name.split_at(name.floor_char_boundary(stem_len_max)).0;
    format!("{stem}{extension}")
}

/// How a `Content-Disposition` that somebody signed asks to show an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disposition {
    /// Save it.
    Attachment,
    /// Show it.
    Inline,
}

impl Disposition {
    /// Reads the type of a header value; `None` for another type, or a value that is not visible
    /// ASCII, spaces and tabs.
    ///
    /// ```
    /// use countersign_storage::Disposition;
    ///
    /// assert_eq!(Disposition::of("Inline; filename=a"), Some(Disposition::Inline));
    /// assert_eq!(Disposition::of("attachment\r\nX: y"), None);
    /// assert_eq!(Disposition::of("form-data"), None);
    /// ```
    #[must_use]
    pub fn of(value: &str) -> Option<Self> {
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return None;
        }
        let kind = value.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("attachment") {
            Some(Self::Attachment)
        } else if kind.eq_ignore_ascii_case("inline") {
            Some(Self::Inline)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        let cases = [
            ("a\"b.csv", "attachment; filename=\"a_b.csv\"; filename*=UTF-8''a%22b.csv"),
            ("a\\b.csv", "attachment; filename=\"b.csv\""),
            ("../../etc/passwd", "attachment; filename=\"passwd\""),
            ("a\r\nSet-Cookie: x", "attachment; filename=\"aSet-Cookie: x\""),
            ("100%.csv", "attachment; filename=\"100_.csv\"; filename*=UTF-8''100%25.csv"),
            (
                "=?utf-8?q?x?=.bin",
                "attachment; filename=\"=_utf-8_q_x_=.bin\"; filename*=UTF-8''%3D%3Futf-8%3Fq%3Fx%3F%3D.bin",
            ),
            ("gpj.\u{202e}exe", "attachment; filename=\"gpj.exe\""),
            ("gpj.\u{61c}exe", "attachment; filename=\"gpj.exe\""),
            ("..", "attachment; filename=\"file\""),
            ("", "attachment; filename=\"file\""),
            ("😀.csv", "attachment; filename=\"_.csv\"; filename*=UTF-8''%F0%9F%98%80.csv"),
        ];
        for (name, value) in cases {
            assert_eq!(attachment(name), value, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let value = attachment(&format!("{}.csv", "ü".repeat(40_000)));
        assert!(value.len() < 1200, "{}", value.len());
        assert_eq!(value.rsplit_once('.').map(|(_, extension)| extension), Some("csv"));
    }

    proptest! {
        #[test]
        fn any_name_gives_one_header_of_visible_ascii(name in any::<String>()) {
            let value = attachment(&name);
            prop_assert_eq!(Disposition::of(&value), Some(Disposition::Attachment));
            prop_assert_eq!(value.matches('"').count(), 2);
            prop_assert!(!value.contains('\\'));
        }
    }
}
