//! An explanation as a screen: 80 columns, 25 lines.

use alloc::{format, string::String};
use core::fmt::{self, Write as _};

use super::{
    cause::Sides,
    explanation::{Evidence, Explanation, Finding, SignatureState, Stage, Verdict},
};

const WIDTH: usize = 80;
/// Each takes six lines at the most, and there are two or three beside them.
const FINDINGS_MAX: usize = 3;
const LABELS: [&str; 2] = ["     signed    ", "     received  "];

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Holds => return f.write_str("the request holds: nothing is wrong with it"),
            Verdict::Unknown => f.write_str("without the secret no more can be said than this")?,
            Verdict::Refused(stage) => write!(f, "refused: {}", stage.words())?,
        }
        if let Some(answer) = &self.answer {
            write!(f, "\nS3 would answer {} {}", answer.status, answer.code)?;
        }
        for (index, finding) in self.findings.iter().take(FINDINGS_MAX).enumerate() {
            f.write_str("\n\n")?;
            finding.write(index.saturating_add(1), f)?;
        }
        let more = self.findings.len().saturating_sub(FINDINGS_MAX);
        if more > 0 {
            write!(f, "\n\nand {more} more")?;
        }
        match self.signature {
            SignatureState::Right => f.write_str("\n\nThe signature itself is right."),
            SignatureState::Wrong if self.tries > 0 && !self.is_proven() => {
                write!(f, "\n\n{} other requests were tried.", self.tries)
            }
            _ => Ok(()),
        }
    }
}

impl Explanation {
    fn is_proven(&self) -> bool {
        self.findings.iter().any(|finding| finding.evidence == Evidence::Proven)
    }
}

impl Stage {
    const fn words(self) -> &'static str {
        match self {
            Self::Parse => "the claim cannot be read",
            Self::Time => "it is not the time",
            Self::Scope => "the credential is not for this server",
            Self::Headers => "headers are not signed that must be",
            Self::Key => "there is no such key",
            Self::Signature => "the signature is not that of the request",
        }
    }
}

impl Evidence {
    const fn words(self) -> &'static str {
        match self {
            Self::Seen => "",
            Self::Proven => "proven: without that the signature is right",
            Self::Compared => "by what the server says",
            Self::Suspected => "not proven",
        }
    }
}

impl Finding {
    fn write(&self, number: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evidence = self.evidence.words();
        let mut sentence = Plain::of(&format!("{}", self.cause));
        if !evidence.is_empty() {
            sentence = format!("{sentence} ({evidence})");
        }
        write_wrapped(&format!("{number}. {sentence}"), f)?;
        if let Some(sides) = self.cause.sides() {
            write_sides(sides, f)?;
        }
        f.write_str("\n")?;
        write_wrapped(&format!("   {}", self.cause.advice()), f)
    }
}

/// Breaks a text into two lines at the most, the second indented. What is longer yet is cut.
fn write_wrapped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const INDENT: &str = "   ";
    if text.chars().count() <= WIDTH {
        return f.write_str(text);
    }
    let fitting = start_of(text, WIDTH);
    let (first, rest) = match fitting.rfind(' ').filter(|at| *at > INDENT.len()) {
        Some(at) => text.split_at(at),
        None => text.split_at(fitting.len()),
    };
    let rest = rest.trim_start();
    let room = WIDTH.saturating_sub(INDENT.len());
    if rest.chars().count() <= room {
        return write!(f, "{first}\n{INDENT}{rest}");
    }
    write!(f, "{first}\n{INDENT}{}...", start_of(rest, room.saturating_sub(3)))
}

/// Writes both sides, from a little before where they differ, and a mark below.
fn write_sides(sides: &Sides, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let both = [&sides.signed, &sides.received];
    let plain = both.map(|side| side.as_deref().map(Plain::of));
    let column = match &plain {
        [Some(one), Some(other)] => {
            Some(one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count())
        }
        _ => None,
    };
    let at = column.unwrap_or_default();
    for (label, side) in LABELS.iter().zip(&plain) {
        if let Some(side) = side {
            write!(f, "\n{label}{}", window(side, at))?;
        }
    }
    if column.is_some() {
        let before = at.saturating_sub(window_start(at));
        let ahead = if window_start(at) > 0 { before.saturating_add(3) } else { before };
        let place = LABELS[0].len().saturating_add(ahead);
        write!(f, "\n{:place$}^", "")?;
    }
    Ok(())
}

/// Where a window begins that shows this column.
const fn window_start(column: usize) -> usize {
    const BEFORE: usize = 24;
    if column <= BEFORE.saturating_mul(2) { 0 } else { column.saturating_sub(BEFORE) }
}

fn window(text: &str, column: usize) -> String {
    let room = WIDTH.saturating_sub(LABELS[0].len()).saturating_sub(6);
    let start = window_start(column);
    let mut out = String::from(if start > 0 { "..." } else { "" });
    let mut rest = text.chars().skip(start);
    out.extend(rest.by_ref().take(room));
    if rest.next().is_some() {
        out.push_str("...");
    }
    if out.is_empty() { "(empty)".into() } else { out }
}

fn start_of(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

/// Text for a terminal.
struct Plain;

impl Plain {
    /// Escapes what a terminal would obey, or show as nothing.
    fn of(text: &str) -> String {
        let mut out = String::new();
        for character in text.chars() {
            let is_shown = matches!(character, ' '..='~') || character.is_alphanumeric();
            if is_shown {
                out.push(character);
            } else {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "{}", character.escape_unicode());
            }
        }
        out
    }
}
