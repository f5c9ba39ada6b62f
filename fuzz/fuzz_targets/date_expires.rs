//! Whatever times are received: what is read is written back the same and agrees with a calendar
//! that is counted, and a claim holds from its first second to its last, and not beside them.
//!
//! The input is a date, a lifetime, the clock of the verifier, as a date or in seconds since 1970,
//! and its skew, a line each.
#![no_main]

use std::sync::LazyLock;

use countersign::{
    Addressing, Claim, Credentials, Date, Endpoint, Field, InvalidValue, Lifetime, Method,
    ParseError, PresignError, PresignRequest, Region, RequestHead, Scope, SecretKey, Service,
    SigningKey, Skew, Timestamp, Validity, Verifier, VerifyError,
};
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The longest date or lifetime that is tried, in bytes: a claim has a limit of its own.
const LINE_LEN_MAX: usize = 1000;

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (date, expires, now, skew_secs) = (line(), line(), line(), line());
    if date.len().max(expires.len()) > LINE_LEN_MAX {
        return;
    }
    let now = match now.parse() {
        Ok(secs) => from_secs(secs),
        Err(_) => Timestamp::parse(now).ok(),
    };
    let skew = skew_secs.parse().ok().and_then(|secs| Skew::from_secs(secs).ok());
    let times = Times { date, expires, skew: skew.unwrap_or_default() };
    times.are_read_as_counted();
    if let Ok(signed_at) = Timestamp::parse(date) {
        let moved_secs = expires.parse().unwrap_or(u32::MAX);
        moves_as_counted(signed_at, moved_secs);
        times.are_signed_as_counted(signed_at);
    }
    for now in [now, Some(Timestamp::MIN), Some(Timestamp::MAX)].into_iter().flatten() {
        times.are_checked_as_counted(now);
    }
});

/// What a claim says of time, and what its verifier leaves it.
struct Times<'a> {
    date: &'a str,
    expires: &'a str,
    skew: Skew,
}

impl Times<'_> {
    fn are_read_as_counted(&self) {
        let text = self.date;
        let read = Timestamp::parse(text);
        assert_eq!(read.as_ref().ok().map(|at| at.unix_secs()), count_secs(text));
        match read {
            Ok(at) => {
                assert_eq!(at.to_string(), text);
                assert_eq!(at.date().as_str(), &text[..8]);
                assert_eq!(Timestamp::from_unix_secs(at.unix_secs()), Ok(at));
            }
            Err(error) => assert_eq!(error, InvalidValue::Timestamp),
        }
        for text in [text, text.get(..8).unwrap_or_default()] {
            match (Date::parse(text), count_days(text)) {
                (Ok(day), Some(_)) => assert_eq!(day.to_string(), text),
                (outcome, days) => assert_eq!((outcome, days), (Err(InvalidValue::Date), None)),
            }
        }
    }

    /// Whether what we sign at this time we verify in each of its seconds, and in no other.
    fn are_signed_as_counted(&self, signed_at: Timestamp) {
        let Some(secs) = count_lifetime(self.expires) else { return };
        let Ok(lifetime) = Lifetime::from_secs(secs) else {
            return assert!(!(1..=604_800).contains(&secs));
        };
        assert!((1..=604_800).contains(&secs));
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let region = Region::new("us-east-1").unwrap();
        let scope = Scope::new(signed_at.date(), region, Service::S3);
        let key = SigningKey::derive(&credentials, scope);
        let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
        let bucket = endpoint.bucket("bucket").unwrap();
        let request = PresignRequest::new(Method::GET, bucket.object("key").unwrap(), lifetime);

        let signed = key.at(signed_at).unwrap().presign(&request);
        let Some(validity) = Validity::new(signed_at, lifetime, self.skew) else {
            return assert_eq!(signed.err(), Some(PresignError::ExpiryOutOfRange));
        };
        let url = signed.unwrap();
        assert_eq!(url.expires_at(), validity.not_after());
        let written = format!("X-Amz-Date={signed_at}&X-Amz-Expires={secs}&");
        assert!(url.as_str().contains(&written), "{written}");

        let target = url.as_str().strip_prefix(bucket.origin()).unwrap();
        let headers = [("host", bucket.authority())];
        let claim = Claim::parse(&RequestHead { method: "GET", target, headers: &headers });
        let claim = claim.expect("what we sign, we read");
        let verifier = Verifier::new(region, Service::S3).with_skew(self.skew);
        let (first, end) = (validity.not_before().unix_secs(), validity.not_after().unix_secs());
        for secs in [first - 1, first, end - 1, end] {
            let Some(now) = from_secs(secs) else { continue };
            let verified = verifier.check(&claim, now).and_then(|it| it.verify(Some(&key)));
            assert_eq!(verified.is_ok(), (first..end).contains(&secs), "{now} of {validity:?}");
            assert_eq!(validity.contains(now), (first..end).contains(&secs));
            if let Ok(verified) = verified {
                assert_eq!(verified.validity(), validity);
            }
        }
    }

    /// Whether a claim that has these times is refused for just the reason that is counted,
    /// whichever way it is spelled.
    fn are_checked_as_counted(&self, now: Timestamp) {
        let region = Region::new("us-east-1").unwrap();
        let verifier = Verifier::new(region, Service::S3).with_skew(self.skew);
        for spell in [spell_plainly, spell_in_escapes] {
            let day = self.date.get(..8).filter(|day| count_days(day).is_some());
            let target = format!(
                "/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE\
                 %2F{}%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date={}&X-Amz-Expires={}\
                 &X-Amz-SignedHeaders=host&X-Amz-Signature=0",
                day.unwrap_or("20130524"),
                spell(self.date),
                spell(self.expires),
            );
            let headers = [("host", "h.example")];
            let head = RequestHead { method: "GET", target: &target, headers: &headers };
            let outcome = Claim::parse(&head)
                .map_err(VerifyError::from)
                .and_then(|claim| verifier.check(&claim, now).map(drop));
            assert_eq!(outcome, self.expected(now), "{target} at {now}");
        }
    }

    fn expected(&self, now: Timestamp) -> Result<(), VerifyError> {
        let malformed = |field| VerifyError::Parse(ParseError::Malformed(field));
        if self.date.contains('\0') || self.expires.contains('\0') {
            return Err(malformed(Field::Query));
        }
        let signed_at = count_secs(self.date).ok_or(malformed(Field::Date))?;
        let lifetime_secs = count_lifetime(self.expires).ok_or(malformed(Field::Expires))?;
        if lifetime_secs > 604_800 {
            return Err(VerifyError::LifetimeTooLong);
        }
        let first = (signed_at - i64::from(self.skew.as_secs())).max(SECS_MIN);
        if now.unix_secs() < first {
            return Err(VerifyError::NotYetValid { now, not_before: from_secs(first).unwrap() });
        }
        let end = signed_at + i64::try_from(lifetime_secs).unwrap();
        let not_after = from_secs(end).ok_or(malformed(Field::Date))?;
        if now.unix_secs() >= end || lifetime_secs == 0 {
            return Err(VerifyError::Expired { now, not_after });
        }
        Ok(())
    }
}

