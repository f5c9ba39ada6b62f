//! The documents of S3: read without believing their order, written by hand.

use std::{borrow::Cow, fmt::Write};

use quick_xml::{Reader, escape::escape, events::Event};

use super::error::S3Error;
use crate::{CompletedPart, ETag, Part, PartNumber, UploadId};

/// No document of S3's is deeper.
const DEPTH_MAX: usize = 16;

/// The most fields that are read of one document: four of each of 1,000 parts, and more.
const FIELDS_MAX: usize = 32_768;

/// A page of a list of parts.
pub(super) struct Page {
    pub(super) parts: Vec<ListedPart>,
    /// The number after which the next page begins, where there is one.
    pub(super) next: Option<u16>,
}

pub(super) struct ListedPart {
    pub(super) part: Part,
    /// In the store's own spelling, which sorts.
    pub(super) modified: Box<str>,
}

/// What a document has at the end of a path: `Part/Size`.
struct Field {
    path: Box<str>,
    text: String,
}

/// An error, as the store words it.
pub(super) struct ErrorDocument {
    /// 1 to 64 letters and digits. Nothing else of the document is kept: it may have what was signed.
    pub(super) code: Option<Box<str>>,
}

/// What the store says that says an error.
pub(super) fn error(body: &[u8]) -> Option<ErrorDocument> {
    let fields = fields(body).ok()?;
    let root = fields.first()?.path.split('/').next();
    let code = fields.iter().find(|field| &*field.path == "Error/Code");
    let code = code.map(|field| field.text.trim()).filter(|code| is_code(code));
    let code = code.map(Box::from);
    (root == Some("Error")).then_some(ErrorDocument { code })
}

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The id in an [`InitiateMultipartUploadResult`][doc].
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
pub(super) fn upload_id(body: &[u8]) -> Result<UploadId, S3Error> {
    let mut fields = fields(body)?.into_iter();
    let id = fields.find(|field| &*field.path == "InitiateMultipartUploadResult/UploadId");
    let id = id.ok_or(S3Error::malformed("it has no upload id"))?;
    UploadId::new(id.text).map_err(|_| S3Error::malformed("the upload id is none"))
}

/// The tag in a [`CompleteMultipartUploadResult`][doc] or a [`CopyObjectResult`][copy].
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
/// [copy]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
pub(super) fn etag(body: &[u8], root: &str) -> Result<ETag, S3Error> {
    let mut fields = fields(body)?.into_iter();
    let etag = fields.find(|field| field.path.strip_prefix(root) == Some("/ETag"));
    let etag = etag.and_then(|field| ETag::parse(&field.text));
    etag.ok_or(S3Error::malformed("it has no entity tag"))
}

/// A [`ListPartsResult`][doc].
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
pub(super) fn parts(body: &[u8]) -> Result<Page, S3Error> {
    let (mut parts, mut part) = (Vec::new(), PartFields::default());
    let (mut is_truncated, mut marker, mut is_list) = (false, None, false);
    for field in fields(body)? {
        let text = field.text.trim();
        let Some(path) = field.path.strip_prefix("ListPartsResult") else { continue };
        is_list = true;
        match path {
            "/Part/PartNumber" => part.number = text.parse().ok(),
            "/Part/Size" => part.size = text.parse().ok(),
            "/Part/ETag" => part.etag = ETag::parse(text),
            "/Part/LastModified" => part.modified = text.into(),
            // An element that has others ends after them.
            "/Part" => parts.push(std::mem::take(&mut part).finish()?),
            "/IsTruncated" => is_truncated = text == "true",
            "/NextPartNumberMarker" => marker = text.parse().ok(),
            _ => {}
        }
    }
    if !is_list {
        return Err(S3Error::malformed("it is no list of parts"));
    }
    if is_truncated && marker.is_none() {
        return Err(S3Error::malformed("it ends and does not say where"));
    }
    Ok(Page { parts, next: marker.filter(|_| is_truncated) })
}

