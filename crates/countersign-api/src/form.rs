//! Forms with files (`multipart/form-data`, RFC 7578), read as they stream in.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use multer::{Constraints, Field, Multipart};

use crate::{error::ApiError, shared_body::SharedBody};

/// The most fields of a form.
const FIELDS_MAX: usize = 100;

/// The longest field that is no file, in bytes.
const TEXT_LEN_MAX: u64 = 64 * 1024;

/// The longest piece that the library is given, in bytes.
const PIECE_LEN_MAX: usize = 64 * 1024;

/// What may be read between two steps, in bytes: heads of fields, and what is before the first.
///
/// The library gathers these whole, however long they are, and looks at all of it again with every
/// piece. It is more than one piece, since that may have the start of a file behind a head.
const READ_AHEAD_MAX: usize = 2 * PIECE_LEN_MAX;

/// A form that is being read.
pub(crate) struct Form {
    fields: Multipart<'static>,
    allowance: Arc<Allowance>,
    count: usize,
}

/// A field of a form.
pub(crate) enum FormField {
    /// A file: its name, and its bytes, which are to be read before the next field is.
    File { name: String, bytes: BoxStream<'static, io::Result<Bytes>> },
    /// A text.
    Text(String),
}

impl Form {
    /// Takes the body of a request.
    pub(crate) fn new(headers: &HeaderMap, body: SharedBody) -> Result<Self, ApiError> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|value| multer::parse_boundary(value).ok());
        let boundary = boundary.ok_or(ApiError::NotForm)?;
        let allowance = Arc::new(Allowance::default());
        let rest = Bytes::new();
        let body = Metered { body, rest, allowance: Arc::clone(&allowance) };
        let fields = Multipart::with_constraints(body, boundary, Constraints::new());
        Ok(Self { fields, allowance, count: 0 })
    }

    /// The next field, if there is one, with its name.
    pub(crate) async fn next(&mut self) -> Result<Option<(String, FormField)>, ApiError> {
        self.allowance.renew();
        let field = self.fields.next_field().await.map_err(|error| fault(&error))?;
        self.allowance.renew();
        let Some(field) = field else { return Ok(None) };
        self.count = self.count.saturating_add(1);
        if self.count > FIELDS_MAX {
            return Err(ApiError::TooLarge);
        }
        let name = field.name().unwrap_or_default().to_owned();
        let read = match field.file_name().map(str::to_owned) {
            Some(name) => FormField::File { name, bytes: self.bytes(field) },
            None => FormField::Text(self.text(field).await?),
        };
        Ok(Some((name, read)))
    }

    fn bytes(&self, field: Field<'static>) -> BoxStream<'static, io::Result<Bytes>> {
        let allowance = Arc::clone(&self.allowance);
        field.inspect(move |_| allowance.renew()).map_err(io::Error::other).boxed()
    }

    async fn text(&self, mut field: Field<'static>) -> Result<String, ApiError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| fault(&error))? {
            self.allowance.renew();
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > TEXT_LEN_MAX {
                return Err(ApiError::TooLarge);
            }
        }
        String::from_utf8(bytes).map_err(|_| ApiError::NotForm)
    }
}

fn fault(error: &multer::Error) -> ApiError {
    match error {
        multer::Error::StreamReadFailed(source) if source.is::<AllowanceUsed>() => {
            ApiError::TooLarge
        }
        _ => ApiError::NotForm,
    }
}

/// How much may still be read before somebody takes a step.
#[derive(Debug, Default)]
struct Allowance {
    left: AtomicUsize,
    /// Whether the library was made to wait since the last step, or the last piece.
    has_waited: AtomicBool,
}

impl Allowance {
    fn renew(&self) {
        self.left.store(READ_AHEAD_MAX, Ordering::Relaxed);
        self.has_waited.store(false, Ordering::Relaxed);
    }

