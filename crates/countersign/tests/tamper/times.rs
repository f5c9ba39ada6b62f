//! V-09: every second around the borders of a claim's life, on the days on which a calendar goes
//! wrong, and a clock that does not go straight on.

use countersign::{
    Claim, Region, RequestHead, Scope, Service, SigningKey, Skew, Timestamp, Verifier, VerifyError,
};

use crate::common::{Dice, Model, Request};

/// Midnights, ends of months and years, the leap day, a leap second's eve, the ends of the range.
const DATES: [&str; 12] = [
    "20130524T000000Z",
    "20130524T235959Z",
    "20240228T235959Z",
    "20240229T000000Z",
    "20240229T235959Z",
    "20240301T000000Z",
    "20161231T235959Z",
    "20000229T120000Z",
    "19691231T235959Z",
    "00010101T001500Z",
    "00010101T000000Z",
    "99991224T235959Z",
];

const LIFETIMES_SECS: [i64; 6] = [1, 2, 60, 899, 86_400, 604_800];

/// A claim, and what it takes to verify it at any second.
struct Signed {
    request: Request,
    key: SigningKey,
    verifier: Verifier,
    /// The first second in which it holds, and the first in which it no longer does.
    bounds: (i64, i64),
}

impl Signed {
    fn new(date: &str, lifetime_secs: i64, skew: Skew) -> Self {
        let mut model = Model { expires: lifetime_secs.to_string(), ..Model::documented() };
        date.clone_into(&mut model.date);
        date[..8].clone_into(&mut model.scope[0]);
        let at = Timestamp::parse(date).unwrap();
        let region = Region::new("us-east-1").unwrap();
        let scope = Scope::new(at.date(), region, Service::S3);
        Self {
            request: model.request(),
            key: SigningKey::derive(&model.credentials(), scope),
            verifier: Verifier::new(region, Service::S3).with_skew(skew),
            bounds: (
                (at.unix_secs() - i64::from(skew.as_secs())).max(Timestamp::MIN.unix_secs()),
                at.unix_secs() + lifetime_secs,
            ),
        }
    }

    /// Whether the verdict at a second is exactly the one that the bounds say.
    fn check(&self, now: Timestamp) {
        let Request { method, target, headers } = &self.request;
        let head = RequestHead { method, target, headers: headers.as_slice() };
        let claim = Claim::parse(&head).unwrap();
        let checked = self.verifier.check(&claim, now);
        let verdict = checked.and_then(|it| it.verify(Some(&self.key)).map(|it| it.validity()));
        let (start, end) = self.bounds;
        let [not_before, not_after] = [start, end].map(|it| Timestamp::from_unix_secs(it).unwrap());
        let expected = match now.unix_secs() {
            now_secs if now_secs < start => Err(VerifyError::NotYetValid { now, not_before }),
            now_secs if now_secs >= end => Err(VerifyError::Expired { now, not_after }),
            _ => Ok((not_before, not_after)),
        };
        let found = verdict.map(|validity| (validity.not_before(), validity.not_after()));
        assert_eq!(found, expected, "{target} at {now}");
    }
}

fn second(unix_secs: i64) -> Option<Timestamp> {
    Timestamp::from_unix_secs(unix_secs).ok()
}

#[test]
fn every_border_is_exact_on_every_odd_date() {
    let skews = [0, 1, 300, 900].map(|secs| Skew::from_secs(secs).unwrap());
    let mut checks = 0;
    for date in DATES {
        for lifetime_secs in LIFETIMES_SECS {
            for skew in skews {
                let signed = Signed::new(date, lifetime_secs, skew);
                let at = Timestamp::parse(date).unwrap().unix_secs();
                let (start, end) = signed.bounds;
                let seconds =
                    [start - 1, start, start + 1, at - 1, at, at + 1, end - 1, end, end + 1];
                for now in seconds.into_iter().filter_map(second) {
                    signed.check(now);
                    checks += 1;
                }
            }
        }
    }
    assert!(checks > 2_500, "{checks}");
}

/// From t0 - 902 to t0 + 2, and from the last seconds to past the end.
#[test]
fn every_second_of_the_skew_is_exact() {
    for lifetime_secs in LIFETIMES_SECS {
        let signed = Signed::new("20240229T000000Z", lifetime_secs, Skew::MAX);
        let at = Timestamp::parse("20240229T000000Z").unwrap().unix_secs();
        let end = at + lifetime_secs;
        for now in (at - 902..=at + 2).chain(end - 2..=end + 2).filter_map(second) {
            signed.check(now);
        }
    }
}

/// Nothing is remembered from one verification to the next.
#[test]
fn a_clock_that_is_stepped_back_and_forth_changes_no_verdict() {
    let mut dice = Dice(9);
    let signed = Signed::new("20240229T235959Z", 5_400, Skew::MAX);
    let mut now = Timestamp::parse("20240229T230000Z").unwrap().unix_secs();
    let (mut early, mut held, mut late) = (0, 0, 0);
    for _ in 0..5_000 {
        now += dice.pick(&[-3600, -1, 0, 1, 59, 3600]);
        let (start, end) = signed.bounds;
        // Far away there is nothing to see.
        now = now.clamp(start - 7200, end + 7200);
        signed.check(second(now).unwrap());
        let count = match now {
            now if now < start => &mut early,
            now if now >= end => &mut late,
            _ => &mut held,
        };
        *count += 1;
    }
    assert!(early > 100 && held > 100 && late > 100, "{early}, {held}, {late}");
}
