//! Forms as a browser sends them, signed by a signer of the tests' own.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    Credentials, Date, Region, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier,
    VerifyError,
    post_policy::{
        ConditionFault, ContentLengthRange, FileMeter, FormClaim, FormError, FormHead, PolicyFault,
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const CREDENTIAL: &str = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request";
pub(crate) const SIGNED_AT: &str = "20151229T000000Z";
pub(crate) const EXPIRATION: &str = "2015-12-29T02:00:00Z";
pub(crate) const BUCKET: &str = "bucket";

/// A form, and when and to which bucket it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) bucket: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) file_name: Option<String>,
    pub(crate) now: Timestamp,
}

/// What a form that was let in says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    pub(crate) access_key_id: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) length: Option<ContentLengthRange>,
    pub(crate) content_type: Option<String>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) not_after: Timestamp,
}

impl Sent {
    /// A form with these fields, and a policy with these conditions, to which the fields of the
    /// claim are added.
    pub(crate) fn new(conditions: &Value, fields: &[(&str, &str)]) -> Self {
        Self::with_policy(&policy(conditions), fields)
    }

    /// A form with these fields, and this policy.
    pub(crate) fn with_policy(policy: &str, fields: &[(&str, &str)]) -> Self {
        let encoded = STANDARD.encode(policy);
        let signature = sign(SECRET, &encoded);
        let claim = [
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", CREDENTIAL),
            ("x-amz-date", SIGNED_AT),
            ("policy", encoded.as_str()),
            ("x-amz-signature", signature.as_str()),
        ];
        let all = fields.iter().chain(&claim);
        Self {
            bucket: BUCKET.into(),
            fields: all.map(|&(name, value)| (name.into(), value.into())).collect(),
            file_name: None,
            now: Timestamp::parse(SIGNED_AT).unwrap(),
        }
    }

    pub(crate) fn named(mut self, file_name: &str) -> Self {
        self.file_name = Some(file_name.into());
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self
    }

    /// The same form with another value in a field that it has.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(other, _)| other == name);
        field.expect("a field of the form").1 = value.into();
        self
    }

    pub(crate) fn at(mut self, now: &str) -> Self {
        self.now = Timestamp::parse(now).unwrap();
        self
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        &self.fields.iter().find(|(other, _)| other == name).expect("a field of the form").1
    }

    /// What a server answers that knows the documented key.
    pub(crate) fn answer(&self) -> Result<Report, FormError> {
        self.answer_of(Some(&credentials()))
    }

    /// What a server answers that knows this key, or none.
    pub(crate) fn answer_of(&self, user: Option<&Credentials>) -> Result<Report, FormError> {
        let head = FormHead {
            bucket: &self.bucket,
            fields: &self.fields,
            file_name: self.file_name.as_deref(),
        };
        let claim = FormClaim::parse(&head)?;
        let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
        let checked = verifier.check_form(&claim, self.now)?;
        let key = user
            .filter(|user| user.access_key_id() == checked.access_key_id())
            .map(|user| SigningKey::derive(user, checked.scope()));
        let verified = checked.verify(key.as_ref())?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(Report {
            access_key_id: verified.access_key_id().into(),
            bucket: verified.bucket().into(),
            key: verified.key().into(),
            length: verified.content_length_range(),
            content_type: verified.content_type().map(String::from),
            fields: verified.fields().map(owned).collect(),
            not_after: verified.validity().not_after(),
        })
    }

    /// What comes of a file of so many bytes that streams in after the form.
    pub(crate) fn upload(&self, bytes: usize) -> Result<u64, String> {
        let report = self.answer().map_err(|error| format!("{error:?}"))?;
        let mut meter = FileMeter::new(report.length);
        for start in (0..bytes).step_by(1000) {
            meter.add(1000.min(bytes - start)).map_err(|error| format!("{error:?}"))?;
        }
        meter.finish().map_err(|error| format!("{error:?}"))
    }
}

/// The JSON of a policy with these conditions, to which the fields of the claim are added.
pub(crate) fn policy(conditions: &Value) -> String {
    let mut conditions = conditions.as_array().expect("a list").clone();
    conditions.extend([
        json!({"x-amz-algorithm": "AWS4-HMAC-SHA256"}),
        json!({"x-amz-credential": CREDENTIAL}),
        json!({"x-amz-date": SIGNED_AT}),
    ]);
    json!({"expiration": EXPIRATION, "conditions": conditions}).to_string()
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(ID, SecretKey::new(SECRET).unwrap()).unwrap()
}

pub(crate) fn signing_key() -> SigningKey {
    let scope = Scope::new(
        Date::parse("20151229").unwrap(),
        Region::new("us-east-1").unwrap(),
        Service::S3,
    );
    SigningKey::derive(&credentials(), scope)
}

/// A signature of the documented scope, without a line of the crate.
pub(crate) fn sign(secret: &str, text: &str) -> String {
    let start = format!("AWS4{secret}").into_bytes();
    let parts = ["20151229", "us-east-1", "s3", "aws4_request", text];
    let mac = parts.iter().fold(start, |key, part| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(part.as_bytes());
        mac.finalize().into_bytes().to_vec()
    });
    let mut text = String::new();
    for byte in mac {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

pub(crate) fn unmet(name: &str) -> Result<Report, FormError> {
    Err(FormError::Unmet(name.into()))
}

pub(crate) fn uncovered(name: &str) -> Result<Report, FormError> {
    Err(FormError::Uncovered(name.into()))
}

pub(crate) fn no_condition(index: usize, fault: ConditionFault) -> Result<Report, FormError> {
    Err(FormError::Policy(PolicyFault::Condition { index, fault }))
}

pub(crate) fn mismatch() -> Result<Report, FormError> {
    Err(FormError::Claim(VerifyError::SignatureMismatch))
}
