//! Who asks, and whether anybody is there.

use std::sync::Arc;

use axum::{body::Body as RequestBody, extract::State, http::HeaderMap, response::Response};

use super::{answer, wire};
use crate::{
    App,
    http::{BODY_LEN_MAX, read_json},
};

pub(super) async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let me = async { Ok(wire::Me::new(&app.identify(&headers).await?)) };
    answer(me.await)
}

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    let health = async {
        app.check_catalog().await?;
        Ok(wire::Health::new())
    };
    answer(health.await)
}

/// The vendor's client tells how it is. Nobody here wants to know, and it is told so kindly.
pub(super) async fn heartbeat(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: RequestBody,
) -> Response {
    let heartbeat = async {
        app.identify(&headers).await?;
        read_json(body, BODY_LEN_MAX).await?;
        Ok(wire::Health::new())
    };
    answer(heartbeat.await)
}
