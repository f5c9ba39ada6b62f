use std::collections::HashMap;

use countersign_catalog::{Column, ColumnKind};
use serde_json::Value;

use super::{
    COLUMNS_MAX, NAME_LEN_MAX, PreviewFault, TYPED_ROWS_MAX,
    geo::GeometryKind,
    kind::{self, Guess},
};

/// How many rows are shown.
pub(super) const SAMPLES_MAX: usize = 5;

/// What was found in a file.
///
/// - No two columns have one name. There are at most 1,000, of at most 1,024 bytes each.
/// - A sample has a value for each column: a number, a truth value, a text of at most 256
///   characters, or `null`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    /// In the order in which they come.
    pub(crate) columns: Vec<Column>,
    pub(crate) row_count: u64,
    /// The first rows.
    pub(crate) samples: Vec<Vec<Value>>,
    /// What all geometries have in common; `None` where there is none.
    pub(crate) geometry: Option<GeometryKind>,
    /// The EPSG code of the coordinates; `None` where there are none, or in a system of no code.
    pub(crate) epsg: Option<u32>,
}

/// A table whose rows are still to come.
#[derive(Debug, Default)]
pub(super) struct TableBuilder {
    columns: Vec<ColumnBuilder>,
    /// The columns by their names.
    places: HashMap<Box<str>, usize>,
    row_count: u64,
    samples: Vec<Vec<(usize, Value)>>,
}

#[derive(Debug)]
struct ColumnBuilder {
    name: Box<str>,
    guess: Guess,
    /// The last row that had a value here.
    row: u64,
}

impl TableBuilder {
    /// How many rows have begun, which is also the number of the last one.
    pub(super) const fn row(&self) -> u64 {
        self.row_count
    }

    pub(super) const fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Begins a row.
    pub(super) fn begin_row(&mut self) {
        self.row_count = self.row_count.saturating_add(1);
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(Vec::new());
        }
    }

    /// Whether the values of the row that was begun last are looked at.
    pub(super) const fn is_typed(&self) -> bool {
        self.row_count <= TYPED_ROWS_MAX
    }

    /// Whether the values of the row that was begun last are shown.
    pub(super) fn is_sampled(&self) -> bool {
        self.row_count <= SAMPLES_MAX as u64
    }

    /// The column of this name, or a new one.
    pub(super) fn column(&mut self, name: &str) -> Result<usize, PreviewFault> {
        match self.places.get(name) {
            Some(place) => Ok(*place),
            None => self.add_column(name),
        }
    }

    /// Adds a column of a name that is not there.
    pub(super) fn add_column(&mut self, name: &str) -> Result<usize, PreviewFault> {
        let place = self.columns.len();
        if place >= COLUMNS_MAX {
            return Err(PreviewFault::TooManyColumns);
        }
        if name.len() > NAME_LEN_MAX {
            return Err(PreviewFault::NameTooLong);
        }
        if self.places.insert(name.into(), place).is_some() {
            return Err(PreviewFault::RepeatedColumn { place: place + 1 });
        }
        self.columns.push(ColumnBuilder { name: name.into(), guess: Guess::default(), row: 0 });
        Ok(place)
    }

    /// Takes a value of the row that was begun last. `kind` is `None` for nothing, and the sample is
    /// there where the row is shown.
    pub(super) fn add_value(
        &mut self,
        place: usize,
        kind: Option<ColumnKind>,
        sample: Option<Value>,
    ) -> Result<(), PreviewFault> {
        let Some(column) = self.columns.get_mut(place) else { return Ok(()) };
        if column.row == self.row_count {
            return Err(PreviewFault::RepeatedMember { row: self.row_count });
        }
        column.row = self.row_count;
        if let Some(kind) = kind {
            column.guess.add(kind);
        }
        if let (Some(value), Some(row)) = (sample, self.samples.last_mut()) {
            row.push((place, value));
        }
        Ok(())
    }

    /// The table, when all rows have come. What is shown of texts is `read` by the kinds of their
    /// columns.
    pub(super) fn finish(self, texts: Texts) -> Table {
        let columns = self.columns.into_iter();
        let columns: Vec<_> =
            columns.map(|column| Column { name: column.name, kind: column.guess.kind() }).collect();
        let whole = |row: Vec<(usize, Value)>| {
            let mut values = vec![Value::Null; columns.len()];
            for (place, value) in row {
                let (Some(found), Some(column)) = (values.get_mut(place), columns.get(place))
                else {
                    continue;
                };
                *found = match (texts, value) {
                    (Texts::Read, Value::String(text)) => value_of(&text, column.kind),
                    (_, value) => value,
                };
            }
            values
        };
        let samples = self.samples.into_iter().map(whole).collect();
        Table { columns, row_count: self.row_count, samples, geometry: None, epsg: None }
    }
}

/// What the texts among the samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// Texts, whatever they look like.
    Keep,
    /// What they stand for.
    Read,
}

/// A text of a column of this kind, as a value of it.
fn value_of(text: &str, kind: ColumnKind) -> Value {
    let read = match kind {
        _ if text.is_empty() => Some(Value::Null),
        ColumnKind::Boolean => kind::boolean(text.trim_matches(' ')).map(Value::from),
        ColumnKind::Integer => kind::integer(text.trim_matches(' ')).map(Value::from),
        ColumnKind::Float => kind::float(text.trim_matches(' ')).map(Value::from),
        ColumnKind::Text | ColumnKind::Date => None,
    };
    read.unwrap_or_else(|| text.into())
}
