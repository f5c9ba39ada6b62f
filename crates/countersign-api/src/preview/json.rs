//! JSON: a list of objects, or `GeoJSON` (RFC 7946). The members of an object may be in any order, so
//! what an object is may turn out at its end.

use std::io::{self, BufReader, Read};

use countersign_catalog::ColumnKind;
use serde::de::{DeserializeSeed as _, Error, IgnoredAny, MapAccess, SeqAccess};
use serde_json::{Deserializer, Value, error::Category};

use super::{
    PreviewFault, Table, cut,
    geo::{GeometryKind, WGS84, epsg_of},
    guard::Guard,
    kind,
    node::{Node, Scalar, Take, ignore_list, ignore_object},
    table::{TableBuilder, Texts},
};

const BUFFER_LEN: usize = 64 * 1024;

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// A list of objects, or `GeoJSON`.
    Any,
    /// `GeoJSON` alone.
    Geo,
}

pub(super) fn read(input: &mut impl Read, root: Root) -> Result<Table, PreviewFault> {
    let mut found = Found::default();
    let input = BufReader::with_capacity(BUFFER_LEN, Guard::new(input));
    let mut reader = Deserializer::from_reader(input);
    let read = Node(Top { found: &mut found, root }).deserialize(&mut reader);
    let read = read.and_then(|()| reader.end());
    match (found.fault, read) {
        (Some(fault), _) => Err(fault),
        (None, Err(error)) => Err(fault_of(error)),
        (None, Ok(())) => found.finish(),
    }
}

fn fault_of(error: serde_json::Error) -> PreviewFault {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Io => PreviewFault::from_io(io::Error::from(error)),
        // There is no other way to tell it from what is no JSON at all.
        _ if error.to_string().starts_with("number out of range") => {
            PreviewFault::NumberTooLarge { line, column }
        }
        _ => PreviewFault::NotJson { line, column },
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    /// The rows of the list, or of the features.
    many: Rows,
    /// The row of the one feature or geometry that the file may be.
    one: Rows,
    has_list: bool,
    has_features: bool,
    /// The `type` of the object that the file is.
    kind: Option<String>,
    /// Whether it names the system of its coordinates, and as which.
    names_crs: bool,
    epsg: Option<u32>,
    /// Why it is not read on.
    fault: Option<PreviewFault>,
}

/// Rows, and what their geometries have in common.
#[derive(Debug, Default)]
struct Rows {
    table: TableBuilder,
    geometry: Option<GeometryKind>,
    /// The first row whose properties are none.
    odd_row: Option<u64>,
}

/// Which rows something is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Many,
    One,
}

impl Found {
    fn rows(&mut self, which: Which) -> &mut Rows {
        match which {
            Which::Many => &mut self.many,
            Which::One => &mut self.one,
        }
    }

    /// Ends the reading.
    fn fail<E: Error>(&mut self, fault: PreviewFault) -> E {
        self.fault = Some(fault);
        E::custom(fault)
    }

    fn noted<T, E: Error>(&mut self, outcome: Result<T, PreviewFault>) -> Result<T, E> {
        outcome.map_err(|fault| self.fail(fault))
    }

    fn finish(mut self) -> Result<Table, PreviewFault> {
        if self.has_list {
            return Ok(self.many.table.finish(Texts::Keep));
        }
        let rows = match self.kind.as_deref() {
            Some("FeatureCollection") if self.has_features => self.many,
            Some("Feature") => self.one.made_one()?,
            Some(name) => {
                let geometry = Some(GeometryKind::of(name).ok_or(PreviewFault::NoRows)?);
                self.one = Rows { geometry, ..Rows::default() };
                self.one.made_one()?
            }
            None => return Err(PreviewFault::NoRows),
        };
        let epsg = if self.names_crs { self.epsg } else { Some(WGS84) };
        let epsg = rows.geometry.and(epsg);
        Ok(Table { geometry: rows.geometry, epsg, ..rows.table.finish(Texts::Keep) })
    }
}

