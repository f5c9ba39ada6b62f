//! Multipart uploads: begun with a URL for each part, completed with the tags of all.
//!
//! Freeze before verify: the parts are assembled straight at the key where the object is read. Only
//! URLs of parts were ever made for that key, and they are worth nothing without the upload, which
//! completing ends.

use countersign::{Lifetime, PresignedUrl, Timestamp};
use countersign_catalog::{Identity, Intake, NewUpload, Upload, UploadState};
use countersign_storage::{
    Attribute, Attributes, Bound, CompletedPart, ETag, ObjectInfo, ObjectKey, Part, PartNumber,
    StoreError, UploadId,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    App,
    app::{new_object_key, object_key, stored},
    error::ApiError,
    fields::{Body, Invalid, Reason, invalid},
    source_name::SourceName,
};

pub(crate) const MIB: u64 = 1024 * 1024;

/// The least and the most bytes of a part that is not the last, as S3 has them.
const PART_SIZE_MIN: u64 = 5 * MIB;
const PART_SIZE_MAX: u64 = 5 * 1024 * MIB;

/// The most bytes that one upload can have: 50,000 GiB.
pub(crate) const SIZE_MAX: u64 = PART_SIZE_MAX * PartNumber::MAX as u64;

/// A multipart upload that waits for its parts.
#[derive(Debug)]
pub(crate) struct BegunMultipart {
    pub(crate) upload_id: UploadId,
    pub(crate) object_key: ObjectKey,
    media_type: Box<str>,
    cut: Cut,
    lifetime: Lifetime,
    signed_at: Timestamp,
}

/// A part that waits for its bytes.
#[derive(Debug)]
pub(crate) struct BegunPart {
    pub(crate) number: PartNumber,
    /// Where the part begins, as a multiple of its number less one. The last part may have less.
    pub(crate) stride: u64,
    pub(crate) url: PresignedUrl,
}

impl BegunMultipart {
    /// How many parts there are.
    pub(crate) fn count(&self) -> u16 {
        self.cut.count()
    }

    /// The upload as it is to be recorded.
    pub(crate) fn new_upload(&self, id: Uuid, owner: Identity) -> NewUpload {
        NewUpload {
            id,
            owner,
            intake: Intake::Multipart {
                upload_id: self.upload_id.as_str().into(),
                part_size: self.cut.part_size,
            },
            object_key: self.object_key.as_str().into(),
            content_type: self.media_type.clone(),
            declared_size: Some(self.cut.size),
            not_after: self
                .signed_at
                .checked_add_secs(self.lifetime.as_secs())
                .unwrap_or(Timestamp::MAX),
        }
    }

    /// Signs for a part. Not for all at once: the URLs of 10,000 parts are 5 MB.
    pub(crate) fn part(&self, app: &App, number: u16) -> Result<BegunPart, ApiError> {
        let number = PartNumber::new(number).map_err(ApiError::internal)?;
        let content_length = Some(self.cut.size_of(number));
        let bound = Bound { content_length, ..Bound::default() };
        let which = (&self.upload_id, number);
        let (lifetime, now) = (self.lifetime, self.signed_at);
        let url = app.url_signer.put_part(&self.object_key, which, &bound, lifetime, now)?;
        Ok(BegunPart { number, stride: self.cut.part_size.min(self.cut.size), url })
    }
}

/// The sizes of the parts of a file: all equal but the last, and at most 10,000.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    size: u64,
    part_size: u64,
}

impl Cut {
    /// The smallest parts of whole MiB that are few enough.
    fn of(size: u64) -> Self {
        let fewest = size.div_ceil(u64::from(PartNumber::MAX));
        Self { size, part_size: (fewest.div_ceil(MIB) * MIB).max(PART_SIZE_MIN) }
    }

    /// Parts of one size, at least [`PART_SIZE_MIN`], for a file that has no more than 10,000 of them.
    pub(crate) const fn into_parts_of(part_size: u64, size: u64) -> Self {
        Self { size, part_size }
    }

    fn count(self) -> u16 {
        // What is larger was never begun.
        u16::try_from(self.size.div_ceil(self.part_size)).unwrap_or(PartNumber::MAX)
    }

