use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::json;

use super::Form;
use crate::input::{
    ACCESS_KEY_ID, BUCKET, CONTENT_TYPE, FILE_BYTES_MAX, FILE_BYTES_MIN, LIFETIME, REGION, SECRET,
    SIGNED_AT_SECS,
};

/// What a user of the AWS SDK for Rust writes, for the SDK signs no forms: a policy by `serde_json`,
/// and what `aws-sigv4` has to derive a key and to sign a text. The key is kept for the day.
pub(crate) struct AwsForms {
    key: Vec<u8>,
    now: Timestamp,
}

impl AwsForms {
    /// Its name, with its version.
    pub(crate) const NAME: &'static str = "aws-sigv4 1.6 and serde_json";

    /// Derives the key of the day.
    pub(crate) fn new() -> Self {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_AT_SECS.into());
        let key = generate_signing_key(SECRET, time, REGION, "s3");
        let now = Timestamp::from_second(SIGNED_AT_SECS.into()).unwrap();
        Self { key: key.as_ref().to_vec(), now }
    }

    /// Makes the form for a file at a key.
    pub(crate) fn sign(&self, key: &str) -> Vec<(&'static str, String)> {
        let date = self.now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let credential = format!("{ACCESS_KEY_ID}/{}/{REGION}/s3/aws4_request", &date[..8]);
        let policy = json!({
            "expiration": (self.now + LIFETIME).to_string(),
            "conditions": [
                ["content-length-range", FILE_BYTES_MIN, FILE_BYTES_MAX],
                { "Content-Type": CONTENT_TYPE },
                { "bucket": BUCKET },
                { "key": key },
                { "x-amz-algorithm": ALGORITHM },
                { "x-amz-credential": credential },
                { "x-amz-date": date },
            ],
        });
        let policy = STANDARD.encode(policy.to_string());
        let signature = self.signature(&policy);
        vec![
            ("Content-Type", CONTENT_TYPE.to_owned()),
            ("key", key.to_owned()),
            ("x-amz-algorithm", ALGORITHM.to_owned()),
            ("x-amz-credential", credential),
            ("x-amz-date", date),
            ("policy", policy),
            ("x-amz-signature", signature),
        ]
    }

    /// What a server can do with it: sign the policy again, and compare. What the policy says is not
    /// looked at.
    pub(crate) fn verify(&self, form: &Form) -> bool {
        self.signature(form.value("policy")) == form.value("x-amz-signature")
    }

    /// The signature of a policy in base64.
    pub(crate) fn signature(&self, policy: &str) -> String {
        calculate_signature(&self.key, policy.as_bytes())
    }
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
