//! Proves that no URL lives longer than anything that limits it, that the limit which cut is named,
//! and that a window gives one URL which never has less left than was wished. The clock is a number.

use countersign::{
    Addressing, Bucket, Clamp, Clamped, Credentials, Endpoint, ExpiryError, InvalidValue, Lifetime,
    Method, PresignError, PresignRequest, PresignedUrl, Region, Scope, SecretKey, Service,
    SigningKey, Skew, Timestamp, Validity, Window,
    post_policy::{FormKey, PostPolicy, PostPolicyError},
};
use proptest::{prelude::*, sample::select};

const DAY_SECS: i64 = 86_400;

fn second(unix_secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(unix_secs).unwrap()
}

fn lifetime(secs: i64) -> Lifetime {
    Lifetime::from_secs(u64::try_from(secs).unwrap()).unwrap()
}

fn bucket() -> Bucket {
    let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path).unwrap();
    endpoint.bucket("bucket").unwrap()
}

/// The key of this second's day, derived from credentials that end then.
fn key(expires_at: Option<Timestamp>, now: Timestamp) -> SigningKey {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let mut credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
    if let Some(expires_at) = expires_at {
        credentials = credentials.with_expiry(expires_at);
    }
    let scope = Scope::new(now.date(), Region::new("us-east-1").unwrap(), Service::S3);
    SigningKey::derive(&credentials, scope)
}

fn presign(
    key: &SigningKey,
    lifetime: Lifetime,
    now: Timestamp,
) -> Result<PresignedUrl, PresignError> {
    let bucket = bucket();
    let request = PresignRequest::new(Method::GET, bucket.object("key").unwrap(), lifetime);
    key.at(now)?.presign(&request)
}

/// Each second that matters, around midnight too, with each end of the credentials around each end
/// of the URL.
#[test]
fn s_07_no_url_outlives_its_credentials() {
    let start = Timestamp::parse("20130524T235950Z").unwrap().unix_secs();
    let (mut signed, mut refused) = (0, 0);
    for now in [0, 1, 9, 10, 11, DAY_SECS].map(|offset| second(start + offset)) {
        for secs in [1, 2, 60, 899, 900, 3600, 43_200, 604_799, 604_800] {
            for left in [-604_801, -secs, -1, 0, 1, secs - 1, secs, secs + 1, secs + 604_800] {
                let credentials_expire_at = second(now.unix_secs() + left);
                let key = key(Some(credentials_expire_at), now);
                assert_eq!(key.expires_at(), Some(credentials_expire_at));
                let expires_at = second(now.unix_secs() + secs);
                let answer = presign(&key, lifetime(secs), now);
                if secs <= left {
                    assert_eq!(answer.unwrap().expires_at(), expires_at);
                    signed += 1;
                } else {
                    let expected =
                        PresignError::OutlivesCredentials { expires_at, credentials_expire_at };
                    assert_eq!(answer.unwrap_err(), expected);
                    refused += 1;
                }
                check_clamped_to_credentials(&key, (secs, left), now);
            }
        }
    }
    // Of nine ends three are late enough; of those of a URL of one second, four.
    assert_eq!((signed, refused), (6 * (9 * 3 + 1), 6 * (9 * 6 - 1)));
}

/// Clamped first, it is signed wherever anything is left.
fn check_clamped_to_credentials(key: &SigningKey, (secs, left): (i64, i64), now: Timestamp) {
    let clamp = Clamp::new(lifetime(secs), now).until(key.expires_at(), "credentials");
    if left < 1 {
        let not_after = key.expires_at().unwrap();
        let expected = ExpiryError::NothingLeft { limit: "credentials", now, not_after };
        assert_eq!(clamp.finish(), Err(expected));
        return;
    }
    let clamped = clamp.finish().unwrap();
    assert_eq!(clamped.lifetime(), lifetime(secs.min(left)));
    assert_eq!(clamped.limited_by().is_some(), left < secs);
    let url = presign(key, clamped.lifetime(), clamped.signed_at()).unwrap();
    assert_eq!(url.expires_at(), clamped.expires_at());
}

#[test]
fn credentials_that_do_not_say_when_they_end_sign_for_seven_days() {
    let now = Timestamp::parse("20130524T000000Z").unwrap();
    assert_eq!(key(None, now).expires_at(), None);
    let clamp = Clamp::new(Lifetime::MAX, now).until(key(None, now).expires_at(), ());
    assert_eq!(clamp.finish().unwrap().limited_by(), None);
    assert!(presign(&key(None, now), Lifetime::MAX, now).is_ok());
}

