//! Requests to the store, signed in their header, one after another until one has an answer.

use std::{borrow::Cow, io, time::Duration};

use bytes::Bytes;
use countersign::{Bucket, HeaderRequest, InvalidValue, Method, PayloadRule, Timestamp};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout};

use super::{
    error::{Outcome, S3Error},
    silence::{Progress, Receiving, Sending},
    xml::{self, ErrorDocument},
};
use crate::key_of_day::KeyOfDay;

/// A request is sent so often at the most.
const TRIES_MAX: u32 = 4;

/// Pauses are random, and no longer than this after the first try; twice that after each further.
const PAUSE_MILLIS_MAX: u64 = 200;

/// Clocks that are farther apart are too far for S3, in seconds ([time stamps][doc]).
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
const SKEW_MAX_SECS: u64 = 900;

/// The longest answer that is kept in memory, in bytes: 1,000 parts are 300 kB.
const ANSWER_LEN_MAX: usize = 2 * 1024 * 1024;

/// One bucket of a store, and who asks it.
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) bucket: Bucket,
    pub(super) keys: KeyOfDay,
    pub(super) silence_max: Duration,
    pub(super) clock: fn() -> Timestamp,
}

/// A request.
pub(super) struct Call<'a> {
    method: Method<'a>,
    /// With its prefix.
    key: &'a str,
    query: Vec<(&'static str, Cow<'a, str>)>,
    headers: HeaderMap,
    body: Payload,
    repeat: Repeat,
    /// How much longer than usual the store may take before it says anything.
    more_patience: Duration,
}

/// When a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// When it failed in passing: sent twice it does what it does once.
    Always,
    /// When the store surely did nothing.
    IfNotDone,
}

/// The body of a request.
pub(super) enum Payload {
    /// In memory. Its digest is signed.
    Whole(Vec<Bytes>),
    /// Of a known length, and sent once. Its digest is signed where somebody said it; that it has it
    /// is for the stream to see to, for not all stores do.
    Streamed { body: BoxStream<'static, io::Result<Bytes>>, length: u64, sha256: Option<[u8; 32]> },
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method<'a>, key: &'a str, repeat: Repeat) -> Self {
        let (query, headers) = (Vec::new(), HeaderMap::new());
        let body = Payload::Whole(Vec::new());
        Self { method, key, query, headers, body, repeat, more_patience: Duration::ZERO }
    }

    pub(super) fn with_query(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn with_body(self, body: Payload) -> Self {
        Self { body, ..self }
    }

    /// For what takes the store long, which may be silent meanwhile, or send a blank now and then.
    pub(super) fn with_more_patience(self, more_patience: Duration) -> Self {
        Self { more_patience, ..self }
    }
}

impl Client {
    /// Sends a request, and again where that is no harm. What comes back has a status of success; a
    /// redirect is refused like an error is.
    pub(super) async fn send(
        &self,
        mut call: Call<'_>,
    ) -> Result<http::Response<Receiving>, S3Error> {
        let mut tries = Tries::new(&call, self.silence_max);
        loop {
            match self.try_once(&mut call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => tries.pause_after(error).await?,
            }
        }
    }

    /// Sends a request, and reads the answer, an XML document.
    ///
    /// An answer may have a status of success and an error in its body, where the store took long
    /// and had to say something: so S3 [documents][doc] it for `CompleteMultipartUpload` and
    /// `CopyObject`.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    pub(super) async fn ask(&self, mut call: Call<'_>) -> Result<(HeaderMap, Bytes), S3Error> {
        let mut tries = Tries::new(&call, self.silence_max);
        loop {
            let asked = async {
                let answer = self.try_once(&mut call).await?;
                let (status, headers) = (answer.status(), answer.headers().clone());
                let body = self.read(answer, self.patience(&call)).await?;
                match xml::error(&body) {
                    Some(ErrorDocument { code }) => {
                        Err(S3Error::Refused { status: status.as_u16(), code })
                    }
                    None => Ok((headers, body)),
                }
            };
            match asked.await {
                Ok(answer) => return Ok(answer),
                Err(error) => tries.pause_after(error).await?,
            }
        }
    }

    fn patience(&self, call: &Call<'_>) -> Duration {
        self.silence_max.saturating_add(call.more_patience)
    }

    async fn try_once(&self, call: &mut Call<'_>) -> Result<http::Response<Receiving>, S3Error> {
        let now = (self.clock)();
        let progress = Progress::new();
        let patience = self.patience(call);
        let request = self.signed(call, &progress, now)?;
        let answer = tokio::select! {
            answer = self.http.execute(request) => answer.map_err(S3Error::of_transport)?,
            silent = progress.silent_for(patience) => return Err(silent),
        };
        let (head, body) = http::Response::from(answer).into_parts();
        let answer = http::Response::from_parts(head, Receiving::new(body, patience));
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(self.refusal(call.method, answer, now).await)
    }

