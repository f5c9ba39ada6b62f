//! A policy as it was received: until when, and under which conditions.

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{ContentLengthRange, PolicyFault, condition::Rule, json::Node};
use crate::Timestamp;

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) expiration: Timestamp,
    pub(crate) rules: Vec<Rule>,
    /// What all conditions on the length allow.
    pub(crate) length: Option<ContentLengthRange>,
}

impl Document {
    /// Reads the `policy` field of a form.
    pub(crate) fn decode(field: &str) -> Result<Self, PolicyFault> {
        let bytes = STANDARD.decode(field).map_err(|_| PolicyFault::Encoding)?;
        Self::parse(core::str::from_utf8(&bytes).map_err(|_| PolicyFault::Encoding)?)
    }

    /// Reads the JSON of a policy. Members of other names are refused: they may be meant to
    /// restrict.
    pub(crate) fn parse(json: &str) -> Result<Self, PolicyFault> {
        let Node::Object(members) = Node::parse(json)? else { return Err(PolicyFault::Shape) };
        let (mut expiration, mut conditions) = (None, None);
        for (name, value) in members {
            match name.as_str() {
                "expiration" => expiration = Some(value),
                "conditions" => conditions = Some(value),
                _ => return Err(PolicyFault::UnknownMember),
            }
        }
        let expiration = match expiration.ok_or(PolicyFault::NoExpiration)? {
            Node::Text(text) => parse_extended(&text).ok_or(PolicyFault::Expiration)?,
            _ => return Err(PolicyFault::Expiration),
        };
        let Node::List(conditions) = conditions.ok_or(PolicyFault::NoConditions)? else {
            return Err(PolicyFault::NoConditions);
        };
        let mut document = Self { expiration, rules: Vec::new(), length: None };
        for (index, condition) in conditions.iter().enumerate() {
            let rule =
                Rule::of(condition).map_err(|fault| PolicyFault::Condition { index, fault })?;
            match rule {
                Rule::Length(range) => document.add_length(range)?,
                rule => document.rules.push(rule),
            }
        }
        Ok(document)
    }

    fn add_length(&mut self, range: ContentLengthRange) -> Result<(), PolicyFault> {
        let both = match self.length {
            Some(length) => length.and(range).ok_or(PolicyFault::NoLength)?,
            None => range,
        };
        self.length = Some(both);
        Ok(())
    }
}

/// Writes an instant as `2015-12-30T12:00:00Z`.
pub(crate) fn put_extended(text: &mut String, at: Timestamp) {
    let [y1, y2, y3, y4, m1, m2, d1, d2, _, h1, h2, n1, n2, s1, s2, _] = at.to_basic();
    let extended = [
        y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z',
    ];
    text.extend(extended.map(char::from));
}

