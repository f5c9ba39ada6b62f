use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Presigner,
    Region, RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier, VerifyError,
    post_policy::{
        Condition, ContentLengthRange, FileLengthError, FormClaim, FormError, FormHead, FormKey,
        PostForm, PostPolicy,
    },
};

use super::{Form, Presign};
use crate::input::{
    ACCESS_KEY_ID, BUCKET, CONTENT_TYPE, ENDPOINT, FILE_BYTES_MAX, FILE_BYTES_MIN, HOST, LIFETIME,
    REGION, SECRET, SIGNED_AT_SECS, Task, Upload,
};

/// Countersign with what a server keeps: the day's key, the bucket, the verifier.
#[derive(Debug)]
pub struct Ours {
    key: SigningKey,
    endpoint: Endpoint,
    bucket: Bucket,
    lifetime: Lifetime,
    verifier: Verifier,
    now: Timestamp,
}

impl Ours {
    /// At the second of the comparison.
    ///
    /// # Panics
    ///
    /// Never: the inputs are constants.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Timestamp::from_unix_secs(SIGNED_AT_SECS.into()).unwrap())
    }

    /// At another second.
    pub(crate) fn at(now: Timestamp) -> Self {
        let secret = SecretKey::new(SECRET).unwrap();
        let credentials = Credentials::new(ACCESS_KEY_ID, secret).unwrap();
        let region = Region::new(REGION).unwrap();
        let endpoint = Endpoint::parse(ENDPOINT, Addressing::VirtualHost).unwrap();
        Self {
            key: SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3)),
            bucket: endpoint.bucket(BUCKET).unwrap(),
            endpoint,
            lifetime: Lifetime::from_secs(LIFETIME.as_secs()).unwrap(),
            verifier: Verifier::new(region, Service::S3),
            now,
        }
    }

    /// The second at which it signs and verifies.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// What is done once a second.
    pub(crate) fn presigner(&self) -> OursNow<'_> {
        OursNow { ours: self, presigner: self.key.at(self.now).unwrap() }
    }

    /// Verifies a request for a target at a second, with a look-up of the key by its id.
    ///
    /// # Errors
    ///
    /// When the request does not hold.
    pub(crate) fn verify(
        &self,
        method: &str,
        target: &str,
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        let headers = [("host", self.bucket.authority())];
        let claim = Claim::parse(&RequestHead { method, target, headers: &headers })?;
        let checked = self.verifier.check(&claim, now)?;
        let is_known = checked.access_key_id() == self.key.access_key_id();
        let key = Some(&self.key).filter(|_| is_known);
        checked.verify(key).map(|_| ())
    }

    /// Verifies a form at a second, with a look-up of the key by its id, and holds it against its
    /// policy: what is right says what the policy makes of a file of so many bytes.
    ///
    /// # Errors
    ///
    /// When the form does not hold.
    pub(crate) fn verify_form(
        &self,
        form: &Form,
        file_bytes: usize,
        now: Timestamp,
    ) -> Result<Result<u64, FileLengthError>, FormError> {
        let bucket = self.endpoint.form_bucket(HOST, "/").unwrap();
        let head = FormHead { bucket: &bucket, fields: &form.fields, file_name: None };
        let claim = FormClaim::parse(&head)?;
        let checked = self.verifier.check_form(&claim, now)?;
        let is_known = checked.access_key_id() == self.key.access_key_id();
        let key = Some(&self.key).filter(|_| is_known);
        let mut meter = checked.verify(key)?.meter();
        Ok(meter.add(file_bytes).and_then(|()| meter.finish()))
    }

    fn part(&self, presigner: &Presigner<'_>, upload: Upload<'_>, number: u16) -> String {
        let number = number.to_string();
        let path = self.bucket.object(upload.key).unwrap();
        let request = PresignRequest::new(Method::PUT, path, self.lifetime)
            .with_query("partNumber", &number)
            .and_then(|request| request.with_query("uploadId", upload.id))
            .unwrap();
        presigner.presign(&request).unwrap().into_string()
    }
}

impl Default for Ours {
    fn default() -> Self {
        Self::new()
    }
}

/// Countersign with what it keeps for a second, too.
#[derive(Debug)]
pub(crate) struct OursNow<'k> {
    ours: &'k Ours,
    presigner: Presigner<'k>,
}

impl OursNow<'_> {
    /// Makes the form for a file at a key.
    pub(crate) fn sign_form(&self, key: &str) -> PostForm {
        let key = FormKey::new(key).unwrap();
        let range = ContentLengthRange::new(FILE_BYTES_MIN, FILE_BYTES_MAX).unwrap();
        let policy = PostPolicy::new(&self.ours.endpoint, BUCKET, key, self.ours.lifetime)
            .unwrap()
            .with_condition(Condition::content_length_range(range))
            .and_then(|policy| policy.with_field("Content-Type", CONTENT_TYPE))
            .unwrap();
        self.presigner.presign_post(&policy).unwrap()
    }
}

impl Presign for OursNow<'_> {
    const NAME: &'static str = "Countersign";

    type Url = String;

    fn presign(&self, task: Task<'_>) -> String {
        match task {
            Task::Get(key) => {
                let path = self.ours.bucket.object(key).unwrap();
                let request = PresignRequest::new(Method::GET, path, self.ours.lifetime);
                self.presigner.presign(&request).unwrap().into_string()
            }
            Task::Part(upload, number) => self.ours.part(&self.presigner, upload, number),
        }
    }

    /// As a batch and into one buffer, neither of which any peer offers.
    fn presign_parts(&self, upload: Upload<'_>, mut take: impl FnMut(&String)) {
        let path = self.ours.bucket.object(upload.key).unwrap();
        let request = PresignRequest::new(Method::PUT, path, self.ours.lifetime);
        let parts = self.presigner.parts(&request, upload.id).unwrap();
        let mut url = String::new();
        for number in 1..=upload.parts {
            url.clear();
            parts.presign_into(number, &mut url).unwrap();
            take(&url);
        }
    }

    fn text(url: &String) -> String {
        url.clone()
    }
}
