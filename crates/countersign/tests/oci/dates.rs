//! When a signature holds.

use countersign::{
    Skew, Timestamp,
    oci::{ContentRule, DateHeader, Request, Required, Verifier, VerifyError},
};

use super::{HOST, OTHER, Sent, key, key_id, method, now, public_key, target};

fn after(secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(now().unix_secs() + secs).unwrap()
}

#[test]
fn a_signature_holds_for_five_minutes_either_way() {
    let sent = Sent::get();
    let default = Verifier::new();
    let skewed = |secs| Verifier::new().with_skew(Skew::from_secs(secs).unwrap());
    let (zero, minute, most) = (skewed(0), skewed(60), skewed(900));
    let (too_early, too_late) = (Some("early"), Some("late"));
    for (verifier, secs, expected) in [
        (&default, 0, None),
        (&default, -300, None),
        (&default, 300, None),
        (&default, -301, too_early),
        (&default, 301, too_late),
        (&default, 86_400, too_late),
        (&default, -86_400, too_early),
        (&zero, 0, None),
        (&zero, -1, too_early),
        (&zero, 1, too_late),
        (&minute, -60, None),
        (&minute, 60, None),
        (&minute, -61, too_early),
        (&minute, 61, too_late),
        (&most, -900, None),
        (&most, 900, None),
        (&most, -901, too_early),
        (&most, 901, too_late),
    ] {
        let now = after(secs);
        let outcome = sent.answer(verifier, Some(public_key()), now);
        let got = match outcome {
            Ok(_) => None,
            Err(VerifyError::NotYetValid { now: at, not_before }) => {
                assert!(at == now && at < not_before);
                too_early
            }
            Err(VerifyError::Expired { now: at, not_after }) => {
                assert!(at == now && at >= not_after);
                too_late
            }
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(got, expected, "{verifier:?} {secs}");
    }
    let expired = sent.answer(&default, Some(public_key()), after(301));
    let edge = after(301);
    assert_eq!(expired, Err(VerifyError::Expired { now: edge, not_after: edge }));
    let early = sent.answer(&default, Some(public_key()), after(-301));
    let error = VerifyError::NotYetValid { now: after(-301), not_before: after(-300) };
    assert_eq!(early, Err(error));
}

#[test]
fn the_ends_of_time_are_no_trap() {
    for at in [Timestamp::MIN, Timestamp::MAX] {
        let request = Request::new(method("GET"), target(OTHER), HOST, ContentRule::Signed);
        let signed = request.sign(&key_id(), key(), at).unwrap();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut headers: Vec<_> = signed.headers().map(owned).collect();
        headers.push(("host".to_owned(), HOST.to_owned()));
        let sent = Sent { method: "GET".to_owned(), target: OTHER.to_owned(), headers };
        let outcome = |now| sent.answer(&Verifier::new(), Some(public_key()), now);
        assert!(outcome(at).is_ok());
        let other = if at == Timestamp::MIN { Timestamp::MAX } else { Timestamp::MIN };
        assert!(outcome(other).is_err());
    }
}

/// A request that is dated in `x-date`.
fn with_x_date() -> Sent {
    let request = Request::new(method("GET"), target(OTHER), HOST, ContentRule::Signed)
        .with_date_header(DateHeader::XDate);
    let signed = request.sign(&key_id(), key(), now()).unwrap();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut headers: Vec<_> = signed.headers().map(owned).collect();
    assert_eq!(headers[0].0, "x-date");
    headers.push(("host".to_owned(), HOST.to_owned()));
    Sent { method: "GET".to_owned(), target: OTHER.to_owned(), headers }
}

#[test]
fn x_date_may_stand_for_date_and_goes_before_it() {
    let mut sent = with_x_date();
    assert_eq!(sent.outcome().unwrap(), ["x-date", "host"]);
    // What is not signed is not read.
    sent.add("date", "whatever");
    sent.add("date", "twice");
    assert!(sent.outcome().is_ok());

    // Whoever adds one to a request with a date would be believed.
    let mut fresh = Sent::get();
    fresh.add("x-date", "Sat, 21 Nov 2026 12:00:00 GMT");
    assert_eq!(fresh.refused(), VerifyError::NotSigned(Required::Date));
}

#[test]
fn a_signed_date_is_an_http_date() {
    for wrong in ["", "20261121T120000Z", "Sat, 21 Nov 2026 12:00:00", "1795262400"] {
        let mut sent = Sent::get();
        wrong.clone_into(sent.value("date"));
        assert_eq!(sent.refused(), VerifyError::MalformedHeader("date".into()), "{wrong}");
        let mut sent = with_x_date();
        wrong.clone_into(sent.value("x-date"));
        assert_eq!(sent.refused(), VerifyError::MalformedHeader("x-date".into()), "{wrong}");
    }
}
