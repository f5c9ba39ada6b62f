//! Multipart uploads, by requests of our own: `object_store` can neither list parts nor stream one.

use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use countersign::Method;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use md5::{Digest, Md5};
use object_store::{Attribute, Attributes};

use super::{
    client::{Call, Client, Payload, Repeat},
    error::S3Error,
    objects::plain,
    part_body::PartBody,
    prefix::Prefix,
    turns::Turns,
    xml::{self, ListedPart},
};
use crate::{
    CompletedPart, ETag, ObjectInfo, ObjectKey, Part, PartNumber, PartStore, PutRequest,
    StoreError, UploadId,
    part::{PartSizes, check_completed},
    through::{Through, path_of},
};

/// How much longer than usual completing may take for each part: with 10,000 ten minutes, for S3
/// speaks of several.
const COMPLETION_PER_PART: Duration = Duration::from_millis(60);

/// How many completed uploads are remembered.
const REMEMBERED_MAX: usize = 1_024;

/// Parts on one page, as many as S3 has.
const PAGE_LEN: u16 = 1_000;

/// Pages that a list of 10,000 parts has, at 1,000 each; stores may send shorter ones.
const PAGES_MAX: usize = 1_000;

pub(super) struct S3Parts {
    pub(super) client: Arc<Client>,
    pub(super) through: Through,
    pub(super) prefix: Prefix,
    pub(super) completed: Remembered,
    /// One completion of an upload at a time: `SeaweedFS` refuses the parts of a second one while the
    /// first is under way.
    pub(super) turns: Turns,
}

impl fmt::Debug for S3Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Parts").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[async_trait]
impl PartStore for S3Parts {
    /// [`CreateMultipartUpload`][doc]. Not repeated where the store may have done it: nobody would
    /// know of the first upload.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
    async fn create(
        &self,
        key: &ObjectKey,
        attributes: Attributes,
    ) -> Result<UploadId, StoreError> {
        let key = self.prefix.of(key)?;
        let call = Call::new(Method::POST, key.as_str(), Repeat::IfNotDone)
            .with_query("uploads", "")
            .with_headers(headers_of(&attributes)?);
        let (_, body) = self.client.ask(call).await?;
        Ok(xml::upload_id(&body)?)
    }

