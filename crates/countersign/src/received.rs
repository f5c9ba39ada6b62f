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
