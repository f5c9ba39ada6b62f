//! The part URLs of one multipart upload.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{array, fmt};

use crate::{
    PresignError, PresignRequest, PresignedUrl, Presigner, Timestamp,
    canonical::{CanonicalDigest, CanonicalRequest},
    gapped::Gapped,
    presign::put_signature,
    query::TARGET_LEN_MAX,
    sha256::CanonicalHasher,
    signing_key::Begun,
    sink::{Decimal, Sink},
};

const PART_NUMBER: &str = "partNumber";
const PART_NUMBER_MAX: u16 = 10_000;
const DIGITS_MAX: usize = 5;

/// Presigns the parts of one multipart upload, 1 to 10,000.
///
/// The URLs differ in one number, so all but that is written once, and what stands before it hashed
/// once: the parameters of a claim, `X-Amz-…`, sort before `partNumber`, and the path before both.
///
/// Follows [`UploadPart`](https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html).
///
/// ```
/// # use countersign::*;
/// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
/// # let key = SigningKey::derive(&credentials, scope);
/// # let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let upload = PresignRequest::new(Method::PUT, bucket.object("k")?, Lifetime::from_secs(3600)?);
/// let presigner = key.at(now)?;
/// let parts = presigner.parts(&upload, "VXBsb2FkIElE")?;
///
/// let first = parts.presign(1)?;
/// let alone = upload.with_query("partNumber", "1")?.with_query("uploadId", "VXBsb2FkIElE")?;
/// assert_eq!(first.as_str(), presigner.presign(&alone)?.as_str());
/// assert_eq!(parts.presign(0).unwrap_err(), PresignError::PartNumber);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Parts<'p> {
    begun: &'p Begun<'p>,
    expires_at: Timestamp,
    required_headers: Vec<(Box<str>, Box<str>)>,
    /// The URL up to the number.
    before: String,
    /// The URL behind the number, up to the signature.
    behind: String,
    /// The canonical requests for numbers of one digit, of two, and so on.
    canonical: [Gapped; DIGITS_MAX],
}

impl Presigner<'_> {
    /// Presigns the parts of the upload with this id. `request` is what else they say: the method,
    /// the object, the lifetime, headers.
    ///
    /// # Errors
    ///
    /// - [`PresignError::DuplicateName`], when the request has a `partNumber` or `uploadId`.
    /// - [`PresignError::InvalidQuery`], when the id has a NUL byte.
    /// - [`PresignError::TooMany`], [`PresignError::TooLong`], [`PresignError::ExpiryOutOfRange`] and
    ///   [`PresignError::OutlivesCredentials`], as for one URL.
    pub fn parts(
        &self,
        request: &PresignRequest<'_>,
        upload_id: &str,
    ) -> Result<Parts<'_>, PresignError> {
        let request =
            request.clone().with_query(PART_NUMBER, "")?.with_query("uploadId", upload_id)?;
        let expires_at = self.expires_at(request.lifetime())?;
        let mut url = String::new();
        let unsigned = self.put_unsigned(&request, request.path(), &mut url);
        let whole = unsigned.canonical(&request, &url);
        // A value has no `&` or `=` when it is encoded, so this is the parameter and nothing else.
        let (before, behind) = split_behind(whole.query, "&partNumber=");

        let mut hasher = CanonicalHasher::new();
        whole.put_head(&mut hasher);
        hasher.put_str(before);
        let canonical_before = hasher.midstate();
        let mut canonical_behind = String::from(behind);
        whole.put_tail(&mut canonical_behind);
        let canonical = array::from_fn(|index| {
            let digits = index.saturating_add(1);
            Gapped::new(&canonical_before, digits, canonical_behind.as_bytes())
        });
        let parts = Parts {
            begun: self.begun(),
            expires_at,
            required_headers: request.owned_headers(),
            before: url.strip_suffix(behind).unwrap_or_default().into(),
            behind: behind.into(),
            canonical,
        };
        let longest_target = parts.len_max().saturating_sub(unsigned.path_start());
        if longest_target > TARGET_LEN_MAX { Err(PresignError::TooLong) } else { Ok(parts) }
    }
}

impl Parts<'_> {
    /// When the URLs expire: the first second in which they no longer work.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Makes the URL of a part.
    ///
    /// # Errors
    ///
    /// [`PresignError::PartNumber`] outside 1 to 10,000.
    pub fn presign(&self, number: u16) -> Result<PresignedUrl, PresignError> {
        let mut url = String::new();
        self.presign_into(number, &mut url)?;
        let required_headers = self.required_headers.clone();
        Ok(PresignedUrl { url, expires_at: self.expires_at, required_headers })
    }

    /// Writes the URL of a part behind what the buffer holds. Allocates nothing where the buffer has
    /// room.
    ///
    /// # Errors
    ///
    /// As [`presign`](Self::presign); the buffer is as it was.
    pub fn presign_into(&self, number: u16, url: &mut String) -> Result<(), PresignError> {
        if !(1..=PART_NUMBER_MAX).contains(&number) {
            return Err(PresignError::PartNumber);
        }
        let number = Decimal::new(number.into());
        let digits = number.as_str();
        let same_length = digits.len().checked_sub(1).and_then(|index| self.canonical.get(index));
        let canonical = same_length.ok_or(PresignError::PartNumber)?;
        let digest =
            CanonicalDigest(canonical.digest(|gap| gap.copy_from_slice(digits.as_bytes())));

        url.reserve(self.len_max());
        url.push_str(&self.before);
        url.push_str(digits);
        url.push_str(&self.behind);
        put_signature(url, &self.begun.sign(&digest));
        Ok(())
    }

    /// No fewer bytes than the longest of the URLs has.
    fn len_max(&self) -> usize {
        /// `10000`, and `&X-Amz-Signature=` with its 64 digits.
        const NUMBER_AND_SIGNATURE: usize = 5 + 17 + 64;
        self.before.len().saturating_add(self.behind.len()).saturating_add(NUMBER_AND_SIGNATURE)
    }
}

/// Shows no URL: whoever reads it in a log could use it but for the signature, and learns the id of
/// the upload.
impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Splits behind the first `mark`.
fn split_behind<'t>(text: &'t str, mark: &str) -> (&'t str, &'t str) {
    let at = text.find(mark).map_or(text.len(), |at| at.saturating_add(mark.len()));
    text.split_at(at)
}
