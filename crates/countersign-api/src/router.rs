use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, map_response},
};

use crate::{App, datalab, datasnap, geolens, http::finish, powerdrill, rate::attribute};

/// Puts the dialects on HTTP, each under all its paths.
///
/// ```no_run
/// # fn app() -> countersign_api::App { unimplemented!() }
/// let router = countersign_api::router(std::sync::Arc::new(app()));
/// ```
pub fn router(app: Arc<App>) -> Router {
    let mut dialects =
        Router::new().nest("/api/v1/files", datalab::router()).nest("/v1/files", datalab::router());
    let powerdrill = [
        ("/api/v1/team", powerdrill::v1()),
        ("/v1/team", powerdrill::v1()),
        ("/api/v1/file", powerdrill::v1_files()),
        ("/v1/file", powerdrill::v1_files()),
        ("/api/v2/team", powerdrill::v2()),
        ("/v2/team", powerdrill::v2()),
        ("/app/api/v2/team", powerdrill::v2()),
    ];
    let datasnap = [
        ("/api/v1/schemas", datasnap::schemas()),
        ("/v1/schemas", datasnap::schemas()),
        ("/api/v1/upload-tokens", datasnap::upload_tokens()),
        ("/v1/upload-tokens", datasnap::upload_tokens()),
        ("/api/v1/bridge", datasnap::bridge()),
        ("/v1/bridge", datasnap::bridge()),
    ];
    for (base, dialect) in powerdrill.into_iter().chain(datasnap) {
        // Nesting leaves out the base with a slash, which is a path of the dialect as well.
        let base_with_slash = dialect.clone().with_state(Arc::clone(&app));
        dialects = dialects.nest(base, dialect).route_service(&format!("{base}/"), base_with_slash);
    }
    let dialects = dialects
        .merge(geolens::router())
        .merge(datasnap::root())
        .fallback(datalab::not_found)
        .method_not_allowed_fallback(datalab::method_not_allowed);
    dialects.layer(map_response(finish)).layer(from_fn(attribute)).with_state(app)
}
