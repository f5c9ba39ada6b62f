//! What is answered to a request, in the words of AWS.

use countersign::{
    Field, ParseError, VerifyError,
    post_policy::{FormError, FormFault},
};
use serde_json::Value;

/// What is answered to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Taken,
    /// "Request has expired": after so many seconds.
    Expired {
        lifetime_secs: String,
    },
    /// "There were headers present in the request which were not signed": these.
    HeadersNotSigned(Vec<String>),
    SignatureDoesNotMatch,
    /// "Query-string authentication version 4 requires the … parameters."
    MissingParameter,
    /// "Error parsing the X-Amz-Credential parameter"
    MalformedCredential,
    /// "Invalid according to Policy: Policy expired."
    PolicyExpired,
    /// "Bucket POST must contain a field named …": its name in lower case.
    MissingField(String),
    /// "Access Denied": a form that nobody signed.
    Anonymous,
    /// "Invalid according to Policy: Policy Condition failed: …": what it is about.
    ConditionFailed(String),
    /// "Invalid Policy: …"
    InvalidPolicy,
    EntityTooLarge {
        max_bytes: String,
    },
    EntityTooSmall {
        min_bytes: String,
        bytes: String,
    },
    /// None that was recorded.
    Other(String),
}

impl Answer {
    /// Reads what was recorded. An object that is there was taken.
    pub(crate) fn recorded(response: &Value) -> Self {
        let error = &response["Error"];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let (code, message) = (text("Code"), text("Message"));
        let message_of_policy = message.strip_prefix("Invalid according to Policy: ");
        match (code.as_str(), message_of_policy) {
            ("", None) => Self::Taken,
            ("SignatureDoesNotMatch", None) => Self::SignatureDoesNotMatch,
            ("AuthorizationQueryParametersError", None) if message.contains(" requires the ") => {
                Self::MissingParameter
            }
            ("AuthorizationQueryParametersError", None)
                if message.starts_with("Error parsing the X-Amz-Credential parameter;") =>
            {
                Self::MalformedCredential
            }
            ("InvalidArgument", None) => {
                assert!(message.starts_with("Bucket POST must contain a field named"));
                Self::MissingField(text("ArgumentName").to_ascii_lowercase())
            }
            ("InvalidPolicyDocument", None) => Self::InvalidPolicy,
            ("EntityTooLarge", None) => Self::EntityTooLarge { max_bytes: text("MaxSizeAllowed") },
            ("EntityTooSmall", None) => Self::EntityTooSmall {
                min_bytes: text("MinSizeAllowed"),
                bytes: text("ProposedSize"),
            },
            ("AccessDenied", Some("Policy expired.")) => Self::PolicyExpired,
            ("AccessDenied", Some(failed)) => Self::ConditionFailed(failed_condition(failed)),
            ("AccessDenied", None) if message == "Request has expired" => {
                Self::Expired { lifetime_secs: text("X-Amz-Expires") }
            }
            ("AccessDenied", None) if message == "Access Denied" => Self::Anonymous,
            ("AccessDenied", None) => {
                let names = text("HeadersNotSigned");
                assert!(!names.is_empty(), "{response}");
                Self::HeadersNotSigned(names.split(", ").map(String::from).collect())
            }
            _ => panic!("no decision of a verifier: {response}"),
        }
    }

    /// Says in the words of AWS why a URL is refused.
    pub(crate) fn of_url(error: &VerifyError, lifetime_secs: &str) -> Self {
        match error {
            VerifyError::Parse(ParseError::Missing(_)) => Self::MissingParameter,
            VerifyError::Parse(ParseError::Malformed(Field::Credential)) => {
                Self::MalformedCredential
            }
            VerifyError::Expired { .. } => Self::Expired { lifetime_secs: lifetime_secs.into() },
            VerifyError::UnsignedHeader(name) => Self::HeadersNotSigned(vec![name.to_string()]),
            VerifyError::SignatureMismatch | VerifyError::SignedHeaderAbsent(_) => {
                Self::SignatureDoesNotMatch
            }
            other => Self::Other(format!("{other:?}")),
        }
    }

    /// Says in the words of AWS why a form is refused.
    pub(crate) fn of_form(error: &FormError) -> Self {
        match error {
            FormError::Claim(VerifyError::Expired { .. }) => Self::PolicyExpired,
            FormError::Claim(VerifyError::SignatureMismatch) => Self::SignatureDoesNotMatch,
            FormError::Shape(FormFault::Missing(name)) => Self::MissingField((*name).into()),
            FormError::Shape(FormFault::Anonymous) => Self::Anonymous,
            FormError::Policy(_) => Self::InvalidPolicy,
            FormError::Unmet(name) => Self::ConditionFailed(name.to_ascii_lowercase()),
            other => Self::Other(format!("{other:?}")),
        }
    }

    /// Whether it is the same as another. We stop at the first header that is not signed, where AWS
    /// lists all.
    pub(crate) fn is_as(&self, aws: &Self) -> bool {
        match (self, aws) {
            (Self::HeadersNotSigned(ours), Self::HeadersNotSigned(theirs)) => {
                ours.iter().all(|name| theirs.contains(name))
            }
            _ => self == aws,
        }
    }
}

/// What a condition is about, as AWS cites it in its message.
fn failed_condition(message: &str) -> String {
    let json = message.strip_prefix("Policy Condition failed: ").unwrap();
    let condition: Value = serde_json::from_str(json).unwrap();
    let [operator, field] = [0, 1].map(|index| condition[index].as_str().unwrap_or_default());
    let subject = if operator == "content-length-range" { operator } else { field };
    subject.trim_start_matches('$').to_ascii_lowercase()
}
