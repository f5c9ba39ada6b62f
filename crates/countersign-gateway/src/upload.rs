//! What the headers of an upload say: what to store, and what to hold the body to.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign::PayloadRule;
use countersign_storage::{ETag, PutMode, PutRequest, StoreError};
use http::{HeaderMap, HeaderValue};
use object_store::Attribute;

use crate::{fault::Fault, head::text, number::plain_number, overrides::MEDIA_TYPE_LEN_MAX};

/// The largest body of one request, in bytes: 5 GiB, as S3 has it.
const LENGTH_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// User metadata of one object, names and values, in bytes, as S3 has it.
const METADATA_LEN_MAX: usize = 2048;

/// Base64 of a digest, and any other short value.
const SHORT_LEN_MAX: usize = 255;

const CHECKSUM_SHA256: &str = "x-amz-checksum-sha256";
const CONTENT_SHA256: &str = "x-amz-content-sha256";
const METADATA_PREFIX: &str = "x-amz-meta-";

/// What is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An object.
    Object,
    /// A part, whose object got its attributes when the upload was created.
    Part,
    /// A file by a prefix token, which is given its media type, has no other attributes and
    /// replaces nothing.
    File,
}

/// Reads the headers of an upload.
///
/// `Cache-Control` and `Content-Disposition` are not stored: how an object is shown is decided by
/// who signs the URL that reads it, not by who uploaded it.
pub(crate) fn request(
    headers: &HeaderMap,
    payload: PayloadRule,
    kind: Kind,
) -> Result<PutRequest, Fault> {
    let mut put = PutRequest::new(length(headers, kind)?);
    for (name, value) in headers {
        check_known(name.as_str(), value, headers, kind)?;
    }
    put.md5 = digest(headers, "content-md5")?;
    put.sha256 = digest(headers, CHECKSUM_SHA256)?;
    if let PayloadRule::Sha256(signed) = payload {
        // No body has two digests.
        if put.sha256.is_some_and(|said| said != signed) {
            return Err(Fault::BadDigest);
        }
        put.sha256 = Some(signed);
    }
    match kind {
        Kind::Object => {
            put.mode = mode(headers)?;
            put_attributes(&mut put, headers)?;
        }
        Kind::Part => {}
        Kind::File => {
            // Whether it is asked for or not. Another condition is none that can be held.
            mode(headers)?;
            put.mode = PutMode::Create;
        }
    }
    Ok(put)
}

/// What a request that is not signed says of its body.
pub(crate) fn payload(headers: &HeaderMap) -> Result<PayloadRule, Fault> {
    if !headers.contains_key(CONTENT_SHA256) {
        return Ok(PayloadRule::Unsigned);
    }
    let value = text(headers, CONTENT_SHA256, SHORT_LEN_MAX)?;
    Ok(PayloadRule::parse(value.unwrap_or_default())?)
}

/// Why the storage did not take the body.
pub(crate) fn fault(payload: PayloadRule, error: StoreError) -> Fault {
    match (payload, error) {
        (PayloadRule::Sha256(_), StoreError::Sha256Mismatch) => Fault::PayloadMismatch,
        (_, error) => error.into(),
    }
}

fn length(headers: &HeaderMap, kind: Kind) -> Result<u64, Fault> {
    let length = text(headers, "content-length", SHORT_LEN_MAX)?.ok_or(Fault::LengthMissing)?;
    let length = plain_number(length);
    let length = length.ok_or_else(|| Fault::InvalidArgument("content-length".into()))?;
    // A file has no limit but the disk.
    let is_too_large = length > LENGTH_MAX && kind != Kind::File;
    if is_too_large { Err(Fault::TooLarge) } else { Ok(length) }
}

/// Refuses a header that would change what is stored, or when, and that is not obeyed here.
fn check_known(
    name: &str,
    value: &HeaderValue,
    headers: &HeaderMap,
    kind: Kind,
) -> Result<(), Fault> {
    let is = |expected: &str| value.as_bytes().eq_ignore_ascii_case(expected.as_bytes());
    let is_known = match name {
        "content-range" | "if-modified-since" | "if-unmodified-since" => false,
        "if-match" => kind == Kind::Object,
        "if-none-match" => kind != Kind::Part,
        // A coding that is not stored would make other bytes of these.
        "content-encoding" if kind == Kind::File => value.is_empty() || is("identity"),
        "content-encoding" => !has_chunks(value),
        CHECKSUM_SHA256
        | CONTENT_SHA256
        | "x-amz-date"
        | "x-amz-security-token"
        | "x-amz-user-agent" => true,
        "x-amz-storage-class" => is("STANDARD"),
        "x-amz-sdk-checksum-algorithm" => is("SHA256") && headers.contains_key(CHECKSUM_SHA256),
        _ if name.starts_with(METADATA_PREFIX) => kind == Kind::Object,
        // Clients that were made for the prefixes of Oracle Cloud send these.
        "opc-client-request-id" => true,
        _ if kind == Kind::File && name.starts_with("opc-") => false,
        _ => !name.starts_with("x-amz-"),
    };
    if is_known { Ok(()) } else { Err(Fault::NotImplemented(name.into())) }
}

