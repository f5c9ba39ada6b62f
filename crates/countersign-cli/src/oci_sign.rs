//! `countersign oci-sign`

use std::process::ExitCode;

use clap::Args;
use countersign::{
    Method,
    oci::{
        ContentRule, InvalidValue, KeyId, RsaKey, RsaKeyError, SignError, SigningString, Target,
    },
};
use serde::Serialize;

use crate::{
    batch,
    fields::{Fields, InputError},
};

#[derive(Debug, Args)]
pub(crate) struct OciSign {
    /// Answer JSON lines from standard input, one JSON line out for each
    #[arg(long, required = true)]
    batch: bool,
}

/// A request for Oracle Cloud, and who signs it.
struct Inputs<'a> {
    key_id: KeyId,
    key: RsaKey,
    method: Method<'a>,
    target: Target<'a>,
    headers: Vec<(&'a str, &'a str)>,
}

#[derive(Serialize)]
struct Signed {
    signing_string: String,
    signature: String,
    authorization: String,
}

pub(crate) fn run(arguments: &OciSign) -> anyhow::Result<ExitCode> {
    debug_assert!(arguments.batch, "the option is required");
    batch::run(|fields| Inputs::from_fields(fields)?.sign())?;
    Ok(ExitCode::SUCCESS)
}

impl<'a> Inputs<'a> {
    fn from_fields(fields: Fields<'a>) -> Result<Self, InputError> {
        // A request without any header is a mistake of whoever asks.
        fields.required("headers")?;
        Ok(Self {
            key_id: KeyId::parse(fields.text("key_id")?)?,
            key: RsaKey::from_pem(fields.text("private_key_pem")?)?,
            method: fields.method()?,
            target: Target::new(fields.text("target")?)?,
            headers: fields.pairs("headers")?,
        })
    }

    /// Signs exactly the list of headers that was given.
    fn sign(&self) -> Result<Signed, InputError> {
        let rule = if self.target.is_object_upload(self.method) {
            ContentRule::ObjectUpload
        } else {
            ContentRule::Signed
        };
        let text = SigningString::new(self.method, self.target, &self.headers, rule)?;
        let authorization = text.sign(&self.key_id, &self.key)?;
        Ok(Signed {
            signing_string: text.as_str().to_owned(),
            signature: authorization.signature(),
            authorization: authorization.to_header_value(),
        })
    }
}

impl From<InvalidValue> for InputError {
    fn from(error: InvalidValue) -> Self {
        let code = match &error {
            InvalidValue::KeyId => "invalid_key_id",
            InvalidValue::Target => "invalid_target",
            InvalidValue::Date => "invalid_time",
            _ => "invalid_value",
        };
        Self::new(code, error.to_string())
    }
}

impl From<RsaKeyError> for InputError {
    fn from(error: RsaKeyError) -> Self {
        let code = match &error {
            RsaKeyError::Encrypted => "encrypted_private_key",
            RsaKeyError::TooSmall => "private_key_too_small",
            _ => "invalid_private_key",
        };
        Self::new(code, error.to_string())
    }
}

impl From<SignError> for InputError {
    fn from(error: SignError) -> Self {
        let code = match &error {
            SignError::UnsupportedMethod => "invalid_method",
            SignError::Missing(_) => "missing_header",
            SignError::InvalidHeaderName | SignError::InvalidHeaderValue(_) => "invalid_header",
            SignError::ReservedName(_) => "reserved_name",
            SignError::DuplicateName(_) => "duplicate_name",
            SignError::TooMany => "too_many",
            SignError::Rsa(_) => "not_signed",
            _ => "invalid_value",
        };
        Self::new(code, error.to_string())
    }
}
