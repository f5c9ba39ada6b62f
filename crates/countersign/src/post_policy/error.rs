//! Every reason for which a form is not signed, or not let in.

use alloc::boxed::Box;
use core::fmt;

use crate::{KeyFault, VerifyError};

/// Why a form was not signed.
///
/// ```
/// use countersign::{
///     Addressing, Endpoint, Lifetime,
///     post_policy::{FormKey, PostPolicy, PostPolicyError},
/// };
///
/// let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?;
/// let policy = PostPolicy::new(&endpoint, "b", FormKey::new("k")?, Lifetime::MAX)?;
/// let error = policy.with_field("Key", "other").unwrap_err();
/// assert_eq!(error, PostPolicyError::ReservedName("Key".into()));
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostPolicyError {
    /// The policy would outlive the year 9999.
    ExpiryOutOfRange,
    /// The policy would outlive the credentials that sign it.
    OutlivesCredentials,
    /// A field of this name is written by the signer, is the file, or belongs to Signature
    /// Version 2.
    ReservedName(Box<str>),
    /// A field of this name is there already, perhaps in another case.
    DuplicateName(Box<str>),
    /// A field name is 1 to 256 of `A-Z a-z 0-9 - _ . ~`.
    InvalidFieldName,
    /// The value of this field has control characters.
    InvalidFieldValue(Box<str>),
    /// More than 90 fields or more than 100 conditions.
    TooMany,
    /// The fields are over 65,536 bytes, which no verifier of ours reads.
    TooLong,
}

impl fmt::Display for PostPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExpiryOutOfRange => f.write_str("the policy would expire after the year 9999"),
            Self::OutlivesCredentials => f.write_str("the policy would outlive its credentials"),
            Self::ReservedName(name) => write!(f, "`{name}` is no field of the caller's"),
            Self::DuplicateName(name) => write!(f, "`{name}` is given twice"),
            Self::InvalidFieldName => f.write_str("a field name is not valid"),
            Self::InvalidFieldValue(name) => write!(f, "the value of field `{name}` is not valid"),
            Self::TooMany => f.write_str("too many fields or conditions"),
            Self::TooLong => f.write_str("the fields are over 65536 bytes"),
        }
    }
}

impl core::error::Error for PostPolicyError {}

/// Why a form is not let in.
///
/// The reasons are listed in the order in which they are looked for, which is that of AWS: a policy
/// that is no JSON *and* forged is forged. That a readable policy is over is said before that.
///
/// | reason | AWS answers |
/// | --- | --- |
/// | [`Shape`](Self::Shape), but for the three below | 400 `InvalidArgument` |
/// | [`FormFault::Anonymous`] | 403 `AccessDenied` |
/// | [`FormFault::SignatureVersion2`] | 400 `InvalidRequest` |
/// | [`FormFault::TooLarge`] | 400 `MaxPostPreDataLengthExceededError` |
/// | [`FormFault::Key`] | 400 `KeyTooLongError`, 400 `InvalidArgument` |
/// | [`Claim`](Self::Claim): not yet valid, expired | 403 `AccessDenied`: "Invalid according to Policy: Policy expired." |
/// | [`Claim`](Self::Claim): scope | 400 `AuthorizationHeaderMalformed`, as for a URL |
/// | [`Claim`](Self::Claim): unknown key | 403 `InvalidAccessKeyId` |
/// | [`Claim`](Self::Claim): signature | 403 `SignatureDoesNotMatch` |
/// | [`Policy`](Self::Policy) | 400 `InvalidPolicyDocument` |
/// | [`Unmet`](Self::Unmet) | 403 `AccessDenied`: "Invalid according to Policy: Policy Condition failed: …" |
/// | [`Uncovered`](Self::Uncovered) | 403 `AccessDenied`: "Invalid according to Policy: Extra input fields: …" |
/// | [`FileLengthError`](super::FileLengthError) | 400 `EntityTooLarge`, 400 `EntityTooSmall` |
///
/// A server that says of an unknown key what it says of a wrong signature tells a stranger less.
///
/// ```
/// use countersign::post_policy::{FormClaim, FormError, FormFault, FormHead};
///
/// let fields = [("key", "a"), ("acl", "public-read")];
/// let head = FormHead { bucket: "b", fields: &fields, file_name: None };
/// let error = FormClaim::parse(&head).unwrap_err();
/// assert_eq!(FormError::from(error), FormError::Shape(FormFault::Anonymous));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormError {
    /// The form carries no claim in the right shape.
    Shape(FormFault),
    /// The time, the scope, the key or the signature is wrong, as it could be of a URL.
    Claim(VerifyError),
    /// The signature is right, and what it signs is no policy.
    Policy(PolicyFault),
    /// The field of this name, or the bucket, is not as a condition wants it; or it is absent.
    Unmet(Box<str>),
    /// No condition is about the field of this name, or about the bucket.
    Uncovered(Box<str>),
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Not repeated: `source` has them.
            Self::Shape(_) => f.write_str("the form carries no valid claim"),
            Self::Claim(_) => f.write_str("the claim of the form does not hold"),
            Self::Policy(_) => f.write_str("the policy of the form is not valid"),
            Self::Unmet(name) => {
                write!(f, "`{}` is not as the policy wants it", name.escape_debug())
            }
            Self::Uncovered(name) => {
                write!(f, "the policy does not speak of `{}`", name.escape_debug())
            }
        }
    }
}

