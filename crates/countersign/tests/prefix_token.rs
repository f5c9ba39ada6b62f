//! Proves that a prefix token is let in as it was issued, in its time, and in no other way; beside a
//! model that is written down from the documentation of the format.

use countersign::{MasterKey, PrefixTokenError, PrefixTokenKey, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use sha2::Sha256;

const MASTER: [u8; 32] = [7; 32];
const GRANT: [u8; 16] = *b"\x00\x0f\xa5\xff\x10grant-of-it";

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn not_after() -> Timestamp {
    at("20261121T120000Z")
}

fn before() -> Timestamp {
    not_after().saturating_sub_secs(1)
}

fn key() -> PrefixTokenKey {
    MasterKey::new(MASTER).prefix_token_key()
}

fn token() -> String {
    key().issue(GRANT, not_after()).as_str().to_owned()
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Puts the MAC that a key makes behind a text.
fn signed_by(key: &[u8], text: &str) -> String {
    format!("{text}-{}", hex::encode(hmac(key, text.as_bytes())))
}

/// The MAC is right, whatever the text is.
fn signed(text: &str) -> String {
    signed_by(&hmac(&MASTER, b"countersign prefix token v1\0"), text)
}

fn outcome(token: &str, now: Timestamp) -> Result<[u8; 16], PrefixTokenError> {
    key().verify(token, now).map(|verified| verified.grant())
}

/// Not let in, and not told about the time, whenever it is tried.
fn assert_refused(changed: &str, expected: &[PrefixTokenError]) {
    for now in [Timestamp::MIN, before(), not_after(), Timestamp::MAX] {
        let refused = outcome(changed, now);
        assert!(refused.as_ref().is_err_and(|it| expected.contains(it)), "{changed}: {refused:?}");
    }
}

const NOT_REAL: [PrefixTokenError; 2] = [PrefixTokenError::Malformed, PrefixTokenError::Mismatch];

#[test]
fn a_token_holds_for_its_time() {
    let expired = |now| Err(PrefixTokenError::Expired { now, not_after: not_after() });
    let verified = key().verify(&token(), before()).unwrap();
    assert_eq!((verified.grant(), verified.not_after()), (GRANT, not_after()));
    assert_eq!(outcome(&token(), Timestamp::MIN), Ok(GRANT));
    assert_eq!(outcome(&token(), not_after()), expired(not_after()));
    assert_eq!(outcome(&token(), Timestamp::MAX), expired(Timestamp::MAX));
    // The last second that there is.
    let last = key().issue(GRANT, Timestamp::MAX);
    assert!(outcome(last.as_str(), Timestamp::MAX.saturating_sub_secs(1)).is_ok());
    assert!(outcome(last.as_str(), Timestamp::MAX).is_err());
}

#[test]
fn no_byte_of_it_can_be_changed() {
    let good = token();
    for (place, byte) in good.bytes().enumerate() {
        for other in (0..128).filter(|other| *other != byte) {
            let mut changed = good.clone().into_bytes();
            changed[place] = other;
            assert_refused(&String::from_utf8(changed).unwrap(), &NOT_REAL);
        }
        let (start, rest) = good.split_at(place);
        let end = &rest[1..];
        let mut changed = vec![start.to_owned(), end.to_owned(), format!("{start}{end}")];
        for inserted in ["0", "a", "-", "\0", " ", "é"] {
            changed.extend([rest, end].map(|rest| format!("{start}{inserted}{rest}")));
        }
        // A digit may have taken its own place.
        changed.retain(|changed| *changed != good);
        for changed in changed {
            assert_refused(&changed, &NOT_REAL);
        }
    }
}

#[test]
fn two_tokens_cannot_be_joined() {
    let one = token();
    let later = key().issue(GRANT, Timestamp::MAX).as_str().to_owned();
    let other = key().issue([0; 16], not_after()).as_str().to_owned();
    let mac_of = |token: &str| token.rsplit_once('-').unwrap().1.to_owned();
    let text_of = |token: &str| token.rsplit_once('-').unwrap().0.to_owned();
    for mac in [mac_of(&later), mac_of(&other), "0".repeat(64), "f".repeat(64)] {
        let joined = format!("{}-{mac}", text_of(&one));
        assert_refused(&joined, &[PrefixTokenError::Mismatch]);
    }
}

#[test]
fn a_token_has_one_spelling() {
    let good = token();
    let (text, mac) = good.rsplit_once('-').unwrap();
    for wrong in [
        String::new(),
        "-".repeat(119),
        good.to_ascii_uppercase(),
        good.to_ascii_lowercase(),
        format!("{text}-{}", mac.to_ascii_uppercase()),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}/"),
        format!("{good}/name"),
        good.replace('-', "%2D"),
        good.replacen("CS01", "%43S01", 1),
        good.replace('-', "_"),
        good.replace('-', "\u{2010}"),
        format!("{good}{good}"),
        format!("{good}-{mac}"),
        text.to_owned(),
        mac.to_owned(),
        format!("{text}-{}", &mac[1..]),
        format!("{text}-{}+{}", &mac[..31], &mac[32..]),
    ] {
        assert_refused(&wrong, &[PrefixTokenError::Malformed]);
    }
}

/// Who has the key makes no others either: what is read is what was meant.
#[test]
fn a_right_mac_makes_no_token_of_another_text() {
    let hex = hex::encode(GRANT);
    assert_eq!(signed(&format!("CS01-{hex}-20261121T120000Z")), token());
    for text in [
        format!("CS02-{hex}-20261121T120000Z"),
        format!("cs01-{hex}-20261121T120000Z"),
        format!("CS01-{}-20261121T120000Z", hex.to_ascii_uppercase()),
        format!("CS01-{}-20261121T120000Z", hex.replacen('f', "g", 1)),
        format!("CS01-{}--20261121T120000Z", &hex[1..]),
        format!("CS01--{}-20261121T120000Z", &hex[1..]),
        format!("CS01-{}-a-20261121T120000Z", &hex[2..]),
        format!("CS01-{hex}-20261121T240000Z"),
        format!("CS01-{hex}-20260230T120000Z"),
        format!("CS01-{hex}-00000101T000000Z"),
        format!("CS01-{hex}-20261121t120000z"),
        format!("CS01-{hex}-+2261121T120000Z"),
        format!("CS01-{hex}00-261121T120000Z"),
        format!("CS01-{}-0020261121T120000Z", &hex[2..]),
        format!("CS01{hex}-20261121T120000Z-"),
    ] {
        assert_eq!(signed(&text).len(), token().len(), "{text}");
        assert_refused(&signed(&text), &[PrefixTokenError::Malformed]);
    }
}

/// Nothing else that is derived of the master key makes a token, nor the master key itself.
#[test]
fn no_other_key_makes_a_token() {
    let text = format!("CS01-{}-20261121T120000Z", hex::encode(GRANT));
    let secret_of = |id: &str| MasterKey::new(MASTER).signing_secret(id).reveal().to_owned();
    let mut keys: Vec<Vec<u8>> = vec![
        MASTER.into(),
        vec![],
        vec![0; 32],
        hmac(&MASTER, b"").into(),
        hmac(&MASTER, b"countersign prefix token v1").into(),
        hmac(&MASTER, b"countersign prefix token v2\0").into(),
        hmac(&MASTER, b"countersign signing key v1\0").into(),
        hmac(&[8; 32], b"countersign prefix token v1\0").into(),
    ];
    let hex = hex::encode(GRANT);
    for id in ["", "CS01ABCDEFGHIJKLMNOP", "countersign prefix token v1\0", text.as_str(), &hex] {
        keys.push(secret_of(id).into_bytes());
        keys.push(hex::decode(secret_of(id)).unwrap());
    }
    for key in keys {
        assert_refused(&signed_by(&key, &text), &[PrefixTokenError::Mismatch]);
    }
    for master in [[8; 32], [0; 32]] {
        let forged = MasterKey::new(master).prefix_token_key().issue(GRANT, not_after());
        assert_refused(forged.as_str(), &[PrefixTokenError::Mismatch]);
    }
}

#[test]
fn an_error_shows_no_token() {
    let good = token();
    let (text, mac) = good.rsplit_once('-').unwrap();
    for (wrong, now) in [(text, before()), (&*good.replace("CS01-0", "CS01-1"), before())]
        .into_iter()
        .chain([(&*good, not_after())])
    {
        let error = key().verify(wrong, now).unwrap_err();
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(mac) && !shown.contains("CS01"), "{shown}");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_token_is_that_of_the_model(
        master in any::<[u8; 32]>(),
        grant in any::<[u8; 16]>(),
        not_after in Timestamp::MIN.unix_secs()..=Timestamp::MAX.unix_secs(),
        now in Timestamp::MIN.unix_secs()..=Timestamp::MAX.unix_secs(),
    ) {
        let [not_after, now] =
            [not_after, now].map(|secs| Timestamp::from_unix_secs(secs).unwrap());
        let key = MasterKey::new(master).prefix_token_key();
        let token = key.issue(grant, not_after);
        let derived = hmac(&master, b"countersign prefix token v1\0");
        let text = format!("CS01-{}-{not_after}", hex::encode(grant));
        prop_assert_eq!(token.as_str(), signed_by(&derived, &text));

        match key.verify(token.as_str(), now) {
            Ok(verified) => {
                prop_assert!(now < not_after);
                prop_assert_eq!((verified.grant(), verified.not_after()), (grant, not_after));
            }
            Err(error) => {
                prop_assert!(now >= not_after);
                prop_assert_eq!(error, PrefixTokenError::Expired { now, not_after });
            }
        }
    }

    #[test]
    fn nothing_else_is_let_in(
        place in 0..119_usize,
        removed in 0..119_usize,
        inserted in "[0-9a-fCSTZ-]{0,64}|\\PC{0,8}",
    ) {
        let good = token();
        let end = (place + removed).min(good.len());
        let changed = format!("{}{inserted}{}", &good[..place], &good[end..]);
        prop_assume!(changed != good);
        prop_assert!(key().verify(&changed, before()).is_err_and(|it| NOT_REAL.contains(&it)));
    }
}