/// Whether a body is sent in chunks of Amazon's own, which would be stored as they are.
fn has_chunks(content_encoding: &HeaderValue) -> bool {
    let codings = content_encoding.as_bytes().split(|byte| *byte == b',');
    codings.into_iter().any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"aws-chunked"))
}

fn digest<const LEN: usize>(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<[u8; LEN]>, Fault> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let bytes = text(headers, name, SHORT_LEN_MAX)?.and_then(|it| BASE64_STANDARD.decode(it).ok());
    let digest = bytes.and_then(|bytes| bytes.try_into().ok());
    digest.map(Some).ok_or(Fault::InvalidDigest(name))
}

/// `If-None-Match: *` creates, `If-Match: "tag"` replaces that version; S3 knows no others.
fn mode(headers: &HeaderMap) -> Result<PutMode, Fault> {
    let condition = |name| text(headers, name, SHORT_LEN_MAX);
    let unknown = |name: &str| Fault::NotImplemented(name.into());
    match ["if-none-match", "if-match"].map(|name| headers.contains_key(name)) {
        [false, false] => Ok(PutMode::Overwrite),
        [true, false] if condition("if-none-match")? == Some("*") => Ok(PutMode::Create),
        [true, _] => Err(unknown("if-none-match")),
        [false, true] => condition("if-match")?
            .filter(|tag| *tag != "*")
            .and_then(ETag::parse)
            .map(PutMode::Update)
            .ok_or_else(|| unknown("if-match")),
    }
}