#[test]
fn of_equal_limits_the_first_is_named_and_none_that_does_not_cut() {
    let now = Timestamp::parse("20130524T000000Z").unwrap();
    let in_an_hour = second(now.unix_secs() + 3600);
    let clamp = || Clamp::new(lifetime(7200), now);
    let name = |clamp: Clamp<u8>| clamp.finish().unwrap().limited_by().copied();
    assert_eq!(name(clamp().at_most(lifetime(3600), 1).until(in_an_hour, 2)), Some(1));
    assert_eq!(name(clamp().until(in_an_hour, 2).at_most(lifetime(3600), 1)), Some(2));
    assert_eq!(name(clamp().at_most(lifetime(3600), 1).at_most(lifetime(3599), 2)), Some(2));
    assert_eq!(name(clamp().at_most(lifetime(7200), 1).until(None, 2)), None);
    assert_eq!(name(Clamp::new(lifetime(3600), now).until(in_an_hour, 1)), None);
}

#[test]
fn the_year_9999_is_an_error_unless_a_limit_comes_before_it() {
    let now = second(Timestamp::MAX.unix_secs() - 10);
    let clamp = || Clamp::<()>::new(lifetime(60), now);
    assert_eq!(clamp().finish(), Err(ExpiryError::OutOfRange));
    assert_eq!(clamp().at_most(lifetime(11), ()).finish(), Err(ExpiryError::OutOfRange));
    let clamped = clamp().until(Timestamp::MAX, ()).finish().unwrap();
    assert_eq!((clamped.lifetime(), clamped.expires_at()), (lifetime(10), Timestamp::MAX));
    assert!(clamp().at_most(lifetime(10), ()).finish().is_ok());
}

#[test]
fn lifetimes_and_skews_have_their_ends() {
    for (secs, is_good) in [(0, false), (1, true), (604_800, true), (604_801, false)] {
        assert_eq!(Lifetime::from_secs(secs).is_ok(), is_good, "{secs}");
    }
    assert_eq!(Lifetime::from_secs(u64::MAX), Err(InvalidValue::Lifetime));
    for secs in [0, 1, 899, 900] {
        assert_eq!(Skew::from_secs(secs).map(Skew::as_secs), Ok(secs));
    }
    for secs in [901, u32::MAX] {
        assert_eq!(Skew::from_secs(secs), Err(InvalidValue::Skew));
    }
    assert_eq!(format!("{:?} {:?}", Lifetime::MIN, Skew::MAX), "1 s 900 s");
}

#[test]
fn a_validity_begins_with_its_skew_and_ends_before_its_end() {
    let at = Timestamp::parse("20130524T000000Z").unwrap();
    let validity = Validity::new(at, lifetime(60), Skew::from_secs(5).unwrap()).unwrap();
    for (offset, is_valid) in [(-6, false), (-5, true), (0, true), (59, true), (60, false)] {
        assert_eq!(validity.contains(second(at.unix_secs() + offset)), is_valid, "{offset}");
    }
    assert_eq!(Validity::new(Timestamp::MAX, lifetime(1), Skew::ZERO), None);
}

#[test]
fn a_window_is_1_second_to_a_day_and_leaves_room_for_the_wish() {
    for wrong in [0, 86_401, u32::MAX] {
        assert_eq!(Window::from_secs(wrong), Err(InvalidValue::Window));
    }
    let now = Timestamp::parse("20130524T000000Z").unwrap();
    for window in [1, 300, 86_400] {
        let window = Window::from_secs(window).unwrap();
        let most = 604_800 - i64::from(window.as_secs());
        assert_eq!(window.lifetime(lifetime(most)), Ok(Lifetime::MAX));
        assert_eq!(window.lifetime(lifetime(most + 1)), Err(InvalidValue::Lifetime));
        let clamp = Clamp::<()>::in_window(lifetime(most + 1), window, now);
        assert_eq!(clamp.unwrap_err(), ExpiryError::WindowTooLong);
    }
    assert_eq!(Window::MIN.start(now), now);
    assert_eq!(format!("{:?}", Window::MAX), "86400 s");
}

#[test]
fn a_day_that_windows_do_not_divide_ends_with_a_short_one() {
    let window = Window::from_secs(7 * 3600).unwrap();
    for (now, start) in [
        ("20130524T000000Z", "20130524T000000Z"),
        ("20130524T065959Z", "20130524T000000Z"),
        ("20130524T070000Z", "20130524T070000Z"),
        ("20130524T205959Z", "20130524T140000Z"),
        ("20130524T210000Z", "20130524T210000Z"),
        ("20130524T235959Z", "20130524T210000Z"),
        ("20130525T000000Z", "20130525T000000Z"),
        ("19691231T235959Z", "19691231T210000Z"),
        ("00010101T000001Z", "00010101T000000Z"),
    ] {
        let start_found = window.start(Timestamp::parse(now).unwrap());
        assert_eq!(start_found.to_string(), start, "{now}");
    }
}

