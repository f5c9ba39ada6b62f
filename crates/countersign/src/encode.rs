//! Percent-encoding, once, as Signature Version 4 wants it.
//!
//! Everything but the unreserved characters of RFC 3986 is encoded, byte by byte, with upper-case
//! digits; a space is `%20`, never `+`. In a path the slash stays. This is [`UriEncode`] of the
//! documentation, and stricter than what a URL library does.
//!
//! [`UriEncode`]: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::cmp::Ordering;

use crate::{bytes, hex, names::has_amz_prefix, sink::Sink, utf8::Utf8};

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

    /// What stands behind the plain characters at the start, few of them mostly: looking at a block
    /// of bytes takes as long as looking at ten.
    #[inline]
    fn behind_plain(self, text: &[u8]) -> &[u8] {
        let few = text.first_chunk::<16>();
        let within_few = few.and_then(|few| few.iter().position(|&byte| !self.is_plain(byte)));
        let len = within_few.unwrap_or_else(|| bytes::unreserved_len(text, self.one_more()));
        text.get(len..).unwrap_or_default()
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
        // All four bytes are written, and the next write covers those that do not count.
        if let Some(place) = buffer.get_mut(filled..).and_then(<[u8]>::first_chunk_mut) {
            *place = encoded.0;
        } else {
            sink.put(buffer.get(..filled).unwrap_or_default());
            filled = 0;
            if let Some(place) = buffer.first_chunk_mut() {
                *place = encoded.0;
            }
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
        Self::read(text, part, None).map(|(wire, _)| wire)
    }

    /// Takes what consists of plain characters only.
    pub(crate) const fn plain(text: &'a str, part: Part) -> Self {
        Self { text, part, spelling: Spelling::Plain }
    }

    /// Checks what was received up to this character, which is none of the plain ones, or to the
    /// end, and gives what follows; or is `None`.
    #[inline]
    pub(crate) fn read(text: &'a str, part: Part, stop: Option<u8>) -> Option<(Self, &'a str)> {
        let plain_len = bytes::unreserved_len(text.as_bytes(), part.one_more());
        let (plain, rest) = text.split_at_checked(plain_len)?;
        let next = rest.as_bytes().first().copied();
        if next.is_none() || next == stop {
            return Some((Self::plain(plain, part), rest));
        }
        Self::read_behind(plain_len, text, part, stop)
    }

    /// Goes on behind so many plain characters.
    fn read_behind(
        plain_len: usize,
        text: &'a str,
        part: Part,
        stop: Option<u8>,
    ) -> Option<(Self, &'a str)> {
        let mut spelling = Spelling::Plain;
        let mut rest = text.as_bytes().get(plain_len..)?;
        while let Some((&byte, behind)) = rest.split_first() {
            if let (Part::Query, Some(behind)) = (part, rest.strip_prefix(b"%2F")) {
                // Every credential has four slashes.
                spelling = spelling.max(Spelling::Canonical);
                rest = part.behind_plain(behind);
            } else if byte == b'%' {
                let escapes = Escapes::read(rest, part)?;
                spelling = spelling.max(escapes.spelling);
                rest = escapes.behind;
            } else if part.is_plain(byte) {
                rest = part.behind_plain(behind);
            } else if Some(byte) == stop {
                break;
            } else if byte <= b' ' || byte == 0x7f {
                return None;
            } else {
                // What is not ASCII here came as UTF-8.
                spelling = Spelling::Other;
                rest = behind;
            }
        }
        let (text, rest) = text.split_at_checked(text.len().checked_sub(rest.len())?)?;
        Some((Self { text, part, spelling }, rest))
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
                b'%' => hex::escape_value(bytes.next()?, bytes.next()?).0,
                b'+' if self.part == Part::Query => b' ',
                byte => byte,
            })
        })
    }

    /// The decoded text; borrowed, where nothing was encoded.
    #[inline]
    pub(crate) fn decode(self) -> Cow<'a, str> {
        if self.spelling == Spelling::Plain {
            return Cow::Borrowed(self.text);
        }
        self.decode_encoded()
    }

    fn decode_encoded(self) -> Cow<'a, str> {
        let is_encoded = |byte: u8| byte == b'%' || (byte == b'+' && self.part == Part::Query);
        if !self.text.bytes().any(is_encoded) {
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

/// Escapes that follow one another.
struct Escapes<'a> {
    spelling: Spelling,
    behind: &'a [u8],
}

impl<'a> Escapes<'a> {
    /// Reads as many as there are, one at least; or is `None` where they are no text, or one is NUL.
    ///
    /// What is wrong is not looked at before the end: wrong digits leave a bit that no others have,
    /// and from wrong bytes no way leads back to a whole character.
    #[inline]
    fn read(text: &'a [u8], part: Part) -> Option<Self> {
        let (mut behind, mut utf8) = (text, Utf8::Whole);
        let mut seen = 0_u8;
        let mut is_needless = false;
        while let &[b'%', high, low, ref rest @ ..] = behind {
            let (byte, of_digits) = hex::escape_value(high, low);
            seen |= of_digits;
            is_needless |= part.is_plain(byte);
            utf8 = utf8.next(byte);
            behind = rest;
        }
        if behind.len() == text.len() || utf8 != Utf8::Whole || seen & hex::WRONG != 0 {
            return None;
        }
        let is_canonical = seen & hex::LOWER == 0 && !is_needless;
        let spelling = if is_canonical { Spelling::Canonical } else { Spelling::Other };
        Some(Self { spelling, behind })
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

    /// A plus is a space in a query, and else a character like any other.
    #[test]
    fn what_has_nothing_encoded_is_not_copied() {
        for (received, part) in
            [("a", Part::Query), ("a=b!", Part::Query), ("ü", Part::Query), ("/a+b", Part::Path)]
        {
            let wire = Wire::new(received, part).unwrap();
            assert!(matches!(wire.decode(), Cow::Borrowed(text) if text == received), "{received}");
        }
        for (received, part, expected) in [
            ("a+b", Part::Query, "a b"),
            ("a%20b", Part::Query, "a b"),
            ("/%C3%BC+", Part::Path, "/ü+"),
        ] {
            assert_eq!(Wire::new(received, part).unwrap().decode(), expected);
        }
    }

    /// However it falls into the buffer that it is encoded in.
    #[test]
    fn a_long_text_is_encoded_whole() {
        for plain_len in 0..300 {
            let text = ["a".repeat(plain_len), "é".repeat(100), "b".repeat(300)].concat();
            let expected = text.replace('é', "%C3%A9");
            let mut encoded = String::new();
            put_query(&mut encoded, &text);
            assert_eq!(encoded, expected, "{plain_len}");
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
