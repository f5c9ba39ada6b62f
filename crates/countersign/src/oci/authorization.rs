use alloc::{format, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Field, KeyId, ParseError, RsaFailure, SignError,
    required::{HEADER_NAME_LEN_MAX, REQUEST_TARGET, SIGNED_HEADERS_MAX},
};
use crate::names::is_header_name;

const SCHEME: &str = "Signature";
const ALGORITHM: &str = "rsa-sha256";
const VERSION: &str = "1";

/// The longest that is read: a session token, fifty names and a signature of 8,192 bits fit.
const LEN_MAX: usize = 32_768;
/// A signature of 8,192 bits.
const SIGNATURE_LEN_MAX: usize = 1024;

/// What an `Authorization` header of the scheme `Signature` says. Nothing of it is believed yet.
///
/// - The names of the signed headers are in lower case, each once, in the order in which they are
///   signed.
/// - `Debug` shows no signature.
///
/// ```
/// use countersign::oci::Authorization;
///
/// let text = "Signature version=\"1\",keyId=\"t/u/f\",algorithm=\"rsa-sha256\",\
///     headers=\"date (request-target) host\",signature=\"AAAA\"";
/// let read = Authorization::parse(text)?;
/// assert_eq!(read.key_id().as_str(), "t/u/f");
/// assert!(read.signed_headers().eq(["date", "(request-target)", "host"]));
/// assert_eq!(
///     read.to_header_value(),
///     "Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",\
///      keyId=\"t/u/f\",signature=\"AAAA\",version=\"1\"",
/// );
/// # Ok::<(), countersign::oci::ParseError>(())
/// ```
///
/// Follows "Authorization Header" of [Request Signatures](super#specification); the order in which
/// it is written is that of Oracle's SDK for Python.
#[derive(Clone)]
pub struct Authorization {
    key_id: KeyId,
    /// With one space between them.
    names: String,
    signature: Vec<u8>,
}

impl Authorization {
    /// Reads the value of the header: its parameters in any order, each in quotes, none twice and
    /// none that is not known. One without `version` is version 1, as the documentation has it.
    ///
    /// # Errors
    ///
    /// [`ParseError`], with the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > LEN_MAX {
            return Err(ParseError::TooLarge(Field::Authorization));
        }
        let (scheme, parameters) = text.split_once(' ').ok_or(ParseError::UnsupportedScheme)?;
        // A scheme has no case (RFC 9110, section 11.1).
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(ParseError::UnsupportedScheme);
        }
        let parameters = Parameters::parse(parameters)?;
        if parameters.version.is_some_and(|version| version != VERSION) {
            return Err(ParseError::UnsupportedVersion);
        }
        if parameters.algorithm.ok_or(ParseError::Missing(Field::Algorithm))? != ALGORITHM {
            return Err(ParseError::UnsupportedAlgorithm);
        }
        let key_id = parameters.key_id.ok_or(ParseError::Missing(Field::KeyId))?;
        let names = parameters.headers.ok_or(ParseError::Missing(Field::SignedHeaders))?;
        check_names(names)?;
        let signature = parameters.signature.ok_or(ParseError::Missing(Field::Signature))?;
        Ok(Self {
            key_id: KeyId::parse(key_id).map_err(|_| ParseError::Malformed(Field::KeyId))?,
            names: names.into(),
            signature: decode(signature)?,
        })
    }

    /// Takes what a signer made.
    pub(super) fn signed(
        key_id: KeyId,
        names: String,
        signature: Vec<u8>,
    ) -> Result<Self, SignError> {
        if signature.is_empty() || signature.len() > SIGNATURE_LEN_MAX {
            return Err(SignError::Rsa(RsaFailure));
        }
        Ok(Self { key_id, names, signature })
    }

    /// Whose key signed, as the header says. Anybody can name any.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// What is signed, in order.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.names.split(' ')
    }

    /// The signature in base64, as it is sent.
    #[must_use]
    pub fn signature(&self) -> String {
        STANDARD.encode(&self.signature)
    }

    /// The value of the header.
    #[must_use]
    pub fn to_header_value(&self) -> String {
        let (names, key_id, signature) = (&self.names, self.key_id.as_str(), self.signature());
        format!(
            "{SCHEME} algorithm=\"{ALGORITHM}\",headers=\"{names}\",keyId=\"{key_id}\",\
             signature=\"{signature}\",version=\"{VERSION}\""
        )
    }

    pub(super) fn signs(&self, name: &str) -> bool {
        self.signed_headers().any(|other| other == name)
    }

    pub(super) fn signature_bytes(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("key_id", &self.key_id)
            .field("signed_headers", &self.names)
            .finish_non_exhaustive()
    }
}

/// The parameters of the header, without their quotes.
#[derive(Default)]
struct Parameters<'a> {
    algorithm: Option<&'a str>,
    headers: Option<&'a str>,
    key_id: Option<&'a str>,
    signature: Option<&'a str>,
    version: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn parse(text: &'a str) -> Result<Self, ParseError> {
        let malformed = ParseError::Malformed(Field::Authorization);
        let mut parameters = Self::default();
        let mut rest = trimmed(text);
        loop {
            let (name, tail) = rest.split_once('=').ok_or(malformed)?;
            let quoted = tail.strip_prefix('"').ok_or(malformed)?;
            let (value, tail) = quoted.split_once('"').ok_or(malformed)?;
            // No value of version 1 has anything to escape.
            if value.contains('\\') {
                return Err(malformed);
            }
            parameters.set(name, value)?;
            let tail = trimmed(tail);
            if tail.is_empty() {
                return Ok(parameters);
            }
            rest = trimmed(tail.strip_prefix(',').ok_or(malformed)?);
        }
    }

    fn set(&mut self, name: &str, value: &'a str) -> Result<(), ParseError> {
        let (place, field) = match name {
            "algorithm" => (&mut self.algorithm, Field::Algorithm),
            "headers" => (&mut self.headers, Field::SignedHeaders),
            "keyId" => (&mut self.key_id, Field::KeyId),
            "signature" => (&mut self.signature, Field::Signature),
            "version" => (&mut self.version, Field::Version),
            _ => return Err(ParseError::UnknownParameter),
        };
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(ParseError::Duplicate(field)),
        }
    }
}

/// Without the white space around it (RFC 9110, section 5.6.3).
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn check_names(names: &str) -> Result<(), ParseError> {
    let list = || names.split(' ');
    for (index, name) in list().enumerate() {
        let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let is_header = is_header_name(name) && is_lower && name != "authorization";
        if index >= SIGNED_HEADERS_MAX || name.len() > HEADER_NAME_LEN_MAX {
            return Err(ParseError::TooLarge(Field::SignedHeaders));
        }
        if !is_header && name != REQUEST_TARGET {
            return Err(ParseError::Malformed(Field::SignedHeaders));
        }
        // Two readers would take two values.
        if list().take(index).any(|other| other == name) {
            return Err(ParseError::Duplicate(Field::SignedHeaders));
        }
    }
    Ok(())
}

/// Takes the one spelling in base64 that some bytes have.
fn decode(text: &str) -> Result<Vec<u8>, ParseError> {
    let signature = STANDARD.decode(text).map_err(|_| ParseError::Malformed(Field::Signature))?;
    if signature.is_empty() {
        return Err(ParseError::Malformed(Field::Signature));
    }
    if signature.len() > SIGNATURE_LEN_MAX {
        return Err(ParseError::TooLarge(Field::Signature));
    }
    Ok(signature)
}
