//! Percent-encoding, once, as Signature Version 4 wants it.
//!
//! Everything but the unreserved characters of RFC 3986 is encoded, byte by byte, with upper-case
//! digits; a space is `%20`, never `+`. In a path the slash stays. This is [`UriEncode`] of the
//! documentation, and stricter than what a URL library does.
//!
//! [`UriEncode`]: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::cmp::Ordering;

use crate::{bytes, hex, names::has_amz_prefix, sink::Sink};

/// What a text is part of, which decides what a slash and a plus are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A path: the slash separates, the plus is a plus.
    Path,
    /// A name or value of the query: the slash is data, the plus is a space.
    Query,
}

impl Part {
    /// Whether the byte goes on the wire as it is.
    #[inline]
    fn is_plain(self, byte: u8) -> bool {
        self.encoded(byte).width() == 1
    }

    /// Whether all of the text goes on the wire as it is.
    #[inline]
    pub(crate) fn is_all_plain(self, text: &str) -> bool {
        bytes::are_unreserved(text.as_bytes(), self.one_more())
    }

    /// What is plain beside the unreserved characters; one of these, where there is nothing more.
    const fn one_more(self) -> u8 {
        match self {
            Self::Path => b'/',
            Self::Query => b'~',
        }
    }

    #[inline]
    fn encoded(self, byte: u8) -> Encoded {
        let table = match self {
            Self::Path => &ENCODED_IN_PATH,
            Self::Query => &ENCODED_IN_QUERY,
        };
        table.get(usize::from(byte)).copied().unwrap_or(Encoded([0; 4]))
    }
}

/// A byte as it goes on the wire, itself or an escape: the text, and behind it its length. Four
/// bytes, so that it is read and written at once.
#[derive(Clone, Copy)]
struct Encoded([u8; 4]);

impl Encoded {
    const fn width(self) -> usize {
        let [.., width] = self.0;
        width as usize
    }
}

static ENCODED_IN_QUERY: [Encoded; 256] = encoded(Part::Query.one_more());
static ENCODED_IN_PATH: [Encoded; 256] = encoded(Part::Path.one_more());

/// A table of all bytes: the unreserved characters and one more are themselves. Looking a byte up
/// is what signer and verifier do most.
const fn encoded(one_more: u8) -> [Encoded; 256] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut table = [Encoded([0; 4]); 256];
    let mut at = 0;
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which would tell"
    )]
    while at < 256 {
        let byte = at as u8;
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || byte == one_more;
        table[at] = if is_plain {
            Encoded([byte, 0, 0, 1])
        } else {
            Encoded([b'%', DIGITS[at / 16], DIGITS[at % 16], 3])
        };
        at += 1;
    }
    table
}

/// Encodes a decoded path.
pub(crate) fn put_path(sink: &mut impl Sink, decoded: &str) {
    put(sink, decoded, Part::Path);
}

/// Encodes a decoded name or value of a query.
pub(crate) fn put_query(sink: &mut impl Sink, decoded: &str) {
    put(sink, decoded, Part::Query);
}

fn put(sink: &mut impl Sink, decoded: &str, part: Part) {
    if part.is_all_plain(decoded) {
        return sink.put_str(decoded);
    }
    put_bytes(sink, decoded.bytes(), part);
}

/// Encodes bytes, a stack buffer at a time: a sink takes one long piece faster than many short ones.
fn put_bytes(sink: &mut impl Sink, decoded: impl Iterator<Item = u8>, part: Part) {
    const BUFFER_LEN: usize = 256;
    let mut buffer = [0; BUFFER_LEN];
    let mut filled = 0_usize;
    for byte in decoded {
        let encoded = part.encoded(byte);
        if filled > BUFFER_LEN.saturating_sub(encoded.0.len()) {
            sink.put(buffer.get(..filled).unwrap_or_default());
            filled = 0;
        }
        // All four bytes are written, and the next write covers those that do not count.
        if let Some(place) = buffer.get_mut(filled..).and_then(<[u8]>::first_chunk_mut) {
            *place = encoded.0;
        }
        filled = filled.saturating_add(encoded.width());
    }
    sink.put(buffer.get(..filled).unwrap_or_default());
}

/// The order in which two decoded names stand in a canonical query: that of their *encoded* bytes.
/// It is another one than that of the names themselves: `~` is above `é`, and below `%C3%A9`.
pub(crate) fn cmp_encoded(one: &str, other: &str) -> Ordering {
    cmp_bytes(one.bytes(), other.bytes())
}