impl Rows {
    /// One row, also where it has no values.
    fn made_one(mut self) -> Result<Self, PreviewFault> {
        if let Some(row) = self.odd_row {
            return Err(PreviewFault::NotFeature { row });
        }
        if self.table.row() == 0 {
            self.table.begin_row();
        }
        Ok(self)
    }
}

/// The file.
struct Top<'f> {
    found: &'f mut Found,
    root: Root,
}

impl Take for Top<'_> {
    fn scalar<E: Error>(self, _: Scalar<'_>) -> Result<(), E> {
        Err(self.found.fail(PreviewFault::NoRows))
    }

    fn list<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.root == Root::Geo {
            return Err(self.found.fail(PreviewFault::NoRows));
        }
        self.found.has_list = true;
        while items.next_element_seed(Node(Row { found: &mut *self.found }))?.is_some() {}
        Ok(())
    }

    fn object<'de, A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let found = self.found;
        while let Some(name) = members.next_key::<String>()? {
            match &*name {
                "type" => members.next_value_seed(Node(Text(&mut found.kind)))?,
                "features" if found.has_features => {
                    return Err(found.fail(PreviewFault::RepeatedFeatures));
                }
                "features" => members.next_value_seed(Node(Features { found: &mut *found }))?,
                "crs" => {
                    // As `GeoJSON` of 2008 names it.
                    let mut name = None;
                    let of = Member("properties", Member("name", Text(&mut name)));
                    members.next_value_seed(Node(of))?;
                    found.names_crs = true;
                    found.epsg = name.as_deref().and_then(epsg_of);
                }
                "properties" => {
                    let of = Properties { found: &mut *found, which: Which::One };
                    members.next_value_seed(Node(of))?;
                }
                "geometry" => {
                    let of = Geometry { found: &mut *found, which: Which::One };
                    members.next_value_seed(Node(of))?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// An item of a list of objects.
struct Row<'f> {
    found: &'f mut Found,
}

impl Row<'_> {
    fn refuse<E: Error>(self) -> E {
        let row = self.found.many.table.row().saturating_add(1);
        self.found.fail(PreviewFault::NotObject { row })
    }
}

impl Take for Row<'_> {
    fn scalar<E: Error>(self, _: Scalar<'_>) -> Result<(), E> {
        Err(self.refuse())
    }

    fn list<'de, A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse())
    }

    fn object<'de, A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        self.found.many.table.begin_row();
        take_values(self.found, Which::Many, members)
    }
}

/// Takes the values of the row that was begun last.
fn take_values<'de, A: MapAccess<'de>>(
    found: &mut Found,
    which: Which,
    mut members: A,
) -> Result<(), A::Error> {
    if !found.rows(which).table.is_typed() {
        return ignore_object(members);
    }
    while let Some(name) = members.next_key::<String>()? {
        let place = found.rows(which).table.column(&name);
        let place = found.noted(place)?;
        members.next_value_seed(Node(Cell { found: &mut *found, which, place }))?;
    }
    Ok(())
}

/// A value of a row.
struct Cell<'f> {
    found: &'f mut Found,
    which: Which,
    place: usize,
}

impl Cell<'_> {
    fn add<E: Error>(
        self,
        kind: Option<ColumnKind>,
        sample: impl FnOnce() -> Value,
    ) -> Result<(), E> {
        let table = &mut self.found.rows(self.which).table;
        let sample = table.is_sampled().then(sample);
        let added = table.add_value(self.place, kind, sample);
        self.found.noted(added)
    }
}

impl Take for Cell<'_> {
    fn scalar<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        match scalar {
            Scalar::Null => self.add(None, || Value::Null),
            Scalar::Boolean(value) => self.add(Some(ColumnKind::Boolean), || value.into()),
            Scalar::Number(number) => {
                let is_whole = number.is_i64();
                let kind = if is_whole { ColumnKind::Integer } else { ColumnKind::Float };
                self.add(Some(kind), || number.into())
            }
            Scalar::Text(text) => {
                let is_date = kind::is_date(text);
                let kind = if is_date { ColumnKind::Date } else { ColumnKind::Text };
                self.add(Some(kind), || cut(text).into())
            }
        }
    }

    fn list<'de, A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        ignore_list(items)?;
        self.add(Some(ColumnKind::Text), || "[…]".into())
    }

    fn object<'de, A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        ignore_object(members)?;
        self.add(Some(ColumnKind::Text), || "{…}".into())
    }
}

