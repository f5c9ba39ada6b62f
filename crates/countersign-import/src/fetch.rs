//! A file by its URL: one request after another, until one is answered with a file.

use std::sync::Arc;

use hyper::{
    HeaderMap, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{CONTENT_ENCODING, HeaderName, LOCATION, TRANSFER_ENCODING},
};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    FetchError, Fetched, Guard, ImportUrl, Limits, SetUpError,
    connect::{Connection, connect, request},
    tls,
};

/// So many redirects are followed.
const REDIRECTS_MAX: u32 = 3;

/// Fetches files. The example is at the [head of the crate](crate).
#[derive(Debug)]
pub struct Fetcher {
    guard: Guard,
    limits: Limits,
    tls: Arc<ClientConfig>,
}

/// What one request comes to.
enum Hop {
    File(Box<Fetched>),
    Elsewhere(ImportUrl),
}

impl Fetcher {
    /// Fetches what the guard allows, and trusts the certificates of the system.
    ///
    /// # Errors
    ///
    /// [`SetUpError::Tls`], where the system has none.
    pub fn new(guard: Guard, limits: Limits) -> Result<Self, SetUpError> {
        Ok(Self { guard, limits, tls: tls::config(None)? })
    }

    /// As [`new`](Self::new), and trusts the certificates in this PEM alone.
    ///
    /// # Errors
    ///
    /// [`SetUpError::RootCertificates`]; [`SetUpError::Tls`].
    pub fn with_root_certificates(
        guard: Guard,
        limits: Limits,
        pem: &[u8],
    ) -> Result<Self, SetUpError> {
        Ok(Self { guard, limits, tls: tls::config(Some(pem))? })
    }

    /// Who reads the URLs.
    #[must_use]
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// How much is taken, and how long it may take.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Asks for a file, and returns once its bytes begin to come. Dropped, it asks no more.
    ///
    /// # Errors
    ///
    /// Any [`FetchError`].
    pub async fn fetch(&self, url: &ImportUrl) -> Result<Fetched, FetchError> {
        let total_max = self.limits.total_max;
        let ends_at = Instant::now() + total_max;
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let hop = timeout_at(ends_at, self.ask(&url, ends_at)).await;
            match hop.map_err(|_elapsed| FetchError::TooLate { total_max })?? {
                Hop::File(file) => return Ok(*file),
                Hop::Elsewhere(to) => url = to,
            }
        }
        Err(FetchError::TooManyRedirects { redirects_max: REDIRECTS_MAX })
    }

    async fn ask(&self, url: &ImportUrl, ends_at: Instant) -> Result<Hop, FetchError> {
        let Limits { connect_max, silence_max, .. } = self.limits;
        let destination = self.guard.destination(url, connect_max).await?;
        let mut connection = connect(url, &destination, &self.tls, connect_max).await?;
        let answer = timeout(silence_max, connection.sender.send_request(request(url)?)).await;
        let answer = answer.map_err(|_elapsed| FetchError::Silent { waited: silence_max })?;
        let answer = answer.map_err(|error| FetchError::Malformed(error.into()))?;
        match answer.status() {
            StatusCode::OK => Ok(Hop::File(Box::new(self.take(answer, connection, ends_at)?))),
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                let status = answer.status().as_u16();
                let location = only(answer.headers(), &LOCATION)?;
                let location = location.ok_or(FetchError::Status { status })?;
                Ok(Hop::Elsewhere(self.guard.follow(url, location)?))
            }
            status => Err(FetchError::Status { status: status.as_u16() }),
        }
    }

    /// Takes a file whose end is told, and whose bytes are what they are.
    fn take(
        &self,
        answer: Response<Incoming>,
        connection: Connection,
        ends_at: Instant,
    ) -> Result<Fetched, FetchError> {
        let headers = answer.headers();
        let encoding = only(headers, &CONTENT_ENCODING)?.unwrap_or_default();
        if !["", "identity"].contains(&&*encoding.to_ascii_lowercase()) {
            return Err(FetchError::Encoded);
        }
        // hyper undoes the chunks of `gzip, chunked`, and passes on what was packed.
        let transfer = only(headers, &TRANSFER_ENCODING)?;
        if transfer.is_some_and(|transfer| !transfer.eq_ignore_ascii_case("chunked")) {
            return Err(FetchError::Encoded);
        }
        let length = answer.body().size_hint().exact();
        if length.is_none() && transfer.is_none() {
            return Err(FetchError::NoLength);
        }
        let bytes_max = self.limits.bytes_max;
        if length.is_some_and(|length| length > bytes_max) {
            return Err(FetchError::TooLarge { bytes_max });
        }
        Ok(Fetched::new(answer.into_body(), connection, self.limits, ends_at))
    }
}

/// A header that is there once, or not at all.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, FetchError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|error| FetchError::Malformed(error.into()))?;
    if values.next().is_some() {
        return Err(FetchError::Malformed(format!("{name} is there twice").into()));
    }
    Ok(Some(text.trim()))
}
