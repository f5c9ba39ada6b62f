//! The query of a request as it was received.
//!
//! What clients send is canonical already, nearly always: then the canonical query is the text
//! itself without its signature, and nothing is kept of the parameters but the claim's own.

use crate::{
    Mechanism, ParseError,
    auth_parameters::{AuthParameters, UsualStart, auth_field},
    bytes::find_either,
    encode::{Part, Wire},
    error::Field,
    names::AUTH_PARAMETERS,
    sink::Sink,
};

/// The longest target that is read, and so the longest that is signed.
pub(crate) const TARGET_LEN_MAX: usize = 16_384;

/// More parameters than any S3 operation has.
const PARAMETERS_MAX: usize = 100;

/// The parameters of a query.
///
/// - No name twice; no `x-amz-` name twice in two cases.
/// - The names of the claim's own parameters are spelled exactly as they should be.
pub(crate) struct Query<'a> {
    text: &'a str,
    /// Where the signature's parameter begins and ends in the text.
    signature: Option<[usize; 2]>,
    order: Order,
    spelling: Spelling,
}

/// How the names follow one another, but for that of the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Each is above the one before it, so there is none twice.
    Sorted,
    Unsorted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Every name, every value, and a `=` in each.
    Canonical,
    Other,
}

/// One parameter.
#[derive(Clone, Copy)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: Wire<'a>,
    pub(crate) value: Wire<'a>,
}

/// A parameter and its place.
struct Piece<'a> {
    parameter: Parameter<'a>,
    /// Which of the claim's own it is.
    auth: Option<Field>,
    /// A parameter without one has an empty value.
    has_equals: bool,
    /// What stands behind it and its `&`.
    rest: Option<&'a str>,
}

/// How far a query is read.
struct Progress<'a> {
    /// How many parameters.
    count: usize,
    /// The name of the last of them but the signature.
    before: Option<Wire<'a>>,
    signature: Option<[usize; 2]>,
    /// What stands behind it and its `&`.
    rest: Option<&'a str>,
}

impl<'a> Progress<'a> {
    fn at_start(text: &'a str) -> Self {
        let rest = Some(text).filter(|text| !text.is_empty());
        Self { count: 0, before: None, signature: None, rest }
    }

    fn behind(start: UsualStart<'a>) -> Self {
        let last = Wire::plain(UsualStart::LAST.as_str(), Part::Query);
        let UsualStart { count, signature, rest } = start;
        Self { count, before: Some(last), signature, rest: rest.strip_prefix('&') }
    }
}

impl<'a> Query<'a> {
    /// Reads a query of no more than [`TARGET_LEN_MAX`] bytes, and puts the claim's own parameters
    /// into `claim`, which has none yet. An empty one has no parameter.
    pub(crate) fn parse(text: &'a str, claim: &mut AuthParameters<'a>) -> Result<Self, ParseError> {
        let usual = claim.read_usual(text);
        let start = usual.map_or_else(|| Progress::at_start(text), Progress::behind);
        Self::read_on(text, start, claim)
    }

    /// Reads the parameters from there on.
    fn read_on(
        text: &'a str,
        Progress { mut count, mut before, signature, mut rest }: Progress<'a>,
        claim: &mut AuthParameters<'a>,
    ) -> Result<Self, ParseError> {
        let mut query =
            Self { text, signature, order: Order::Sorted, spelling: Spelling::Canonical };
        let mut others_of_amazon = 0_usize;
        while let Some(from_here) = rest {
            let piece = Piece::read(from_here).ok_or(ParseError::Malformed(Field::Query))?;
            rest = piece.rest;
            count = count.saturating_add(1);
            if count > PARAMETERS_MAX {
                return Err(ParseError::TooLarge(Field::Query));
            }
            let Parameter { name, value } = piece.parameter;
            if !(piece.has_equals && name.is_canonical() && value.is_canonical()) {
                query.spelling = Spelling::Other;
            }
            if let Some(field) = piece.auth {
                claim.set(field, value)?;
            } else if name.has_amz_prefix() {
                check_spelling(name)?;
                others_of_amazon = others_of_amazon.saturating_add(1);
            }
            if piece.auth == Some(Field::Signature) {
                let end = rest.map_or(0, |rest| rest.len().saturating_add(1));
                let place = [from_here.len(), end].map(|len| text.len().saturating_sub(len));
                query.signature = Some(place);
            } else {
                if before.is_some_and(|before| before.cmp(name).is_ge()) {
                    query.order = Order::Unsorted;
                }
                before = Some(name);
            }
        }
        // Names that are in order are not equal; those that differ in case only may be.
        if query.order == Order::Unsorted || others_of_amazon >= 2 {
            Sorted::check_unique(text)?;
        }
        Ok(query)
    }

