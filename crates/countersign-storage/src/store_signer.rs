use std::{fmt, time::Duration};

use async_trait::async_trait;
use countersign::{Lifetime, Method, Timestamp};
use object_store::{
    Error as ForeignError,
    path::Path,
    signer::{SignedUrlOptions, Signer, Url},
};

use crate::{ObjectKey, UrlSigner};

/// A [`UrlSigner`] as the [`Signer`] of `object_store`, for code that asks for one.
///
/// - Query parameters and headers of the options are signed, all of them, or the URL is not made.
/// - A query parameter whose name begins with `x-amz-` is refused: a store may not heed in a query
///   what it heeds in a header, a checksum for one.
/// - The life of a URL is cut to that of the credentials. The trait has no way to say so; the URL
///   has, in `X-Amz-Expires`.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::{Addressing, Credentials, Endpoint, Region, SecretKey, Timestamp};
/// use countersign_storage::{StoreSigner, UrlSigner};
/// use http::Method;
/// use object_store::{path::Path, signer::Signer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # fn clock() -> Timestamp { Timestamp::parse("20261121T120000Z").unwrap() }
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let bucket = Endpoint::parse("https://s3.example", Addressing::Path)?.bucket("data")?;
/// let urls = UrlSigner::new(credentials, Region::new("us-east-1")?, bucket, clock());
///
/// let signer: Box<dyn Signer> = Box::new(StoreSigner::new(urls, clock));
/// let path = Path::from("objects/1");
/// let url = signer.signed_url(Method::GET, &path, Duration::from_secs(600)).await?;
/// assert!(url.as_str().starts_with("https://s3.example/data/objects/1?X-Amz-Algorithm="));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StoreSigner {
    urls: UrlSigner,
    clock: fn() -> Timestamp,
}

impl StoreSigner {
    /// Signs by what the clock says when a URL is asked for.
    #[must_use]
    pub const fn new(urls: UrlSigner, clock: fn() -> Timestamp) -> Self {
        Self { urls, clock }
    }

    fn sign(
        &self,
        method: &http::Method,
        path: &Path,
        expires_in: Duration,
        options: &SignedUrlOptions,
    ) -> Result<Url, ForeignError> {
        let now = (self.clock)();
        let key = ObjectKey::new(path.as_ref()).map_err(generic)?;
        let key = self.urls.key_in_bucket(&key);
        let method = Method::new(method.as_str()).map_err(generic)?;
        let lifetime = Lifetime::from_secs(expires_in.as_secs()).map_err(generic)?;
        let mut request = self.urls.request(method, &key, lifetime, now).map_err(generic)?;
        for (name, value) in &options.extra_query {
            if name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-")) {
                let source = format!("{name} as a query parameter").into();
                return Err(ForeignError::NotSupported { source });
            }
            request = request.with_query(name, value).map_err(generic)?;
        }
        for (name, value) in &options.signed_headers {
            let value = value.to_str().map_err(generic)?;
            request = request.with_signed_header(name.as_str(), value).map_err(generic)?;
        }
        let url = self.urls.presign(&request, now).map_err(generic)?;
        let parsed = Url::parse(url.as_str()).map_err(generic)?;
        // What is signed has to be what is sent.
        if parsed.as_str() == url.as_str() {
            Ok(parsed)
        } else {
            Err(generic("the path is one that clients change"))
        }
    }
}

fn generic(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ForeignError {
    ForeignError::Generic { store: "countersign", source: source.into() }
}

impl fmt::Debug for StoreSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreSigner").field(&self.urls).finish()
    }
}

#[async_trait]
impl Signer for StoreSigner {
    async fn signed_url(
        &self,
        method: http::Method,
        path: &Path,
        expires_in: Duration,
    ) -> object_store::Result<Url> {
        self.sign(&method, path, expires_in, &SignedUrlOptions::default())
    }

    async fn signed_url_opts(
        &self,
        method: http::Method,
        path: &Path,
        expires_in: Duration,
        options: &SignedUrlOptions,
    ) -> object_store::Result<Url> {
        self.sign(&method, path, expires_in, options)
    }
}