/// Whether seconds are added and taken as numbers are, up to the ends of the range.
fn moves_as_counted(at: Timestamp, secs: u32) {
    let later = at.unix_secs() + i64::from(secs);
    assert_eq!(at.checked_add_secs(secs), from_secs(later));
    let earlier = at.unix_secs() - i64::from(secs);
    assert_eq!(at.saturating_sub_secs(secs).unix_secs(), earlier.max(SECS_MIN));
    assert!(at.saturating_sub_secs(secs) <= at);
}

/// The time, which is written as it is counted.
fn from_secs(unix_secs: i64) -> Option<Timestamp> {
    let at = Timestamp::from_unix_secs(unix_secs);
    assert_eq!(at.is_ok(), (SECS_MIN..=SECS_MAX).contains(&unix_secs));
    let at = at.ok()?;
    assert_eq!(at.unix_secs(), unix_secs);
    assert_eq!(count_secs(&at.to_string()), Some(unix_secs));
    Some(at)
}

fn spell_plainly(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn spell_in_escapes(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The first second of the year 1.
const SECS_MIN: i64 = -DAYS_TO_1970 * 86_400;
/// The last second of the year 9999.
const SECS_MAX: i64 = 253_402_300_799;
/// From the first day of the year 1.
const DAYS_TO_1970: i64 = 719_162;

/// The seconds from 1970 to a time that is written `20130524T000000Z`.
fn count_secs(text: &str) -> Option<i64> {
    if !has_form(text, b"00000000T000000Z") {
        return None;
    }
    let number = |start| text[start..start + 2].parse::<i64>().unwrap();
    let (hour, minute, second) = (number(9), number(11), number(13));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(((count_days(&text[..8])? * 24 + hour) * 60 + minute) * 60 + second)
}

/// The days from 1970 to one that is written `20130524`.
fn count_days(text: &str) -> Option<i64> {
    if !has_form(text, b"00000000") {
        return None;
    }
    let number = |text: &str| text.parse::<u16>().unwrap();
    let (year, month, day) = (number(&text[..4]), number(&text[4..6]), number(&text[6..]));
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let months = (1..month).map(|month| i64::from(days_of(year, month)));
    Some(days_before(year) + months.sum::<i64>() + i64::from(day) - 1 - DAYS_TO_1970)
}

/// From the first day of the year 1, counted year by year, but only once.
fn days_before(year: u16) -> i64 {
    static DAYS_BEFORE: LazyLock<Vec<i64>> = LazyLock::new(|| {
        let days_of = |year| if is_leap(year) { 366 } else { 365 };
        let next = |days: &mut i64, year| Some(std::mem::replace(days, *days + days_of(year)));
        (1..=9999).scan(0, next).collect()
    });
    DAYS_BEFORE[usize::from(year) - 1]
}

fn days_of(year: u16, month: u16) -> u16 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Whether a text has a digit where the form has one, and else what the form has.
fn has_form(text: &str, form: &[u8]) -> bool {
    let is_like = |(byte, &form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    text.len() == form.len() && text.bytes().zip(form).all(is_like)
}

/// The seconds of a lifetime, or the most there are where it has more than twenty digits.
fn count_lifetime(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = text.trim_start_matches('0');
    Some(if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}
