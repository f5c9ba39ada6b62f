//! `countersign verify`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use countersign::{
    Claim, Credentials, Field, Lifetime, Mechanism, ParseError, Region, RequestHead, ScopeMismatch,
    Service, SigningKey, Timestamp, Verifier, VerifyError,
};
use serde::Serialize;

use crate::{
    arguments::header_arguments,
    batch::{self, OneOrBatch},
    clock, environment,
    fields::{Fields, InputError},
};

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The URL, as a client would use it
    #[arg(required_unless_present = "batch")]
    url: Option<String>,
    /// The method of the request
    #[arg(long, default_value = "GET")]
    method: String,
    /// The region that the server stands for
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// A header of the request, apart from the URL's own `Host`; may be given again
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Verify as of this time instead of now, such as 20251101T042718Z
    #[arg(long)]
    now: Option<String>,
}

/// A request, and the one key that exists.
struct Inputs<'a> {
    credentials: Credentials,
    region: Region<'a>,
    service: Service<'a>,
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    now: Timestamp,
}

/// What a verifier answers: the reason, and what there is to say of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    Ok {
        expires_at: String,
        access_key_id: String,
    },
    Expired {
        expires_at: String,
        now: String,
    },
    NotYetValid {
        not_before: String,
        now: String,
    },
    TimeSkewed {
        signed_at: String,
        now: String,
        maximum: u32,
    },
    SignatureMismatch {
        #[serde(skip_serializing_if = "Option::is_none")]
        absent_header: Option<String>,
    },
    UnknownKey {},
    WrongScope {
        part: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        expected: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        got: Option<String>,
    },
    Malformed {
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'static str>,
        message: String,
    },
    ExpiresTooLong {
        maximum: u32,
    },
    UnsignedHeader {
        header: String,
    },
}

pub(crate) fn run(arguments: &OneOrBatch<One>) -> anyhow::Result<ExitCode> {
    if arguments.batch {
        batch::run(|fields| Ok(Inputs::from_fields(fields)?.verdict()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let verdict = arguments.one.verdict()?;
    println!("{}", serde_json::to_string(&verdict)?);
    let is_ok = matches!(verdict, Verdict::Ok { .. });
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl One {
    fn verdict(&self) -> anyhow::Result<Verdict> {
        let url = self.url.as_deref().unwrap_or_default();
        let (_, rest) = url.split_once("://").context("the URL has no scheme")?;
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let mut headers = header_arguments(&self.header)?;
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            headers.push(("host", host));
        }
        let inputs = Inputs {
            credentials: environment::credentials()?,
            region: Region::new(&self.region)?,
            service: Service::S3,
            method: &self.method,
            target,
            headers,
            now: clock::given_or_now(self.now.as_deref())?,
        };
        Ok(inputs.verdict())
    }
}

impl<'a> Inputs<'a> {
    fn from_fields(fields: Fields<'a>) -> Result<Self, InputError> {
        // A request without any header is a mistake of whoever asks.
        fields.required("headers")?;
        Ok(Self {
            credentials: fields.credentials()?,
            region: fields.region()?,
            service: fields.service()?,
            method: fields.text("method")?,
            target: fields.text("target")?,
            headers: fields.texts("headers")?,
            now: fields.timestamp("now")?,
        })
    }

    fn verdict(&self) -> Verdict {
        self.verify().unwrap_or_else(|error| Verdict::refused(&error))
    }

    fn verify(&self) -> Result<Verdict, VerifyError> {
        let headers = self.headers.as_slice();
        let head = RequestHead { method: self.method, target: self.target, headers };
        // Where neither mechanism or both are there, the parser of presigned requests says what is
        // wrong.
        let claim = match Mechanism::of(&head) {
            Ok(Some(Mechanism::Header)) => Claim::parse_header(&head)?,
            _ => Claim::parse(&head)?,
        };
        let verifier = Verifier::new(self.region, self.service);
        let checked = verifier.check(&claim, self.now)?;
        let is_known = checked.access_key_id() == self.credentials.access_key_id();
        let key = is_known.then(|| SigningKey::derive(&self.credentials, checked.scope()));
        let verified = checked.verify(key.as_ref())?;
        Ok(Verdict::Ok {
            expires_at: verified.validity().not_after().to_string(),
            access_key_id: verified.access_key_id().to_owned(),
        })
    }
}

impl Verdict {
    fn refused(error: &VerifyError) -> Self {
        match error {
            VerifyError::Expired { now, not_after } => {
                Self::Expired { expires_at: not_after.to_string(), now: now.to_string() }
            }
            VerifyError::NotYetValid { now, not_before } => {
                Self::NotYetValid { not_before: not_before.to_string(), now: now.to_string() }
            }
            VerifyError::TimeSkewed { now, signed_at, skew } => Self::TimeSkewed {
                signed_at: signed_at.to_string(),
                now: now.to_string(),
                maximum: skew.as_secs(),
            },
            VerifyError::LifetimeTooLong => {
                Self::ExpiresTooLong { maximum: Lifetime::MAX.as_secs() }
            }
            VerifyError::Scope(mismatch) => Self::wrong_scope(mismatch),
            VerifyError::DateMismatch => Self::scope_part("date"),
            VerifyError::HostNotSigned => Self::UnsignedHeader { header: "host".to_owned() },
            VerifyError::UnsignedHeader(name) => Self::UnsignedHeader { header: name.to_string() },
            VerifyError::SignedHeaderAbsent(name) => {
                Self::SignatureMismatch { absent_header: Some(name.to_string()) }
            }
            VerifyError::UnknownKey => Self::UnknownKey {},
            VerifyError::SignatureMismatch => Self::SignatureMismatch { absent_header: None },
            VerifyError::Parse(error) => {
                Self::Malformed { field: field_of(*error), message: error.to_string() }
            }
            // A reason that this command does not know yet is a refusal all the same.
            _ => Self::Malformed { field: None, message: error.to_string() },
        }
    }

    fn wrong_scope(mismatch: &ScopeMismatch) -> Self {
        let (part, expected, got) = match mismatch {
            ScopeMismatch::Region { expected, got } => ("region", expected, got),
            ScopeMismatch::Service { expected, got } => ("service", expected, got),
            _ => return Self::scope_part("terminator"),
        };
        let [expected, got] = [expected, got].map(|text| Some(text.to_string()));
        Self::WrongScope { part, expected, got }
    }

    const fn scope_part(part: &'static str) -> Self {
        Self::WrongScope { part, expected: None, got: None }
    }
}

/// The name of the field that is wrong.
fn field_of(error: ParseError) -> Option<&'static str> {
    match error {
        ParseError::Malformed(field)
        | ParseError::Missing(field)
        | ParseError::Duplicate(field)
        | ParseError::TooLarge(field) => Some(field.as_str()),
        ParseError::UnsupportedAlgorithm => Some(Field::Algorithm.as_str()),
        ParseError::StreamingPayload => Some(Field::ContentSha256.as_str()),
        _ => None,
    }
}
