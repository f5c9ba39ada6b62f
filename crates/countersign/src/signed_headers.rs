use alloc::borrow::Cow;

use crate::{ParseError, encode::Wire, error::Field, names::is_header_name};

/// The names in `X-Amz-SignedHeaders`.
///
/// - Each in lower case, sorted, once.
#[derive(Debug, Clone)]
pub(crate) struct SignedHeaders<'a> {
    /// Borrowed where nothing but the separators is encoded, as in every list that a signer makes;
    /// then an escape is a separator. Else decoded; then it is a mistake.
    list: Cow<'a, str>,
}

impl<'a> SignedHeaders<'a> {
    /// Takes a list whose names are separated by `;`, or `%3B`, which is how it is sent. Its names
    /// are not looked at yet: [`check`](Self::check) does that when it is their turn.
    pub(crate) fn new(received: Wire<'a>) -> Self {
        let text = received.as_received();
        let is_separator = |rest: &str| rest.starts_with("3B") || rest.starts_with("3b");
        let is_plain = text.split('%').skip(1).all(is_separator);
        Self { list: if is_plain { text.into() } else { received.decode() } }
    }

    pub(crate) fn check(&self) -> Result<(), ParseError> {
        let mut before = "";
        for name in self.names() {
            let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
            if !is_header_name(name) || !is_lower || name <= before {
                return Err(ParseError::Malformed(Field::SignedHeaders));
            }
            before = name;
        }
        Ok(())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        // An empty list has no name, not an empty one.
        let mut rest = Some(&*self.list).filter(|text| !text.is_empty());
        let marks: &[char] =
            if matches!(self.list, Cow::Borrowed(_)) { &[';', '%'] } else { &[';'] };
        core::iter::from_fn(move || {
            let text = rest?;
            let end = text.find(marks).unwrap_or(text.len());
            let (name, tail) = text.split_at(end);
            let width = if tail.starts_with('%') { 3 } else { 1 };
            rest = tail.split_at_checked(width).map(|(_, names)| names);
            Some(name)
        })
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names().any(|listed| listed.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::encode::Part;

    fn list(text: &str) -> SignedHeaders<'_> {
        SignedHeaders::new(Wire::new(text, Part::Query).expect(text))
    }

    #[test]
    fn a_list_is_lower_case_sorted_and_without_a_double() {
        for good in [
            "host",
            "a%3Bhost",
            "a%3bb;host",
            "ho%73t",
            "a%3Bho%73t",
            "",
            "content-type;host;x-amz-meta-a_b.c~",
        ] {
            assert!(list(good).check().is_ok(), "{good}");
        }
        for wrong in [
            ";",
            "host;",
            ";host",
            "host;host",
            "host%3B",
            "%3Bhost",
            "Host",
            "host;a",
            "a%253Bhost",
            "a%3Ch",
            "a%20b",
            "a+b",
            "a,b",
            "host;;x",
        ] {
            assert!(list(wrong).check().is_err(), "{wrong}");
        }
        for (text, name, is_listed) in [
            ("a;host", "host", true),
            ("a;host", "HOST", true),
            ("a;host", "hos", false),
            ("", "", false),
            ("a%3Bb", "b", true),
        ] {
            assert_eq!(list(text).contains(name), is_listed, "{text} {name}");
        }
        let (plain, decoded) = (list("a%3Bb;c"), list("%61%3Bb;c"));
        assert_eq!(plain.names().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(decoded.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
