use std::sync::Arc;

use axum::{Router, middleware::map_response};

use crate::{App, datalab, http::finish};

/// Puts the dialects on HTTP, each under all its paths.
///
/// ```no_run
/// # fn app() -> countersign_api::App { unimplemented!() }
/// let router = countersign_api::router(std::sync::Arc::new(app()));
/// ```
pub fn router(app: Arc<App>) -> Router {
    let dialects = Router::new()
        .nest("/api/v1/files", datalab::router())
        .nest("/v1/files", datalab::router())
        .fallback(datalab::not_found)
        .method_not_allowed_fallback(datalab::method_not_allowed);
    dialects.layer(map_response(finish)).with_state(app)
}
