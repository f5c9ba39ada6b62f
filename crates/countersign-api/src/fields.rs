//! Values out of a JSON body or a query, with the reason for each that is none.

use countersign_catalog::Page;
use countersign_import::UrlFault;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// A value that is not valid, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invalid {
    pub(crate) place: Place,
    /// The list that has the object that has the field, and which of its objects that is.
    pub(crate) within: Option<(&'static str, usize)>,
    pub(crate) field: &'static str,
    pub(crate) reason: Reason,
    /// What was given instead.
    pub(crate) input: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Body,
    Query,
    Path,
    Header,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    #[error("it is required")]
    Missing,
    #[error("it is no string")]
    NotString,
    #[error("it is no whole number")]
    NotInteger,
    #[error("it is no list of objects")]
    NotList,
    #[error("it is no UUID")]
    NotUuid,
    #[error("it is given more than once")]
    Repeated,
    #[error("it has more than {chars_max} characters")]
    TooLong { chars_max: usize },
    #[error("it is less than {min}")]
    TooSmall { min: i64 },
    #[error("it is greater than {max}")]
    TooLarge { max: i64 },
    #[error("{0}")]
    Url(UrlFault),
    /// A rule of its own, in words.
    #[error("{0}")]
    Rule(&'static str),
}

/// The deepest nesting of a body.
const DEPTH_MAX: usize = 32;

/// The fewest bytes per value of a body, as [`weight`] counts them. An object has about 550 bytes in
/// memory, and three in a body: 2 MiB of them would be 170 MB.
const BYTES_PER_VALUE_MIN: usize = 16;

/// A JSON object. Members that nobody asks for are ignored.
#[derive(Debug, Default)]
pub(crate) struct Body(Map<String, Value>);

impl Body {
    /// `None` for what is no JSON object, or a deeper one than any request needs.
    /// `len_max` is what a body like this may have.
    pub(crate) fn parse(bytes: &[u8], len_max: usize) -> Option<Self> {
        if weight(bytes) > len_max / BYTES_PER_VALUE_MIN {
            return None;
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) if members.values().all(|it| is_shallow(it, DEPTH_MAX)) => {
                Some(Self(members))
            }
            _ => None,
        }
    }

    /// A member that has to be there and a string, read into a type that cannot be wrong.
    pub(crate) fn text<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Result<T, Invalid> {
        self.optional_text(field, read)?.ok_or_else(|| missing(field))
    }

    /// A member that is a string where it is there, and not `null`.
    pub(crate) fn optional_text<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Result<Option<T>, Invalid> {
        match self.given(field) {
            None => Ok(None),
            Some(Value::String(text)) => {
                read(text).map(Some).map_err(|reason| invalid(field, reason, shown(text)))
            }
            Some(other) => Err(invalid(field, Reason::NotString, kind_of(other))),
        }
    }

    /// A member that is a whole number in a range, where it is there and not `null`: `1.5`, `1e3`,
    /// `"1"` and `true` are none.
    pub(crate) fn optional_integer(
        &self,
        field: &'static str,
        (min, max): (i64, i64),
    ) -> Result<Option<i64>, Invalid> {
        let Some(given) = self.given(field) else { return Ok(None) };
        let reason = match given {
            Value::Number(number) if number.is_u64() || number.is_i64() => match number.as_i64() {
                Some(number) if (min..=max).contains(&number) => return Ok(Some(number)),
                Some(number) if number < min => Reason::TooSmall { min },
                _ => Reason::TooLarge { max },
            },
            _ => Reason::NotInteger,
        };
        Err(invalid(field, reason, kind_of(given)))
    }

    /// As [`optional_integer`](Self::optional_integer), but it has to be there.
    pub(crate) fn integer(&self, field: &'static str, range: (i64, i64)) -> Result<i64, Invalid> {
        let given = self.optional_integer(field, range)?;
        given.ok_or_else(|| missing(field))
    }

    /// A list of objects that has to be there, each read into a type that cannot be wrong.
    pub(crate) fn objects<T>(
        &self,
        field: &'static str,
        read: impl FnMut(&Self) -> Result<T, Invalid>,
    ) -> Result<Vec<T>, Invalid> {
        self.optional_objects(field, read)?.ok_or_else(|| missing(field))
    }

    /// As [`objects`](Self::objects), but it need not be there, and may be `null`.
    pub(crate) fn optional_objects<T>(
        &self,
        field: &'static str,
        mut read: impl FnMut(&Self) -> Result<T, Invalid>,
    ) -> Result<Option<Vec<T>>, Invalid> {
        let Some(given) = self.given(field) else { return Ok(None) };
        let not_list = || invalid(field, Reason::NotList, kind_of(given));
        let items = given.as_array().ok_or_else(not_list)?;
        let read_one = |(place, item): (usize, &Value)| match item {
            Value::Object(members) => read(&Self(members.clone()))
                .map_err(|fault| Invalid { within: Some((field, place)), ..fault }),
            _ => Err(not_list()),
        };
        items.iter().enumerate().map(read_one).collect::<Result<_, _>>().map(Some)
    }

    /// Whether a member is there, and not `null`.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.given(field).is_some()
    }

    fn given(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }
}

