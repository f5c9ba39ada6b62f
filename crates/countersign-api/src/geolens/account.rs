//! What somebody with a key may know and ask for themselves. There is no logging in: keys are made by
//! whoever runs the server.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};

use super::{answer, ids::PathIds, wire};
use crate::App;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/me/usage", get(usage))
        .route("/me/usage/", get(usage))
        .route("/download-token/{dataset_id}", post(download_token))
        .route("/download-token/{dataset_id}/", post(download_token))
}

async fn usage(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let usage = async {
        let who = app.identify(&headers).await?;
        let (usage, dataset_count) = app.usage(&who).await?;
        Ok(wire::Usage::new(&usage, dataset_count))
    };
    answer(StatusCode::OK, usage.await)
}

async fn download_token(State(app): State<Arc<App>>, ids: PathIds, headers: HeaderMap) -> Response {
    let token = async {
        let who = app.identify(&headers).await?;
        let token = app.issue_download_token(who, ids.dataset()?, app.now()).await?;
        Ok(wire::Token::new(&token))
    };
    answer(StatusCode::OK, token.await)
}
