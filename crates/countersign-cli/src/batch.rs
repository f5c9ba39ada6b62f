//! JSON lines in, JSON lines out: one for one, in order, whatever is in them.

use std::{
    io::{self, BufRead, BufReader, BufWriter, Read as _, Write},
    process::ExitCode,
};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::fields::{Fields, InputError};

/// The longest line that is read. The longest that is needed is a few ten thousand bytes.
const LINE_LEN_MAX: u64 = 1 << 20;

/// The arguments of a command that does one thing, or one for each line.
#[derive(Debug, Args)]
pub(crate) struct OneOrBatch<One: Args> {
    /// Answer JSON lines from standard input, one JSON line out for each
    #[arg(long, exclusive = true)]
    pub(crate) batch: bool,
    #[command(flatten)]
    pub(crate) one: One,
}

impl<One: Args> OneOrBatch<One> {
    /// Does the one thing, or answers the lines.
    ///
    /// # Errors
    ///
    /// Those of the one thing, or of standard input and output.
    pub(crate) fn run<T: Serialize>(
        &self,
        one: impl FnOnce(&One) -> anyhow::Result<()>,
        answer: impl Fn(Fields<'_>) -> Result<T, InputError>,
    ) -> anyhow::Result<ExitCode> {
        if self.batch {
            run(answer)?;
        } else {
            one(&self.one)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// An answer, with the `id` of the line that it answers.
#[derive(Serialize)]
struct Answer<'a, T> {
    id: &'a Value,
    #[serde(flatten)]
    outcome: Outcome<T>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<T> {
    Done(T),
    Failed { error: InputError },
}

/// Answers each line of standard input on standard output.
///
/// # Errors
///
/// When standard input cannot be read or standard output cannot be written. A reader that goes away
/// early is no error.
pub(crate) fn run<T: Serialize>(
    answer: impl Fn(Fields<'_>) -> Result<T, InputError>,
) -> io::Result<()> {
    let input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match answer_lines(input, output, answer) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

fn answer_lines<R: io::Read, T: Serialize>(
    mut input: BufReader<R>,
    mut output: impl Write,
    answer: impl Fn(Fields<'_>) -> Result<T, InputError>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while let Some(length) = read_line(&mut input, &mut line)? {
        let parsed = parse(&line, length);
        let id = parsed.as_ref().ok().and_then(|value| value.get("id")).unwrap_or(&Value::Null);
        let outcome = match &parsed {
            Ok(value) => Fields::of(value).and_then(&answer),
            Err(error) => Err(error.clone()),
        };
        let outcome =
            outcome.map_or_else(|error| Outcome::Failed { error }, |done| Outcome::Done(done));
        serde_json::to_writer(&mut output, &Answer { id, outcome })?;
        output.write_all(b"\n")?;
        // Whoever writes one line and waits for its answer gets it.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

#[derive(Clone, Copy)]
enum Length {
    Whole,
    TooLong,
}

/// Reads a line without its end, or `None` after the last. Of a line that is too long the rest is
/// read and dropped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Length>> {
    line.clear();
    input.by_ref().take(LINE_LEN_MAX + 1).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Some(Length::Whole));
    }
    if u64::try_from(line.len()).unwrap_or(u64::MAX) <= LINE_LEN_MAX {
        return Ok(Some(Length::Whole));
    }
    input.skip_until(b'\n')?;
    Ok(Some(Length::TooLong))
}

fn parse(line: &[u8], length: Length) -> Result<Value, InputError> {
    match length {
        Length::TooLong => Err(InputError::new("line_too_long", "the line is over 1 MiB")),
        // The message of the parser tells the column, and nothing of what stands there.
        Length::Whole => serde_json::from_slice(line).map_err(|error| {
            InputError::new("invalid_json", format!("no JSON from column {}", error.column()))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &[u8]) -> Vec<Value> {
        let mut output = Vec::new();
        let echo = |fields: Fields<'_>| Ok(serde_json::json!({ "x": fields.text("x")? }));
        answer_lines(BufReader::with_capacity(7, input), &mut output, echo).unwrap();
        String::from_utf8(output)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_gets_one_answer_in_order() {
        let mut input = Vec::new();
        input.extend(br#"{"id": 1, "x": "a"}"#);
        input.extend(b"\n\n\xff\nnull\n[]\n{\"id\":\"two\"}\n");
        input.extend(vec![b'x'; 1 << 21]);
        input.extend(b"\n{\"id\":{\"a\":3},\"x\":7}\r\n");
        input.extend(br#"{"id": 4, "x": "no line end"}"#);
        let answers = answers(&input);
        let codes: Vec<_> = answers
            .iter()
            .map(|answer| answer["error"]["code"].as_str().unwrap_or("none"))
            .collect();
        let expected = [
            "none",
            "invalid_json",
            "invalid_json",
            "invalid_field",
            "invalid_field",
            "missing_field",
            "line_too_long",
            "invalid_field",
            "none",
        ];
        assert_eq!(codes, expected);
        assert_eq!(answers[0]["id"], 1);
        assert_eq!(answers[1]["id"], Value::Null);
        assert_eq!(answers[5]["id"], "two");
        assert_eq!(answers[7]["id"]["a"], 3);
    }
}
