use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use super::{
    Authorization, ContentRule, KeyId, RsaSigner, SignError, Target,
    required::{
        HEADER_NAME_LEN_MAX, HEADER_VALUE_LEN_MAX, REQUEST_TARGET, SIGNED_HEADERS_MAX,
        find_missing, is_content_exempt, signed_method,
    },
};
use crate::{Method, canonical::trim, names::is_header_name};

/// The text that is signed, made of an ordered list of headers.
///
/// [`Request`](super::Request) makes the list. This is for who has one already.
///
/// - A line `name: value` for each, in the order of the list; `(request-target)` stands for method,
///   path and query.
/// - Has all that Oracle requires: there is no text of a request that lacks something.
/// - Not shown by `Debug`.
///
/// ```
/// use countersign::{
///     Method,
///     oci::{ContentRule, SigningString, Target},
/// };
///
/// let text = SigningString::new(
///     Method::GET,
///     Target::new("/n/ns/b?limit=1")?,
///     &[
///         ("date", "Thu, 05 Jan 2014 21:31:40 GMT"),
///         ("(request-target)", ""),
///         ("host", "objectstorage.eu-frankfurt-1.oraclecloud.com"),
///     ],
///     ContentRule::Signed,
/// )?;
/// assert_eq!(
///     text.as_str(),
///     "date: Thu, 05 Jan 2014 21:31:40 GMT\n\
///      (request-target): get /n/ns/b?limit=1\n\
///      host: objectstorage.eu-frankfurt-1.oraclecloud.com",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Follows section 2.3 of draft-cavage-http-signatures-08, which
/// [Request Signatures](super#specification) refers to.
#[derive(Clone)]
pub struct SigningString {
    text: String,
    names: Vec<String>,
}

impl SigningString {
    /// Takes the headers in the order in which they are signed, and `(request-target)`, with an
    /// empty value, where it stands among them.
    ///
    /// Names are put into lower case, and white space around values is taken off, as it is on the
    /// way.
    ///
    /// # Errors
    ///
    /// - [`SignError::UnsupportedMethod`]
    /// - [`SignError::NotAnObjectUpload`], where the rule says that it is one.
    /// - [`SignError::InvalidHeaderName`], [`SignError::InvalidHeaderValue`]
    /// - [`SignError::ReservedName`] for `authorization`.
    /// - [`SignError::DuplicateName`]
    /// - [`SignError::TooMany`] after the 50th.
    /// - [`SignError::Missing`], when the list lacks what has to be signed, or has it empty.
    pub fn new(
        method: Method<'_>,
        target: Target<'_>,
        headers: &[(&str, &str)],
        rule: ContentRule,
    ) -> Result<Self, SignError> {
        let signed_method = signed_method(method).ok_or(SignError::UnsupportedMethod)?;
        if rule == ContentRule::ObjectUpload && !target.is_object_upload(method) {
            return Err(SignError::NotAnObjectUpload);
        }
        if headers.len() > SIGNED_HEADERS_MAX {
            return Err(SignError::TooMany);
        }
        let mut fields: Vec<(String, &str)> = Vec::with_capacity(headers.len());
        for &(name, value) in headers {
            let (name, value) = checked_field(name, value)?;
            if fields.iter().any(|(other, _)| *other == name) {
                return Err(SignError::DuplicateName(name.into()));
            }
            fields.push((name, value));
        }
        let is_there = |name: &str| {
            let is_this =
                |(other, value): &(String, &str)| other == name && has_value(other, value);
            fields.iter().any(is_this)
        };
        if let Some(required) = find_missing(is_content_exempt(method, target, rule), is_there) {
            return Err(SignError::Missing(required));
        }
        let lines = fields.iter().map(|(name, value)| (name.as_str(), *value));
        let text = write(signed_method, target, lines);
        Ok(Self { text, names: fields.into_iter().map(|(name, _)| name).collect() })
    }

    /// The text, for a key that signs elsewhere.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Signs, and puts the `Authorization` header together.
    ///
    /// # Errors
    ///
    /// [`SignError::Rsa`], when the key does not sign.
    pub fn sign(&self, key_id: &KeyId, key: &impl RsaSigner) -> Result<Authorization, SignError> {
        let signature = key.sign_pkcs1_sha256(self.text.as_bytes())?;
        Authorization::signed(key_id.clone(), self.names.join(" "), signature)
    }
}

impl fmt::Debug for SigningString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningString").field("names", &self.names).finish_non_exhaustive()
    }
}

/// A name in lower case, and a value without the white space around it.
fn checked_field<'a>(name: &str, value: &'a str) -> Result<(String, &'a str), SignError> {
    if name == REQUEST_TARGET {
        if !value.is_empty() {
            return Err(SignError::InvalidHeaderValue(name.into()));
        }
        return Ok((name.to_owned(), value));
    }
    if name.len() > HEADER_NAME_LEN_MAX || !is_header_name(name) {
        return Err(SignError::InvalidHeaderName);
    }
    let name = name.to_ascii_lowercase();
    if name == "authorization" {
        return Err(SignError::ReservedName(name.into()));
    }
    match signed_value(value.as_bytes()) {
        Some(value) => Ok((name, value)),
        None => Err(SignError::InvalidHeaderValue(name.into())),
    }
}

/// Whether a header that has to be signed says something. A date, a host, a length or a type that
/// is empty binds nothing.
fn has_value(name: &str, value: &str) -> bool {
    name == REQUEST_TARGET || !value.is_empty()
}

/// The value of a header as it is signed, or `None` for one that cannot be.
///
/// A line break would forge the lines that follow; and what is not ASCII is another text to each
/// reader, so Oracle's own SDK signs none of it.
pub(super) fn signed_value(value: &[u8]) -> Option<&str> {
    if value.len() > HEADER_VALUE_LEN_MAX {
        return None;
    }
    let is_text = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t');
    let value = trim(value);
    value.iter().all(is_text).then(|| core::str::from_utf8(value).ok())?
}

/// Writes the text that is signed. The one place where it is made, for both sides.
pub(super) fn write<'f>(
    signed_method: &str,
    target: Target<'_>,
    fields: impl Iterator<Item = (&'f str, &'f str)>,
) -> String {
    let mut text = String::new();
    for (index, (name, value)) in fields.enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(name);
        text.push_str(": ");
        if name == REQUEST_TARGET {
            text.push_str(signed_method);
            text.push(' ');
            text.push_str(target.as_str());
        } else {
            text.push_str(value);
        }
    }
    text
}