fn cmp_bytes(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> Ordering {
    let encoded = |byte: u8| {
        let encoded = Part::Query.encoded(byte);
        encoded.0.into_iter().take(encoded.width())
    };
    one.flat_map(encoded).cmp(other.flat_map(encoded))
}

/// A piece of a request target as it was received, known to decode.
///
/// - Each `%` is followed by two hex digits.
/// - What it decodes to is UTF-8 without NUL.
/// - No byte of it is a space, a control or DEL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wire<'a> {
    text: &'a str,
    part: Part,
    spelling: Spelling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    /// Nothing is encoded, and nothing has to be.
    Plain,
    /// What has to be encoded is, and nothing else: in what every client sends.
    Canonical,
    /// Any other that decodes.
    Other,
}

impl<'a> Wire<'a> {
    /// Checks what was received, or is `None`.
    pub(crate) fn new(text: &'a str, part: Part) -> Option<Self> {
        Self::read(text, part, None)
    }

    /// Takes what consists of plain characters only.
    pub(crate) const fn plain(text: &'a str, part: Part) -> Self {
        Self { text, part, spelling: Spelling::Plain }
    }

    /// Checks what was received up to this character, which is none of the plain ones, or to the
    /// end; or is `None`.
    pub(crate) fn read(text: &'a str, part: Part, stop: Option<u8>) -> Option<Self> {
        let mut spelling = Spelling::Plain;
        let mut rest = text.as_bytes();
        while let Some((&byte, behind)) = rest.split_first() {
            if part.is_plain(byte) {
                let plain_len = bytes::unreserved_len(rest, part.one_more());
                rest = rest.get(plain_len..)?;
                continue;
            }
            if byte == b'%' {
                let escaped = EscapedChar::read(rest)?;
                let is_canonical = escaped.is_upper && !part.is_plain(escaped.first);
                let own = if is_canonical { Spelling::Canonical } else { Spelling::Other };
                spelling = spelling.max(own);
                rest = escaped.behind;
                continue;
            }
            if Some(byte) == stop {
                break;
            }
            // What is not ASCII here came as UTF-8.
            if byte <= b' ' || byte == 0x7f {
                return None;
            }
            spelling = Spelling::Other;
            rest = behind;
        }
        let text = text.get(..text.len().checked_sub(rest.len())?)?;
        Some(Self { text, part, spelling })
    }

    /// As it was received.
    pub(crate) const fn as_received(self) -> &'a str {
        self.text
    }

    pub(crate) const fn is_canonical(self) -> bool {
        matches!(self.spelling, Spelling::Plain | Spelling::Canonical)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// Writes it in its one canonical spelling.
    pub(crate) fn put(self, sink: &mut impl Sink) {
        if self.is_canonical() {
            return sink.put_str(self.text);
        }
        put_bytes(sink, self.bytes(), self.part);
    }

    /// The decoded bytes.
    pub(crate) fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        let mut bytes = self.text.bytes();
        core::iter::from_fn(move || {
            Some(match bytes.next()? {
                b'%' => hex::escaped(bytes.next()?, bytes.next()?)?.byte,
                b'+' if self.part == Part::Query => b' ',
                byte => byte,
            })
        })
    }

    /// The decoded text; borrowed, where nothing was encoded.
    pub(crate) fn decode(self) -> Cow<'a, str> {
        let is_encoded = |byte: u8| byte == b'%' || (byte == b'+' && self.part == Part::Query);
        if self.spelling == Spelling::Plain || !self.text.bytes().any(is_encoded) {
            return Cow::Borrowed(self.text);
        }
        let bytes: Vec<u8> = self.bytes().collect();
        // `new` has seen that it is UTF-8.
        Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
    }

    /// The order of two names in a canonical query.
    pub(crate) fn cmp(self, other: Self) -> Ordering {
        if self.is_canonical() && other.is_canonical() {
            return self.text.as_bytes().cmp(other.text.as_bytes());
        }
        cmp_bytes(self.bytes(), other.bytes())
    }

    /// Whether both decode to the same, whatever the case of ASCII letters.
    pub(crate) fn eq_ignore_case(self, other: Self) -> bool {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        self.bytes().map(lower).eq(other.bytes().map(lower))
    }

    /// Whether it decodes to a name of Amazon's own, whatever its case.
    pub(crate) fn has_amz_prefix(self) -> bool {
        if self.is_canonical() {
            return has_amz_prefix(self.text.as_bytes());
        }
        let prefix = b"x-amz-";
        self.bytes().map(|byte| byte.to_ascii_lowercase()).take(prefix.len()).eq(*prefix)
    }
}

