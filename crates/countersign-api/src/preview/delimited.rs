//! CSV and TSV (RFC 4180): what every writer of them writes. A record ends with CR, LF or both; empty
//! lines are none.

use std::io::Read;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::{
    NAME_LEN_MAX, PreviewFault, Table, VALUE_LEN_MAX, cut, kind, read_full,
    table::{TableBuilder, Texts},
};

const BUFFER_LEN: usize = 64 * 1024;
/// Of the room for a value, in bytes: a longer one comes in pieces.
const OUTPUT_LEN: usize = 4 * 1024;

/// What may be between two values. The first line tells which of them it is.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// How much of a value is looked at, in bytes: enough for a name, and for any value that is not
/// simply a text.
const KEPT_LEN_MAX: usize = NAME_LEN_MAX + 1;

pub(super) fn read(input: &mut impl Read, separator: Option<u8>) -> Result<Table, PreviewFault> {
    let mut values = Values::begin(input, separator)?;
    let mut table = TableBuilder::default();
    read_header(&mut values, &mut table)?;
    while let Some(first) = values.next()? {
        read_row(&mut values, first, &mut table)?;
    }
    Ok(table.finish(Texts::Read))
}

fn read_header<R: Read>(
    values: &mut Values<'_, R>,
    table: &mut TableBuilder,
) -> Result<(), PreviewFault> {
    let mut end = values.next()?.ok_or(PreviewFault::NoHeader)?;
    loop {
        if values.len > NAME_LEN_MAX as u64 {
            return Err(PreviewFault::NameTooLong);
        }
        let place = table.column_count() + 1;
        let name = match values.text()? {
            // As GDAL names it, and with it the vendor.
            "" => format!("field_{place}"),
            name => name.to_owned(),
        };
        table.add_column(&name)?;
        match end {
            End::Value => end = values.next()?.unwrap_or(End::Record),
            End::Record => return Ok(()),
        }
    }
}

/// Reads the rest of a row whose first value was read. Values at the end may be missing.
fn read_row<R: Read>(
    values: &mut Values<'_, R>,
    mut end: End,
    table: &mut TableBuilder,
) -> Result<(), PreviewFault> {
    table.begin_row();
    let mut place = 0;
    loop {
        if place >= table.column_count() {
            return Err(PreviewFault::TooManyValues { row: table.row() });
        }
        if table.is_typed() {
            let text = values.text()?;
            let sample = table.is_sampled().then(|| cut(text).into());
            table.add_value(place, kind::of_text(text), sample)?;
        }
        match end {
            End::Value => end = values.next()?.unwrap_or(End::Record),
            End::Record => return Ok(()),
        }
        place += 1;
    }
}

/// What a value ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Another value of its record follows.
    Value,
    /// It is the last of its record.
    Record,
}

/// The values of a file, one after another.
struct Values<'r, R> {
    reader: Reader,
    input: &'r mut R,
    buffer: Box<[u8]>,
    /// What of the buffer was read in and not looked at.
    start: usize,
    end: usize,
    /// Where a value is written to. Kept, for clearing it for each would take longer than all else.
    output: Box<[u8]>,
    /// The start of the last value, and how long all of it is.
    kept: Vec<u8>,
    len: u64,
}

impl<'r, R: Read> Values<'r, R> {
    fn begin(input: &'r mut R, separator: Option<u8>) -> Result<Self, PreviewFault> {
        let mut buffer = vec![0; BUFFER_LEN].into_boxed_slice();
        let end = read_full(input, &mut buffer)?;
        let head = buffer.get(..end).unwrap_or_default();
        let separator = separator.unwrap_or_else(|| separator_of(head));
        let reader = ReaderBuilder::new().delimiter(separator).build();
        let output = vec![0; OUTPUT_LEN].into_boxed_slice();
        Ok(Self { reader, input, buffer, start: 0, end, output, kept: Vec::new(), len: 0 })
    }

    /// Reads a value; `None` at the end.
    fn next(&mut self) -> Result<Option<End>, PreviewFault> {
        self.kept.clear();
        self.len = 0;
        loop {
            if self.start == self.end {
                self.start = 0;
                self.end = read_full(self.input, &mut self.buffer)?;
            }
            // An empty input is the end of the file.
            let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
            let (result, read, written) = self.reader.read_field(rest, &mut self.output);
            self.start += read;
            self.len = self.len.saturating_add(written as u64);
            if self.len > VALUE_LEN_MAX {
                return Err(PreviewFault::ValueTooLong);
            }
            let room = (KEPT_LEN_MAX - self.kept.len()).min(written);
            self.kept.extend_from_slice(self.output.get(..room).unwrap_or_default());
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end: true } => return Ok(Some(End::Record)),
                ReadFieldResult::Field { record_end: false } => return Ok(Some(End::Value)),
                ReadFieldResult::End => return Ok(None),
            }
        }
    }

    /// The last value, or the start of one that is too long to be a name or anything but a text.
    fn text(&self) -> Result<&str, PreviewFault> {
        if self.kept.contains(&0) {
            return Err(PreviewFault::NotText);
        }
        let is_cut = self.len > self.kept.len() as u64;
        match std::str::from_utf8(&self.kept) {
            Ok(text) => Ok(text),
            Err(error) if is_cut && error.error_len().is_none() => {
                let (whole, _) = self.kept.split_at(error.valid_up_to());
                std::str::from_utf8(whole).map_err(|_| PreviewFault::NotText)
            }
            Err(_) => Err(PreviewFault::NotText),
        }
    }
}

/// Which separator the first line has most of, outside of quotes; of those that it has as many of, the
/// first.
fn separator_of(head: &[u8]) -> u8 {
    let mut counts = SEPARATORS.map(|separator| (separator, 0_usize));
    let mut is_quoted = false;
    // Empty lines are none.
    for byte in head.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'\r' | b'\n' => break,
            byte => {
                for (_, count) in counts.iter_mut().filter(|(separator, _)| separator == byte) {
                    *count += 1;
                }
            }
        }
    }
    // The last of the largest, so the first comes last.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(separator, _)| *separator)
}
