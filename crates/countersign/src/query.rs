//! The query of a request as it was received.
//!
//! What clients send is canonical already, nearly always: then the canonical query is the text
//! itself without its signature, and nothing is kept of the parameters but the claim's own.

use crate::{
    Mechanism, ParseError,
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
    signature: Option<(usize, usize)>,
    order: Order,
    spelling: Spelling,
}

/// The values of the claim's own parameters, in the order of [`AUTH_PARAMETERS`]. Beside the query,
/// for they are needed only until the claim is read.
#[derive(Default)]
pub(crate) struct AuthParameters<'a>([Option<Wire<'a>>; AUTH_PARAMETERS.len()]);

impl<'a> AuthParameters<'a> {
    fn set(&mut self, field: Field, value: Wire<'a>) -> Result<(), ParseError> {
        let slot = auth_slot(field).and_then(|slot| self.0.get_mut(slot));
        match slot.map(|place| place.replace(value)) {
            Some(None) => Ok(()),
            _ => Err(ParseError::Duplicate(field)),
        }
    }

    pub(crate) fn value(&self, field: Field) -> Option<Wire<'a>> {
        *self.0.get(auth_slot(field)?)?
    }
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
    len: usize,
}

impl<'a> Query<'a> {
    /// Reads a query of no more than [`TARGET_LEN_MAX`] bytes, and puts the claim's own parameters
    /// into `claim`. An empty one has no parameter.
    pub(crate) fn parse(text: &'a str, claim: &mut AuthParameters<'a>) -> Result<Self, ParseError> {
        let mut query =
            Self { text, signature: None, order: Order::Sorted, spelling: Spelling::Canonical };
        let mut others_of_amazon = 0_usize;
        let mut before: Option<Wire<'a>> = None;
        let mut start = 0_usize;
        let mut count = 0_usize;
        let mut rest = Some(text).filter(|text| !text.is_empty());
        while let Some(text) = rest {
            let piece = Piece::read(text).ok_or(ParseError::Malformed(Field::Query))?;
            rest = piece.behind(text);
            let Piece { parameter: Parameter { name, value }, auth, has_equals, len } = piece;
            count = count.saturating_add(1);
            if count > PARAMETERS_MAX {
                return Err(ParseError::TooLarge(Field::Query));
            }
            let end = start.saturating_add(len);
            if !(has_equals && name.is_canonical() && value.is_canonical()) {
                query.spelling = Spelling::Other;
            }
            if let Some(field) = auth {
                claim.set(field, value)?;
            } else if name.has_amz_prefix() {
                check_spelling(name)?;
                others_of_amazon = others_of_amazon.saturating_add(1);
            }
            if auth == Some(Field::Signature) {
                query.signature = Some((start, end));
            } else {
                if before.is_some_and(|before| before.cmp(name).is_ge()) {
                    query.order = Order::Unsorted;
                }
                before = Some(name);
            }
            start = end.saturating_add(1);
        }
        // Names that are in order are not equal; those that differ in case only may be.
        if query.order == Order::Unsorted || others_of_amazon > 1 {
            Sorted::new(text).check_unique()?;
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
        let Some((start, end)) = self.signature else { return sink.put_str(self.text) };
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
        rest = piece.behind(text);
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
        let (value, has_equals) = match rest.strip_prefix('=') {
            Some(value) => (value, true),
            None => ("", false),
        };
        let value = Wire::read(value, Part::Query, Some(b'&'))?;
        let auth = auth_field(name);
        let name = match auth {
            Some(_) => Wire::plain(name, Part::Query),
            None => Wire::new(name, Part::Query).filter(|name| !name.is_empty())?,
        };
        let value_len = value.as_received().len();
        let len = name_len.saturating_add(value_len).saturating_add(usize::from(has_equals));
        Some(Self { parameter: Parameter { name, value }, auth, has_equals, len })
    }

    /// What stands behind it and its `&` in the text that it was read from.
    fn behind(&self, text: &'a str) -> Option<&'a str> {
        text.get(self.len..)?.strip_prefix('&')
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

    fn check_unique(&self) -> Result<(), ParseError> {
        // Equal names are neighbours now.
        let mut neighbours = self.iter().zip(self.iter().skip(1));
        if neighbours.any(|(one, other)| one.name.cmp(other.name).is_eq()) {
            return Err(ParseError::Duplicate(Field::Query));
        }
        // Names that differ in case are not.
        for (index, Parameter { name, .. }) in self.iter().enumerate() {
            let mut rest = self.iter().skip(index.saturating_add(1));
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

/// The claim's own parameter of exactly this name.
fn auth_field(name: &str) -> Option<Field> {
    let field = match name.strip_prefix("X-Amz-")? {
        "Algorithm" => Field::Algorithm,
        "Credential" => Field::Credential,
        "Date" => Field::Date,
        "Expires" => Field::Expires,
        "Security-Token" => Field::SecurityToken,
        "Signature" => Field::Signature,
        "SignedHeaders" => Field::SignedHeaders,
        _ => return None,
    };
    Some(field)
}

/// Its place in [`AUTH_PARAMETERS`].
const fn auth_slot(field: Field) -> Option<usize> {
    let slot = match field {
        Field::Algorithm => 0,
        Field::Credential => 1,
        Field::Date => 2,
        Field::Expires => 3,
        Field::SecurityToken => 4,
        Field::Signature => 5,
        Field::SignedHeaders => 6,
        _ => return None,
    };
    Some(slot)
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
    fn the_parameters_of_the_claim_are_known_by_their_names() {
        for field in AUTH_PARAMETERS {
            assert_eq!(auth_field(field.as_str()), Some(field));
            assert_eq!(auth_slot(field).map(|slot| AUTH_PARAMETERS[slot]), Some(field));
            assert_eq!(auth_field(&field.as_str().to_ascii_lowercase()), None);
        }
        assert_eq!(auth_field("X-Amz-"), None);
    }

    #[test]
    fn no_parameter_is_there_twice() {
        for text in ["a=1&a=1", "a=1&b=2&a=3", "%61=1&a=2", "x-amz-a=1&X-Amz-A=2", "a&a="] {
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
}
