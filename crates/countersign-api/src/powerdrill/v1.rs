//! What is served of the first generation.

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::post};

use super::{answer, error::Version, ids::PathIds, lifetime_of, wire};
use crate::{App, http::read_optional_json};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/datasets/{dataset}/datasources/{data_source}/presign", post(presign))
}

/// It names no user: the key's own asks.
async fn presign(
    State(app): State<Arc<App>>,
    ids: PathIds,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Response {
    let presign = async {
        let who = app.identify(&headers).await?;
        let lifetime = lifetime_of(&read_optional_json(body).await?, "expireIn")?;
        let url = app.presign_data_source(&who, ids.data_source()?, lifetime, app.now()).await?;
        Ok(wire::LinkV1::new(&url))
    };
    answer(Version::V1, presign.await)
}