fn put_attributes(put: &mut PutRequest, headers: &HeaderMap) -> Result<(), Fault> {
    for (name, attribute) in [
        ("content-type", Attribute::ContentType),
        ("content-encoding", Attribute::ContentEncoding),
        ("content-language", Attribute::ContentLanguage),
    ] {
        if let Some(value) = text(headers, name, MEDIA_TYPE_LEN_MAX)? {
            put.attributes.insert(attribute, String::from(value).into());
        }
    }
    let mut len = 0;
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix(METADATA_PREFIX) else { continue };
        let invalid = || Fault::InvalidArgument(header.as_str().into());
        let value = value.to_str().map_err(|_| invalid())?;
        if name.is_empty() {
            return Err(invalid());
        }
        len += name.len() + value.len();
        let name = Attribute::Metadata(Cow::Owned(name.into()));
        if put.attributes.insert(name, String::from(value).into()).is_some() {
            return Err(invalid());
        }
    }
    if len > METADATA_LEN_MAX { Err(Fault::MetadataTooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use countersign_storage::BodyLength;

    use super::*;

    const EMPTY_SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn read(fields: &[(&'static str, &str)], kind: Kind) -> Result<PutRequest, Fault> {
        let field = |(name, value): &(&'static str, &str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [("content-length", "0")].iter().chain(fields).map(field) {
            headers.append(name, value);
        }
        request(&headers, PayloadRule::Unsigned, kind)
    }

    #[test]
    fn what_is_not_obeyed_is_refused() {
        for (name, value) in [
            ("x-amz-acl", "private"),
            ("x-amz-grant-read", "id=1"),
            ("x-amz-tagging", "a=b"),
            ("x-amz-copy-source", "/b/k"),
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-server-side-encryption-customer-key", "k"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-website-redirect-location", "/"),
            ("x-amz-object-lock-mode", "COMPLIANCE"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-checksum-sha1", "AA=="),
            ("x-amz-sdk-checksum-algorithm", "CRC32"),
            ("x-amz-sdk-checksum-algorithm", "SHA256"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-decoded-content-length", "1"),
            ("x-amz-expected-bucket-owner", "1"),
            ("x-amz-", "1"),
            ("content-encoding", "gzip, AWS-chunked"),
            ("content-range", "bytes 0-1/2"),
            ("if-match", ""),
            ("if-match", "*"),
            ("if-match", "W/\"a\""),
            ("if-match", "\"a\", \"b\""),
            ("if-none-match", ""),
            ("if-none-match", "\"a\""),
            ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ] {
            let refused = read(&[(name, value)], Kind::Object);
            assert!(
                matches!(refused, Err(Fault::NotImplemented(told)) if *told == *name),
                "{name}"
            );
        }
        for (name, value) in [("x-amz-meta-a", "1"), ("if-none-match", "*"), ("if-match", "a")] {
            assert!(read(&[(name, value)], Kind::Object).is_ok(), "{name}");
            let refused = read(&[(name, value)], Kind::Part);
            assert!(matches!(refused, Err(Fault::NotImplemented(_))), "{name}");
        }
        let harmless = [
            ("x-amz-date", "20261121T120000Z"),
            ("x-amz-security-token", "t"),
            ("x-amz-user-agent", "sdk"),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-amz-storage-class", "STANDARD"),
            ("x-amz-sdk-checksum-algorithm", "SHA256"),
            ("x-amz-checksum-sha256", EMPTY_SHA256),
            ("cache-control", "no-cache"),
        ];
        assert!(read(&harmless, Kind::Object).is_ok());
        assert!(read(&harmless, Kind::Part).is_ok());
    }

    #[test]
    fn a_body_has_up_to_5_gib() {
        let length = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-length", text.parse().unwrap());
            request(&headers, PayloadRule::Unsigned, Kind::Object)
        };
        assert_eq!(length("5368709120").unwrap().length, BodyLength::Exactly(LENGTH_MAX));
        assert!(matches!(length("5368709121"), Err(Fault::TooLarge)));
        assert!(matches!(length(""), Err(Fault::LengthMissing)));
    }

    #[test]
    fn a_file_has_any_length_and_replaces_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert("content-length", "5368709121".parse().unwrap());
        let put = request(&headers, PayloadRule::Unsigned, Kind::File).unwrap();
        assert_eq!(put.length, BodyLength::Exactly(LENGTH_MAX + 1));
        assert_eq!((put.mode, put.attributes.len()), (PutMode::Create, 0));
        let put = read(&[("if-none-match", "*"), ("content-type", "a/b")], Kind::File).unwrap();
        assert_eq!((put.mode, put.attributes.len()), (PutMode::Create, 0));
        for name in ["if-match", "if-none-match", "x-amz-meta-a", "content-encoding", "opc-a"] {
            let refused = read(&[(name, "a")], Kind::File);
            assert!(matches!(refused, Err(Fault::NotImplemented(told)) if *told == *name));
        }
        assert!(read(&[("opc-a", "a")], Kind::Object).is_ok());
    }

    #[test]
    fn digests_are_base64_of_their_length() {
        let md5 = read(&[("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")], Kind::Part).unwrap().md5;
        assert_eq!(hex::encode(md5.unwrap()), "d41d8cd98f00b204e9800998ecf8427e");
        for wrong in ["", "1B2M2Y8AsgTpgAmY7PhCfg", "AAAA", EMPTY_SHA256, "d41d8cd98f00b204e9"] {
            let refused = read(&[("content-md5", wrong)], Kind::Object);
            assert!(matches!(refused, Err(Fault::InvalidDigest("content-md5"))), "{wrong}");
        }
        let put = read(&[(CHECKSUM_SHA256, EMPTY_SHA256)], Kind::Object).unwrap();
        assert_eq!(PayloadRule::EMPTY, PayloadRule::Sha256(put.sha256.unwrap()));
    }

    #[test]
    fn metadata_has_2048_bytes() {
        let fits = "v".repeat(METADATA_LEN_MAX - 1);
        assert!(read(&[("x-amz-meta-a", &fits)], Kind::Object).is_ok());
        let refused = read(&[("x-amz-meta-a", &fits), ("x-amz-meta-b", "")], Kind::Object);
        assert!(matches!(refused, Err(Fault::MetadataTooLarge)));
        for (name, value) in [("x-amz-meta-", "a"), ("x-amz-meta-a", "ü")] {
            let refused = read(&[(name, value)], Kind::Object);
            assert!(matches!(refused, Err(Fault::InvalidArgument(_))), "{name}");
        }
        let twice = [("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")];
        assert!(matches!(read(&twice, Kind::Object), Err(Fault::InvalidArgument(_))));
    }
}
