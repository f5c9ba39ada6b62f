//! The fields of an input line. No error here shows a value: one of them is a secret.

use std::borrow::Cow;

use countersign::{
    Addressing, Credentials, Endpoint, InvalidValue, Method, PresignError, Region, SecretKey,
    Service, Timestamp,
    post_policy::{ConditionFault, PostPolicyError},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// Why a line has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct InputError {
    code: &'static str,
    message: Cow<'static, str>,
}

impl InputError {
    pub(crate) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

impl From<InvalidValue> for InputError {
    fn from(error: InvalidValue) -> Self {
        let code = match &error {
            InvalidValue::AccessKeyId | InvalidValue::SecretKey | InvalidValue::SessionToken => {
                "invalid_credentials"
            }
            InvalidValue::Region => "invalid_region",
            InvalidValue::Service => "invalid_service",
            InvalidValue::Method => "invalid_method",
            InvalidValue::Timestamp | InvalidValue::Date => "invalid_time",
            InvalidValue::Lifetime => "invalid_expires",
            InvalidValue::Endpoint(_) => "invalid_endpoint",
            InvalidValue::Bucket => "invalid_bucket",
            InvalidValue::Key(_) => "invalid_key",
            _ => "invalid_value",
        };
        Self::new(code, error.to_string())
    }
}

impl From<PresignError> for InputError {
    fn from(error: PresignError) -> Self {
        let code = match &error {
            PresignError::ExpiryOutOfRange => "invalid_expires",
            PresignError::ReservedName(_) => "reserved_name",
            PresignError::DuplicateName(_) => "duplicate_name",
            PresignError::InvalidHeaderName | PresignError::InvalidHeaderValue(_) => {
                "invalid_header"
            }
            PresignError::InvalidQuery => "invalid_query",
            PresignError::TooMany => "too_many",
            PresignError::TooLong => "too_long",
            _ => "invalid_value",
        };
        Self::new(code, error.to_string())
    }
}

impl From<PostPolicyError> for InputError {
    fn from(error: PostPolicyError) -> Self {
        let code = match &error {
            PostPolicyError::ExpiryOutOfRange | PostPolicyError::OutlivesCredentials => {
                "invalid_expires"
            }
            PostPolicyError::ReservedName(_) => "reserved_name",
            PostPolicyError::DuplicateName(_) => "duplicate_name",
            PostPolicyError::InvalidFieldName | PostPolicyError::InvalidFieldValue(_) => {
                "invalid_form_field"
            }
            PostPolicyError::TooMany => "too_many",
            PostPolicyError::TooLong => "too_long",
            _ => "invalid_value",
        };
        Self::new(code, error.to_string())
    }
}

impl From<ConditionFault> for InputError {
    fn from(fault: ConditionFault) -> Self {
        Self::new("invalid_condition", fault.to_string())
    }
}

/// A JSON object whose fields are taken by name and type. Those that nobody takes are ignored.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self, InputError> {
        value.as_object().map(Self).ok_or_else(|| wrong_type("the line", "an object"))
    }

    /// A field that may be absent or null.
    fn optional(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn required(self, name: &str) -> Result<&'a Value, InputError> {
        self.optional(name)
            .ok_or_else(|| InputError::new("missing_field", format!("`{name}` is missing")))
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, InputError> {
        self.required(name)?.as_str().ok_or_else(|| wrong_type(name, "a string"))
    }

    pub(crate) fn optional_text(self, name: &str) -> Result<Option<&'a str>, InputError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| wrong_type(name, "a string"))
    }

    /// A field that must be there, and may be null. A misspelt `key` shall not make a request about
    /// the whole bucket.
    pub(crate) fn text_or_null(self, name: &str) -> Result<Option<&'a str>, InputError> {
        if self.0.contains_key(name) { self.optional_text(name) } else { self.text(name).map(Some) }
    }

    pub(crate) fn whole_number(self, name: &str) -> Result<u64, InputError> {
        let value = self.required(name)?;
        value.as_u64().ok_or_else(|| wrong_type(name, "a whole number that is not negative"))
    }

    /// An object of strings.
    pub(crate) fn texts(self, name: &str) -> Result<Vec<(&'a str, &'a str)>, InputError> {
        let Some(value) = self.optional(name) else { return Ok(Vec::new()) };
        let wrong = || wrong_type(name, "an object of strings");
        let object = value.as_object().ok_or_else(wrong)?;
        let pair = |(name, value): (&'a String, &'a Value)| Some((name.as_str(), value.as_str()?));
        object.iter().map(pair).collect::<Option<_>>().ok_or_else(wrong)
    }

    /// A list of pairs of strings.
    pub(crate) fn pairs(self, name: &str) -> Result<Vec<(&'a str, &'a str)>, InputError> {
        let Some(value) = self.optional(name) else { return Ok(Vec::new()) };
        let wrong = || wrong_type(name, "a list of pairs of strings");
        let pair = |value: &'a Value| match value.as_array().map(Vec::as_slice) {
            Some([name, value]) => Some((name.as_str()?, value.as_str()?)),
            _ => None,
        };
        let list = value.as_array().ok_or_else(wrong)?;
        list.iter().map(pair).collect::<Option<_>>().ok_or_else(wrong)
    }

    /// A list of anything.
    pub(crate) fn list(self, name: &str) -> Result<&'a [Value], InputError> {
        let Some(value) = self.optional(name) else { return Ok(&[]) };
        value.as_array().map(Vec::as_slice).ok_or_else(|| wrong_type(name, "a list"))
    }

    pub(crate) fn credentials(self) -> Result<Credentials, InputError> {
        let value = self.required("credentials")?;
        let object = value.as_object().ok_or_else(|| wrong_type("credentials", "an object"))?;
        let fields = Self(object);
        let secret = fields.text("secret_access_key")?;
        let id = fields.text("access_key_id")?;
        Ok(credentials_of(id, secret, fields.optional_text("session_token")?)?)
    }

    pub(crate) fn endpoint(self) -> Result<Endpoint, InputError> {
        let addressing = match self.text("addressing")? {
            "path" => Addressing::Path,
            "virtual" => Addressing::VirtualHost,
            _ => {
                let message = "`addressing` is neither `path` nor `virtual`";
                return Err(InputError::new("invalid_field", message));
            }
        };
        Ok(Endpoint::parse(self.text("endpoint")?, addressing)?)
    }

    pub(crate) fn region(self) -> Result<Region<'a>, InputError> {
        Ok(Region::new(self.text("region")?)?)
    }

    pub(crate) fn service(self) -> Result<Service<'a>, InputError> {
        self.optional_text("service")?.map_or(Ok(Service::S3), |name| Ok(Service::new(name)?))
    }

    pub(crate) fn method(self) -> Result<Method<'a>, InputError> {
        Ok(Method::new(self.text("method")?)?)
    }

    pub(crate) fn timestamp(self, name: &str) -> Result<Timestamp, InputError> {
        Ok(Timestamp::parse(self.text(name)?)?)
    }
}