    fn signed(
        &self,
        call: &mut Call<'_>,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<reqwest::Request, S3Error> {
        let (body, length, payload) = call.body.begin();
        let path = self.bucket.object(call.key).map_err(unsignable)?;
        let mut request = HeaderRequest::new(call.method, path, payload);
        for (name, value) in &call.query {
            request = request.with_query(name, value)?;
        }
        for (name, value) in &call.headers {
            let value = value.to_str().map_err(|_| S3Error::malformed("a header"))?;
            request = request.with_signed_header(name.as_str(), value)?;
        }
        let signature = self.keys.at(now).header_signer(now)?.sign(&request)?;
        let url = [self.bucket.origin(), signature.target()].concat();
        let url = url.parse().map_err(|_| S3Error::malformed("a URL"))?;
        let method = call.method.as_str().parse();
        let method = method.map_err(|_| S3Error::malformed("a method"))?;
        let mut sent = reqwest::Request::new(method, url);
        let headers = sent.headers_mut();
        headers.extend(call.headers.clone());
        for (name, value) in signature.headers() {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value);
            let (Ok(name), Ok(mut value)) = (name, value) else {
                return Err(S3Error::malformed("a signature"));
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        if length > 0 || matches!(call.method, Method::PUT | Method::POST) {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        if length > 0 {
            let sending = Sending::new(body, progress.clone());
            *sent.body_mut() = Some(reqwest::Body::wrap_stream(sending));
        }
        Ok(sent)
    }

    /// What a store says that refuses.
    async fn refusal(
        &self,
        method: Method<'_>,
        answer: http::Response<Receiving>,
        ours: Timestamp,
    ) -> S3Error {
        let status = answer.status();
        let theirs = answer.headers().get(header::DATE).and_then(date_of);
        // The code is worth little waiting: the status is enough to tell.
        let code = if method == Method::HEAD {
            None
        } else {
            let body = self.read(answer, self.silence_max).await.ok();
            body.and_then(|body| xml::error(&body)?.code)
        };
        // What answers a HEAD has no body to say it in.
        let is_far =
            |theirs: Timestamp| theirs.unix_secs().abs_diff(ours.unix_secs()) > SKEW_MAX_SECS;
        let is_skewed = match code.as_deref() {
            None => status == StatusCode::FORBIDDEN && theirs.is_some_and(is_far),
            Some(code) => code == "RequestTimeTooSkewed",
        };
        if is_skewed {
            return S3Error::ClockSkew { ours, theirs };
        }
        S3Error::Refused { status: status.as_u16(), code }
    }

    /// Reads all of a short answer.
    async fn read(
        &self,
        answer: http::Response<Receiving>,
        patience: Duration,
    ) -> Result<Bytes, S3Error> {
        let body = Limited::new(answer.into_body(), ANSWER_LEN_MAX).collect();
        match timeout(patience, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) => Err(match error.downcast() {
                Ok(error) => *error,
                Err(_) => S3Error::malformed("it is too long"),
            }),
            Err(_) => Err(S3Error::Silent { waited: patience }),
        }
    }
}

/// How often a request was sent, and whether it may be once more.
struct Tries {
    count: u32,
    count_max: u32,
    repeat: Repeat,
    patience_ends: Instant,
}

impl Tries {
    fn new(call: &Call<'_>, silence_max: Duration) -> Self {
        let is_whole = matches!(call.body, Payload::Whole(_));
        let count_max = if is_whole { TRIES_MAX } else { 1 };
        let patience_ends = Instant::now() + silence_max * 2;
        Self { count: 1, count_max, repeat: call.repeat, patience_ends }
    }

    /// Waits until the request may be sent again, or returns the error.
    async fn pause_after(&mut self, error: S3Error) -> Result<(), S3Error> {
        let is_harmless = match error.outcome() {
            Outcome::NotDone => true,
            Outcome::Unknown => self.repeat == Repeat::Always,
            Outcome::Final => false,
        };
        let pause = pause_after(self.count);
        let is_over = self.count == self.count_max || Instant::now() + pause > self.patience_ends;
        if is_over || !is_harmless {
            return Err(error);
        }
        tracing::debug!(%error, tries = self.count, "a request to the store failed in passing");
        sleep(pause).await;
        self.count += 1;
        Ok(())
    }
}

impl Payload {
    /// The body for one try, its length, and what is signed of it. A stream has one try.
    fn begin(&mut self) -> (BoxStream<'static, io::Result<Bytes>>, u64, PayloadRule) {
        match self {
            Self::Whole(chunks) => {
                let length = chunks.iter().map(|chunk| chunk.len() as u64).sum();
                let mut sha256 = Sha256::new();
                for chunk in &*chunks {
                    sha256.update(chunk);
                }
                let body = stream::iter(chunks.clone().into_iter().map(Ok)).boxed();
                (body, length, PayloadRule::Sha256(sha256.finalize().into()))
            }
            Self::Streamed { body, length, sha256 } => {
                let body = std::mem::replace(body, stream::empty().boxed());
                (body, *length, sha256.map_or(PayloadRule::Unsigned, PayloadRule::Sha256))
            }
        }
    }
}

fn unsignable(_: InvalidValue) -> S3Error {
    S3Error::malformed("a key")
}

/// Any pause up to a limit, so that those who failed together do not come back together.
fn pause_after(tries: u32) -> Duration {
    let mut random = [0; 8];
    // Without random numbers all wait for as long, which is no harm.
    let random = getrandom::fill(&mut random).map_or(u64::MAX, |()| u64::from_le_bytes(random));
    let max = PAUSE_MILLIS_MAX << (tries - 1).min(4);
    Duration::from_millis(random % max + max / 10)
}

/// The time in a `Date` header.
fn date_of(value: &HeaderValue) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_unix_secs(i64::try_from(since.as_secs()).ok()?).ok()
}
