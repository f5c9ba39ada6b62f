//! What a file of rows has in it: its columns, a few of its rows, and how many there are.
//!
//! A file is read once, from its start to its end, and never held: what is kept of it is bounded by
//! the limits below, whatever is in it. What is in it is never believed; a file that cannot be read
//! is answered with the reason.
//!
//! | format | rows |
//! | --- | --- |
//! | CSV, TSV (RFC 4180) | all records but the first, which has the names |
//! | JSON (RFC 8259) | the objects of a list |
//! | `GeoJSON` (RFC 7946) | the properties of the features |
//!
//! Nothing here knows of HTTP, of a catalog or of a storage but for the words for a column.

mod delimited;
mod diff;
mod error;
mod geo;
mod guard;
mod json;
mod kind;
mod node;
mod table;

use std::io::Read;

pub(crate) use self::{diff::SchemaDiff, error::PreviewFault, geo::GeometryKind, table::Table};

/// The most columns of a file.
const COLUMNS_MAX: usize = 1_000;

/// The longest name of a column, in bytes: as long as the catalog keeps.
const NAME_LEN_MAX: usize = 1_024;

/// The longest value, in bytes. A quote that is never closed makes a value of all that follows.
const VALUE_LEN_MAX: u64 = 4 * 1024 * 1024;

/// The deepest nesting of JSON. Collections of geometries in each other are the deepest that there
/// is a use for.
const DEPTH_MAX: usize = 64;

const BOM: [u8; 3] = *b"\xef\xbb\xbf";

/// How many rows are looked at for columns and types. All others are counted.
const TYPED_ROWS_MAX: u64 = 10_000;

/// A format of which the rows can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// By commas, or by what its first line has more of.
    Csv,
    /// By tabs.
    Tsv,
    /// A list of objects, or `GeoJSON`.
    Json,
    GeoJson,
}

impl Format {
    /// `None` for what cannot be read here.
    pub(crate) fn of(extension: &str) -> Option<Self> {
        match extension {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "json" => Some(Self::Json),
            "geojson" => Some(Self::GeoJson),
            _ => None,
        }
    }
}

/// Reads a file to its end.
///
/// # Errors
///
/// [`PreviewFault`], also where `input` has one to say.
pub(crate) fn read(format: Format, mut input: impl Read) -> Result<Table, PreviewFault> {
    // A mark of the byte order is none of the content (RFC 8259, section 8.1).
    let mut head = [0; BOM.len()];
    let len = read_full(&mut input, &mut head)?;
    let head = if head == BOM { &[][..] } else { head.get(..len).unwrap_or_default() };
    let mut input = head.chain(input);
    match format {
        Format::Csv => delimited::read(&mut input, None),
        Format::Tsv => delimited::read(&mut input, Some(b'\t')),
        Format::Json => json::read(&mut input, json::Root::Any),
        Format::GeoJson => json::read(&mut input, json::Root::Geo),
    }
}

/// Reads until `buffer` is full or the input ends; how much there was.
fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, PreviewFault> {
    let mut len = 0;
    while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PreviewFault::from_io(error)),
        }
    }
    Ok(len)
}

/// `text`, as far as it may be shown.
fn cut(text: &str) -> String {
    const CHARS_MAX: usize = 256;
    text.chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