/// A URL that would be over before it is handed out is none.
#[test]
fn what_ends_within_the_window_but_before_now_is_refused() {
    let start = Timestamp::parse("20130524T000000Z").unwrap();
    let (now, window) = (second(start.unix_secs() + 200), Window::from_secs(300).unwrap());
    let clamp = || Clamp::in_window(lifetime(600), window, now).unwrap();
    for left in [0, 1, 199, 200] {
        let not_after = second(start.unix_secs() + left);
        let expected = ExpiryError::NothingLeft { limit: "job", now, not_after };
        assert_eq!(clamp().until(not_after, "job").finish(), Err(expected), "{left}");
    }
    let expected =
        ExpiryError::NothingLeft { limit: "store", now, not_after: second(now.unix_secs() - 100) };
    assert_eq!(clamp().at_most(lifetime(100), "store").finish(), Err(expected));
    let clamped = clamp().until(second(start.unix_secs() + 201), "job").finish().unwrap();
    assert_eq!((clamped.signed_at(), clamped.lifetime()), (start, lifetime(201)));
}

#[test]
fn errors_say_what_was_over_and_when() {
    let (now, not_after) = (second(60), second(0));
    let error = ExpiryError::NothingLeft { limit: (), now, not_after };
    let text = "nothing may be signed that lives past 19700101T000000Z, it is 19700101T000100Z";
    assert_eq!(error.to_string(), text);
    let error =
        PresignError::OutlivesCredentials { expires_at: now, credentials_expire_at: not_after };
    let text = "the URL would expire at 19700101T000100Z, its credentials at 19700101T000000Z";
    assert_eq!(error.to_string(), text);
}

/// A limit of either kind, relative to the second of the test.
#[derive(Debug, Clone, Copy)]
enum Limit {
    AtMost(u32),
    Until(i64),
    Open,
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (1..=604_800_u32).prop_map(Limit::AtMost),
        (-700_000..700_000_i64).prop_map(Limit::Until),
        (1..100_i64).prop_map(Limit::Until),
        Just(Limit::Open),
    ]
}

/// The smallest of all, the slow way: which of the ends is it?
fn expected(start: i64, life: i64, limits: &[Limit], now: i64) -> (i64, Option<usize>) {
    let mut ends = vec![start + life];
    for limit in limits {
        ends.push(match *limit {
            Limit::AtMost(secs) => start + i64::from(secs),
            Limit::Until(offset) => now + offset,
            Limit::Open => i64::MAX,
        });
    }
    let end = *ends.iter().min().unwrap();
    let place = ends.iter().position(|it| *it == end).unwrap();
    (end, place.checked_sub(1))
}

fn clamp(clamp: Clamp<usize>, limits: &[Limit], now: i64) -> Clamp<usize> {
    limits.iter().enumerate().fold(clamp, |clamp, (name, limit)| match *limit {
        Limit::AtMost(secs) => clamp.at_most(lifetime(secs.into()), name),
        Limit::Until(offset) => clamp.until(second(now + offset), name),
        Limit::Open => clamp.until(None, name),
    })
}

fn facts(clamped: &Clamped<usize>) -> (i64, i64, i64, Option<usize>) {
    let end = clamped.expires_at().unix_secs();
    let start = clamped.signed_at().unix_secs();
    (start, end - start, i64::from(clamped.lifetime().as_secs()), clamped.limited_by().copied())
}

/// Seconds around midnight, before 1970 too, among any.
fn seconds() -> impl Strategy<Value = i64> {
    let midnight = (-20_000..20_000_i64).prop_map(|day| day * DAY_SECS);
    prop_oneof![
        (midnight, -3..3_i64).prop_map(|(midnight, offset)| midnight + offset),
        -60_000_000_000..250_000_000_000_i64,
    ]
}

fn windows() -> impl Strategy<Value = u32> {
    prop_oneof![1..=86_400_u32, select(vec![1, 7, 60, 300, 3600, 43_200, 86_399, 86_400])]
}

