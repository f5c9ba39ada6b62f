use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    SigningOutput,
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningInstructions, SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;

use super::Presign;
use crate::input::{
    ACCESS_KEY_ID, HOST, LIFETIME, ORIGIN, REGION, SECRET, SIGNED_AT_SECS, Task, signature,
};

/// The signer of the AWS SDK for Rust. It takes an encoded URI, and says what to add to it.
#[derive(Debug)]
pub(crate) struct AwsSigV4 {
    identity: Identity,
}

impl AwsSigV4 {
    /// Takes the credentials. There is nothing else that it could keep.
    pub(crate) fn new() -> Self {
        let credentials = Credentials::new(ACCESS_KEY_ID, SECRET, None, None, "bench");
        Self { identity: credentials.into() }
    }

    /// What a server does that builds on it, for it does not verify: strip the claim, sign again,
    /// compare. Such a server would read the claim's time, too; here it is known.
    pub(crate) fn verify(&self, method: &str, target: &str) -> bool {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut uri = [ORIGIN, path].concat();
        for pair in query.split('&').filter(|pair| !pair.starts_with("X-Amz-")) {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(pair);
        }
        self.sign(method, &uri).signature() == signature(target)
    }

    fn sign(&self, method: &str, uri: &str) -> SigningOutput<SigningInstructions> {
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(LIFETIME);
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(REGION)
            .name("s3")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_AT_SECS.into()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let headers = [("host", HOST)].into_iter();
        let body = SignableBody::UnsignedPayload;
        let signable = SignableRequest::new(method, uri, headers, body).unwrap();
        sign(signable, &params).unwrap()
    }
}

impl Presign for AwsSigV4 {
    const NAME: &'static str = "aws-sigv4 1.6";

    type Url = http::Request<()>;

    fn presign(&self, task: Task<'_>) -> http::Request<()> {
        let uri = task.uri();
        let (instructions, _) = self.sign(task.method(), &uri).into_parts();
        let mut request = http::Request::builder().method(task.method()).uri(uri).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    fn text(url: &http::Request<()>) -> String {
        url.uri().to_string()
    }
}
