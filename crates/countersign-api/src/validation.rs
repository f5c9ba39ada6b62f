//! What is not valid, as `FastAPI` and pydantic word it: two of the dialects come from there.

use serde_json::{Value, json};

use crate::fields::{Invalid, Place, Reason};

/// The faults of a request.
pub(crate) fn list(faults: &[Invalid]) -> Value {
    faults.iter().map(entry).collect()
}

/// The fault of a body that is no JSON object.
pub(crate) fn not_json() -> Value {
    json!([{
        "type": "json_invalid",
        "loc": ["body"],
        "msg": "JSON decode error: the body is no JSON object",
        "input": {},
    }])
}

fn entry(fault: &Invalid) -> Value {
    let (kind, message) = match fault.reason {
        Reason::Missing => ("missing", "Field required".into()),
        Reason::NotString => ("string_type", "Input should be a valid string".into()),
        Reason::NotInteger => (
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer".into(),
        ),
        Reason::NotList => ("list_type", "Input should be a valid list".into()),
        Reason::NotUuid => ("uuid_parsing", "Input should be a valid UUID".into()),
        Reason::Repeated => ("value_error", "Value error, given more than once".into()),
        Reason::TooLong { chars_max } => {
            ("string_too_long", format!("String should have at most {chars_max} characters"))
        }
        Reason::TooSmall { min } => {
            ("greater_than_equal", format!("Input should be greater than or equal to {min}"))
        }
        Reason::TooLarge { max } => {
            ("less_than_equal", format!("Input should be less than or equal to {max}"))
        }
        Reason::Url(fault) => ("value_error", format!("Value error, {fault}")),
        Reason::Rule(rule) => ("value_error", format!("Value error, {rule}")),
    };
    json!({ "type": kind, "loc": place_of(fault), "msg": message, "input": fault.input })
}

/// `["body", "parts", 0, "etag"]`
fn place_of(fault: &Invalid) -> Vec<Value> {
    let place = match fault.place {
        Place::Body => "body",
        Place::Query => "query",
        Place::Path => "path",
        Place::Header => "header",
    };
    let within = fault.within.map(|(list, place)| [list.into(), place.into()]);
    let within = within.into_iter().flatten();
    [place.into()].into_iter().chain(within).chain([fault.field.into()]).collect()
}
