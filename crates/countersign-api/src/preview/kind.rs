//! What a value is, by how it is written.

use countersign_catalog::ColumnKind;
use time::{Date, Month};

/// No number, date or truth value is longer, in bytes.
const LEN_MAX: usize = 64;

/// What the values of a column have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Guess(Option<ColumnKind>);

impl Guess {
    pub(super) fn add(&mut self, kind: ColumnKind) {
        use ColumnKind::{Float, Integer, Text};
        self.0 = Some(match (self.0, kind) {
            (None, kind) => kind,
            (Some(one), other) if one == other => one,
            (Some(Integer | Float), Integer | Float) => Float,
            _ => Text,
        });
    }

    /// A column without values may have any.
    pub(super) fn kind(self) -> ColumnKind {
        self.0.unwrap_or(ColumnKind::Text)
    }
}

/// What a text without quotes stands for; `None` for nothing.
pub(super) fn of_text(text: &str) -> Option<ColumnKind> {
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return None;
    }
    Some(match text {
        long if long.len() > LEN_MAX => ColumnKind::Text,
        word if boolean(word).is_some() => ColumnKind::Boolean,
        digits if integer(digits).is_some() => ColumnKind::Integer,
        number if float(number).is_some() => ColumnKind::Float,
        day if is_date(day) => ColumnKind::Date,
        _ => ColumnKind::Text,
    })
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

/// A whole number of 64 bits. One with a zero before it is a text, for it would lose that: postal
/// codes, article numbers.
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    has_no_leading_zero(digits).then(|| text.parse().ok()).flatten()
}

/// A decimal number that a float of 64 bits has a finite value for.
pub(super) fn float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, _) = digits.split_once(['.', 'e', 'E']).unwrap_or((digits, ""));
    // Rust reads `inf`, `nan` and `infinity` as well.
    let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let is_number = is_decimal && (whole.is_empty() || has_no_leading_zero(whole));
    let number: f64 = is_number.then(|| text.parse().ok()).flatten()?;
    number.is_finite().then_some(number)
}

fn has_no_leading_zero(digits: &str) -> bool {
    digits == "0" || !digits.starts_with('0')
}

/// `2026-11-22`, alone or with a time behind a `T` or a space (RFC 3339); an offset need not be
/// there, nor need seconds.
pub(super) fn is_date(text: &str) -> bool {
    let Some((day, time)) = text.split_at_checked(10) else { return false };
    if !is_day(day) {
        return false;
    }
    let Some(time) = time.strip_prefix(['T', 't', ' ']) else { return time.is_empty() };
    let local = match time.strip_suffix(['Z', 'z']) {
        Some(local) => local,
        None => match time.rfind(['+', '-']).and_then(|at| time.split_at_checked(at)) {
            Some((local, offset)) if numbers(offset.get(1..), [23, 59]).is_some() => local,
            Some(_) => return false,
            None => time,
        },
    };
    let (clock, fraction) = local.split_once('.').unwrap_or((local, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    // A minute may have a leap second.
    let has_seconds = numbers(Some(clock), [23, 59, 60]).is_some();
    let is_clock = has_seconds || (local == clock && numbers(Some(clock), [23, 59]).is_some());
    is_fraction && is_clock
}

fn is_day(text: &str) -> bool {
    let Some((year, rest)) = text.split_once('-') else { return false };
    let Some((month, day)) = rest.split_once('-') else { return false };
    let number = |text: &str, len: usize| {
        let is_number = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
    let (Some(month), Ok(day)) = (month, u8::try_from(day)) else { return false };
    Date::from_calendar_date(year.into(), month, day).is_ok()
}

/// Numbers of two digits with colons between them, each up to its limit.
fn numbers<const COUNT: usize>(text: Option<&str>, limits: [u8; COUNT]) -> Option<[u8; COUNT]> {
    let mut pieces = text?.split(':');
    let mut found = [0; COUNT];
    for (place, limit) in found.iter_mut().zip(limits) {
        let piece = pieces.next().filter(|piece| piece.len() == 2)?;
        let is_number = piece.bytes().all(|byte| byte.is_ascii_digit());
        *place = piece.parse().ok().filter(|number| is_number && *number <= limit)?;
    }
    pieces.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_it_is_written_as() {
        use ColumnKind::{Boolean, Date, Float, Integer, Text};
        for (kind, texts) in [
            (Boolean, &["true", "FALSE", " True "][..]),
            (Integer, &["0", "-0", "+7", " 12 ", "9223372036854775807", "-9223372036854775808"]),
            (Float, &["0.5", ".5", "5.", "1e3", "-1.5E-7", "9223372036854775808", "0e1"]),
            (Date, &["2026-11-22", "2024-02-29", "2026-11-22T10:00", "2026-11-22 10:00:60Z"]),
            (Date, &["2026-11-22T10:00:00.123456+05:30", "0001-01-01", "9999-12-31t23:59z"]),
            (
                Text,
                &["007", "-01", "00.5", "1e400", "inf", "NaN", "1_000", "1,5", "0x1", "١", "--1"],
            ),
            (
                Text,
                &["yes", "t", "2026-02-29", "2026-13-01", "2026-1-1", "26-11-22", "2026-11-22T"],
            ),
            (
                Text,
                &["2026-11-22T24:00", "2026-11-22T10", "2026-11-22T10:00.5", "2026-11-22x10:00"],
            ),
            (Text, &["2026-11-22T10:00+5:30", "2026-11-22T10:00:00.", "2026-11-22é", "+2026-1-01"]),
            (Text, &["e", ".", "+", "-", "1e", "1.2.3", "\t1", "."]),
        ] {
            for text in texts {
                assert_eq!(of_text(text), Some(kind), "{text:?}");
            }
        }
        for nothing in ["", " ", "   "] {
            assert_eq!(of_text(nothing), None, "{nothing:?}");
        }
        assert_eq!(of_text(&"1".repeat(64)), Some(Float));
        assert_eq!(of_text(&"1".repeat(65)), Some(Text));
    }

    #[test]
    fn a_column_is_what_all_its_values_are() {
        use ColumnKind::{Boolean, Date, Float, Integer, Text};
        for (kinds, expected) in [
            (&[][..], Text),
            (&[Integer], Integer),
            (&[Integer, Float], Float),
            (&[Float, Integer], Float),
            (&[Boolean, Boolean], Boolean),
            (&[Boolean, Integer], Text),
            (&[Date, Date], Date),
            (&[Date, Text], Text),
            (&[Text, Integer], Text),
        ] {
            let mut guess = Guess::default();
            for kind in kinds {
                guess.add(*kind);
            }
            assert_eq!(guess.kind(), expected, "{kinds:?}");
        }
    }
}