impl core::error::Error for FormError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Shape(fault) => Some(fault),
            Self::Claim(error) => Some(error),
            Self::Policy(fault) => Some(fault),
            Self::Unmet(_) | Self::Uncovered(_) => None,
        }
    }
}

impl From<FormFault> for FormError {
    fn from(fault: FormFault) -> Self {
        Self::Shape(fault)
    }
}

impl From<VerifyError> for FormError {
    fn from(error: VerifyError) -> Self {
        Self::Claim(error)
    }
}

/// Why a form carries no claim.
///
/// ```
/// use countersign::post_policy::FormFault;
///
/// assert_eq!(FormFault::Missing("key").to_string(), "the field `key` is missing");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormFault {
    /// More than 100 fields, or more than 65,536 bytes of them, as received or with the file's name
    /// put in.
    TooLarge,
    /// The field of this name is there twice, perhaps in another case.
    Duplicate(Box<str>),
    /// The field of this name is not in its form.
    Malformed(Box<str>),
    /// The field is absent.
    Missing(&'static str),
    /// The form carries nothing that signs it.
    Anonymous,
    /// The form is signed as nobody should any more.
    SignatureVersion2,
    /// An algorithm other than `AWS4-HMAC-SHA256`.
    UnsupportedAlgorithm,
    /// The bucket is none that a URL can name.
    Bucket,
    /// The key, with the file's name put in, is none.
    Key(KeyFault),
}

impl fmt::Display for FormFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the form has more than 100 fields or 65536 bytes"),
            Self::Duplicate(name) => {
                write!(f, "the field `{}` is given twice", name.escape_debug())
            }
            Self::Malformed(name) => write!(f, "the field `{}` is malformed", name.escape_debug()),
            Self::Missing(name) => write!(f, "the field `{name}` is missing"),
            Self::Anonymous => f.write_str("the form is not signed"),
            Self::SignatureVersion2 => f.write_str("the form is signed with version 2"),
            Self::UnsupportedAlgorithm => f.write_str("the algorithm is not AWS4-HMAC-SHA256"),
            Self::Bucket => f.write_str("the bucket of the URL is none"),
            Self::Key(_) => f.write_str("the key is not 1 to 1024 bytes without NUL"),
        }
    }
}

impl core::error::Error for FormFault {}

/// Why a text is no policy.
///
/// ```
/// use countersign::post_policy::PolicyFault;
///
/// assert_eq!(PolicyFault::NoExpiration.to_string(), "the policy has no expiration");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyFault {
    /// Not the base64 of UTF-8: the standard alphabet, padded, nothing between.
    Encoding,
    /// Not JSON.
    NotJson,
    /// More than 200 conditions, or more nested than a policy is.
    TooLarge,
    /// A member of an object is there twice: two readers take two values.
    DuplicateMember,
    /// Not an object.
    Shape,
    /// A member that is neither `expiration` nor `conditions`.
    UnknownMember,
    /// No `expiration`.
    NoExpiration,
    /// The expiration is not written as `2015-12-30T12:00:00.000Z`.
    Expiration,
    /// No list of `conditions`.
    NoConditions,
    /// Two conditions on the length of the file leave none.
    NoLength,
    /// A condition is none.
    Condition {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        fault: ConditionFault,
    },
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "the policy is not the base64 of UTF-8",
            Self::NotJson => "the policy is not JSON",
            Self::TooLarge => "the policy has too many conditions, or is too deep",
            Self::DuplicateMember => "a member of the policy is given twice",
            Self::Shape => "the policy is not an object",
            Self::UnknownMember => "the policy has an unknown member",
            Self::NoExpiration => "the policy has no expiration",
            Self::Expiration => "the expiration is not written as 2015-12-30T12:00:00.000Z",
            Self::NoConditions => "the policy has no conditions",
            Self::NoLength => "no length of the file is within all of the policy's ranges",
            Self::Condition { index, .. } => {
                return write!(f, "condition {index} of the policy is not valid");
            }
        })
    }
}

impl core::error::Error for PolicyFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Condition { fault, .. } => Some(fault),
            _ => None,
        }
    }
}

/// Why a condition is none.
///
/// ```
/// use countersign::post_policy::{Condition, ConditionFault};
///
/// assert_eq!(Condition::parse(r#"["in", "$acl", "a"]"#), Err(ConditionFault::Operator));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConditionFault {
    /// Neither an object with one member that is a string, nor a list of an operator and what it
    /// takes.
    Shape,
    /// An operator that is none of `eq`, `starts-with` and `content-length-range`.
    Operator,
    /// No `$` and a name after it.
    FieldName,
    /// Not two numbers of bytes, the lesser first.
    LengthRange,
}

impl fmt::Display for ConditionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shape => "the condition is neither an object of one string nor an operation",
            Self::Operator => "the operator is not known",
            Self::FieldName => "the field is not named as `$name`",
            Self::LengthRange => "the range is not two numbers of bytes, the lesser first",
        })
    }
}

impl core::error::Error for ConditionFault {}