/// The value, or one more fault.
pub(crate) fn noted<T>(faults: &mut Vec<Invalid>, outcome: Result<T, Invalid>) -> Option<T> {
    outcome.map_err(|fault| faults.push(fault)).ok()
}

/// A member of a body that is not valid.
pub(crate) fn invalid(field: &'static str, reason: Reason, input: Value) -> Invalid {
    Invalid { place: Place::Body, within: None, field, reason, input }
}

/// How many values there can be at most; an object counts as four more.
fn weight(bytes: &[u8]) -> usize {
    let weight_of = |byte: &u8| match byte {
        b'{' => 5,
        b'[' | b',' => 1,
        _ => 0,
    };
    bytes.iter().map(weight_of).sum()
}

fn is_shallow(value: &Value, depth_max: usize) -> bool {
    let Some(depth_max) = depth_max.checked_sub(1) else { return false };
    match value {
        Value::Array(items) => items.iter().all(|item| is_shallow(item, depth_max)),
        Value::Object(members) => members.values().all(|member| is_shallow(member, depth_max)),
        _ => true,
    }
}

/// The parameters of a query, decoded.
#[derive(Debug)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    /// A whole number in decimal digits: `1.5`, `1e3`, `+1`, `true` and nothing at all are none.
    pub(crate) fn integer(
        &self,
        field: &'static str,
        default: i64,
        (min, max): (i64, i64),
    ) -> Result<i64, Invalid> {
        let Some(text) = self.text(field)? else { return Ok(default) };
        let invalid = |reason| invalid_text(field, reason, text);
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid(Reason::NotInteger));
        }
        // What has too many digits for the type is out of any range.
        let is_negative = digits.len() < text.len();
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            Ok(number) if number > max => Err(invalid(Reason::TooLarge { max })),
            Err(_) if !is_negative => Err(invalid(Reason::TooLarge { max })),
            _ => Err(invalid(Reason::TooSmall { min })),
        }
    }

    /// A parameter that is there once or not at all.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<&str>, Invalid> {
        let mut given = self.0.iter().filter(|(name, _)| name == field).map(|(_, value)| value);
        match (given.next(), given.next()) {
            (Some(text), Some(_)) => Err(invalid_text(field, Reason::Repeated, text)),
            (text, _) => Ok(text.map(String::as_str)),
        }
    }
}

impl Query {
    /// A numbered page of a list, from 1; and its number. A fault of its size is told first.
    pub(crate) fn page(
        &self,
        (number, size): (&'static str, &'static str),
        default: i64,
        sizes: (i64, i64),
    ) -> Result<(Page, u64), ApiError> {
        let size = self.integer(size, default, sizes)?;
        let number = self.integer(number, 1, (1, i64::MAX))?;
        let limit = u32::try_from(size).map_err(ApiError::internal)?;
        let number = u64::try_from(number).map_err(ApiError::internal)?;
        let offset = (number - 1).saturating_mul(limit.into());
        Ok((Page { limit, offset }, number))
    }

    /// A text that is searched for; `None` for everything.
    pub(crate) fn search(
        &self,
        field: &'static str,
        chars_max: usize,
    ) -> Result<Option<&str>, Invalid> {
        match self.text(field)?.filter(|text| !text.is_empty()) {
            Some(text) if text.chars().count() > chars_max => {
                Err(invalid_text(field, Reason::TooLong { chars_max }, text))
            }
            search => Ok(search),
        }
    }
}

/// A member of a body that is not there.
pub(crate) fn missing(field: &'static str) -> Invalid {
    invalid(field, Reason::Missing, Value::Null)
}

/// A parameter of a query that is not valid.
pub(crate) fn invalid_text(field: &'static str, reason: Reason, text: &str) -> Invalid {
    Invalid { place: Place::Query, within: None, field, reason, input: shown(text) }
}