/// The list of features.
struct Features<'f> {
    found: &'f mut Found,
}

impl Take for Features<'_> {
    fn list<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.found.has_features = true;
        while items.next_element_seed(Node(Feature { found: &mut *self.found }))?.is_some() {}
        Ok(())
    }
}

/// A feature among others.
struct Feature<'f> {
    found: &'f mut Found,
}

impl Feature<'_> {
    fn refuse<E: Error>(self) -> E {
        let row = self.found.many.table.row().saturating_add(1);
        self.found.fail(PreviewFault::NotFeature { row })
    }
}

impl Take for Feature<'_> {
    fn scalar<E: Error>(self, _: Scalar<'_>) -> Result<(), E> {
        Err(self.refuse())
    }

    fn list<'de, A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse())
    }

    fn object<'de, A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (found, which, mut kind) = (self.found, Which::Many, None);
        found.many.table.begin_row();
        while let Some(name) = members.next_key::<String>()? {
            match &*name {
                "type" => members.next_value_seed(Node(Text(&mut kind)))?,
                "properties" => {
                    members.next_value_seed(Node(Properties { found: &mut *found, which }))?;
                }
                "geometry" => {
                    members.next_value_seed(Node(Geometry { found: &mut *found, which }))?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        let row = found.many.table.row();
        if kind.as_deref() == Some("Feature") && found.many.odd_row.is_none() {
            return Ok(());
        }
        Err(found.fail(PreviewFault::NotFeature { row }))
    }
}

/// The properties of a feature: an object, or `null`.
struct Properties<'f> {
    found: &'f mut Found,
    which: Which,
}

impl Properties<'_> {
    fn note_odd(self) {
        let rows = self.found.rows(self.which);
        rows.odd_row = Some(rows.table.row().max(1));
    }
}

impl Take for Properties<'_> {
    fn scalar<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        if !matches!(scalar, Scalar::Null) {
            self.note_odd();
        }
        Ok(())
    }

    fn list<'de, A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        self.note_odd();
        ignore_list(items)
    }

    fn object<'de, A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        if self.which == Which::One {
            self.found.one.table.begin_row();
        }
        take_values(self.found, self.which, members)
    }
}

/// The geometry of a feature: an object, or `null`. Its coordinates are not looked at.
struct Geometry<'f> {
    found: &'f mut Found,
    which: Which,
}

impl Take for Geometry<'_> {
    fn object<'de, A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut name = None;
        while let Some(member) = members.next_key::<String>()? {
            match &*member {
                "type" => members.next_value_seed(Node(Text(&mut name)))?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        let rows = self.found.rows(self.which);
        let row = rows.table.row().max(1);
        match name.as_deref().and_then(GeometryKind::of) {
            Some(kind) => {
                rows.geometry = Some(rows.geometry.map_or(kind, |other| other.with(kind)));
            }
            None => rows.odd_row = Some(row),
        }
        Ok(())
    }
}

/// A text, and nothing where it is something else.
struct Text<'t>(&'t mut Option<String>);

impl Take for Text<'_> {
    fn scalar<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        if let Scalar::Text(text) = scalar {
            *self.0 = Some(cut(text));
        }
        Ok(())
    }
}

/// A member of an object, for one who takes it; the rest is passed over.
struct Member<T>(&'static str, T);

impl<T: Take> Take for Member<T> {
    fn object<'de, A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self(wanted, taker) = self;
        let mut taker = Some(taker);
        while let Some(name) = members.next_key::<String>()? {
            match taker.take_if(|_| name == wanted) {
                Some(taker) => members.next_value_seed(Node(taker))?,
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
