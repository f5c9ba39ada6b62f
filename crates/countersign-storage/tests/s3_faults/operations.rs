//! What is done to a store in trouble, and what has to be the case afterwards.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use countersign::{Credentials, SecretKey, Timestamp};
use countersign_storage::{
    Attributes, Backend, CompletedPart, ObjectKey, PartNumber, PutMode, PutRequest, S3, S3Settings,
    StoreError, UploadId, bytes_of, collect,
};

use super::{
    SILENCE_MAX,
    canary::TOKEN,
    proxy::Proxy,
    server::{ACCESS_KEY_ID, BUCKET, SECRET, Server},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    PutNew,
    Read,
    Freeze,
    Delete,
    Begin,
    PutPart,
    List,
    Complete,
    Abort,
}

pub(crate) const OPERATIONS: [Operation; 10] = [
    Operation::Put,
    Operation::PutNew,
    Operation::Read,
    Operation::Freeze,
    Operation::Delete,
    Operation::Begin,
    Operation::PutPart,
    Operation::List,
    Operation::Complete,
    Operation::Abort,
];

impl Operation {
    /// Whether each of its requests may be sent again, whatever became of the first.
    pub(crate) fn is_repeatable(self) -> bool {
        !matches!(self, Self::Begin | Self::PutNew)
    }
}

/// What an operation is done to.
pub(crate) struct Prepared {
    key: ObjectKey,
    staging: ObjectKey,
    upload: UploadId,
    part: CompletedPart,
}

pub(crate) struct Scene {
    /// By the proxy.
    pub(crate) backend: Backend,
    pub(crate) proxy: Proxy,
    /// Past it.
    direct: Backend,
    count: AtomicU32,
    server: Server,
}

const BODY: &str = "the one and only body";

/// A store that says nothing for so long is given up.
pub(crate) fn backend(endpoint: String, silence_max: Duration) -> Backend {
    S3::new(settings(endpoint).with_silence_max(silence_max)).unwrap().backend()
}

/// 20 minutes late.
#[expect(clippy::disallowed_methods, reason = "a store that runs has a clock too")]
pub(crate) fn late() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_secs(i64::try_from(since.as_secs()).unwrap() - 1_200).unwrap()
}