#[derive(Default)]
struct PartFields {
    number: Option<u16>,
    size: Option<u64>,
    etag: Option<ETag>,
    modified: Box<str>,
}

impl PartFields {
    fn finish(self) -> Result<ListedPart, S3Error> {
        let number = self.number.and_then(|number| PartNumber::new(number).ok());
        let (Some(number), Some(size), Some(etag)) = (number, self.size, self.etag) else {
            return Err(S3Error::malformed("a part has no number, size or tag"));
        };
        Ok(ListedPart { part: Part::new(number, size, etag), modified: self.modified })
    }
}

/// The body of `CompleteMultipartUpload`.
pub(super) fn completion(parts: &[CompletedPart]) -> String {
    let mut xml =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for part in parts {
        let (number, etag) = (part.number.as_u16(), part.etag.quoted());
        let etag: Cow<'_, str> = escape(&etag);
        write!(xml, "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
            .unwrap_or_default();
    }
    xml.push_str("</CompleteMultipartUpload>");
    xml
}

/// All elements, in the order in which they end, but for the root, which is first.
fn fields(body: &[u8]) -> Result<Vec<Field>, S3Error> {
    let wrong = || S3Error::malformed("it is no XML");
    let xml = std::str::from_utf8(body).map_err(|_| wrong())?;
    let mut reader = Reader::from_str(xml);
    let (mut fields, mut path, mut text) = (Vec::new(), Vec::<Box<str>>::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| wrong())? {
            Event::Start(tag) => {
                if path.len() == DEPTH_MAX {
                    return Err(wrong());
                }
                path.push(tag.local_name().as_ref().into());
                if path.len() == 1 {
                    fields.push(Field { path: path.concat().into(), text: String::new() });
                }
                text.clear();
            }
            Event::Empty(tag) => {
                path.push(tag.local_name().as_ref().into());
                fields.push(Field { path: path.join("/").into(), text: String::new() });
                path.pop();
            }
            Event::End(_) => {
                let text = std::mem::take(&mut text);
                fields.push(Field { path: path.join("/").into(), text });
                path.pop();
            }
            Event::Text(more) => text.push_str(&more),
            Event::CData(more) => text.push_str(&more),
            Event::GeneralRef(reference) => text.push(match &*reference {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => reference.resolve_char_ref().ok().flatten().ok_or_else(wrong)?,
            }),
            // No entity of a document type is ever looked up.
            Event::DocType(_) => return Err(wrong()),
            Event::Eof => break,
            _ => {}
        }
        if fields.len() > FIELDS_MAX {
            return Err(wrong());
        }
    }
    if path.is_empty() && !fields.is_empty() { Ok(fields) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_malformed<T>(result: Result<T, S3Error>) -> bool {
        matches!(result.err(), Some(S3Error::Malformed { .. }))
    }

    #[test]
    fn a_list_of_parts_is_read_in_any_order_of_its_fields() {
        let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
            <s3:ListPartsResult xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">
              <s3:IsTruncated> true </s3:IsTruncated><s3:Key>a&amp;b</s3:Key><s3:Owner/>
              <s3:Part><s3:Size>5</s3:Size><s3:ETag>&quot;abc&#34;</s3:ETag>
                <s3:PartNumber>7</s3:PartNumber><s3:LastModified>x</s3:LastModified></s3:Part>
              <s3:Part><s3:PartNumber>9</s3:PartNumber><s3:ETag><![CDATA["d"]]></s3:ETag>
                <s3:Size>0</s3:Size></s3:Part>
              <s3:NextPartNumberMarker>9</s3:NextPartNumberMarker>
            </s3:ListPartsResult>"#;
        let page = parts(xml).unwrap();
        assert_eq!(page.next, Some(9));
        let part = |number, size, tag| {
            Part::new(PartNumber::new(number).unwrap(), size, ETag::parse(tag).unwrap())
        };
        let read: Vec<_> = page.parts.into_iter().map(|listed| listed.part).collect();
        assert_eq!(read, [part(7, 5, "abc"), part(9, 0, "d")]);
    }

    #[test]
    fn what_is_no_list_of_parts_is_refused() {
        let part =
            |fields: &str| format!("<ListPartsResult><Part>{fields}</Part></ListPartsResult>");
        let deep = "<a>".repeat(1_000) + &"</a>".repeat(1_000);
        let many = format!("<ListPartsResult>{}</ListPartsResult>", "<a/>".repeat(40_000));
        for wrong in [
            "",
            "{}",
            "<html>",
            "<ListPartsResult>",
            "<Other/>",
            "<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>",
            "<!DOCTYPE a [<!ENTITY e \"x\">]><ListPartsResult/>",
            "<ListPartsResult>&e;</ListPartsResult>",
            &part("<PartNumber>1</PartNumber><Size>1</Size>"),
            &part("<PartNumber>0</PartNumber><Size>1</Size><ETag>a</ETag>"),
            &part("<PartNumber>10001</PartNumber><Size>1</Size><ETag>a</ETag>"),
            &part("<PartNumber>1</PartNumber><Size>-1</Size><ETag>a</ETag>"),
            &part("<PartNumber>1</PartNumber><Size>1</Size><ETag>a b</ETag>"),
            &deep,
            &many,
        ] {
            assert!(is_malformed(parts(wrong.as_bytes())), "{wrong:.80}");
        }
        assert!(is_malformed(parts(b"<ListPartsResult>\xff</ListPartsResult>")));
        assert!(parts(b"<ListPartsResult/>").unwrap().parts.is_empty());
    }

    #[test]
    fn an_error_is_told_by_its_root_and_has_a_plain_code_or_none() {
        let code = |xml: &str| error(xml.as_bytes()).map(|error| error.code);
        let error = |code: &str| format!("<Error><Message>m</Message><Code>{code}</Code></Error>");
        assert_eq!(code(&error("SlowDown")), Some(Some("SlowDown".into())));
        for odd in ["", "a b", "ü", "secret/with+signs=", &"a".repeat(65)] {
            assert_eq!(code(&error(odd)), Some(None), "{odd}");
        }
        assert_eq!(code("<Error/>"), Some(None));
        for other in ["", "<Result><Error><Code>x</Code></Error></Result>", "<Error>", "no"] {
            assert_eq!(code(other), None, "{other}");
        }
    }

    #[test]
    fn ids_and_tags_are_read_from_their_own_documents() {
        let id = |xml: &str| upload_id(xml.as_bytes());
        let whole = "<InitiateMultipartUploadResult><UploadId>a.b_c-1</UploadId></InitiateMultipartUploadResult>";
        assert_eq!(id(whole).unwrap().as_str(), "a.b_c-1");
        assert!(is_malformed(id(&whole.replace("a.b_c-1", ""))));
        assert!(is_malformed(id(&whole.replace("a.b_c-1", "a\nb"))));
        assert!(is_malformed(id(&whole.replace("Initiate", "Other"))));
        let tag = |xml: &str| etag(xml.as_bytes(), "CopyObjectResult");
        let whole = "<CopyObjectResult><ETag>&#34;abc&#34;</ETag></CopyObjectResult>";
        assert_eq!(tag(whole).unwrap().as_str(), "abc");
        assert!(is_malformed(tag(&whole.replace("Copy", "Other"))));
        assert!(is_malformed(tag("<CopyObjectResult/>")));
    }

    #[test]
    fn a_completion_is_what_is_documented() {
        let number = PartNumber::new(3).unwrap();
        let etag = ETag::parse("a<&b").unwrap();
        let xml = completion(&[CompletedPart { number, etag }]);
        let part = "<Part><PartNumber>3</PartNumber><ETag>&quot;a&lt;&amp;b&quot;</ETag></Part>";
        assert!(xml.contains(part), "{xml}");
        assert!(fields(xml.as_bytes()).is_ok());
    }
}