proptest! {
    #[test]
    fn the_smallest_limit_wins_and_is_named(
        now in seconds(),
        wish in 1..=604_800_i64,
        limits in prop::collection::vec(limits(), 0..6),
    ) {
        let found = clamp(Clamp::new(lifetime(wish), second(now)), &limits, now).finish();
        let (end, limit) = expected(now, wish, &limits, now);
        if end > now {
            prop_assert_eq!(facts(&found.unwrap()), (now, end - now, end - now, limit));
        } else {
            let (limit, not_after) = (limit.unwrap(), second(end));
            let expected = ExpiryError::NothingLeft { limit, now: second(now), not_after };
            prop_assert_eq!(found, Err(expected));
        }
    }

    #[test]
    fn limits_hold_for_the_whole_life_of_a_url_in_a_window(
        now in seconds(),
        wish in 1..=518_400_i64,
        window in windows(),
        limits in prop::collection::vec(limits(), 0..6),
    ) {
        let window = Window::from_secs(window).unwrap();
        let start = window.start(second(now)).unix_secs();
        let begun = Clamp::in_window(lifetime(wish), window, second(now)).unwrap();
        let found = clamp(begun, &limits, now).finish();
        let life = wish + i64::from(window.as_secs());
        let (end, limit) = expected(start, life, &limits, now);
        if end > now {
            prop_assert_eq!(facts(&found.unwrap()), (start, end - start, end - start, limit));
        } else {
            let (limit, not_after) = (limit.unwrap(), second(end));
            let expected = ExpiryError::NothingLeft { limit, now: second(now), not_after };
            prop_assert_eq!(found, Err(expected));
        }
    }

    /// And another one right before it and right behind it.
    #[test]
    fn within_a_window_a_url_is_the_same_and_has_what_was_wished_left(
        now in seconds(),
        window in windows(),
        wish in 1..=518_400_i64,
        place: prop::sample::Index,
    ) {
        let window = Window::from_secs(window).unwrap();
        let (now, secs) = (second(now), i64::from(window.as_secs()));
        let start = window.start(now);
        // What ends the window: its length, or the day.
        let midnight = start.unix_secs() - start.unix_secs().rem_euclid(DAY_SECS) + DAY_SECS;
        let end = (start.unix_secs() + secs).min(midnight);
        prop_assert!(start <= now && now.unix_secs() < end);
        prop_assert_eq!(start.date(), now.date());

        let of = |now: Timestamp| {
            let lifetime = window.lifetime(lifetime(wish)).unwrap();
            presign(&key(None, now), lifetime, window.start(now)).unwrap()
        };
        let url = of(now);
        let some = place.index(usize::try_from(end - start.unix_secs()).unwrap());
        let other = second(start.unix_secs() + i64::try_from(some).unwrap());
        for other in [start, other, second(end - 1)] {
            let again = of(other);
            prop_assert_eq!(again.as_str(), url.as_str());
            let left = again.expires_at().unix_secs() - other.unix_secs();
            prop_assert!((wish + 1..=wish + secs).contains(&left), "{} left at {}", left, other);
        }
        for outside in [start.unix_secs() - 1, end].map(second) {
            prop_assert_ne!(of(outside).as_str().to_owned(), url.as_str().to_owned());
        }
    }
}

/// What a part, an object of a batch, a form and a header have of their credentials.
#[test]
fn nothing_is_signed_that_outlives_its_credentials() {
    let now = second(1_369_353_600);
    let key = key(Some(second(now.unix_secs() + 60)), now);
    let presigner = key.at(now).unwrap();
    let bucket = bucket();
    for (secs, is_good) in [(60, true), (61, false)] {
        let lifetime = lifetime(secs);
        let request = PresignRequest::new(Method::PUT, bucket.object("k").unwrap(), lifetime);
        let outlives = |error: PresignError| {
            assert!(matches!(error, PresignError::OutlivesCredentials { .. }), "{error}");
        };
        assert_eq!(presigner.parts(&request, "id").map(|_| ()).map_err(outlives).is_ok(), is_good);
        let mut objects = presigner.presign_objects(&request, ["a"]);
        let object = objects.next().unwrap();
        assert_eq!(object.map(|_| ()).map_err(outlives).is_ok(), is_good);
        let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path).unwrap();
        let form_key = FormKey::new("k").unwrap();
        let form = PostPolicy::new(&endpoint, "bucket", form_key, lifetime).unwrap();
        let expected = (!is_good).then_some(PostPolicyError::OutlivesCredentials);
        assert_eq!(presigner.presign_post(&form).err(), expected);
    }
    for (secs, is_good) in [(59, true), (60, false)] {
        assert_eq!(key.header_signer(second(now.unix_secs() + secs)).is_ok(), is_good);
    }
}
