//! Whether the bytes of a file are what its name says: binary formats by their first bytes, text by
//! being text.

use std::io;

use countersign_storage::Object;
use futures_util::TryStreamExt;

/// Why the bytes of a file are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContentFault {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// A binary format that does not begin as it does.
    #[error("the content is not what the extension says")]
    WrongMagic,
    /// A text format with a NUL, or in no UTF-8.
    #[error("the content is not UTF-8 text")]
    NotText,
}

/// What an extension says of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Begins with one of these.
    Binary(&'static [&'static [u8]]),
    /// Has `%PDF-` among its first bytes: readers take files with some garbage before it.
    Pdf,
    Text,
    /// Anything.
    Unknown,
}

const ZIP: Format = Format::Binary(&[b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"]);
const OLE: Format = Format::Binary(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]);
const TIFF: Format = Format::Binary(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]);
const JPEG: Format = Format::Binary(&[b"\xff\xd8\xff"]);

/// How far `%PDF-` may be from the start (Adobe's implementation note 13 to PDF 1.7, annex H).
const PDF_HEAD_LEN: usize = 1024;

impl Format {
    fn of(extension: Option<&str>) -> Self {
        match extension.unwrap_or_default() {
            "csv" | "tsv" | "md" | "mdx" | "json" | "jsonl" | "geojson" | "txt" => Self::Text,
            "pdf" => Self::Pdf,
            "docx" | "xlsx" | "pptx" | "zip" => ZIP,
            "doc" | "xls" | "ppt" => OLE,
            "gpkg" => Self::Binary(&[b"SQLite format 3\0"]),
            "parquet" => Self::Binary(&[b"PAR1"]),
            "tif" | "tiff" => TIFF,
            "png" => Self::Binary(&[b"\x89PNG\r\n\x1a\n"]),
            "jpg" | "jpeg" => JPEG,
            "gif" => Self::Binary(&[b"GIF87a", b"GIF89a"]),
            _ => Self::Unknown,
        }
    }
}

/// Looks at the bytes of an object that no URL can change any more.
pub(crate) async fn check(
    object: &Object,
    extension: Option<&str>,
) -> io::Result<Result<(), ContentFault>> {
    if object.info().size == 0 {
        return Ok(Err(ContentFault::Empty));
    }
    match Format::of(extension) {
        Format::Unknown => Ok(Ok(())),
        Format::Text => check_text(object).await,
        Format::Pdf => {
            let head = head_of(object).await?;
            let is_pdf = head.windows(5).any(|window| window == b"%PDF-");
            Ok(if is_pdf { Ok(()) } else { Err(ContentFault::WrongMagic) })
        }
        Format::Binary(magics) => {
            let head = head_of(object).await?;
            let is_right = magics.iter().any(|magic| head.starts_with(magic));
            Ok(if is_right { Ok(()) } else { Err(ContentFault::WrongMagic) })
        }
    }
}

async fn head_of(object: &Object) -> io::Result<Vec<u8>> {
    let bytes = countersign_storage::collect(object.read(0..PDF_HEAD_LEN as u64)).await?;
    Ok(bytes.to_vec())
}

async fn check_text(object: &Object) -> io::Result<Result<(), ContentFault>> {
    let mut body = object.read(0..u64::MAX);
    let mut text = Text::default();
    while let Some(chunk) = body.try_next().await? {
        if !text.take(&chunk) {
            return Ok(Err(ContentFault::NotText));
        }
    }
    Ok(if text.rest.is_empty() { Ok(()) } else { Err(ContentFault::NotText) })
}

/// Checks UTF-8 piece by piece.
#[derive(Default)]
struct Text {
    /// The start of a character whose end is to come: at most three bytes.
    rest: Vec<u8>,
}

impl Text {
    fn take(&mut self, chunk: &[u8]) -> bool {
        // Only the first character can have begun before, so only its bytes are copied.
        let mut chunk = chunk;
        while !self.rest.is_empty() {
            let Some((first, after)) = chunk.split_first() else { return true };
            self.rest.push(*first);
            chunk = after;
            match std::str::from_utf8(&self.rest) {
                Ok(_) => self.rest.clear(),
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        if chunk.contains(&0) {
            return false;
        }
        match std::str::from_utf8(chunk) {
            Ok(_) => true,
            Err(error) if error.error_len().is_none() => {
                self.rest.extend_from_slice(chunk.split_at(error.valid_up_to()).1);
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_storage::{Backend, ObjectKey, PutRequest, bytes_of};

    use super::*;

    async fn check_bytes(bytes: &[u8], extension: &str) -> Result<(), ContentFault> {
        let backend = Backend::memory();
        let key = ObjectKey::new("k").unwrap();
        let put = PutRequest::new(bytes.len() as u64);
        backend.objects().put(&key, bytes_of(bytes.to_vec()), put).await.unwrap();
        let object = backend.objects().open(&key).await.unwrap();
        check(&object, Some(extension)).await.unwrap()
    }

    #[tokio::test]
    async fn binary_formats_begin_as_they_do() {
        let cases: [(&str, &[u8]); 6] = [
            ("pdf", b"\xef\xbb\xbf%PDF-1.7"),
            ("xlsx", b"PK\x03\x04rest"),
            ("doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"),
            ("tiff", b"MM\0*rest"),
            ("parquet", b"PAR1rest"),
            ("png", b"\x89PNG\r\n\x1a\nrest"),
        ];
        for (extension, bytes) in cases {
            assert_eq!(check_bytes(bytes, extension).await, Ok(()), "{extension}");
            let wrong = check_bytes(b"MZ\x90", extension).await;
            assert_eq!(wrong, Err(ContentFault::WrongMagic), "{extension}");
        }
        assert_eq!(check_bytes(b"MZ\x90", "bin").await, Ok(()));
        assert_eq!(check_bytes(b"", "bin").await, Err(ContentFault::Empty));
    }

    #[tokio::test]
    async fn text_is_utf8_without_nul() {
        assert_eq!(check_bytes("a,ü,🦀\n".as_bytes(), "csv").await, Ok(()));
        for wrong in [&b"a\0b"[..], b"a\xffb", b"a\xf0\x9f\xa6", b"\xed\xa0\x80"] {
            assert_eq!(check_bytes(wrong, "csv").await, Err(ContentFault::NotText), "{wrong:?}");
        }
    }

    #[test]
    fn text_may_come_in_any_pieces() {
        let whole = "aü🦀b\u{7ff}\u{ffff}".repeat(3);
        for len in 1..6 {
            let mut text = Text::default();
            assert!(whole.as_bytes().chunks(len).all(|chunk| text.take(chunk)), "{len}");
            assert!(text.rest.is_empty());
            let mut text = Text::default();
            let broken = [&whole.as_bytes()[..4], b"x"].concat();
            assert!(!broken.chunks(len).all(|chunk| text.take(chunk)), "{len}");
        }
    }
}