/// Reads `2015-12-30T12:00:00Z`, perhaps with a fraction of a second, which is dropped: so it is
/// over no later than it says.
fn parse_extended(text: &str) -> Option<Timestamp> {
    let &[
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        ref fraction @ ..,
        b'Z',
    ] = text.as_bytes()
    else {
        return None;
    };
    match fraction {
        [] => {}
        [b'.', digits @ ..] => {
            let is_number = digits.iter().all(u8::is_ascii_digit);
            ((1..=9).contains(&digits.len()) && is_number).then_some(())?;
        }
        _ => return None,
    }
    let basic = [y1, y2, y3, y4, m1, m2, d1, d2, b'T', h1, h2, n1, n2, s1, s2, b'Z'];
    Timestamp::parse(core::str::from_utf8(&basic).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use std::format;

    use super::*;
    use crate::post_policy::ConditionFault;

    const AT: &str = "2015-12-30T12:00:00.000Z";

    #[test]
    fn an_expiration_is_an_instant_of_utc() {
        let at = parse_extended(AT).unwrap();
        assert_eq!(at.to_string(), "20151230T120000Z");
        let mut text = String::new();
        put_extended(&mut text, at);
        assert_eq!(text, "2015-12-30T12:00:00Z");
        assert_eq!(parse_extended(&text), Some(at));
        assert_eq!(parse_extended("2015-12-30T12:00:00.999999999Z"), Some(at));
        for wrong in [
            "",
            "2015-12-30",
            "20151230T120000Z",
            "2015-12-30T12:00:00",
            "2015-12-30T12:00:00z",
            "2015-12-30t12:00:00Z",
            "2015-12-30 12:00:00Z",
            "2015-12-30 12:00:00+00:00",
            "2015-12-30T12:00:00+00:00",
            "2015-12-30T12:00:00.Z",
            "2015-12-30T12:00:00,0Z",
            "2015-12-30T12:00:00.0000000000Z",
            "2015-12-30T12:00:00.xZ",
            "2015-12-30T24:00:00Z",
            "2015-12-30T12:00:60Z",
            "2015-02-29T12:00:00Z",
            "2015-1-30T12:00:00Z",
            "+015-12-30T12:00:00Z",
            "2015-12-30T12:00:00ZZ",
            " 2015-12-30T12:00:00Z",
        ] {
            assert_eq!(parse_extended(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_policy_has_two_members_in_their_form() {
        use PolicyFault::{
            DuplicateMember, Expiration, NoConditions, NoExpiration, Shape, UnknownMember,
        };
        for (json, fault) in [
            ("[]".to_string(), Shape),
            ("{}".to_string(), NoExpiration),
            (r#"{"conditions": []}"#.to_string(), NoExpiration),
            (r#"{"EXPIRATION": "", "conditions": []}"#.to_string(), UnknownMember),
            (format!(r#"{{"expiration": "{AT}"}}"#), NoConditions),
            (format!(r#"{{"expiration": "{AT}", "CONDITIONS": []}}"#), UnknownMember),
            (format!(r#"{{"expiration": "{AT}", "conditions": {{}}}}"#), NoConditions),
            (format!(r#"{{"expiration": "{AT}", "conditions": null}}"#), NoConditions),
            (r#"{"expiration": 1, "conditions": []}"#.to_string(), Expiration),
            (r#"{"expiration": "soon", "conditions": []}"#.to_string(), Expiration),
            (
                format!(r#"{{"expiration": "{AT}", "expiration": "{AT}", "conditions": []}}"#),
                DuplicateMember,
            ),
            (format!(r#"{{"expiration": "{AT}", "conditions": [], "x": 1}}"#), UnknownMember),
            (
                format!(r#"{{"expiration": "{AT}", "conditions": [{{"a": "b"}}, {{}}]}}"#),
                PolicyFault::Condition { index: 1, fault: ConditionFault::Shape },
            ),
            (
                format!(r#"{{"expiration": "{AT}", "conditions": [{{"a": "b", "a": "b"}}]}}"#),
                DuplicateMember,
            ),
        ] {
            assert_eq!(Document::parse(&json), Err(fault), "{json}");
        }
        let empty = Document::parse(&format!(r#"{{"conditions": [], "expiration": "{AT}"}}"#));
        assert_eq!(empty.unwrap().rules, []);
    }

    #[test]
    fn all_conditions_on_the_length_count() {
        let length = |ranges: &str| {
            let json = format!(r#"{{"expiration": "{AT}", "conditions": [{ranges}]}}"#);
            Document::parse(&json).map(|document| document.length)
        };
        assert_eq!(length(""), Ok(None));
        let two = r#"["content-length-range", 1, 5], ["content-length-range", "3", "9"]"#;
        assert_eq!(length(two), Ok(ContentLengthRange::new(3, 5)));
        let none = r#"["content-length-range", 1, 2], ["content-length-range", 3, 9]"#;
        assert_eq!(length(none), Err(PolicyFault::NoLength));
    }

    #[test]
    fn the_text_of_a_policy_has_one_encoding() {
        let good = STANDARD.encode(format!(r#"{{"expiration": "{AT}","conditions": []}}"#));
        assert!(Document::decode(&good).is_ok());
        assert!(good.ends_with('='));
        let wrong = [
            format!("{good}="),
            format!(" {good}"),
            format!("{good}\n"),
            good.trim_end_matches('=').to_string(),
            good.replace('e', "-"),
            STANDARD.encode(b"\xff"),
        ];
        for wrong in wrong {
            assert_eq!(Document::decode(&wrong), Err(PolicyFault::Encoding), "{wrong}");
        }
    }
}
