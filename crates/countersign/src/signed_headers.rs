use alloc::borrow::Cow;

use crate::{
    ParseError, error::Field, head::HEADERS_MAX, names::is_header_name, received::Received,
};

/// The names in `X-Amz-SignedHeaders`, or in `SignedHeaders` of an `Authorization` header.
///
/// - Each in lower case, sorted, once.
#[derive(Debug, Clone)]
pub(crate) struct SignedHeaders<'a> {
    /// Borrowed where nothing but the separators is encoded, as in every list that a signer makes.
    list: Cow<'a, str>,
    /// What separates the names. An escape does in a list of a query that was not decoded; anywhere
    /// else it is a mistake.
    separators: &'static [u8],
}

impl<'a> SignedHeaders<'a> {
    /// Takes a list whose names are separated by `;`, which a query has as `%3B`. Its names are not
    /// looked at yet: [`check`](Self::check) does that when it is their turn.
    pub(crate) fn new(received: Received<'a>) -> Self {
        let text = received.as_received();
        let is_separator = |rest: &[u8]| rest.starts_with(b"3B") || rest.starts_with(b"3b");
        let mut escapes = text.as_bytes().split(|&byte| byte == b'%').skip(1);
        match received {
            Received::Query(_) if escapes.all(is_separator) => {
                Self { list: text.into(), separators: b";%" }
            }
            _ => Self { list: received.decode(), separators: b";" },
        }
    }

    /// Whether nothing but `host` is signed, as in most URLs.
    pub(crate) fn is_host_only(&self) -> bool {
        self.list == "host"
    }

    pub(crate) fn check(&self) -> Result<(), ParseError> {
        if self.is_host_only() {
            return Ok(());
        }
        let mut before = "";
        for (index, name) in self.names().enumerate() {
            // No request has so many: each of them is looked for among its headers.
            if index >= HEADERS_MAX {
                return Err(ParseError::TooLarge(Field::SignedHeaders));
            }
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
        core::iter::from_fn(move || {
            let text = rest?;
            let end = text.bytes().position(|byte| self.separators.contains(&byte));
            let (name, tail) = text.split_at(end.unwrap_or(text.len()));
            let width = if tail.starts_with('%') { 3 } else { 1 };
            rest = tail.split_at_checked(width).map(|(_, names)| names);
            Some(name)
        })
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        (name == "host" && self.is_host_only())
            || self.names().any(|listed| listed.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::encode::{Part, Wire};

    fn list(text: &str) -> SignedHeaders<'_> {
        SignedHeaders::new(Received::Query(Wire::new(text, Part::Query).expect(text)))
    }

    #[test]
    fn a_list_in_a_header_is_taken_as_it_is() {
        let list = |text| SignedHeaders::new(Received::Header(text));
        for good in ["host", "a;host", "", "content-type;host;x-amz-meta-a_b.c~"] {
            assert!(list(good).check().is_ok(), "{good}");
        }
        for wrong in ["a%3Bhost", "ho%73t", "host;", "host;host", "Host", "host;a", "a b", "a,b"] {
            assert!(list(wrong).check().is_err(), "{wrong}");
        }
        assert_eq!(list("a;b").names().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_list_has_no_more_names_than_a_request_has_headers() {
        let names: Vec<_> = (0..=HEADERS_MAX).map(|at| alloc::format!("x-{at:03}")).collect();
        let too_large = Err(ParseError::TooLarge(Field::SignedHeaders));
        assert_eq!(list(&names[1..].join(";")).check(), Ok(()));
        assert_eq!(list(&names.join(";")).check(), too_large);
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
