//! Upload tokens.

use std::sync::Arc;

use axum::{body::Body as RequestBody, extract::State, http::HeaderMap, response::Response};

use super::{answer, wire};
use crate::{
    App,
    error::ApiError,
    http::{BODY_LEN_MAX, Segment, read_json},
};

/// How long a token lives.
pub(super) const MINUTES: (i64, i64) = (1, 60);

pub(super) async fn generate(
    State(app): State<Arc<App>>,
    slug: Segment,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let generate = async {
        let who = app.identify(&headers).await?;
        let minutes = read_json(body, BODY_LEN_MAX).await?.integer("minutes", MINUTES)?;
        let minutes = u32::try_from(minutes).map_err(ApiError::internal)?;
        let (token, url) = app.issue_upload_token(who, &slug.0, minutes, app.now()).await?;
        Ok(wire::Generated::new(&token, &url))
    };
    answer(generate.await)
}

pub(super) async fn validate(
    State(app): State<Arc<App>>,
    number: Segment,
    headers: HeaderMap,
) -> Response {
    let validate = async {
        let who = app.identify(&headers).await?;
        let digits = Some(&*number.0).filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok());
        let number = number.ok_or(ApiError::NotFound("upload token"))?;
        let now = app.now();
        let (token, is_valid) = app.upload_token(&who, number, now).await?;
        Ok(wire::Validity::new(&token, is_valid, now))
    };
    answer(validate.await)
}
