//! What a record file says.

use std::{
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use object_store::{Attribute, Attributes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::id::Id;
use crate::{ETag, ObjectInfo, StoreError, clock::unix_secs_now};

/// The version of the format that is written.
const FORMAT: u32 = 1;

/// One version of an object, or a part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    /// Names this version.
    pub(super) id: Id,
    /// In bytes.
    pub(super) size: u64,
    etag: String,
    /// Of all bytes, in hex; absent where they came in several parts.
    sha256: Option<String>,
    modified_unix_secs: u64,
    attributes: Vec<(String, String)>,
    /// The multipart upload that made it.
    pub(super) upload: Option<Id>,
    /// The files that have the bytes, in order.
    pub(super) segments: Vec<Segment>,
}

/// A data file of a version. No two records share one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) data: Id,
    /// In bytes, without the block digests.
    pub(super) size: u64,
}

/// Where a record comes from.
pub(super) struct Origin {
    pub(super) etag: ETag,
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) upload: Option<Id>,
}

impl Record {
    pub(super) fn new(
        segments: Vec<Segment>,
        attributes: &Attributes,
        origin: Origin,
    ) -> io::Result<Self> {
        Ok(Self {
            format: FORMAT,
            id: Id::random()?,
            size: segments.iter().map(|segment| segment.size).sum(),
            etag: origin.etag.as_str().into(),
            sha256: origin.sha256.map(hex::encode),
            modified_unix_secs: unix_secs_now(),
            attributes: named(attributes),
            upload: origin.upload,
            segments,
        })
    }

    /// The same object with data files of its own, which have yet to be made.
    pub(super) fn copy_of(original: &Self) -> io::Result<Self> {
        let mut copy = Self { id: Id::random()?, upload: None, ..original.clone() };
        for segment in &mut copy.segments {
            segment.data = Id::random()?;
        }
        copy.modified_unix_secs = unix_secs_now();
        Ok(copy)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        to_sealed(self)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, StoreError> {
        let record: Self = of_sealed(bytes)?;
        if record.format != FORMAT {
            return Err(StoreError::backend("a record has a format from the future"));
        }
        Ok(record)
    }

    pub(super) fn info(&self) -> Result<ObjectInfo, StoreError> {
        let modified = Duration::from_secs(self.modified_unix_secs);
        Ok(ObjectInfo {
            size: self.size,
            etag: ETag::parse(&self.etag).ok_or(StoreError::Damaged)?,
            last_modified: UNIX_EPOCH.checked_add(modified).unwrap_or(SystemTime::UNIX_EPOCH),
            attributes: attributes_of(&self.attributes),
            sha256: self.sha256()?,
        })
    }

    pub(super) fn sha256(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let digest = |text: &String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).map_err(|_| StoreError::Damaged)?;
            Ok(bytes)
        };
        self.sha256.as_ref().map(digest).transpose()
    }

    pub(super) fn data(&self) -> impl Iterator<Item = &Id> {
        self.segments.iter().map(|segment| &segment.data)
    }
}

/// The longest record there is, in bytes: 10,000 parts are about 1 MiB.
pub(super) const RECORD_LEN_MAX: usize = 8 * 1024 * 1024;

/// A line of JSON, and a line with its CRC-32C in hex. A bit that flips in a record could else make
/// an object shorter, or HTML of it, and nobody would notice.
pub(super) fn to_sealed(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = serde_json::to_vec(value).map_err(StoreError::backend)?;
    let digest = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(format!("\n{digest:08x}\n").as_bytes());
    if bytes.len() > RECORD_LEN_MAX {
        return Err(StoreError::backend("the attributes are too long"));
    }
    Ok(bytes)
}

pub(super) fn of_sealed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let bytes = bytes.strip_suffix(b"\n").ok_or(StoreError::Damaged)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').ok_or(StoreError::Damaged)?;
    let (json, digest) = bytes.split_at(end);
    if format!("\n{:08x}", crc32c::crc32c(json)).as_bytes() != digest {
        return Err(StoreError::Damaged);
    }
    serde_json::from_slice(json).map_err(|_| StoreError::Damaged)
}

const METADATA: &str = "metadata:";

/// The names are ours: those of the library may change.
const NAMES: [(&str, Attribute); 6] = [
    ("content-type", Attribute::ContentType),
    ("content-disposition", Attribute::ContentDisposition),
    ("content-encoding", Attribute::ContentEncoding),
    ("content-language", Attribute::ContentLanguage),
    ("cache-control", Attribute::CacheControl),
    ("storage-class", Attribute::StorageClass),
];

pub(super) fn named(attributes: &Attributes) -> Vec<(String, String)> {
    let name_of = |attribute: &Attribute| match attribute {
        Attribute::Metadata(name) => Some(format!("{METADATA}{name}")),
        other => NAMES.iter().find(|(_, it)| it == other).map(|(name, _)| (*name).into()),
    };
    let pairs = attributes.iter().map(|(attribute, value)| (name_of(attribute), value));
    pairs.filter_map(|(name, value)| Some((name?, value.to_string()))).collect()
}

pub(super) fn attributes_of(named: &[(String, String)]) -> Attributes {
    let attribute_of = |name: &str| match name.strip_prefix(METADATA) {
        Some(name) => Some(Attribute::Metadata(name.to_owned().into())),
        None => NAMES.iter().find(|(it, _)| *it == name).map(|(_, attribute)| attribute.clone()),
    };
    let pairs = named.iter().map(|(name, value)| (attribute_of(name), value));
    pairs.filter_map(|(attribute, value)| Some((attribute?, value.clone()))).collect()
}

/// What the record of a multipart upload says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UploadRecord {
    pub(super) key: String,
    pub(super) attributes: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_that_flipped_in_a_record_is_found() {
        let segment = Segment { data: Id::random().unwrap(), size: 70_000 };
        let etag = ETag::parse("0123456789abcdef0123456789abcdef-1").unwrap();
        let origin = Origin { etag, sha256: Some([7; 32]), upload: None };
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, "text/plain".into());
        let record = Record::new(vec![segment], &attributes, origin).unwrap();
        let mut bytes = record.to_bytes().unwrap();
        Record::parse(&bytes).unwrap();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                bytes[place] ^= 1 << bit;
                let found = Record::parse(&bytes);
                assert!(matches!(found, Err(StoreError::Damaged)), "{place}, {bit}");
                bytes[place] ^= 1 << bit;
            }
            assert!(matches!(Record::parse(&bytes[..place]), Err(StoreError::Damaged)), "{place}");
        }
    }
}
