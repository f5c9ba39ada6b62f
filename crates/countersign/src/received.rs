//! A value of the claim as it was received.

use alloc::borrow::Cow;

use subtle::ConstantTimeEq as _;

use crate::encode::{Part, Wire};

/// A value of the claim, in the spelling of the place where it stood.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Received<'a> {
    /// In a query, percent-encoded.
    Query(Wire<'a>),
    /// In a header or a form, as it is.
    Header(&'a str),
}

impl<'a> Received<'a> {
    pub(crate) const fn as_received(self) -> &'a str {
        match self {
            Self::Query(wire) => wire.as_received(),
            Self::Header(text) => text,
        }
    }

    pub(crate) fn decode(self) -> Cow<'a, str> {
        match self {
            Self::Query(wire) => wire.decode(),
            Self::Header(text) => Cow::Borrowed(text),
        }
    }

    /// Whether it decodes to this text. Where they differ does not show in the time, only whether
    /// they are as long.
    pub(crate) fn is(self, text: &str) -> bool {
        match self {
            Self::Query(wire) => {
                let pairs = wire.bytes().zip(text.bytes());
                let difference = pairs.fold(0, |all, (one, other)| all | (one ^ other));
                bool::from(difference.ct_eq(&0)) && wire.bytes().count() == text.len()
            }
            Self::Header(received) => received.as_bytes().ct_eq(text.as_bytes()).into(),
        }
    }

    /// What stands between the slashes, decoded, where there are as many parts as are wanted.
    pub(crate) fn split<const PARTS: usize>(self) -> Option<[Cow<'a, str>; PARTS]> {
        let mut rest = Some(self.as_received());
        let parts = [(); PARTS].map(|()| {
            let (part, tail) = self.split_slash(rest?);
            rest = tail;
            self.decode_part(part)
        });
        if rest.is_some() || parts.iter().any(Option::is_none) {
            return None;
        }
        Some(parts.map(Option::unwrap_or_default))
    }

    fn split_slash(self, text: &str) -> (&str, Option<&str>) {
        match self {
            Self::Query(_) => split_encoded_slash(text),
            Self::Header(_) => match text.split_once('/') {
                Some((part, tail)) => (part, Some(tail)),
                None => (text, None),
            },
        }
    }

    fn decode_part(self, part: &str) -> Option<Cow<'_, str>> {
        match self {
            // Cut out of text that decodes, at an escape's border, so it decodes.
            Self::Query(_) => Some(Wire::new(part, Part::Query)?.decode()),
            Self::Header(_) => Some(Cow::Borrowed(part)),
        }
    }
}

/// Splits at the first slash, plain or encoded.
fn split_encoded_slash(text: &str) -> (&str, Option<&str>) {
    let mut from = 0;
    while let Some(offset) = text.get(from..).and_then(|rest| rest.find(['/', '%'])) {
        let at = from.saturating_add(offset);
        let (part, rest) = text.split_at(at);
        for separator in ["/", "%2F", "%2f"] {
            if let Some(tail) = rest.strip_prefix(separator) {
                return (part, Some(tail));
            }
        }
        from = at.saturating_add(1);
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_query(text: &str) -> Received<'_> {
        Received::Query(Wire::new(text, Part::Query).unwrap())
    }

    #[test]
    fn a_value_is_the_text_that_it_decodes_to_and_no_other() {
        for (received, text) in [
            (in_query("a%2Fb%2B+c"), "a/b+ c"),
            (in_query("%61%c3%bc"), "aü"),
            (in_query(""), ""),
            (Received::Header("a%2Fb+c"), "a%2Fb+c"),
        ] {
            assert!(received.is(text), "{text}");
            assert!(!received.is(&[text, "a"].concat()), "{text}");
            for end in text.char_indices().map(|(at, _)| at) {
                assert!(!received.is(&text[..end]), "{text}");
            }
        }
        // One that differs, two that differ alike, and one that is longer and else the same.
        for (received, text) in
            [("abcd", "abce"), ("abcd", "bacd"), ("abcd", "abdc"), ("abc", "abcd")]
        {
            assert!(!in_query(received).is(text) && !in_query(text).is(received), "{text}");
            assert!(!Received::Header(received).is(text), "{text}");
        }
    }

    #[test]
    fn a_value_is_split_at_every_slash_of_its_place_and_at_no_other() {
        for text in ["k/a+b/z", "k%2Fa+b%2Fz", "%6b%2fa%20b/z"] {
            assert_eq!(in_query(text).split().unwrap(), ["k", "a b", "z"], "{text}");
        }
        let in_header = Received::Header("k/a+b%2F/z");
        assert_eq!(in_header.split().unwrap(), ["k", "a+b%2F", "z"]);
        assert_eq!(in_query("/%2F").split().unwrap(), ["", "", ""]);
        for wrong in ["", "a", "a/b", "a%2Fb/c/", "a/b/c%2Fd"] {
            assert_eq!(in_query(wrong).split::<3>(), None, "{wrong}");
        }
        for wrong in ["a", "a/b", "a/b/c/", "a/b/c/d", "a%2Fb%2Fc"] {
            assert_eq!(Received::Header(wrong).split::<3>(), None, "{wrong}");
        }
    }
}
