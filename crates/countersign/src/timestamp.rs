use core::{fmt, str};

use time::{Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::InvalidValue;

/// An instant in whole UTC seconds, between the years 1 and 9999.
///
/// This crate has no clock: every function that needs the time takes one of these, last.
/// On the wire it is the basic format of ISO 8601, `20130524T000000Z`, and [`Display`](fmt::Display)
/// writes that.
///
/// ```
/// use countersign::Timestamp;
///
/// let at = Timestamp::parse("20130524T000000Z")?;
/// assert_eq!(at.unix_secs(), 1_369_353_600);
/// assert_eq!(at.to_string(), "20130524T000000Z");
/// assert_eq!(at.date().as_str(), "20130524");
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    unix_secs: i64,
}

impl Timestamp {
    /// `00010101T000000Z`
    pub const MIN: Self = Self { unix_secs: -62_135_596_800 };
    /// `99991231T235959Z`
    pub const MAX: Self = Self { unix_secs: 253_402_300_799 };

    /// Takes seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Timestamp`] outside the years 1 to 9999.
    pub const fn from_unix_secs(unix_secs: i64) -> Result<Self, InvalidValue> {
        if unix_secs < Self::MIN.unix_secs || unix_secs > Self::MAX.unix_secs {
            return Err(InvalidValue::Timestamp);
        }
        Ok(Self { unix_secs })
    }

    /// Reads `20130524T000000Z`: sixteen characters, no other form.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Timestamp`], also for a day or a time that does not exist (30 February,
    /// 24:00, a 60th second).
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        Self::parse_opt(text).ok_or(InvalidValue::Timestamp)
    }

    fn parse_opt(text: &str) -> Option<Self> {
        let (date, rest) = text.as_bytes().split_first_chunk::<8>()?;
        let &[b'T', time @ .., b'Z'] = rest.first_chunk::<8>()? else { return None };
        if rest.len() != 8 {
            return None;
        }
        let [h1, h2, m1, m2, s1, s2] = time;
        let time = Time::from_hms(two_digits(h1, h2)?, two_digits(m1, m2)?, two_digits(s1, s2)?);
        let at = PrimitiveDateTime::new(calendar_date(*date)?, time.ok()?);
        Some(Self { unix_secs: at.assume_utc().unix_timestamp() })
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_secs(self) -> i64 {
        self.unix_secs
    }

    /// The UTC day it falls on.
    #[must_use]
    pub fn date(self) -> Date {
        Written::from(self).date()
    }

    /// The instant so many seconds later, or `None` after the year 9999.
    ///
    /// ```
    /// use countersign::Timestamp;
    ///
    /// let at = Timestamp::parse("20130524T000000Z")?;
    /// assert_eq!(at.checked_add_secs(60), Some(Timestamp::parse("20130524T000100Z")?));
    /// assert_eq!(Timestamp::MAX.checked_add_secs(1), None);
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn checked_add_secs(self, secs: u32) -> Option<Self> {
        Self::from_unix_secs(self.unix_secs.checked_add(i64::from(secs))?).ok()
    }

    /// The instant so many seconds earlier, not before [`MIN`](Self::MIN).
    ///
    /// ```
    /// use countersign::Timestamp;
    ///
    /// assert_eq!(Timestamp::MIN.saturating_sub_secs(1), Timestamp::MIN);
    /// ```
    #[must_use]
    pub fn saturating_sub_secs(self, secs: u32) -> Self {
        let unix_secs = self.unix_secs.saturating_sub(i64::from(secs));
        Self { unix_secs: unix_secs.max(Self::MIN.unix_secs) }
    }

    /// The sixteen bytes of the wire format.
    pub(crate) fn to_basic(self) -> [u8; 16] {
        // The range is one that `time` has, so the other branch is never taken.
        let at = OffsetDateTime::from_unix_timestamp(self.unix_secs)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = at.to_calendar_date();
        let year = u16::try_from(year).unwrap_or_default();
        let (hour, minute, second) = at.to_hms();
        let [y1, y2, y3, y4] = four_digits(year);
        let [m1, m2] = digits_of(u8::from(month));
        let [d1, d2] = digits_of(day);
        let [h1, h2] = digits_of(hour);
        let [n1, n2] = digits_of(minute);
        let [s1, s2] = digits_of(second);
        [y1, y2, y3, y4, m1, m2, d1, d2, b'T', h1, h2, n1, n2, s1, s2, b'Z']
    }
}

/// An instant and its sixteen bytes, which are costly to make of it and are needed more than once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) at: Timestamp,
    basic: [u8; 16],
}

impl Written {
    /// Reads what [`Timestamp::parse`] does: there is one spelling, so the text is kept.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let at = Timestamp::parse(text)?;
        let basic = text.as_bytes().try_into().map_err(|_| InvalidValue::Timestamp)?;
        Ok(Self { at, basic })
    }

    pub(crate) fn date(self) -> Date {
        let [digits @ .., _, _, _, _, _, _, _, _] = self.basic;
        Date { digits }
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.basic
    }
}

impl From<Timestamp> for Written {
    fn from(at: Timestamp) -> Self {
        Self { at, basic: at.to_basic() }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ascii(&self.to_basic()))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A UTC day, the first part of a [`Scope`](crate::Scope).
///
/// ```
/// use countersign::Date;
///
/// assert_eq!(Date::parse("20240229")?.as_str(), "20240229");
/// assert!(Date::parse("20230229").is_err());
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    digits: [u8; 8],
}

