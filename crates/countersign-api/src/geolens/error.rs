//! What each reason is on the wire: the one place that decides it.
//!
//! What is not valid is a list, as the dialect's document has it, and everything else a text; both are
//! in the frame of RFC 7807, which newer clients read.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{elsewhere::SERVICE, wire::GONE};
use crate::{
    error::{ApiError, JobFault},
    fields::{Reason, invalid},
    http::Failure,
    jobs::EXTENSIONS,
    multipart::MIB,
    preview::PreviewFault,
    quota::Shortage,
    validation,
};

pub(super) fn refuse(error: ApiError) -> Response {
    let (status, detail) = status_and_detail(&error);
    let title = match status {
        StatusCode::UNPROCESSABLE_ENTITY => "Validation Error",
        status => status.canonical_reason().unwrap_or("Error"),
    };
    let body = json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    let problem = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, problem);
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response.extensions_mut().insert(Failure(Arc::new(error)));
    response
}

fn status_and_detail(error: &ApiError) -> (StatusCode, Value) {
    match error {
        ApiError::NotJson => (StatusCode::UNPROCESSABLE_ENTITY, validation::not_json()),
        ApiError::Invalid(faults) => (StatusCode::UNPROCESSABLE_ENTITY, validation::list(faults)),
        ApiError::InvalidParts(rule) => {
            let fault = invalid("parts", Reason::Rule(rule), Value::Null);
            (StatusCode::UNPROCESSABLE_ENTITY, validation::list(&[fault]))
        }
        other => (status_of(other), text_of(other).into()),
    }
}

fn status_of(error: &ApiError) -> StatusCode {
    match error {
        ApiError::NotJson
        | ApiError::Invalid(_)
        | ApiError::InvalidParts(_)
        | ApiError::BadExtension { .. }
        | ApiError::Refused(_)
        | ApiError::Job(
            JobFault::TooLarge { .. } | JobFault::SizeMismatch { .. } | JobFault::NoPreview(_),
        )
        | ApiError::NotForm
        // What no call of this dialect comes to.
        | ApiError::NoImport => StatusCode::UNPROCESSABLE_ENTITY,
        ApiError::Taken | ApiError::Job(JobFault::WindowClosed) => StatusCode::CONFLICT,
        ApiError::NotUploaded | ApiError::Unconfirmed | ApiError::Job(_) => {
            StatusCode::BAD_REQUEST
        }
        ApiError::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        ApiError::NotOwner | ApiError::Prefetch => StatusCode::FORBIDDEN,
        ApiError::NotFound(_) => StatusCode::NOT_FOUND,
        ApiError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ApiError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        ApiError::TooLarge | ApiError::OverQuota(_) => StatusCode::PAYLOAD_TOO_LARGE,
        ApiError::Closed => StatusCode::BAD_GATEWAY,
        // What no call of this dialect comes to.
        ApiError::NotProvided(_) => StatusCode::NOT_IMPLEMENTED,
        ApiError::Full => StatusCode::INSUFFICIENT_STORAGE,
        ApiError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ApiError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// In the words of the vendor, where it has some.
fn text_of(error: &ApiError) -> String {
    match error {
        ApiError::BadExtension { extension } => {
            let allowed: Vec<_> = EXTENSIONS.map(|known| format!("'.{known}'")).into();
            let dot = if extension.is_empty() { "" } else { "." };
            let allowed = allowed.join(", ");
            format!("File extension '{dot}{extension}' not allowed. Allowed: [{allowed}]")
        }
        ApiError::Refused(fault) => format!("File refused: {fault}."),
        ApiError::Job(fault) => text_of_job(*fault),
        ApiError::NotUploaded => "File not found in S3 after upload".into(),
        ApiError::Unauthenticated(_) => "Could not validate credentials".into(),
        ApiError::NotOwner => "Only the dataset owner may modify this dataset.".into(),
        ApiError::Unconfirmed => "Dataset title does not match confirmation".into(),
        ApiError::NotForm => "The body is no form with a file.".into(),
        ApiError::NotFound("path") => "Not Found".into(),
        ApiError::NotFound(SERVICE) => {
            "Not provided here: this server keeps the files of datasets and their versions.".into()
        }
        ApiError::NotFound("version") => "The dataset has no current version.".into(),
        ApiError::NotFound("dataset") => "Dataset not found".into(),
        ApiError::NotFound("job") => "Job not found".into(),
        ApiError::NotFound("reupload job") => "Reupload job not found".into(),
        ApiError::MethodNotAllowed => "Method Not Allowed".into(),
        ApiError::TooLarge => "Request body too large.".into(),
        ApiError::Closed => {
            "Upload completion failed — the upload session may have expired. Please try again."
                .into()
        }
        ApiError::TooMany(excess) => format!("Rate limit exceeded: {}", excess.limit),
        ApiError::OverQuota(Some(Shortage { used, most, size })) => {
            format!("Storage quota exceeded: used {used} of {most} bytes (adding {size} bytes)")
        }
        ApiError::OverQuota(None) => "Storage quota exceeded.".into(),
        ApiError::Full => "Insufficient storage.".into(),
        ApiError::Unavailable => "Temporarily unavailable. Try again.".into(),
        ApiError::Internal(_) => "Internal server error.".into(),
        other => other.to_string(),
    }
}

fn text_of_job(fault: JobFault) -> String {
    match fault {
        JobFault::TooLarge { size, size_max } => format!(
            "File size ({} MB) exceeds the maximum allowed ({} MB).",
            tenths_of_mib(size),
            size_max / MIB
        ),
        JobFault::SizeMismatch { size, declared } => format!(
            "Uploaded file size ({size} bytes) does not match the declared size ({declared} bytes)."
        ),
        JobFault::NoParts => {
            "Multipart upload completion requires at least one uploaded part".into()
        }
        JobFault::Completed => "Upload already completed for this job".into(),
        JobFault::NotCompleted => "Upload not completed for this job".into(),
        JobFault::Failed { is_reupload } => {
            let again =
                if is_reupload { "Start the reupload again." } else { "Start a new upload." };
            format!("This job has already failed and cannot be completed. {again}")
        }
        JobFault::WindowClosed => {
            "This upload's time window has closed. Start a new upload.".into()
        }
        JobFault::NoPreview(PreviewFault::Unsupported) => {
            "Unable to preview file: there is no preview of this format. The job may be committed \
             without one."
                .into()
        }
        JobFault::NoPreview(fault) => format!("Unable to preview file: {fault}."),
        JobFault::NotFailed => "Only failed jobs can be retried".into(),
        JobFault::Gone => GONE.into(),
        JobFault::Processed => "Job already processed".into(),
    }
}

/// `12.3`, of a whole number that no float has to hold.
fn tenths_of_mib(size: u64) -> String {
    let tenths = (u128::from(size) * 10 + u128::from(MIB) / 2) / u128::from(MIB);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_tenths_of_a_mib() {
        for (size, shown) in [
            (0, "0.0"),
            (MIB / 20, "0.0"),
            (MIB / 20 + 1, "0.1"),
            (500 * MIB + 1, "500.0"),
            (501 * MIB, "501.0"),
            (u64::MAX, "17592186044416.0"),
        ] {
            assert_eq!(tenths_of_mib(size), shown, "{size}");
        }
    }
}