/// Puts credentials together, permanent or temporary. A secret that is moved in leaves no copy
/// behind.
pub(crate) fn credentials_of(
    id: &str,
    secret: impl Into<String>,
    token: Option<impl Into<String>>,
) -> Result<Credentials, InvalidValue> {
    let credentials = Credentials::new(id, SecretKey::new(secret)?)?;
    match token {
        Some(token) => credentials.with_session_token(token),
        None => Ok(credentials),
    }
}

fn wrong_type(name: &str, expected: &str) -> InputError {
    InputError::new("invalid_field", format!("`{name}` is not {expected}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_error_shows_a_value() {
        for line in [
            json!({"credentials": "hush"}),
            json!({"credentials": {"secret_access_key": ["hush"]}}),
            json!({"credentials": {"secret_access_key": "hush", "access_key_id": "hush/"}}),
            json!({"credentials": {
                "secret_access_key": "hush", "access_key_id": "a", "session_token": "hush hush"
            }}),
        ] {
            let error = Fields::of(&line).unwrap().credentials().unwrap_err();
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn only_whole_numbers_are_numbers() {
        for wrong in [json!("600"), json!(1.5), json!(1e3), json!(true), json!(-1), json!([1])] {
            let line = json!({ "expires": wrong });
            assert_eq!(
                Fields::of(&line).unwrap().whole_number("expires").unwrap_err().code,
                "invalid_field",
            );
        }
    }
}
