use countersign::Lifetime;

/// What the URLs of a backend can bind, so that whoever wishes for more is refused before the first
/// request.
///
/// ```
/// use countersign_storage::{Backend, Capability};
///
/// assert!(Backend::memory().capability().prefix); // our gateway knows prefix tokens
/// assert!(!Capability::S3.prefix); // a signature of S3's binds one path
/// assert!(Capability::S3.binds_headers.contains(&"content-length"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capability {
    /// The headers that a URL can hold an upload to: names in lower case, sorted.
    pub binds_headers: &'static [&'static str],
    /// Whether there are URLs below which files of any name are put.
    pub prefix: bool,
    /// Whether a URL can be taken back.
    pub revocable: bool,
    /// Whether a URL is made without asking anybody.
    pub offline: bool,
    /// The longest that a URL can live. The credentials may cut it further.
    pub lifetime_max: Lifetime,
}

impl Capability {
    /// URLs to our own gateway.
    pub const GATEWAY: Self = Self {
        binds_headers: &UPLOAD_HEADERS,
        prefix: true,
        revocable: true,
        offline: true,
        lifetime_max: Lifetime::MAX,
    };

    /// URLs to an S3 store: [presigned][doc], each for one method and one path.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
    pub const S3: Self = Self {
        binds_headers: &UPLOAD_HEADERS,
        prefix: false,
        revocable: false,
        offline: true,
        lifetime_max: Lifetime::MAX,
    };

    /// What of them the upload of a part can be held to.
    pub(crate) const PART_HEADERS: [&'static str; 2] = ["content-length", "content-type"];
}

const UPLOAD_HEADERS: [&str; 4] =
    ["content-length", "content-type", "if-none-match", "x-amz-checksum-sha256"];
