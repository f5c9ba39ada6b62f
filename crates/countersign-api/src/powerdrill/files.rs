//! How the bytes of data sources come in.

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
use countersign_catalog::{Identity, Upload};
use countersign_storage::{CompletedPart, PartNumber};
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    USER_ID, answer, asked,
    error::{Version, refuse},
    wire,
};
use crate::{
    App,
    content::ContentFault,
    direct::{Deposit, REQUEST_MAX},
    error::ApiError,
    fields::{Body, Invalid, Reason, invalid, missing},
    form::{Form, FormField},
    http::{BODY_LEN_MAX, read_query},
    multipart,
    shared_body::SharedBody,
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

async fn upload(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let holder = match app.identify(&headers).await {
        Ok(holder) => holder,
        // Of a stranger's body not a byte is read.
        Err(error) => return refuse(Version::V2, error),
    };
    let body = SharedBody::new(body);
    let upload = async {
        let mut sent = Sent { user: read_query(&uri).text(USER_ID)?.map(Into::into), file: None };
        let read = sent.read(&app, Form::new(&headers, body.stream())?);
        let kept = match timeout(REQUEST_MAX, read).await {
            Ok(Ok(())) => sent.keep(&app, &holder).await,
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(ApiError::Closed),
        };
        if kept.is_err()
            && let Some(file) = sent.file.take()
        {
            app.refuse(file).await;
        }
        Ok(wire::Uploaded::new(&kept?))
    };
    let uploaded = upload.await;
    if uploaded.is_err() {
        body.drain(&headers).await;
    }
    answer(Version::V2, uploaded)
}

/// What has come of a form. Its fields may be in any order, so the file may be stored before it is
/// known whose it is.
struct Sent {
    user: Option<String>,
    file: Option<Deposit>,
}

impl Sent {
    async fn read(&mut self, app: &App, mut form: Form) -> Result<(), ApiError> {
        let repeated = |field| invalid(field, Reason::Repeated, Value::Null);
        while let Some((field, value)) = form.next().await? {
            match (&*field, value) {
                ("file", FormField::File { name, bytes }) => {
                    if self.file.is_some() {
                        return Err(repeated("file").into());
                    }
                    let name = PlainName::parse(&name);
                    let name = name.map_err(|reason| invalid("file", reason, Value::Null))?;
                    let name = SourceName::new(name)?;
                    self.file = Some(app.deposit(&name, bytes, app.now()).await?);
                }
                ("file", FormField::Text(_)) => {
                    let rule = Reason::Rule("it is no file: it has no file name");
                    return Err(invalid("file", rule, Value::Null).into());
                }
                (USER_ID, FormField::Text(user)) => {
                    if self.user.as_ref().is_some_and(|other| *other != user) {
                        return Err(repeated(USER_ID).into());
                    }
                    self.user = Some(user);
                }
                // What nobody asked for is passed over.
                (_, FormField::File { mut bytes, .. }) => {
                    while bytes.try_next().await.map_err(|_| ApiError::NotForm)?.is_some() {}
                }
                (_, FormField::Text(_)) => {}
            }
        }
        Ok(())
    }

    async fn keep(&self, app: &App, holder: &Identity) -> Result<Upload, ApiError> {
        let user = self.user.as_deref().ok_or_else(|| missing(USER_ID))?;
        let who = app.act_as(holder, user).await?;
        let file = self.file.as_ref().ok_or_else(|| missing("file"))?;
        app.keep(file, who, app.now()).await
    }
}