/// A character whose bytes are all escaped.
struct EscapedChar<'a> {
    first: u8,
    is_upper: bool,
    behind: &'a [u8],
}

impl<'a> EscapedChar<'a> {
    /// Reads as many escapes as the first byte announces, or is `None` where they are no character
    /// of UTF-8, or NUL.
    #[inline]
    fn read(text: &'a [u8]) -> Option<Self> {
        let (escape, mut behind) = Self::escape(text)?;
        let (first, mut is_upper) = (escape.byte, escape.is_upper);
        let width = match first {
            1..0x80 => return Some(Self { first, is_upper, behind }),
            0xc2..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf5 => 4,
            _ => return None,
        };
        let mut bytes = [first, 0, 0, 0];
        for place in bytes.iter_mut().take(width).skip(1) {
            let (escape, rest) = Self::escape(behind)?;
            *place = escape.byte;
            is_upper &= escape.is_upper;
            behind = rest;
        }
        core::str::from_utf8(bytes.get(..width)?).ok()?;
        Some(Self { first, is_upper, behind })
    }

    #[inline]
    fn escape(text: &[u8]) -> Option<(hex::Escaped, &[u8])> {
        let (&[mark, high, low], behind) = text.split_first_chunk()?;
        let escaped = hex::escaped(high, low).filter(|_| mark == b'%')?;
        Some((escaped, behind))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str, part: Part) -> Option<String> {
        let mut out = String::new();
        Wire::new(text, part)?.put(&mut out);
        Some(out)
    }

    #[test]
    fn one_spelling_comes_out_of_many() {
        for (received, part, expected) in [
            ("/a%2Fb", Part::Path, "/a/b"),
            ("/%6Fver", Part::Path, "/over"),
            ("/%c3%bc", Part::Path, "/%C3%BC"),
            ("/ü", Part::Path, "/%C3%BC"),
            ("/a+b!", Part::Path, "/a%2Bb%21"),
            ("/./../a//b", Part::Path, "/./../a//b"),
            ("a+b%20c", Part::Query, "a%20b%20c"),
            ("a/b=c", Part::Query, "a%2Fb%3Dc"),
        ] {
            assert_eq!(canonical(received, part).as_deref(), Some(expected), "{received}");
        }
    }

    #[test]
    fn what_does_not_decode_to_text_is_refused() {
        for wrong in [
            "%",
            "%2",
            "%2g",
            "%g2",
            "%+2",
            "a%",
            "%00",
            "%ff",
            "%C3",
            "%C3a",
            "%C3%28",
            "%BC",
            "%ED%A0%80",
            "a b",
            "a\tb",
            "a\nb",
            "a\u{7f}b",
        ] {
            assert_eq!(Wire::new(wrong, Part::Path), None, "{wrong}");
            assert_eq!(Wire::new(wrong, Part::Query), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_ordered_by_their_encoded_bytes() {
        assert_eq!(cmp_encoded("x~", "xé"), Ordering::Greater);
        assert_eq!("x~".cmp("xé"), Ordering::Less);
        assert_eq!(cmp_encoded("a", "a"), Ordering::Equal);
        assert_eq!(cmp_encoded("a", "ab"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn encoding_then_reading_gives_the_text_back(text in "\\PC{0,40}|[\\x01-\\x7f]{0,40}") {
            for part in [Part::Path, Part::Query] {
                let mut encoded = String::new();
                match part {
                    Part::Path => put_path(&mut encoded, &text),
                    Part::Query => put_query(&mut encoded, &text),
                }
                let wire = Wire::new(&encoded, part).expect("own output is readable");
                prop_assert!(wire.is_canonical());
                prop_assert_eq!(wire.decode(), text.as_str());
            }
        }

        #[test]
        fn whatever_is_accepted_is_brought_to_a_form_that_stays(text in "[a%/+ü0-9A-F~!]{0,24}") {
            for part in [Part::Path, Part::Query] {
                let Some(once) = canonical(&text, part) else { continue };
                let wire = Wire::new(&once, part).expect("canonical text is readable");
                prop_assert!(wire.is_canonical());
                prop_assert_eq!(canonical(&once, part), Some(once.clone()));
            }
        }

        #[test]
        fn the_order_is_that_of_the_encoded_texts(one in "[a-c~é/ !]{0,4}", other in "[a-c~é/ !]{0,4}") {
            let (mut first, mut second) = (String::new(), String::new());
            put_query(&mut first, &one);
            put_query(&mut second, &other);
            prop_assert_eq!(cmp_encoded(&one, &other), first.cmp(&second));
        }
    }
}
