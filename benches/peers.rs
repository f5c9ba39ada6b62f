//! The same work, done by Countersign and by its peers, so that one run can compare them.
//!
//! Nothing here reads the clock: all sign at [`SIGNED_AT`].

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Presigner,
    Region, RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier, VerifyError,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::block_api::compress256;

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const REGION: &str = "us-east-1";
const LIFETIME_SECS: u32 = 86_400;

/// The signing time, `20130524T000000Z`, in seconds.
pub const SIGNED_AT: i64 = 1_369_353_600;

/// An object to presign a GET of.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What the case is called in the report.
    pub name: &'static str,
    /// The object key.
    pub key: &'static str,
}

/// The cases of the comparison: a usual key, and one with accents, Japanese and punctuation.
pub const CASES: [Case; 2] = [
    Case { name: "short key", key: "datasets/ds-1/test.csv" },
    Case {
        name: "awkward key",
        key: "données/日本語/étude numéro 7 — été & hiver (2025)/a+b=c%@'[];,#?:!$*~/très long \
              nom de fichier, avec des accents: àâçèéêëîïôùûü/résumé final.csv",
    },
];

/// Countersign with what a server keeps: the day's key.
#[derive(Debug)]
pub struct Ours {
    key: SigningKey,
    bucket: Bucket,
    verifier: Verifier,
    now: Timestamp,
}

impl Ours {
    /// Derives the key of the day.
    ///
    /// # Panics
    ///
    /// Never: the inputs are constants.
    #[must_use]
    pub fn new() -> Self {
        let secret = SecretKey::new(SECRET).unwrap();
        let credentials = Credentials::new(ACCESS_KEY_ID, secret).unwrap();
        let now = Timestamp::from_unix_secs(SIGNED_AT).unwrap();
        let region = Region::new(REGION).unwrap();
        let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
        let url = "https://s3.amazonaws.com";
        let endpoint = Endpoint::parse(url, Addressing::VirtualHost).unwrap();
        let bucket = endpoint.bucket("examplebucket").unwrap();
        Self { key, bucket, verifier: Verifier::new(region, Service::S3), now }
    }

    /// What is done once a second.
    ///
    /// # Panics
    ///
    /// Never: the key is of the day.
    #[must_use]
    pub fn presigner(&self) -> Presigner<'_> {
        self.key.at(self.now).unwrap()
    }

    /// A URL, from the key of an object.
    ///
    /// # Panics
    ///
    /// On a key that S3 does not allow.
    #[must_use]
    pub fn presign(&self, presigner: &Presigner<'_>, key: &str) -> String {
        let lifetime = Lifetime::from_secs(LIFETIME_SECS.into()).unwrap();
        let path = self.bucket.object(key).unwrap();
        let request = PresignRequest::new(Method::GET, path, lifetime);
        presigner.presign(&request).unwrap().into_string()
    }

    /// Scheme and host of the URLs.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.bucket.origin()
    }

    /// Verifies a request for a target, with a look-up of the key by its id.
    ///
    /// # Errors
    ///
    /// When the request does not hold.
    pub fn verify(&self, target: &str) -> Result<(), VerifyError> {
        let headers = [("host", self.bucket.authority())];
        let claim = Claim::parse(&RequestHead { method: "GET", target, headers: &headers })?;
        let checked = self.verifier.check(&claim, self.now)?;
        let is_known = checked.access_key_id() == self.key.access_key_id();
        let key = Some(&self.key).filter(|_| is_known);
        checked.verify(key).map(|_| ())
    }
}

impl Default for Ours {
    fn default() -> Self {
        Self::new()
    }
}

/// The signer of the AWS SDK for Rust.
#[derive(Debug)]
pub struct AwsSigV4 {
    identity: Identity,
}

impl AwsSigV4 {
    /// Takes the credentials. There is nothing else that it could keep.
    #[must_use]
    pub fn new() -> Self {
        let credentials = AwsCredentials::new(ACCESS_KEY_ID, SECRET, None, None, "bench");
        Self { identity: credentials.into() }
    }

    /// A URL, from the key of an object. The signer takes an encoded URI.
    ///
    /// # Panics
    ///
    /// On what is no URI.
    #[must_use]
    pub fn presign(&self, origin: &str, key: &str) -> String {
        let uri = format!("{origin}/{}", utf8_percent_encode(key, PATH));
        self.sign(&uri, origin)
    }

    /// What a server does that builds on it, for it does not verify: strip the claim, sign again at
    /// the claim's time, compare.
    ///
    /// # Panics
    ///
    /// On what is no URI.
    #[must_use]
    pub fn verify(&self, origin: &str, target: &str) -> bool {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let claimed = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Signature="));
        let again = self.sign(&format!("{origin}{path}"), origin);
        claimed.is_some() && claimed == Some(signature(&again))
    }

    fn sign(&self, uri: &str, origin: &str) -> String {
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(LIFETIME_SECS.into()));
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(REGION)
            .name("s3")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_AT.unsigned_abs()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let (_, host) = origin.split_once("://").unwrap();
        let headers = [("host", host)].into_iter();
        let body = SignableBody::UnsignedPayload;
        let signable = SignableRequest::new("GET", uri, headers, body).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let mut request = http::Request::builder().uri(uri).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        request.into_parts().0.uri.to_string()
    }
}

impl Default for AwsSigV4 {
    fn default() -> Self {
        Self::new()
    }
}

const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The signature of a URL, which is its last parameter here.
#[must_use]
pub fn signature(url: &str) -> &str {
    url.rsplit('=').next().unwrap_or_default()
}

/// The blocks of SHA-256 behind a URL, which nobody who has the day's key can do without: those of
/// the canonical request, three of the string to sign, one to finish its HMAC.
#[must_use]
pub fn floor_blocks(url: &str) -> usize {
    const PADDING: usize = 9;
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (host, target) = rest.split_at(rest.find('/').unwrap_or_default());
    let signed = target.split("&X-Amz-Signature=").next().unwrap_or_default();
    // The mark between path and query stands for the line break there.
    let canonical = ["GET\n", signed, "\nhost:", host, "\n\nhost\nUNSIGNED-PAYLOAD"].concat();
    (canonical.len() + PADDING).div_ceil(64) + 4
}

/// So many blocks of SHA-256, one after the other.
#[must_use]
pub fn floor(blocks: usize) -> [u32; 8] {
    let mut state = [0x6a09_e667; 8];
    let block = [0x61; 64];
    for _ in 0..blocks {
        compress256(&mut state, &[block]);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_make_the_same_urls_and_refuse_the_same() {
        let (ours, aws) = (Ours::new(), AwsSigV4::new());
        for case in CASES {
            let url = ours.presign(&ours.presigner(), case.key);
            assert_eq!(signature(&url), signature(&aws.presign(ours.origin(), case.key)));
            let good = url.strip_prefix(ours.origin()).unwrap();
            assert!(ours.verify(good).is_ok() && aws.verify(ours.origin(), good));
            let bad = good.replacen(".csv", ".tsv", 1);
            assert!(ours.verify(&bad).is_err() && !aws.verify(ours.origin(), &bad));
        }
    }

    #[test]
    fn the_floor_of_the_short_key_is_nine_blocks() {
        let ours = Ours::new();
        assert_eq!(floor_blocks(&ours.presign(&ours.presigner(), CASES[0].key)), 9);
    }
}
