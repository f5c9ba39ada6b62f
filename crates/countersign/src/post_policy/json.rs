//! The JSON of a policy: read with a limit to everything, and written as botocore writes it.

use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{cell::Cell, fmt, fmt::Write as _};

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::PolicyFault;

/// The document, its conditions, one condition; and one more, so that a list for a value is said to
/// be no condition.
const DEPTH_MAX: u8 = 4;
/// As many items as any list may have.
pub(crate) const ITEMS_MAX: usize = 200;
/// More members than any object of a policy has.
const MEMBERS_MAX: usize = 8;

/// A value of the few kinds that a policy is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Number(u64),
    List(Vec<Self>),
    /// No name twice.
    Object(Vec<(String, Self)>),
    /// `null`, `true`, `-1`, `1.5`: nothing that a policy has.
    Other,
}

impl Node {
    /// Reads one value, and nothing behind it.
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyFault> {
        let text = plain_escapes(text);
        let fault = Cell::new(None);
        let mut reader = serde_json::Deserializer::from_str(&text);
        let reading = Reading { depth_left: DEPTH_MAX, fault: &fault };
        let node = reading.deserialize(&mut reader).and_then(|node| reader.end().map(|()| node));
        node.map_err(|_| fault.take().unwrap_or(PolicyFault::NotJson))
    }

    /// Writes it as `json.dumps` of Python does: nothing but ASCII, and a space behind every comma
    /// and colon.
    pub(crate) fn put(&self, text: &mut String) {
        match self {
            Self::Text(value) => put_text(text, value),
            Self::Number(value) => text.push_str(&value.to_string()),
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    put_separator(text, index);
                    item.put(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    put_separator(text, index);
                    put_text(text, name);
                    text.push_str(": ");
                    value.put(text);
                }
                text.push('}');
            }
            Self::Other => text.push_str("null"),
        }
    }
}

pub(crate) fn put_separator(text: &mut String, index: usize) {
    if index > 0 {
        text.push_str(", ");
    }
}

pub(crate) fn put_text(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a `String` cannot fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

/// Rewrites `\$` and `\v`, which the [documentation of policies][doc] has and JSON has not.
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html#sigv4-HTTPPOSTEscaping
fn plain_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("\\$") && !text.contains("\\v") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len().saturating_add(64));
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        // Two by two, for in `\\$` the dollar sign is not escaped.
        match (letter, (letter == '\\').then(|| letters.next()).flatten()) {
            ('\\', Some('$')) => plain.push('$'),
            ('\\', Some('v')) => plain.push_str("\\u000b"),
            (first, second) => plain.extend(core::iter::once(first).chain(second)),
        }
    }
    Cow::Owned(plain)
}

/// Reads a value. What `serde` cannot say of a fault is left in the cell.
struct Reading<'f> {
    depth_left: u8,
    fault: &'f Cell<Option<PolicyFault>>,
}

impl Reading<'_> {
    fn refuse<E: serde::de::Error>(&self, fault: PolicyFault) -> E {
        self.fault.set(Some(fault));
        E::custom("refused")
    }

    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, fault: self.fault }),
            None => Err(self.refuse(PolicyFault::TooLarge)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a policy")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.inner()?)? {
            if items.len() >= ITEMS_MAX {
                return Err(self.refuse(PolicyFault::TooLarge));
            }
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.iter().any(|(other, _)| *other == name) {
                return Err(self.refuse(PolicyFault::DuplicateMember));
            }
            if members.len() >= MEMBERS_MAX {
                return Err(self.refuse(PolicyFault::TooLarge));
            }
            members.push((name, access.next_value_seed(self.inner()?)?));
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        for (text, expected) in [
            (r#"{"a":["b",1,{"c":"d"}]}"#, r#"{"a": ["b", 1, {"c": "d"}]}"#),
            // `json.dumps("\"\\/\b\f\n\r\t\x0b\x7f é日😀")` of Python 3.11.
            (
                r#""\"\\\/\b\f\n\r\t\u000B\u007f é日😀""#,
                r#""\"\\/\b\f\n\r\t\u000b\u007f \u00e9\u65e5\ud83d\ude00""#,
            ),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            let mut written = String::new();
            Node::parse(text).unwrap().put(&mut written);
            assert_eq!(written, expected);
            let mut again = String::new();
            Node::parse(&written).unwrap().put(&mut again);
            assert_eq!(again, expected);
        }
    }

    #[test]
    fn the_documented_escapes_are_read() {
        for (text, expected) in [
            (r#""\$foo\v""#, "$foo\u{b}"),
            (r#""\$""#, "$"),
            (r#""\v""#, "\u{b}"),
            (r#""\\$foo\\v""#, "\\$foo\\v"),
            (r#""\\\$""#, "\\$"),
            (r#""$\"\$""#, "$\"$"),
        ] {
            assert_eq!(Node::parse(text), Ok(Node::Text(expected.into())), "{text}");
        }
        for wrong in [r#""\x""#, r#""\$"#, "\\$", r#""\"#, r"\v", r#""\ud800""#] {
            assert_eq!(Node::parse(wrong), Err(PolicyFault::NotJson), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_number_of_bytes_is_something_else() {
        for other in ["null", "true", "-1", "1.0", "1e3", "18446744073709551616"] {
            assert_eq!(Node::parse(other), Ok(Node::Other), "{other}");
        }
    }

    #[test]
    fn everything_has_a_limit() {
        let list = |len: usize| format!("[{}]", "1,".repeat(len).trim_end_matches(','));
        assert!(Node::parse(&list(ITEMS_MAX)).is_ok());
        assert_eq!(Node::parse(&list(ITEMS_MAX + 1)), Err(PolicyFault::TooLarge));
        let object = |len: usize| {
            let members: Vec<_> = (0..len).map(|index| format!("\"{index}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Node::parse(&object(MEMBERS_MAX)).is_ok());
        assert_eq!(Node::parse(&object(MEMBERS_MAX + 1)), Err(PolicyFault::TooLarge));
        assert!(Node::parse("[[[[1]]]]").is_ok());
        assert_eq!(Node::parse("[[[[[1]]]]]"), Err(PolicyFault::TooLarge));
        assert_eq!(Node::parse(&"[".repeat(60_000)), Err(PolicyFault::TooLarge));
        assert_eq!(Node::parse(&"{\"a\":".repeat(10_000)), Err(PolicyFault::TooLarge));
    }

    #[test]
    fn doubled_members_and_what_is_no_json_are_refused() {
        assert_eq!(Node::parse(r#"{"a":1,"a":1}"#), Err(PolicyFault::DuplicateMember));
        assert_eq!(Node::parse(r#"{"a":1,"\u0061":1}"#), Err(PolicyFault::DuplicateMember));
        for wrong in ["", " ", "{", "[1,]", "{} {}", "\u{feff}{}", "{'a':1}", "[1]x", "NaN", "01"] {
            assert_eq!(Node::parse(wrong), Err(PolicyFault::NotJson), "{wrong}");
        }
    }
}