    /// [`UploadPart`][doc].
    ///
    /// A part that fits into memory is checked before it is sent, its digest is signed, and it is
    /// sent again where that helps. A longer one is streamed: its digest is only signed where it was
    /// said before; its last bytes are held back until all of it was checked, so that what is refused
    /// never was a whole part.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    async fn put_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ETag, StoreError> {
        let PartBody { payload, refusal } = PartBody::of(body, &put).await?;
        let sent = self.send_part(key, upload, number, payload).await;
        // Why the body broke off is worth more than that it did.
        match refusal.take() {
            Some(refusal) => Err(refusal),
            None => sent,
        }
    }

    /// [`ListParts`][doc], page by page.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
    async fn list(&self, key: &ObjectKey, upload: &UploadId) -> Result<Vec<Part>, StoreError> {
        let key = self.prefix.of(key)?;
        let (mut parts, mut after) = (Vec::new(), 0);
        for _ in 0..PAGES_MAX {
            let mut call = Call::new(Method::GET, key.as_str(), Repeat::Always)
                .with_query("max-parts", PAGE_LEN.to_string())
                .with_query("uploadId", upload.as_str());
            if after > 0 {
                call = call.with_query("part-number-marker", after.to_string());
            }
            let (_, body) = self.client.ask(call).await?;
            let page = xml::parts(&body)?;
            parts.extend(page.parts);
            match page.next {
                Some(next) if next > after => after = next,
                Some(_) => return Err(S3Error::malformed("its pages go in circles").into()),
                None => return Ok(last_of_each(parts)),
            }
        }
        Err(S3Error::malformed("it has too many pages").into())
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError> {
        let _turn = self.turns.of(upload.as_str()).lock().await;
        // What the store lists is checked here: S3 completes what it is told, in any size.
        let stored = match self.list(key, upload).await {
            Err(StoreError::NoSuchUpload) => return self.object_from(key, upload, parts).await,
            listed => listed?,
        };
        check_completed(parts, &stored, PartSizes::AsS3)?;
        self.complete_checked(key, upload, parts).await
    }

    /// [`AbortMultipartUpload`][doc].
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        let key = self.prefix.of(key)?;
        let call = Call::new(Method::DELETE, key.as_str(), Repeat::Always)
            .with_query("uploadId", upload.as_str());
        match self.client.send(call).await.map_err(StoreError::from) {
            Ok(_) | Err(StoreError::NoSuchUpload | StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl S3Parts {
    pub(super) async fn send_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        payload: Payload,
    ) -> Result<ETag, StoreError> {
        let key = self.prefix.of(key)?;
        let call = Call::new(Method::PUT, key.as_str(), Repeat::Always)
            .with_query("partNumber", number.as_u16().to_string())
            .with_query("uploadId", upload.as_str())
            .with_body(payload);
        let answer = self.client.send(call).await?;
        let etag = answer.headers().get(header::ETAG).and_then(|value| value.to_str().ok());
        let etag = etag.and_then(ETag::parse);
        Ok(etag.ok_or(S3Error::malformed("it has no entity tag"))?)
    }

    /// [`CompleteMultipartUpload`][doc], of parts that were checked.
    ///
    /// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    pub(super) async fn complete_checked(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError> {
        let at = self.prefix.of(key)?;
        let body = Bytes::from(xml::completion(parts));
        let part_count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let call = Call::new(Method::POST, at.as_str(), Repeat::Always)
            .with_more_patience(COMPLETION_PER_PART * part_count)
            .with_query("uploadId", upload.as_str())
            .with_header(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"))
            .with_body(Payload::Whole(vec![body]));
        let etag = match self.client.ask(call).await {
            Ok((_, body)) => xml::etag(&body, "CompleteMultipartUploadResult")?,
            // A part was replaced or dropped since it was looked at: say which, where it shows.
            Err(S3Error::Refused { code: Some(code), .. })
                if ["InvalidPart", "InvalidPartOrder", "EntityTooSmall"].contains(&&*code) =>
            {
                let stored = match self.list(key, upload).await {
                    // Another server completed it.
                    Err(StoreError::NoSuchUpload) => {
                        return self.object_from(key, upload, parts).await;
                    }
                    listed => listed?,
                };
                check_completed(parts, &stored, PartSizes::AsS3)?;
                return Err(StoreError::InvalidPartOrder);
            }
            Err(error) => match error.into() {
                // The first answer was lost, or somebody else was faster.
                StoreError::NoSuchUpload => return self.object_from(key, upload, parts).await,
                error => return Err(error),
            },
        };
        self.completed.add(upload.clone(), at, etag.clone());
        let info = self.info(key).await?;
        // Replaced already, where somebody may.
        if info.etag == etag { Ok(info) } else { Err(StoreError::NoSuchUpload) }
    }

    /// The object that an upload became, as long as it is there. A store does not say what became of
    /// an upload, so it is told by its tag: that which was given when it was completed, or what S3
    /// makes of the tags of the parts.
    async fn object_from(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError> {
        let remembered = self.completed.find(upload, &self.prefix.of(key)?);
        let etag = remembered.or_else(|| etag_of(parts)).ok_or(StoreError::NoSuchUpload)?;
        match self.info(key).await {
            Ok(info) if info.etag == etag => Ok(info),
            Ok(_) | Err(StoreError::NotFound) => Err(StoreError::NoSuchUpload),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn info(&self, key: &ObjectKey) -> Result<ObjectInfo, StoreError> {
        let path = path_of(&self.prefix.of(key)?)?;
        self.through.info(&path).await.map_err(plain)
    }
}

/// What uploads became that were completed lately. Whoever asks later is answered by the tags.
#[derive(Default)]
pub(super) struct Remembered(Mutex<VecDeque<(UploadId, ObjectKey, ETag)>>);

impl Remembered {
    fn add(&self, upload: UploadId, key: ObjectKey, etag: ETag) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == REMEMBERED_MAX {
            all.pop_front();
        }
        all.push_back((upload, key, etag));
    }

    fn find(&self, upload: &UploadId, key: &ObjectKey) -> Option<ETag> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = all.iter().filter(|(it, at, _)| it == upload && at == key);
        found.next().map(|(_, _, etag)| etag.clone())
    }
}

/// The tag that S3 gives to an object of these parts: the MD5 of their MD5s, and how many they are.
/// Not where the store encrypts with keys of its own, for then the tags are none ([checksums][doc]).
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
fn etag_of(parts: &[CompletedPart]) -> Option<ETag> {
    let mut md5 = Md5::new();
    for part in parts {
        let mut digest = [0; 16];
        hex::decode_to_slice(part.etag.as_str(), &mut digest).ok()?;
        md5.update(digest);
    }
    let whole = hex::encode(md5.finalize());
    if parts.is_empty() { None } else { ETag::parse(&format!("{whole}-{}", parts.len())) }
}

/// By number, each once: the last that came. `SeaweedFS` lists those that were replaced too, to the
/// second. Which of two of one second was the last nobody can tell: then it is as if there were none,
/// so that the part is sent again.
fn last_of_each(mut listed: Vec<ListedPart>) -> Vec<Part> {
    listed.sort_by(|one, next| {
        (one.part.number, &one.modified).cmp(&(next.part.number, &next.modified))
    });
    let groups = listed.chunk_by(|one, next| one.part.number == next.part.number);
    let last = |group: &[ListedPart]| match group {
        [.., before, last] if before.modified == last.modified && before.part != last.part => None,
        [.., last] => Some(last.part.clone()),
        [] => None,
    };
    groups.filter_map(last).collect()
}

/// The headers that store what is kept beside the bytes.
pub(super) fn headers_of(attributes: &Attributes) -> Result<HeaderMap, StoreError> {
    let mut headers = HeaderMap::new();
    for (attribute, value) in attributes {
        let name = match attribute {
            Attribute::ContentType => header::CONTENT_TYPE,
            Attribute::ContentDisposition => header::CONTENT_DISPOSITION,
            Attribute::ContentEncoding => header::CONTENT_ENCODING,
            Attribute::ContentLanguage => header::CONTENT_LANGUAGE,
            Attribute::CacheControl => header::CACHE_CONTROL,
            Attribute::Metadata(name) => HeaderName::try_from(format!("x-amz-meta-{name}"))
                .map_err(|_| S3Error::malformed("the name of an attribute"))?,
            _ => return Err(StoreError::ModeUnsupported),
        };
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| S3Error::malformed("an attribute"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(number: u16, tag: &str, modified: &str) -> ListedPart {
        let number = PartNumber::new(number).unwrap();
        let part = Part::new(number, 1, ETag::parse(tag).unwrap());
        ListedPart { part, modified: modified.into() }
    }

    #[test]
    fn of_parts_of_one_number_the_last_is_the_part() {
        let listed = vec![
            listed(2, "late", "2026-11-22T12:00:01Z"),
            listed(1, "only", "2026-11-22T12:00:00Z"),
            listed(2, "early", "2026-11-22T12:00:00Z"),
            listed(3, "one", "2026-11-22T12:00:00Z"),
            listed(3, "other", "2026-11-22T12:00:00Z"),
            listed(4, "same", ""),
            listed(4, "same", ""),
        ];
        let tags: Vec<_> = last_of_each(listed)
            .iter()
            .map(|part| (part.number.as_u16(), part.etag.as_str().to_owned()))
            .collect();
        let expected = [(1, "only"), (2, "late"), (4, "same")];
        assert_eq!(tags, expected.map(|(number, tag)| (number, tag.to_owned())));
    }

    /// Computed by Python's hashlib; `SeaweedFS` and `s3s-fs` compute the same.
    #[test]
    fn the_tag_of_the_whole_follows_from_those_of_the_parts() {
        let part = |number, tag| CompletedPart {
            number: PartNumber::new(number).unwrap(),
            etag: ETag::parse(tag).unwrap(),
        };
        let parts = [
            part(1, "5f363e0e58a95f06cbe9bbc662c5dfb6"),
            part(2, "9dd4e461268c8034f5c8564e155c67a6"),
        ];
        assert_eq!(etag_of(&parts).unwrap().as_str(), "912fbcd7e22cf02ae1c8f7f09b6ac317-2");
        assert_eq!(etag_of(&[]), None);
        assert_eq!(etag_of(&[part(1, "5f363e0e58a95f06cbe9bbc662c5dfb6-2")]), None);
        assert_eq!(etag_of(&[part(1, "not-hex")]), None);
    }
}