pub(crate) fn settings(endpoint: String) -> S3Settings {
    let secret = SecretKey::new(SECRET).unwrap();
    let credentials = Credentials::new(ACCESS_KEY_ID, secret).unwrap();
    // s3s-fs takes any token.
    let credentials = credentials.with_session_token(TOKEN).unwrap();
    S3Settings::new(BUCKET, "us-east-1", endpoint, credentials)
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

impl Scene {
    /// Whose backend gives up soon.
    pub(crate) async fn new() -> Self {
        Self::with_silence_max(SILENCE_MAX).await
    }

    /// Whose backend waits for large bodies.
    pub(crate) async fn patient() -> Self {
        Self::with_silence_max(Duration::from_secs(20)).await
    }

    /// How many uploads are open at a key.
    pub(crate) fn uploads_at(&self, key: &ObjectKey) -> usize {
        self.server.uploads_at(key.as_str())
    }

    /// Where the store is, past the proxy.
    pub(crate) fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    async fn with_silence_max(silence_max: Duration) -> Self {
        let server = Server::start().await;
        let proxy = Proxy::start(server.endpoint()).await;
        let direct = backend(server.endpoint(), Duration::from_secs(20));
        let spoilt = backend(proxy.endpoint(), silence_max);
        Self { backend: spoilt, proxy, direct, count: AtomicU32::new(0), server }
    }

    /// What an operation needs, at keys that none had before.
    pub(crate) async fn prepare(&self, operation: Operation) -> Prepared {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let (key, staging) = (key(&format!("final/{count}")), key(&format!("staging/{count}")));
        let put = || PutRequest::new(BODY.len() as u64);
        let parts = self.direct.parts();
        let upload = parts.create(&key, Attributes::new()).await.unwrap();
        let number = PartNumber::new(1).unwrap();
        let etag = parts.put_part(&key, &upload, number, bytes_of(BODY), put()).await.unwrap();
        let at = match operation {
            Operation::Read | Operation::Delete => Some(&key),
            Operation::Freeze => Some(&staging),
            _ => None,
        };
        if let Some(at) = at {
            self.direct.objects().put(at, bytes_of(BODY), put()).await.unwrap();
        }
        let part = CompletedPart { number, etag };
        Prepared { key, staging, upload, part }
    }

    pub(crate) async fn run(
        &self,
        operation: Operation,
        prepared: &Prepared,
    ) -> Result<(), StoreError> {
        self.run_on(&self.backend, operation, prepared).await
    }

    async fn run_on(
        &self,
        backend: &Backend,
        operation: Operation,
        prepared: &Prepared,
    ) -> Result<(), StoreError> {
        let (objects, parts) = (backend.objects(), backend.parts());
        let Prepared { key, staging, upload, part } = prepared;
        let put = PutRequest::new(BODY.len() as u64);
        match operation {
            Operation::Put => {
                let info = objects.put(key, bytes_of(BODY), put).await?;
                assert_eq!(info.size, BODY.len() as u64);
            }
            Operation::PutNew => {
                objects.put(key, bytes_of(BODY), put.with_mode(PutMode::Create)).await?;
            }
            Operation::Read => {
                let object = objects.open(key).await?;
                let bytes = collect(object.read(0..u64::MAX)).await.map_err(StoreError::Body)?;
                assert_eq!(bytes, BODY);
            }
            Operation::Freeze => {
                let info = objects.freeze(staging, key).await?;
                assert_eq!(info.size, BODY.len() as u64);
            }
            Operation::Delete => objects.delete(key).await?,
            Operation::Begin => {
                parts.create(key, Attributes::new()).await?;
            }
            Operation::PutPart => {
                parts.put_part(key, upload, part.number, bytes_of(BODY), put).await?;
            }
            Operation::List => {
                assert_eq!(parts.list(key, upload).await?.len(), 1);
            }
            Operation::Complete => {
                let info = parts.complete(key, upload, std::slice::from_ref(part)).await?;
                assert_eq!(info.size, BODY.len() as u64);
            }
            Operation::Abort => parts.abort(key, upload).await?,
        }
        Ok(())
    }

    /// What has to be the case after an operation, spoilt or not; and after it was done again, when
    /// it failed.
    pub(crate) async fn check(
        &self,
        operation: Operation,
        prepared: &Prepared,
        result: Result<(), StoreError>,
        case: &str,
    ) {
        let begun = self.server.uploads_at(prepared.key.as_str());
        match (operation, &result) {
            (Operation::Begin, Ok(())) => assert_eq!(begun, 2, "{case}"),
            // Perhaps one that nobody knows of; never two.
            (Operation::Begin, Err(_)) => assert!(begun <= 2, "{case}: {begun}"),
            _ => {}
        }
        if result.is_err() {
            let again = self.run_on(&self.direct, operation, prepared).await;
            match (operation, again) {
                // It may have been stored, and the answer lost: what is there is what was sent.
                (_, Ok(())) | (Operation::PutNew, Err(StoreError::AlreadyExists)) => {}
                (_, Err(error)) => panic!("{case}, again: {error:?} after {result:?}"),
            }
        }
        let stored = match self.direct.objects().open(&prepared.key).await {
            Ok(object) => Some(collect(object.read(0..u64::MAX)).await.unwrap()),
            Err(StoreError::NotFound) => None,
            Err(error) => panic!("{case}: {error:?}"),
        };
        let is_there = match operation {
            Operation::Put
            | Operation::PutNew
            | Operation::Read
            | Operation::Freeze
            | Operation::Complete => true,
            Operation::Delete
            | Operation::Begin
            | Operation::PutPart
            | Operation::List
            | Operation::Abort => false,
        };
        assert_eq!(stored.as_deref(), is_there.then_some(BODY.as_bytes()), "{case}");
        let is_open = self.direct.parts().list(&prepared.key, &prepared.upload).await.is_ok();
        let is_ended = matches!(operation, Operation::Complete | Operation::Abort);
        assert_eq!(is_open, !is_ended, "{case}");
    }
}