impl Date {
    /// Reads `20130524`: eight digits, a day of the calendar.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Date`]
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let digits = <[u8; 8]>::try_from(text.as_bytes()).map_err(|_| InvalidValue::Date)?;
        calendar_date(digits).ok_or(InvalidValue::Date)?;
        Ok(Self { digits })
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 8] {
        &self.digits
    }

    /// The eight digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.digits)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn calendar_date([y1, y2, y3, y4, m1, m2, d1, d2]: [u8; 8]) -> Option<time::Date> {
    let century = i32::from(two_digits(y1, y2)?);
    let year = century.checked_mul(100)?.checked_add(i32::from(two_digits(y3, y4)?))?;
    // ISO 8601 leaves the year 0 to an agreement, and nobody has one with us.
    if year == 0 {
        return None;
    }
    let month = Month::try_from(two_digits(m1, m2)?).ok()?;
    time::Date::from_calendar_date(year, month, two_digits(d1, d2)?).ok()
}

fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    if !(tens.is_ascii_digit() && ones.is_ascii_digit()) {
        return None;
    }
    tens.checked_sub(b'0')?.checked_mul(10)?.checked_add(ones.checked_sub(b'0')?)
}

fn four_digits(value: u16) -> [u8; 4] {
    let pair = |value: u16| digits_of(u8::try_from(value).unwrap_or_default());
    let [[d1, d2], [d3, d4]] = [pair(value / 100), pair(value % 100)];
    [d1, d2, d3, d4]
}

/// The two decimal digits of a value below 100.
fn digits_of(value: u8) -> [u8; 2] {
    [b'0'.saturating_add(value / 10), b'0'.saturating_add(value % 10)]
}

fn ascii(bytes: &[u8]) -> &str {
    // Digits, `T` and `Z` only: the default is never taken.
    str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_ends_of_the_range_are_what_they_say() {
        assert_eq!(Timestamp::parse("00010101T000000Z"), Ok(Timestamp::MIN));
        assert_eq!(Timestamp::parse("99991231T235959Z"), Ok(Timestamp::MAX));
        assert_eq!(Timestamp::MIN.to_string(), "00010101T000000Z");
        assert_eq!(Timestamp::MAX.to_string(), "99991231T235959Z");
        for end in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(Timestamp::from_unix_secs(end.unix_secs()), Ok(end));
        }
        assert!(Timestamp::from_unix_secs(253_402_300_800).is_err());
        assert!(Timestamp::from_unix_secs(-62_135_596_801).is_err());
    }

    #[test]
    fn a_time_and_a_day_are_shown_as_they_are_written() {
        let at = Timestamp::parse("20240229T235958Z").unwrap();
        assert_eq!(at.unix_secs(), 1_709_251_198);
        assert_eq!(alloc::format!("{at} {at:?}"), "20240229T235958Z 20240229T235958Z");
        let day = at.date();
        assert_eq!(alloc::format!("{day} {day:?}"), "20240229 20240229");
        assert_eq!(Date::parse(day.as_str()), Ok(day));
        for wrong in [
            "",
            "2024022",
            "202402299",
            "20240230",
            "00000101",
            "2024-2-9",
            "2024022é",
            "2024021:",
            "202402:1",
        ] {
            assert_eq!(Date::parse(wrong), Err(InvalidValue::Date), "{wrong}");
        }
    }

    #[test]
    fn seconds_are_added_and_taken_up_to_the_ends_of_the_range() {
        let at = Timestamp::parse("20240229T235959Z").unwrap();
        let later = Timestamp::parse("20240301T000000Z").unwrap();
        assert_eq!(at.checked_add_secs(1), Some(later));
        assert_eq!(later.saturating_sub_secs(1), at);
        assert_eq!(Timestamp::MAX.checked_add_secs(0), Some(Timestamp::MAX));
        assert_eq!(Timestamp::MAX.checked_add_secs(1), None);
        assert_eq!(Timestamp::MIN.saturating_sub_secs(u32::MAX), Timestamp::MIN);
    }

    #[test]
    fn only_sixteen_exact_characters_are_a_time() {
        for wrong in [
            "",
            "20130524",
            "20130524T000000",
            "20130524T000000z",
            "20130524t000000Z",
            "2013-05-24T00:00:00Z",
            " 20130524T000000Z",
            "20130524T000000Z ",
            "20130524T0000000Z",
            "00000101T000000Z",
            "20130024T000000Z",
            "20131324T000000Z",
            "20130500T000000Z",
            "20130532T000000Z",
            "20130229T000000Z",
            "20240230T000000Z",
            "20130524T240000Z",
            "20130524T006000Z",
            "20130524T000060Z",
            // The character after `9`: ten, to whoever only takes `0` away.
            "20130524T00000:Z",
            "20130524T0000:0Z",
            "+2013524T000000Z",
            "２０１３0524Z",
        ] {
            assert_eq!(Timestamp::parse(wrong), Err(InvalidValue::Timestamp), "{wrong}");
        }
        assert!(Timestamp::parse("20240229T235959Z").is_ok());
    }
}
