//! An S3 store inside the test: `s3s-fs`, with what it lacks of S3 put right.
//!
//! It lists no tags of parts and no pages, takes an upload that is none for one that it denies, copies
//! over what is there, stores a body before it looks at its checksum, and does nothing in one step.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::TryStreamExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{
    S3, S3Request, S3Response, S3Result,
    auth::SimpleAuth,
    dto::{self, ETag},
    s3_error,
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::RwLock, task::JoinHandle};

use super::folder::quick_folder;

pub(crate) const ACCESS_KEY_ID: &str = "AKSUITE";
pub(crate) const SECRET: &str = "a secret of the suite";
pub(crate) const BUCKET: &str = "suite";

pub(crate) struct Server {
    port: u16,
    uploads: Arc<Mutex<HashMap<String, Upload>>>,
    accepting: JoinHandle<()>,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = quick_folder();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let uploads = Arc::<Mutex<_>>::default();
        let mended = Mended {
            files: FileSystem::new(folder.path()).unwrap(),
            uploads: Arc::clone(&uploads),
            steps: RwLock::default(),
        };
        let mut builder = S3ServiceBuilder::new(mended);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    // A client may go away in the middle.
                    let _ = builder.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { port, uploads, accepting, _folder: folder }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many uploads are open at a key, whatever prefix it has.
    pub(crate) fn uploads_at(&self, key: &str) -> usize {
        let uploads = self.uploads.lock().unwrap();
        uploads.values().filter(|upload| upload.key.ends_with(key)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Mended {
    files: FileSystem,
    uploads: Arc<Mutex<HashMap<String, Upload>>>,
    /// Held by who reads, or alone by who writes.
    steps: RwLock<()>,
}

struct Upload {
    key: String,
    parts: BTreeMap<i32, (String, i64)>,
}

impl Mended {
    fn check(&self, upload: &str, key: &str) -> S3Result<()> {
        let uploads = self.uploads.lock().unwrap();
        let is_known = uploads.get(upload).is_some_and(|upload| upload.key == key);
        if is_known { Ok(()) } else { Err(s3_error!(NoSuchUpload)) }
    }
}

#[async_trait::async_trait]
impl S3 for Mended {
    async fn get_object(
        &self,
        request: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let _shared = self.steps.read().await;
        let expected = request.headers.get("if-match").cloned();
        let answer = self.files.get_object(request).await?;
        let etag = answer.output.e_tag.as_ref().map(|etag| format!("\"{}\"", etag.value()));
        if expected
            .is_some_and(|expected| Some(expected.as_bytes()) != etag.as_deref().map(str::as_bytes))
        {
            return Err(s3_error!(PreconditionFailed));
        }
        Ok(answer)
    }

    async fn head_object(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let _shared = self.steps.read().await;
        self.files.head_object(request).await
    }

    async fn put_object(
        &self,
        mut request: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        if let Some(expected) = &request.input.checksum_sha256 {
            let body = request.input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
            let chunks: Vec<Bytes> =
                body.try_collect().await.map_err(|_| s3_error!(IncompleteBody))?;
            let body = chunks.concat();
            if BASE64_STANDARD.encode(Sha256::digest(&body)) != *expected {
                return Err(s3_error!(BadDigest));
            }
            request.input.body = Some(dto::StreamingBlob::from(s3s::Body::from(body)));
        }
        let _alone = self.steps.write().await;
        self.files.put_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        let _alone = self.steps.write().await;
        match self.files.delete_object(request).await {
            // S3 deletes what is not there.
            Err(error) if error.code().as_str() == "NoSuchKey" => {
                Ok(S3Response::new(dto::DeleteObjectOutput::default()))
            }
            answer => answer,
        }
    }

    async fn copy_object(
        &self,
        request: S3Request<dto::CopyObjectInput>,
    ) -> S3Result<S3Response<dto::CopyObjectOutput>> {
        let _alone = self.steps.write().await;
        if request.headers.get("if-none-match").is_some_and(|value| value == "*") {
            let head = dto::HeadObjectInput::builder()
                .bucket(request.input.bucket.clone())
                .key(request.input.key.clone())
                .build()
                .unwrap();
            if self.files.head_object(request.clone_with(head)).await.is_ok() {
                return Err(s3_error!(PreconditionFailed));
            }
        }
        self.files.copy_object(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        let key = request.input.key.clone();
        let answer = self.files.create_multipart_upload(request).await?;
        let id = answer.output.upload_id.clone().unwrap();
        self.uploads.lock().unwrap().insert(id, Upload { key, parts: BTreeMap::new() });
        Ok(answer)
    }

    async fn upload_part(
        &self,
        request: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        let (id, number) = (request.input.upload_id.clone(), request.input.part_number);
        let size = request.input.content_length.ok_or_else(|| s3_error!(MissingContentLength))?;
        self.check(&id, &request.input.key)?;
        let answer = self.files.upload_part(request).await?;
        let etag = answer.output.e_tag.as_ref().unwrap().value().to_owned();
        let mut uploads = self.uploads.lock().unwrap();
        let upload = uploads.get_mut(&id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        upload.parts.insert(number, (etag, size));
        Ok(answer)
    }

    async fn list_parts(
        &self,
        request: S3Request<dto::ListPartsInput>,
    ) -> S3Result<S3Response<dto::ListPartsOutput>> {
        let input = request.input;
        self.check(&input.upload_id, &input.key)?;
        let after = input.part_number_marker.unwrap_or(0);
        let count_max = usize::try_from(input.max_parts.unwrap_or(1_000).clamp(1, 1_000)).unwrap();
        let uploads = self.uploads.lock().unwrap();
        let parts = &uploads[&input.upload_id].parts;
        let page: Vec<_> = parts
            .range(after + 1..)
            .take(count_max)
            .map(|(number, (etag, size))| dto::Part {
                e_tag: Some(ETag::Strong(etag.clone())),
                part_number: Some(*number),
                size: Some(*size),
                ..dto::Part::default()
            })
            .collect();
        let last = page.last().and_then(|part| part.part_number).unwrap_or(0);
        Ok(S3Response::new(dto::ListPartsOutput {
            is_truncated: Some(parts.range(last + 1..).next().is_some()),
            next_part_number_marker: Some(last),
            parts: Some(page),
            ..dto::ListPartsOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        let _alone = self.steps.write().await;
        self.check(&id, &request.input.key)?;
        let answer = self.files.complete_multipart_upload(request).await?;
        self.uploads.lock().unwrap().remove(&id);
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        self.check(&request.input.upload_id, &request.input.key)?;
        self.uploads.lock().unwrap().remove(&request.input.upload_id);
        self.files.abort_multipart_upload(request).await
    }
}

trait CloneWith {
    fn clone_with<T>(&self, input: T) -> S3Request<T>;
}

impl<U> CloneWith for S3Request<U> {
    fn clone_with<T>(&self, input: T) -> S3Request<T> {
        S3Request {
            input,
            method: self.method.clone(),
            uri: self.uri.clone(),
            headers: self.headers.clone(),
            extensions: self.extensions.clone(),
            credentials: self.credentials.clone(),
            region: self.region.clone(),
            service: self.service.clone(),
            trailing_headers: None,
        }
    }
}
