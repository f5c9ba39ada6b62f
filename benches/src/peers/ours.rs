use std::fmt::Write as _;

use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Presigner,
    Region, RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier, VerifyError,
};

use super::Presign;
use crate::input::{
    ACCESS_KEY_ID, BUCKET, ENDPOINT, LIFETIME, REGION, SECRET, SIGNED_AT_SECS, Task, Upload,
};

/// Countersign with what a server keeps: the day's key, the bucket, the verifier.
#[derive(Debug)]
pub struct Ours {
    key: SigningKey,
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

    fn put(&self, presigner: &Presigner<'_>, upload: Upload<'_>, number: &str, url: &mut String) {
        let path = self.bucket.object(upload.key).unwrap();
        let request = PresignRequest::new(Method::PUT, path, self.lifetime)
            .with_query("partNumber", number)
            .and_then(|request| request.with_query("uploadId", upload.id))
            .unwrap();
        presigner.presign_into(&request, url).unwrap();
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
            Task::Part(upload, number) => {
                let mut url = String::new();
                self.ours.put(&self.presigner, upload, &number.to_string(), &mut url);
                url
            }
        }
    }

    /// Into one buffer, which no peer offers.
    fn presign_parts(&self, upload: Upload<'_>, mut take: impl FnMut(&String)) {
        let (mut number_text, mut url) = (String::new(), String::new());
        for number in 1..=upload.parts {
            number_text.clear();
            url.clear();
            // Writing to a `String` cannot fail.
            let _ = write!(number_text, "{number}");
            self.ours.put(&self.presigner, upload, &number_text, &mut url);
            take(&url);
        }
    }

    fn text(url: &String) -> String {
        url.clone()
    }
}
