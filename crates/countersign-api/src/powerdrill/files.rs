//! How the bytes of data sources come in, in the second generation.

use std::sync::Arc;

use axum::{
    Router,
    body::Body as RequestBody,
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use countersign::Lifetime;
use countersign_storage::{CompletedPart, PartNumber};
use serde_json::Value;

use super::{
    answer,
    error::{Version, refuse},
    forms::{Unnamed, uploaded},
    requests::Words,
    v2::asked,
    wire,
};
use crate::{
    App,
    content::ContentFault,
    error::ApiError,
    fields::{Body, Invalid, Reason, invalid, missing},
    http::BODY_LEN_MAX,
    multipart,
    source_name::{PlainName, SourceName},
};

/// The largest body that completes an upload, in bytes: 10,000 parts are 620 kB.
const COMPLETION_LEN_MAX: usize = 2 * 1024 * 1024;

/// How long the URLs of parts live, in seconds.
const PART_LIFETIME_SECS: u64 = 86_400;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/file/upload-datasource", post(upload))
        .route("/file/init-multipart-upload", post(begin))
        .route("/file/complete-multipart-upload", post(complete))
}

async fn upload(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let whose = (&Words::V2, Unnamed::Nobodys);
    let uploaded = uploaded(&app, (&uri, &headers, body), whose).await;
    answer(Version::V2, uploaded.map(|upload| wire::Uploaded::new(&upload)))
}

async fn begin(State(app): State<Arc<App>>, headers: HeaderMap, body: RequestBody) -> Response {
    let begin = async {
        let (who, body) = asked(&app, &headers, body, BODY_LEN_MAX).await?;
        let name = body.text("file_name", PlainName::parse)?;
        let size_max = i64::try_from(multipart::SIZE_MAX).map_err(ApiError::internal)?;
        let size = body.integer("file_size", (0, size_max))?;
        let name = SourceName::new(name)?;
        let size = u64::try_from(size).map_err(ApiError::internal)?;
        if size == 0 {
            return Err(ApiError::Refused(ContentFault::Empty));
        }
        let lifetime = Lifetime::from_secs(PART_LIFETIME_SECS).map_err(ApiError::internal)?;
        app.begin_multipart(who, (&name, size), lifetime, app.now()).await
    };
    match begin.await {
        Ok(begun) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], wire::begun(Arc::clone(&app), begun)).into_response()
        }
        Err(error) => refuse(Version::V2, error),
    }
}

async fn complete(State(app): State<Arc<App>>, headers: HeaderMap, body: RequestBody) -> Response {
    let complete = async {
        let (who, body) = asked(&app, &headers, body, COMPLETION_LEN_MAX).await?;
        let any = |text: &str| Ok(text.to_owned());
        let file_object_key = body.text("file_object_key", any)?;
        let upload_id = body.text("upload_id", any)?;
        let parts = body.objects("part_etags", part_of)?;
        let which = (&*file_object_key, &*upload_id);
        let completed = app.complete_multipart(&who, which, parts, app.now()).await?;
        Ok(wire::Uploaded::new(&completed))
    };
    answer(Version::V2, complete.await)
}

/// The documentation calls its number `part_number`; its example and all clients say `number`.
fn part_of(item: &Body) -> Result<CompletedPart, Invalid> {
    let range = (1, PartNumber::MAX.into());
    let documented = item.optional_integer("part_number", range)?;
    let number = match (documented, item.optional_integer("number", range)?) {
        (Some(one), Some(other)) if one != other => {
            return Err(invalid("number", Reason::Rule("part_number is another one"), Value::Null));
        }
        (Some(number), _) | (None, Some(number)) => number,
        (None, None) => return Err(missing("number")),
    };
    multipart::completed_part(item, number)
}
