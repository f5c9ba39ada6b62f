use jiff::Timestamp;
use rusty_s3::{
    Bucket, Credentials, S3Action as _, UrlStyle,
    actions::{GetObject, UploadPart},
};

use super::Presign;
use crate::input::{
    ACCESS_KEY_ID, BUCKET, ENDPOINT, LIFETIME, REGION, SECRET, SIGNED_AT_SECS, Task, Upload,
};

/// rusty-s3 with `RustCrypto`, its fastest back end for messages as short as these.
#[derive(Debug)]
pub(crate) struct RustyS3 {
    bucket: Bucket,
    credentials: Credentials,
    now: Timestamp,
}

impl RustyS3 {
    /// With the bucket and the credentials.
    pub(crate) fn new() -> Self {
        let endpoint = ENDPOINT.parse().unwrap();
        Self {
            bucket: Bucket::new(endpoint, UrlStyle::VirtualHost, BUCKET, REGION).unwrap(),
            credentials: Credentials::new(ACCESS_KEY_ID, SECRET),
            now: Timestamp::from_second(SIGNED_AT_SECS.into()).unwrap(),
        }
    }
}

impl Presign for RustyS3 {
    const NAME: &'static str = "rusty-s3 0.11";

    type Url = object_store::signer::Url;

    fn presign(&self, task: Task<'_>) -> Self::Url {
        let (bucket, credentials) = (&self.bucket, Some(&self.credentials));
        match task {
            Task::Get(key) => {
                GetObject::new(bucket, credentials, key).sign_with_time(LIFETIME, &self.now)
            }
            Task::Part(Upload { key, id, .. }, number) => {
                UploadPart::new(bucket, credentials, key, number, id)
                    .sign_with_time(LIFETIME, &self.now)
            }
        }
    }

    fn text(url: &Self::Url) -> String {
        url.as_str().to_owned()
    }
}
