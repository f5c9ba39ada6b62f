//! A bucket of an S3: opened, asked once, and when it does not answer, why not in plain words.

use anyhow::{Context as _, ensure};
use countersign_storage::{S3, S3Error, S3Settings};

use super::settings::S3Place;
use crate::clock;

/// Opens the bucket. A server that starts has been answered by it.
pub(super) async fn open(place: &S3Place) -> anyhow::Result<S3> {
    let S3Place { bucket, region, endpoint, .. } = place;
    let mut settings =
        S3Settings::new(&**bucket, &**region, &**endpoint, place.credentials.clone())
            .with_prefix(&*place.prefix)
            .with_public(&*place.public_endpoint)
            .with_addressing(place.addressing)
            .with_clock(clock::server_now);
    if let Some(pem) = &place.ca_bundle {
        settings = settings.with_root_certificates(&**pem);
    }
    let s3 = S3::new(settings).context("the settings of the S3 are wrong")?;
    let asked = s3.probe().await;
    asked.map_err(|error| {
        let why = reason(&error, place);
        anyhow::Error::new(error).context(why)
    })?;
    if !place.danger_allow_unsigned_headers {
        let is_safe = s3.refuses_unsigned_headers().await;
        ensure!(
            is_safe.with_context(|| format!("the S3 at {endpoint} does not answer"))?,
            "the S3 at {endpoint} obeys headers that nobody signed: whoever has a URL for an upload \
             could copy any object whose key he knows. Accept the risk with \
             --s3-danger-allow-unsigned-headers, or take another S3"
        );
    }
    Ok(s3)
}

/// What is wrong, for whoever wrote the settings. The codes are those of
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
fn reason(error: &S3Error, place: &S3Place) -> String {
    let S3Place { bucket, region, endpoint, .. } = place;
    let id = place.credentials.access_key_id();
    let (status, code) = match error {
        S3Error::Refused { status, code } => (status, code),
        S3Error::Unsigned(_) => return format!("access key {id} is over"),
        S3Error::ClockSkew { .. } => return format!("the S3 at {endpoint} has another time"),
        S3Error::Malformed { .. } => return format!("what answers at {endpoint} is no S3"),
        _ => return format!("the S3 at {endpoint} does not answer"),
    };
    match (status, code.as_deref().unwrap_or_default()) {
        (_, "NoSuchBucket") => format!("the S3 at {endpoint} has no bucket {bucket}"),
        (_, "InvalidAccessKeyId") => {
            format!("the S3 at {endpoint} does not know the access key {id}, or not its session")
        }
        (_, "SignatureDoesNotMatch") => {
            format!("the S3 at {endpoint} says that the secret is not that of access key {id}")
        }
        (_, "ExpiredToken" | "InvalidToken") => {
            format!("the session token of access key {id} is over, or none of the S3 at {endpoint}")
        }
        (301 | 307, _) | (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraint") => {
            format!("the bucket {bucket} is in another region than {region}, or elsewhere")
        }
        (403, _) => format!(
            "access key {id} may not use the bucket {bucket}: it has to be allowed s3:ListBucket, \
             s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListMultipartUploadParts and \
             s3:AbortMultipartUpload"
        ),
        _ => format!("the S3 at {endpoint} refuses the bucket {bucket}"),
    }
}