    /// As it was received.
    pub(crate) const fn as_received(&self) -> &'a str {
        self.text
    }

    /// Writes the canonical query.
    pub(crate) fn put(&self, sink: &mut impl Sink) {
        if self.order == Order::Unsorted || self.spelling == Spelling::Other {
            return Sorted::new(self.text).put(sink);
        }
        let Some([start, end]) = self.signature else { return sink.put_str(self.text) };
        let before = self.text.get(..start).unwrap_or_default();
        let behind = self.text.get(end..).unwrap_or_default();
        // One of the marks around the signature goes with it.
        match before.strip_suffix('&') {
            Some(before) => sink.put_str(before),
            None => return sink.put_str(behind.strip_prefix('&').unwrap_or(behind)),
        }
        sink.put_str(behind);
    }
}

/// The parameters of a text that was parsed before.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    core::iter::from_fn(move || {
        let text = rest?;
        let piece = Piece::read(text)?;
        rest = piece.rest;
        Some(piece)
    })
}

impl<'a> Piece<'a> {
    /// Reads up to the next `&`, or the end.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "it is called in one hot place; a call copies it twice"
    )]
    fn read(text: &'a str) -> Option<Self> {
        let name_len = find_either(text.as_bytes(), b'&', b'=').unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(name_len)?;
        let (value, rest, has_equals) = match rest.strip_prefix('=') {
            Some(rest) => {
                let (value, rest) = Wire::read(rest, Part::Query, Some(b'&'))?;
                (value, rest, true)
            }
            None => (Wire::plain("", Part::Query), rest, false),
        };
        let auth = auth_field(name);
        let name = match auth {
            Some(_) => Wire::plain(name, Part::Query),
            None => Wire::new(name, Part::Query).filter(|name| !name.is_empty())?,
        };
        let rest = rest.strip_prefix('&');
        Some(Self { parameter: Parameter { name, value }, auth, has_equals, rest })
    }
}

impl<'a> Parameter<'a> {
    /// The parameters of a query that was parsed before, in the order in which they came; of a
    /// presigned one without the claim's own.
    pub(crate) fn signed_by(mechanism: Mechanism, text: &'a str) -> impl Iterator<Item = Self> {
        let is_claim =
            move |piece: &Piece<'_>| mechanism == Mechanism::Query && piece.auth.is_some();
        pieces(text).filter(move |piece| !is_claim(piece)).map(|piece| piece.parameter)
    }
}

/// The parameters of a query as they stand in the canonical one, with that of the signature.
struct Sorted<'a> {
    entries: [Parameter<'a>; PARAMETERS_MAX],
    len: usize,
}

impl<'a> Sorted<'a> {
    /// Takes a query that has no more parameters than there is room for.
    #[cold]
    fn new(text: &'a str) -> Self {
        let empty = Wire::plain("", Part::Query);
        let mut entries = [Parameter { name: empty, value: empty }; PARAMETERS_MAX];
        let mut len = 0_usize;
        let all = pieces(text).map(|piece| piece.parameter);
        for (place, parameter) in entries.iter_mut().zip(all) {
            *place = parameter;
            len = len.saturating_add(1);
        }
        let filled = entries.get_mut(..len).unwrap_or_default();
        filled.sort_unstable_by(|one, other| one.name.cmp(other.name));
        Self { entries, len }
    }

    fn iter(&self) -> impl Iterator<Item = &Parameter<'a>> {
        self.entries.iter().take(self.len)
    }

    /// Takes no room on the stack of whoever has no need of it.
    #[cold]
    #[inline(never)]
    fn check_unique(text: &'a str) -> Result<(), ParseError> {
        let all = Self::new(text);
        // Equal names are neighbours now.
        let mut neighbours = all.iter().zip(all.iter().skip(1));
        if neighbours.any(|(one, other)| one.name.cmp(other.name).is_eq()) {
            return Err(ParseError::Duplicate(Field::Query));
        }
        // Names that differ in case are not.
        for (index, Parameter { name, .. }) in all.iter().enumerate() {
            let mut rest = all.iter().skip(index.saturating_add(1));
            if name.has_amz_prefix() && rest.any(|other| other.name.eq_ignore_case(*name)) {
                return Err(ParseError::Duplicate(Field::Query));
            }
        }
        Ok(())
    }

    fn put(&self, sink: &mut impl Sink) {
        let is_signed =
            |parameter: &&Parameter<'_>| parameter.name.as_received() != Field::Signature.as_str();
        for (index, parameter) in self.iter().filter(is_signed).enumerate() {
            if index > 0 {
                sink.put(b"&");
            }
            parameter.name.put(sink);
            sink.put(b"=");
            parameter.value.put(sink);
        }
    }
}

