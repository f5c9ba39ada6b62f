//! The date of a signed request: IMF-fixdate of RFC 9110, section 5.6.7, and no other form of it.

use alloc::{format, string::String};

use time::OffsetDateTime;

use super::InvalidValue;
use crate::Timestamp;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn write(at: Timestamp) -> String {
    // The range is one that `time` has, so the other branch is never taken.
    let at =
        OffsetDateTime::from_unix_timestamp(at.unix_secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let weekday = name_of(&DAYS, at.weekday().number_days_from_monday());
    let month = name_of(&MONTHS, u8::from(month).saturating_sub(1));
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Reads what [`write()`] writes.
///
/// The name of the day is not held against the date: that of Oracle's own published example is
/// wrong, and it adds nothing.
pub(super) fn parse(text: &str) -> Result<Timestamp, InvalidValue> {
    parse_opt(text).ok_or(InvalidValue::Date)
}

fn parse_opt(text: &str) -> Option<Timestamp> {
    let (weekday, rest) = text.split_at_checked(3)?;
    DAYS.contains(&weekday).then_some(())?;
    let rest = rest.strip_prefix(", ")?.strip_suffix(" GMT")?;
    let mut parts = rest.split(' ');
    let mut next = |len| parts.next().filter(|part| part.len() == len);
    let [day, month, year, time] = [next(2)?, next(3)?, next(4)?, next(8)?];
    if parts.next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    let mut time = time.split(':');
    let mut next = || time.next().filter(|part| part.len() == 2);
    let [hour, minute, second] = [next()?, next()?, next()?];
    if time.next().is_some() {
        return None;
    }
    // This reads nothing but digits, in these places.
    Timestamp::parse(&format!("{year}{month:02}{day}T{hour}{minute}{second}Z")).ok()
}

fn name_of(names: &[&'static str], place: u8) -> &'static str {
    names.get(usize::from(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_rfc_9110() {
        let at = Timestamp::from_unix_secs(784_111_777).unwrap();
        assert_eq!(write(at), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(write(Timestamp::MIN), "Mon, 01 Jan 0001 00:00:00 GMT");
        assert_eq!(write(Timestamp::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn a_date_has_one_form() {
        assert!(parse("Sun, 06 Nov 1994 08:49:37 GMT").is_ok());
        // As in Oracle's example, whose day was a Sunday.
        assert!(parse("Thu, 05 Jan 2014 21:31:40 GMT").is_ok());
        for wrong in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Son, 06 Nov 1994 08:49:37 GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun,  6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 01994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov -994 08:49:37 GMT",
            " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Nov 1994  08:49:37 GMT",
            "19941106T084937Z",
            "Sün, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(wrong), Err(InvalidValue::Date), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            secs in Timestamp::MIN.unix_secs()..=Timestamp::MAX.unix_secs(),
        ) {
            let at = Timestamp::from_unix_secs(secs).unwrap();
            prop_assert_eq!(parse(&write(at)), Ok(at));
        }
    }
}