    fn spend(&self, len: usize) -> Result<(), AllowanceUsed> {
        let left = self.left.load(Ordering::Relaxed).checked_sub(len).ok_or(AllowanceUsed)?;
        self.left.store(left, Ordering::Relaxed);
        self.has_waited.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// The client sent more of something than it has to be.
#[derive(Debug, thiserror::Error)]
#[error("a part of the form is too long")]
struct AllowanceUsed;

/// A body of which no more is read than is allowed, in pieces that are not too long.
struct Metered {
    body: SharedBody,
    /// What was read and not given.
    rest: Bytes,
    allowance: Arc<Allowance>,
}

impl Stream for Metered {
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // At each step the library takes all that is there before it looks at what it has. Made to
        // wait first, and after each piece, it gets another one only where it needs that.
        if !self.allowance.has_waited.swap(true, Ordering::Relaxed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match ready!(self.body.poll_next_unpin(cx)) {
                Some(Ok(chunk)) => self.rest = chunk,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            }
        }
        let len = self.rest.len().min(PIECE_LEN_MAX);
        let piece = self.rest.split_to(len);
        Poll::Ready(Some(self.allowance.spend(len).map(|()| piece).map_err(Into::into)))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::stream;

    use super::*;

    /// A form whose body is there at once, in these pieces; and how many of them were taken.
    fn form(pieces: &[&'static str]) -> (Form, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let pieces: Vec<_> = pieces.iter().map(|piece| io::Result::Ok(*piece)).collect();
        let pieces = stream::iter(pieces).inspect(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let mut headers = HeaderMap::new();
        let content_type = "multipart/form-data; boundary=B".parse().unwrap();
        headers.insert(header::CONTENT_TYPE, content_type);
        let body = SharedBody::new(Body::from_stream(pieces));
        (Form::new(&headers, body).unwrap(), taken)
    }

    #[tokio::test]
    async fn a_step_takes_a_piece_only_where_it_needs_one() {
        const TEXT: &str = "Content-Disposition: form-data; name=t\r\n\r\nx\r\n--B";
        const FILE: &str = "Content-Disposition: form-data; name=f; filename=f\r\n\r\n";
        let two = format!("--B\r\n{TEXT}\r\n{TEXT}\r\n{FILE}").leak();
        let (mut form, taken) = form(&[two, "a", "b", "\r\n--", "B", "--\r\n", "after"]);
        for _ in 0..2 {
            let text = form.next().await.unwrap();
            assert!(
                matches!(text, Some((name, FormField::Text(text))) if name == "t" && text == "x")
            );
            // The library looks for the first boundary before it takes what it has waited for.
            assert_eq!(taken.load(Ordering::Relaxed), 2);
        }
        let Some((_, FormField::File { mut bytes, .. })) = form.next().await.unwrap() else {
            panic!("it is a file")
        };
        assert_eq!(taken.load(Ordering::Relaxed), 2);
        for (piece, so_far) in [("a", 2), ("b", 3)] {
            assert_eq!(bytes.next().await.unwrap().unwrap(), piece);
            assert_eq!(taken.load(Ordering::Relaxed), so_far);
        }
        let rest: Vec<Bytes> = bytes.try_collect().await.unwrap();
        assert!(rest.iter().all(Bytes::is_empty));
        assert!(form.next().await.unwrap().is_none());
        assert_eq!(taken.load(Ordering::Relaxed), 6, "what comes after the end is nobody's");
    }

    /// Reads a form to its end, or as far as it can be read.
    async fn read(form: &mut Form) -> Result<(), ApiError> {
        while let Some((_, field)) = form.next().await? {
            if let FormField::File { mut bytes, .. } = field {
                while bytes.try_next().await.map_err(ApiError::internal)?.is_some() {}
            }
        }
        Ok(())
    }

    #[tokio::test]
    async fn no_more_is_read_than_anything_but_a_file_has_to_be() {
        const PIECE_LEN: usize = 16 * 1024;
        const HEAD: &str = "--B\r\nContent-Disposition: form-data; name=\"";
        let text = format!("{HEAD}t\"\r\n\r\n");
        let file = format!("{HEAD}f\"; filename=\"a\"\r\n\r\na\r\n");
        for (what, start, filler) in [
            ("a preamble", "", "x"),
            ("a preamble of lines", "", "\r\n"),
            ("a preamble that looks like the boundary", "", "\r\n--A"),
            ("padding", "--B", " "),
            ("a header", HEAD, "x"),
            ("headers", "--B\r\n", "X-A: b\r\n"),
            ("a text", &text, "x"),
            ("a text of lines", &text, "\r\n"),
            ("a header after a file", &format!("{file}{HEAD}"), "x"),
            ("padding after a file", &format!("{file}--B"), "\t"),
            ("a text after a file", &format!("{file}{text}"), "x"),
        ] {
            let filler: &str = filler.repeat(PIECE_LEN / filler.len()).leak();
            let mut pieces = vec![&*start.to_owned().leak()];
            pieces.resize(100, filler);
            let (mut endless, taken) = form(&pieces);
            assert!(matches!(read(&mut endless).await, Err(ApiError::TooLarge)), "{what}");
            let read = taken.load(Ordering::Relaxed) * PIECE_LEN;
            assert!(read <= 2 * READ_AHEAD_MAX, "{read} bytes of {what}");
        }
    }

    #[tokio::test]
    async fn a_long_chunk_is_given_in_pieces() {
        const FILE: &str = "--B\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n";
        let content = "x".repeat(10 * READ_AHEAD_MAX);
        let (mut form, _) = form(&[format!("{FILE}{content}\r\n--B--").leak()]);
        let Some((_, FormField::File { bytes, .. })) = form.next().await.unwrap() else {
            panic!("it is a file")
        };
        let pieces: Vec<Bytes> = bytes.try_collect().await.unwrap();
        assert!(pieces.iter().all(|piece| piece.len() <= READ_AHEAD_MAX));
        assert_eq!(pieces.concat(), content.as_bytes());
        assert!(form.next().await.unwrap().is_none());
    }
}
