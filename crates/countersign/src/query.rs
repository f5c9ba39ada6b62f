//! The query of a request as it was received: an index into it, without a copy.

use crate::{
    ParseError,
    encode::{Part, Wire},
    error::Field,
    names::AUTH_PARAMETERS,
    sink::Sink,
};

/// The longest target that is read, and so the longest that is signed. Its offsets fit an
/// [`Entry`].
pub(crate) const TARGET_LEN_MAX: usize = 16_384;

/// More parameters than any S3 operation has.
const PARAMETERS_MAX: usize = 100;

/// The parameters of a query.
///
/// - Sorted as they stand in the canonical query.
/// - No name twice; no `x-amz-` name twice in two cases.
/// - The names of the claim's own parameters are spelled exactly as they should be.
pub(crate) struct Query<'a> {
    text: &'a str,
    entries: [Entry; PARAMETERS_MAX],
    len: usize,
    /// The claim's own parameters, in the order of [`AUTH_PARAMETERS`].
    auth: [Option<Entry>; AUTH_PARAMETERS.len()],
}

/// One parameter, by its place in the text: small, for a claim has room for a hundred of them.
#[derive(Clone, Copy, Default)]
struct Entry {
    start: u16,
    name_end: u16,
    end: u16,
    is_name_canonical: bool,
    is_value_canonical: bool,
}

/// One parameter.
#[derive(Clone, Copy)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: Wire<'a>,
    pub(crate) value: Wire<'a>,
}

impl<'a> Query<'a> {
    /// Reads a query of no more than [`TARGET_LEN_MAX`] bytes. An empty one has no parameter.
    pub(crate) fn parse(text: &'a str) -> Result<Self, ParseError> {
        let entries = [Entry::default(); PARAMETERS_MAX];
        let mut query = Self { text, entries, len: 0, auth: [None; AUTH_PARAMETERS.len()] };
        if text.is_empty() {
            return Ok(query);
        }
        let mut others_of_amazon = 0_usize;
        let mut start = 0;
        for piece in text.split('&') {
            let parameter = Parameter::parse(piece)?;
            let entry = Entry::new(start, piece, parameter)?;
            *query.entries.get_mut(query.len).ok_or(ParseError::TooLarge(Field::Query))? = entry;
            query.len = query.len.saturating_add(1);
            start = start.saturating_add(piece.len()).saturating_add(1);
            if !parameter.name.has_amz_prefix() {
                continue;
            }
            if let Some(slot) = auth_slot(parameter.name.as_received()) {
                query.set_auth(slot, entry)?;
            } else {
                check_spelling(parameter.name)?;
                others_of_amazon = others_of_amazon.saturating_add(1);
            }
        }
        query.sort();
        query.check_unique(others_of_amazon)?;
        Ok(query)
    }

    fn set_auth(&mut self, slot: usize, entry: Entry) -> Result<(), ParseError> {
        let field = AUTH_PARAMETERS.get(slot).copied().unwrap_or(Field::Query);
        match self.auth.get_mut(slot).map(|place| place.replace(entry)) {
            Some(None) => Ok(()),
            _ => Err(ParseError::Duplicate(field)),
        }
    }

    fn sort(&mut self) {
        let name = |entry: &Entry| entry.parameter(self.text).name;
        let filled = self.entries.get_mut(..self.len).unwrap_or_default();
        filled.sort_unstable_by(|one, other| name(one).cmp(name(other)));
    }

    fn check_unique(&self, others_of_amazon: usize) -> Result<(), ParseError> {
        // Equal names are neighbours now.
        let mut neighbours = self.iter().zip(self.iter().skip(1));
        if neighbours.any(|(one, other)| one.name.cmp(other.name).is_eq()) {
            return Err(ParseError::Duplicate(Field::Query));
        }
        // Names that differ in case are not, and seldom there are two to compare.
        if others_of_amazon > 1 {
            for (index, Parameter { name, .. }) in self.iter().enumerate() {
                let mut rest = self.iter().skip(index.saturating_add(1));
                if name.has_amz_prefix() && rest.any(|other| other.name.eq_ignore_case(name)) {
                    return Err(ParseError::Duplicate(Field::Query));
                }
            }
        }
        Ok(())
    }

    /// All parameters, as they sort.
    fn iter(&self) -> impl Iterator<Item = Parameter<'a>> {
        self.entries.iter().take(self.len).map(|entry| entry.parameter(self.text))
    }

    /// The value of one of the claim's own parameters.
    pub(crate) fn auth(&self, field: Field) -> Option<Wire<'a>> {
        let slot = AUTH_PARAMETERS.iter().position(|&other| other == field)?;
        let entry = (*self.auth.get(slot)?)?;
        Some(entry.parameter(self.text).value)
    }

    /// As it was received.
    pub(crate) const fn as_received(&self) -> &'a str {
        self.text
    }

    /// Writes the canonical query.
    pub(crate) fn put(&self, sink: &mut impl Sink) {
        let is_signed =
            |parameter: &Parameter<'_>| parameter.name.as_received() != Field::Signature.as_str();
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

impl Entry {
    fn new(start: usize, piece: &str, parameter: Parameter<'_>) -> Result<Self, ParseError> {
        let offset = |len: usize| {
            let at = start.saturating_add(len);
            u16::try_from(at).map_err(|_| ParseError::TooLarge(Field::Query))
        };
        Ok(Self {
            start: offset(0)?,
            name_end: offset(parameter.name.as_received().len())?,
            end: offset(piece.len())?,
            is_name_canonical: parameter.name.is_canonical(),
            is_value_canonical: parameter.value.is_canonical(),
        })
    }

    fn parameter(self, text: &str) -> Parameter<'_> {
        let [start, name_end, end] = [self.start, self.name_end, self.end].map(usize::from);
        let name = text.get(start..name_end).unwrap_or_default();
        // A parameter without `=` has an empty value, and ends where its name does.
        let value = text.get(name_end.saturating_add(1)..end).unwrap_or_default();
        Parameter {
            name: Wire::known(name, Part::Query, self.is_name_canonical),
            value: Wire::known(value, Part::Query, self.is_value_canonical),
        }
    }
}

impl<'a> Parameter<'a> {
    /// Reads one piece between two `&`.
    pub(crate) fn parse(piece: &'a str) -> Result<Self, ParseError> {
        let malformed = ParseError::Malformed(Field::Query);
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let name = Wire::new(name, Part::Query).ok_or(malformed)?;
        let value = Wire::new(value, Part::Query).ok_or(malformed)?;
        if name.is_empty() { Err(malformed) } else { Ok(Self { name, value }) }
    }
}

/// The place of the claim's own parameter of exactly this name.
fn auth_slot(name: &str) -> Option<usize> {
    AUTH_PARAMETERS.iter().position(|field| field.as_str() == name)
}

/// Whether a parameter is one of the claim's own.
pub(crate) fn is_auth(name: Wire<'_>) -> bool {
    auth_slot(name.as_received()).is_some()
}

/// Refuses `x-amz-date` and `X%2DAmz-Date`: some readers take them for the real thing, some do not,
/// and that is how a claim comes to mean two things.
fn check_spelling(name: Wire<'_>) -> Result<(), ParseError> {
    let is_meant =
        |field: &Field| name.eq_ignore_case(Wire::known(field.as_str(), Part::Query, true));
    match AUTH_PARAMETERS.iter().find(|field| is_meant(field)) {
        Some(&field) => Err(ParseError::Malformed(field)),
        None => Ok(()),
    }
}