/// Refuses `x-amz-date` and `X%2DAmz-Date`: some readers take them for the real thing, some do not,
/// and that is how a claim comes to mean two things.
fn check_spelling(name: Wire<'_>) -> Result<(), ParseError> {
    let is_meant = |field: &Field| name.eq_ignore_case(Wire::plain(field.as_str(), Part::Query));
    match AUTH_PARAMETERS.iter().find(|field| is_meant(field)) {
        Some(&field) => Err(ParseError::Malformed(field)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Query<'_>, ParseError> {
        Query::parse(text, &mut AuthParameters::default())
    }

    fn canonical(text: &str) -> String {
        let mut out = String::new();
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).put(&mut out);
        out
    }

    /// In order or not, canonical or not, with the signature anywhere or nowhere.
    #[test]
    fn the_canonical_query_is_sorted_whole_and_without_the_signature() {
        for (text, expected) in [
            ("", ""),
            ("a=1", "a=1"),
            ("a", "a="),
            ("a=1&b=2", "a=1&b=2"),
            ("b=2&a=1", "a=1&b=2"),
            ("X-Amz-Signature=0", ""),
            ("X-Amz-Signature=0&a=1", "a=1"),
            ("a=1&X-Amz-Signature=0", "X-Amz-Signature=0&a=1"),
            ("Z=1&X-Amz-Signature=0", "Z=1"),
            ("Z=1&X-Amz-Signature=0&a=2", "Z=1&a=2"),
            ("a=2&X-Amz-Signature=0&Z=1", "Z=1&a=2"),
            ("a=b=c", "a=b%3Dc"),
            ("a=b+c&d=%c3%bc", "a=b%20c&d=%C3%BC"),
            ("x~=1&x%C3%A9=2", "x%C3%A9=2&x~=1"),
        ] {
            let expected = expected.replace("X-Amz-Signature=0&", "");
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn no_parameter_is_there_twice() {
        for text in [
            "a=1&a=1",
            "a=1&b=2&a=3",
            "%61=1&a=2",
            "x-amz-a=1&X-Amz-A=2",
            // These are in order.
            "X-Amz-A=1&x-amz-a=2",
            "X-Amz-A=1&X-Amz-B=2&x-amz-a=3",
            "a&a=",
        ] {
            let duplicate = Some(ParseError::Duplicate(Field::Query));
            assert_eq!(parse(text).err(), duplicate, "{text}");
        }
        for text in ["X-Amz-Date=1&X-Amz-Date=1", "X-Amz-Date=1&a=2&X-Amz-Date=3"] {
            let duplicate = Some(ParseError::Duplicate(Field::Date));
            assert_eq!(parse(text).err(), duplicate, "{text}");
        }
        for text in ["a=1&A=1", "a=1&ab=1", "x-amz-a=1&x-amz-b=1"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for text in ["&", "a=1&", "&a=1", "a=1&&b=2", "=1", "a=%", "a=%zz", "a=1&b=\u{1}", "a= b"] {
            let malformed = Some(ParseError::Malformed(Field::Query));
            assert_eq!(parse(text).err(), malformed, "{text}");
        }
        let many = |count: usize| {
            let names: alloc::vec::Vec<_> = (0..count).map(|at| alloc::format!("a{at}=")).collect();
            names.join("&")
        };
        assert!(parse(&many(100)).is_ok());
        let too_large = Some(ParseError::TooLarge(Field::Query));
        assert_eq!(parse(&many(101)).err(), too_large);
    }

    /// Claims as they are signed, whole and cut short; and what follows or breaks in.
    fn pieces_of_claims() -> impl Strategy<Value = String> {
        let usual = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400";
        let signature = "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751";
        let pieces = prop::sample::select(alloc::vec![
            "&X-Amz-Security-Token=a%2Bb%3D",
            "&X-Amz-SignedHeaders=host",
            "&X-Amz-SignedHeaders=a%3Bhost",
            signature,
            "&partNumber=17&uploadId=ab-c",
            "&X-Amz-Date=20130524T000000Z",
            "&x-amz-date=1",
            "&Z=%7E",
            "&",
            "a=b+c",
        ]);
        let cut = (prop::collection::vec(pieces, 0..6), any::<prop::sample::Index>(), 0_usize..4);
        (cut, "(%[0-9a-fA-F]?|[&=+~xX,;/ ]|é)?").prop_map(move |((pieces, place, removed), new)| {
            let mut text = String::from(usual);
            text.push_str(if pieces.len() > 3 { "&X-Amz-SignedHeaders=host" } else { "" });
            text.extend(pieces);
            if !new.is_empty() {
                let start = place.index(text.len());
                text.replace_range(start..(start + removed).min(text.len()), &new);
            }
            text
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn the_usual_start_is_read_as_any_other(text in pieces_of_claims()) {
            let (mut quick, mut slow) = (AuthParameters::default(), AuthParameters::default());
            let quickly = Query::parse(&text, &mut quick);
            let slowly = Query::read_on(&text, Progress::at_start(&text), &mut slow);
            match (quickly, slowly) {
                (Ok(one), Ok(other)) => {
                    prop_assert_eq!(one.signature, other.signature);
                    prop_assert!(one.order == other.order && one.spelling == other.spelling);
                    prop_assert_eq!(quick, slow);
                }
                (one, other) => prop_assert_eq!(one.err(), other.err()),
            }
        }
    }
}