    /// In bytes.
    fn size_of(self, number: PartNumber) -> u64 {
        let before = u64::from(number.as_u16() - 1).saturating_mul(self.part_size);
        self.part_size.min(self.size.saturating_sub(before))
    }

    fn parts(self) -> impl Iterator<Item = (PartNumber, u64)> {
        let numbers = (1..=self.count()).filter_map(|number| PartNumber::new(number).ok());
        numbers.map(move |number| (number, self.size_of(number)))
    }
}

impl App {
    /// Begins a multipart upload of so many bytes: at least one, at most [`SIZE_MAX`].
    pub(crate) async fn begin_multipart(
        &self,
        owner: Identity,
        (name, size): (&SourceName, u64),
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<BegunMultipart, ApiError> {
        self.admit(owner.team, size).await?;
        let key = object_key(&new_object_key(name.extension()))?;
        let what = (key, name.media_type());
        let begun = self.open_parts(what, Cut::of(size), lifetime, now).await?;
        let recorded = async {
            // Where one part can be signed for, all can: they differ in their numbers.
            begun.part(self, 1)?;
            let new = begun.new_upload(Uuid::new_v4(), owner);
            Ok::<_, ApiError>(self.catalog.add_upload(&new, now).await?)
        };
        if let Err(error) = recorded.await {
            self.abandon_parts(&begun).await;
            return Err(error);
        }
        Ok(begun)
    }

    /// Opens an upload in parts in the storage. Whoever does not record it [abandons] it.
    ///
    /// [abandons]: Self::abandon_parts
    pub(crate) async fn open_parts(
        &self,
        (object_key, media_type): (ObjectKey, &str),
        cut: Cut,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<BegunMultipart, ApiError> {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, String::from(media_type).into());
        let upload_id = self.backend.parts().create(&object_key, attributes).await?;
        let media_type = media_type.into();
        Ok(BegunMultipart { upload_id, object_key, media_type, cut, lifetime, signed_at: now })
    }

    /// Ends an upload in parts that was not recorded: nobody learnt its id, so nobody else ends it.
    pub(crate) async fn abandon_parts(&self, begun: &BegunMultipart) {
        let BegunMultipart { upload_id, object_key, .. } = begun;
        if let Err(error) = self.backend.parts().abort(object_key, upload_id).await {
            tracing::warn!(%error, "an upload that nobody knows of was not aborted");
        }
    }

    /// Makes the parts one object. Asked again, it says the same.
    pub(crate) async fn complete_multipart(
        &self,
        who: &Identity,
        (file_object_key, upload_id): (&str, &str),
        named: Vec<CompletedPart>,
        now: Timestamp,
    ) -> Result<Upload, ApiError> {
        let upload = self.own_upload(who, file_object_key).await?;
        if !is_multipart_of(&upload, upload_id) {
            return Err(ApiError::NotFound("upload_id"));
        }
        match upload.state {
            UploadState::Ready => return Ok(upload),
            UploadState::Pending => {}
            // What it became is deleted, or was refused.
            _ => return Err(ApiError::NotFound("file_object_key")),
        }
        let info = self.assemble(&upload, named).await?;
        self.catalog.accept_upload(upload.id, &stored(&info), now).await?;
        Ok(upload)
    }

    /// Makes the parts of an upload the object that they are to be. Asked again, it says the same.
    ///
    /// The parts may be named in any order, and none has to be once they are an object. Everything is
    /// checked before anything is changed, so what is wrong can be put right, and completed then.
    pub(crate) async fn assemble(
        &self,
        upload: &Upload,
        mut named: Vec<CompletedPart>,
    ) -> Result<ObjectInfo, ApiError> {
        let (id, cut) = multipart_of(upload)?;
        named.sort_by_key(|part| part.number);
        let key = object_key(&upload.object_key)?;
        match self.backend.parts().list(&key, &id).await {
            Ok(stored) => check_parts(cut, &named, &stored)?,
            // Perhaps completed, by a call that ended before it was recorded.
            Err(StoreError::NoSuchUpload) => {}
            Err(error) => return Err(error.into()),
        }
        let info = self.backend.parts().complete(&key, &id, &named).await;
        info.map_err(|error| match error {
            StoreError::NoSuchUpload => ApiError::Closed,
            // A part was replaced since it was looked at.
            StoreError::InvalidPart { .. }
            | StoreError::InvalidPartOrder
            | StoreError::PartTooSmall { .. } => {
                ApiError::InvalidParts("a part is another one by now")
            }
            other => other.into(),
        })
    }
}

fn is_multipart_of(upload: &Upload, id: &str) -> bool {
    matches!(&upload.intake, Intake::Multipart { upload_id, .. } if **upload_id == *id)
}

/// The storage's id of a multipart upload, and how its file is cut.
fn multipart_of(upload: &Upload) -> Result<(UploadId, Cut), ApiError> {
    let Intake::Multipart { upload_id, part_size } = &upload.intake else {
        return Err(ApiError::internal("an upload that is not in parts"));
    };
    let id = UploadId::new(&**upload_id).map_err(ApiError::internal)?;
    let size = upload.declared_size.ok_or_else(|| ApiError::internal("an upload without size"))?;
    Ok((id, Cut { size, part_size: *part_size }))
}

/// A part as an item of a body names it, whose number was read from there already: in range.
pub(crate) fn completed_part(item: &Body, number: i64) -> Result<CompletedPart, Invalid> {
    let out_of_range = || {
        let reason = Reason::TooLarge { max: PartNumber::MAX.into() };
        invalid("part_number", reason, Value::Null)
    };
    let number = u16::try_from(number).ok().and_then(|number| PartNumber::new(number).ok());
    let number = number.ok_or_else(out_of_range)?;
    let etag = |text: &str| ETag::parse(text).ok_or(Reason::Rule("it is no entity tag"));
    Ok(CompletedPart { number, etag: item.text("etag", etag)? })
}

/// Every part once, each as it was announced and as it was stored.
fn check_parts(cut: Cut, named: &[CompletedPart], stored: &[Part]) -> Result<(), ApiError> {
    let mut named = named.iter();
    for (number, size) in cut.parts() {
        let Some(part) = named.next() else {
            return Err(ApiError::InvalidParts("not every part is named"));
        };
        if part.number != number {
            return Err(ApiError::InvalidParts(
                "each part is named once, and none that there is not",
            ));
        }
        let place = stored.binary_search_by_key(&number, |part| part.number);
        let found = place.ok().and_then(|place| stored.get(place));
        let Some(found) = found else {
            return Err(ApiError::InvalidParts("a part was not uploaded"));
        };
        if found.etag != part.etag {
            return Err(ApiError::InvalidParts("a part has another etag"));
        }
        if found.size != size {
            return Err(ApiError::InvalidParts("a part has another size"));
        }
    }
    match named.next() {
        Some(_) => {
            Err(ApiError::InvalidParts("each part is named once, and none that there is not"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_equal_but_the_last_and_few_enough() {
        for (size, part_size, count, last) in [
            (1, 5 * MIB, 1, 1),
            (5 * MIB, 5 * MIB, 1, 5 * MIB),
            (5 * MIB + 1, 5 * MIB, 2, 1),
            (12 * MIB, 5 * MIB, 3, 2 * MIB),
            (50_000 * MIB, 5 * MIB, 10_000, 5 * MIB),
            (50_000 * MIB + 1, 6 * MIB, 8_334, 2 * MIB + 1),
            (SIZE_MAX, PART_SIZE_MAX, 10_000, PART_SIZE_MAX),
        ] {
            let cut = Cut::of(size);
            assert_eq!(cut.part_size, part_size, "{size}");
            let parts: Vec<_> = cut.parts().collect();
            assert_eq!(parts.len(), count, "{size}");
            assert_eq!(parts.last().unwrap().1, last, "{size}");
            assert_eq!(parts.iter().map(|(_, size)| size).sum::<u64>(), size);
            assert!(parts.iter().rev().skip(1).all(|(_, size)| *size == part_size));
            let numbers = parts.iter().map(|(number, _)| usize::from(number.as_u16()));
            assert!(numbers.eq(1..=count), "{size}");
        }
    }
}