/// A segment of a path that is not valid.
pub(crate) fn invalid_segment(field: &'static str, reason: Reason, text: &str) -> Invalid {
    Invalid { place: Place::Path, ..invalid_text(field, reason, text) }
}

/// A value as it is shown to who sent it: the start of it is enough.
fn shown(text: &str) -> Value {
    const CHARS_MAX: usize = 200;
    Value::String(text.chars().take(CHARS_MAX).collect())
}

/// Numbers and truth values as they are; of the rest only what it is.
fn kind_of(value: &Value) -> Value {
    match value {
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN_MAX: usize = 64 * 1024;

    fn integer(text: &str) -> Result<i64, Reason> {
        let query = Query(vec![("n".into(), text.into())]);
        query.integer("n", 5, (1, 100)).map_err(|invalid| invalid.reason)
    }

    #[test]
    fn only_decimal_digits_are_an_integer() {
        assert_eq!(integer("1"), Ok(1));
        assert_eq!(integer("0100"), Ok(100));
        for wrong in ["", "+1", "1.0", "1e1", "true", " 1", "1 ", "0x1", "١", "--1", "-"] {
            assert_eq!(integer(wrong), Err(Reason::NotInteger), "{wrong:?}");
        }
    }

    #[test]
    fn a_range_holds_whatever_the_size_of_the_number() {
        for wrong in ["0", "-1", "-99999999999999999999"] {
            assert_eq!(integer(wrong), Err(Reason::TooSmall { min: 1 }), "{wrong}");
        }
        for wrong in ["101", "9223372036854775808", "99999999999999999999"] {
            assert_eq!(integer(wrong), Err(Reason::TooLarge { max: 100 }), "{wrong}");
        }
    }

    #[test]
    fn the_largest_number_is_not_what_is_larger() {
        let ask = |text: &str| {
            let query = Query(vec![("n".into(), text.into())]);
            query.integer("n", 5, (0, i64::MAX)).map_err(|invalid| invalid.reason)
        };
        assert_eq!(ask("9223372036854775807"), Ok(i64::MAX));
        let too_large = Err(Reason::TooLarge { max: i64::MAX });
        assert_eq!(ask("9223372036854775808"), too_large);
    }

    #[test]
    fn the_default_is_for_what_is_absent() {
        let query = Query(vec![("other".into(), "7".into())]);
        assert_eq!(query.integer("n", 5, (1, 100)), Ok(5));
        let query = Query(vec![("n".into(), "7".into()), ("n".into(), "7".into())]);
        assert_eq!(query.integer("n", 5, (1, 100)).unwrap_err().reason, Reason::Repeated);
    }

    #[test]
    fn a_body_is_an_object_of_32_levels() {
        let nested = |levels: usize| {
            format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels)).into_bytes()
        };
        assert!(Body::parse(&nested(31), LEN_MAX).is_some());
        for wrong in [nested(32), nested(100_000), b"[]".into(), b"".into(), b"{\"a\":1".into()] {
            assert!(Body::parse(&wrong, LEN_MAX).is_none());
        }
    }

    #[test]
    fn a_member_that_is_no_string_is_said_to_be_none() {
        let body = Body::parse(br#"{"a":1,"b":null,"c":"x","d":[1]}"#, LEN_MAX).unwrap();
        let text = |field| body.text(field, |text| Ok(text.to_owned()));
        assert_eq!(text("a").unwrap_err().reason, Reason::NotString);
        assert_eq!(text("b").unwrap_err().reason, Reason::Missing);
        assert_eq!(text("c").unwrap(), "x");
        assert_eq!(text("d").unwrap_err().input, Value::Array(Vec::new()));
        assert_eq!(text("e").unwrap_err().reason, Reason::Missing);
    }

    #[test]
    fn a_body_that_would_take_much_more_memory_than_it_has_bytes_is_none() {
        const COMPLETION_LEN_MAX: usize = 2 * 1024 * 1024;
        let parts = |count: usize, part: &str| {
            format!("{{\"parts\":[{}]}}", vec![part; count].join(",")).into_bytes()
        };
        let part = "{\"part_number\":10000,\"number\":10000,\"etag\":\"x\",\"size\":1}";
        assert!(Body::parse(&parts(10_000, part), COMPLETION_LEN_MAX).is_some());
        for wrong in ["{}", "{\"\":1}", "[]", "1"] {
            let many = parts(200_000, wrong);
            assert!(many.len() < COMPLETION_LEN_MAX);
            assert!(Body::parse(&many, COMPLETION_LEN_MAX).is_none(), "{wrong}");
        }
    }
}
