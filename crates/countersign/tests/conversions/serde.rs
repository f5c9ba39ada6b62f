use std::fmt::Debug;

use countersign::{
    Addressing, Date, Lifetime, Method, PayloadRule, Region, Service, Skew, Timestamp, Validity,
    Window,
};
use serde::{
    Deserialize, Serialize,
    de::{
        IntoDeserializer,
        value::{Error, SeqDeserializer},
    },
};

/// Writes this, and reads it back as it was.
#[track_caller]
fn is_written<'de, T>(value: &T, json: &'de str)
where
    T: Serialize + Deserialize<'de> + PartialEq + Debug,
{
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), *value);
}

/// Reads none of these, and says something of each that a person can use.
#[track_caller]
fn are_refused<T: for<'de> Deserialize<'de> + Debug>(texts: &[(&str, &str)]) {
    for (json, message) in texts {
        let error = serde_json::from_str::<T>(json).expect_err(json).to_string();
        assert!(error.contains(message), "{json}: {error}");
    }
}

fn second(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn plain_values_are_written_as_they_stand_on_the_wire() {
    is_written(&second("20130524T000000Z"), "\"20130524T000000Z\"");
    is_written(&Timestamp::MIN, "\"00010101T000000Z\"");
    is_written(&Timestamp::MAX, "\"99991231T235959Z\"");
    is_written(&Date::parse("20240229").unwrap(), "\"20240229\"");
    is_written(&Lifetime::MIN, "1");
    is_written(&Lifetime::MAX, "604800");
    is_written(&Skew::ZERO, "0");
    is_written(&Skew::MAX, "900");
    is_written(&Window::MIN, "1");
    is_written(&Window::MAX, "86400");
    is_written(&Addressing::Path, "\"path\"");
    is_written(&Addressing::VirtualHost, "\"virtual\"");
    is_written(&PayloadRule::Unsigned, "\"UNSIGNED-PAYLOAD\"");
    let digest = "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";
    is_written(&PayloadRule::EMPTY, digest);
    is_written(&Method::PUT, "\"PUT\"");
    is_written(&Region::new("eu-central-1").unwrap(), "\"eu-central-1\"");
    is_written(&Service::S3, "\"s3\"");
    let lifetime = Lifetime::from_secs(60).unwrap();
    let validity = Validity::new(second("20130524T000000Z"), lifetime, Skew::MAX).unwrap();
    let json = r#"{"not_before":"20130523T234500Z","not_after":"20130524T000100Z"}"#;
    is_written(&validity, json);
}

#[test]
fn what_the_constructors_refuse_is_not_read() {
    let time = "the time is not written as 20130524T000000Z";
    are_refused::<Timestamp>(&[
        ("\"2013-05-24T00:00:00Z\"", time),
        ("\"20130524T000060Z\"", time),
        ("\"00000101T000000Z\"", time),
        ("\"\"", time),
        ("1369353600", "a time as 20130524T000000Z"),
        ("null", "a time as 20130524T000000Z"),
    ]);
    are_refused::<Date>(&[
        ("\"20230229\"", "the date is not written as 20130524"),
        ("20130524", "a date as 20130524"),
    ]);
    let secs = "the lifetime is not 1 to 604800 seconds";
    are_refused::<Lifetime>(&[
        ("0", secs),
        ("604801", secs),
        ("18446744073709551615", secs),
        ("18446744073709551616", "whole seconds"),
        ("-1", "whole seconds"),
        ("60.0", "whole seconds"),
        ("1e3", "whole seconds"),
        ("\"60\"", "whole seconds"),
        ("true", "whole seconds"),
        ("null", "whole seconds"),
    ]);
    let secs = "the clock skew is not 0 to 900 seconds";
    are_refused::<Skew>(&[("901", secs), ("4294967296", secs), ("-1", "whole seconds")]);
    let secs = "the window is not 1 to 86400 seconds";
    are_refused::<Window>(&[("0", secs), ("86401", secs), ("4294967297", secs)]);
    are_refused::<Addressing>(&[
        ("\"PATH\"", "the addressing is not `path` or `virtual`"),
        ("\"\"", "the addressing is not `path` or `virtual`"),
        ("0", "`path` or `virtual`"),
    ]);
    are_refused::<PayloadRule>(&[
        ("\"unsigned-payload\"", "x-amz-content-sha256 is malformed"),
        ("\"STREAMING-UNSIGNED-PAYLOAD-TRAILER\"", "streaming payloads are not supported"),
        ("null", "`UNSIGNED-PAYLOAD` or 64 lower-case hex digits"),
    ]);
}

#[test]
fn borrowed_texts_are_checked_and_borrowed() {
    for json in ["\"GET /\"", "\"\"", "\"GET\\n\"", "7"] {
        assert!(serde_json::from_str::<Method<'_>>(json).is_err(), "{json}");
    }
    for json in ["\"us/east\"", "\"\"", "7"] {
        assert!(serde_json::from_str::<Region<'_>>(json).is_err(), "{json}");
        assert!(serde_json::from_str::<Service<'_>>(json).is_err(), "{json}");
    }
    // An escape makes a text that is nowhere to be borrowed.
    let error = serde_json::from_str::<Region<'_>>("\"us\\u002deast\"").unwrap_err().to_string();
    assert!(error.contains("a region, borrowed"), "{error}");
}

#[test]
fn a_validity_that_nothing_could_have_is_not_read() {
    let json = |not_before: &str, not_after: &str| {
        format!(r#"{{"not_before":"{not_before}","not_after":"{not_after}"}}"#)
    };
    // Seven days and fifteen minutes.
    let longest = json("20130523T234500Z", "20130531T000000Z");
    assert!(serde_json::from_str::<Validity>(&longest).is_ok());
    let wrong = [
        ("20130523T234500Z", "20130531T000001Z"),
        ("20130524T000000Z", "20130524T000000Z"),
        ("20130524T000001Z", "20130524T000000Z"),
        ("00010101T000000Z", "99991231T235959Z"),
    ];
    for (not_before, not_after) in wrong {
        let json = json(not_before, not_after);
        are_refused::<Validity>(&[(&json, "no lifetime and skew make this validity")]);
    }
    let (one, other) = (r#""not_before":"20130524T000000Z""#, r#""not_after":"20130524T000100Z""#);
    let read = |json: String| serde_json::from_str::<Validity>(&json);
    assert!(read(format!("{{{other},\"more\":[{{}}],{one}}}")).is_ok());
    are_refused::<Validity>(&[
        (&format!("{{{one}}}"), "missing field `not_after`"),
        (&format!("{{{other}}}"), "missing field `not_before`"),
        (&format!("{{{one},{other},{one}}}"), "given twice"),
        (&format!("{{{one},{other},{other}}}"), "given twice"),
        ("{\"not_before\":0,\"not_after\":1}", "a time as 20130524T000000Z"),
        ("[\"20130524T000000Z\"]", "invalid length 1"),
        ("[]", "invalid length 0"),
        ("\"\"", "the fields `not_before` and `not_after`"),
    ]);
}

/// As formats write it that keep no names.
#[test]
fn a_validity_is_read_from_its_two_fields_in_order() {
    let fields = ["20130524T000000Z", "20130524T000100Z"];
    let sequence = SeqDeserializer::<_, Error>::new(fields.into_iter());
    let validity = Validity::deserialize(sequence).unwrap();
    assert_eq!([validity.not_before(), validity.not_after()], fields.map(second));
    let turned = SeqDeserializer::<_, Error>::new(fields.into_iter().rev());
    assert!(Validity::deserialize(turned).is_err());
}

/// TOML, among others, has only these.
#[test]
fn seconds_are_read_from_signed_numbers_too() {
    let read =
        |secs: i64| Lifetime::deserialize(IntoDeserializer::<Error>::into_deserializer(secs));
    assert_eq!(read(60), Ok(Lifetime::from_secs(60).unwrap()));
    assert!(read(0).is_err());
    assert!(read(-60).unwrap_err().to_string().contains("-60"));
}
