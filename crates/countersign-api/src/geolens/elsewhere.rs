//! What the vendor has, and what is not here: whoever asks for it is told that it is not, in the shape
//! of the dialect, and not left to look for a mistake in the path.
//!
//! It is 404 and not 501: the vendor's clients read the answer of a 404, and try again what has 5xx.

use std::sync::Arc;

use axum::{Router, http::Uri, response::Response, routing::any};

use super::error::refuse;
use crate::{App, error::ApiError};

/// What is not here, as an error says what was asked for.
pub(super) const SERVICE: &str = "service";

/// Below `/api`.
const ROOTS: [&str; 19] = [
    "admin",
    "ai",
    "audit",
    "capabilities",
    "catalog",
    "collections",
    "config-ops",
    "conformance",
    "embed-tokens",
    "groups",
    "layers",
    "maps",
    "query",
    "records",
    "search",
    "services",
    "settings",
    "stac",
    "tiles",
];

/// Below `/api/auth`, `/api/ingest` and `/api/jobs`.
const SERVICES: [&str; 16] = [
    "api-keys",
    "change-password",
    "config",
    "login",
    "logout",
    "me",
    "oauth",
    "refresh",
    "register",
    "resend-verification",
    "verify-email",
    "commit-fan-out",
    "discover",
    "manifest",
    "vrt",
    "cleanup",
];

/// Below a dataset.
const OF_DATASET: [&str; 31] = [
    "aggregate",
    "analysis",
    "api-keys",
    "attributes",
    "columns",
    "copc",
    "dcat",
    "dcat-us",
    "export",
    "features",
    "features.geojson",
    "geodcat-ap",
    "groups",
    "history",
    "maps",
    "previous-version",
    "previous-versions",
    "quicklook",
    "refresh",
    "refresh-runs",
    "related",
    "relationships",
    "retention",
    "rows",
    "source-health",
    "status",
    "target-status",
    "tiles3d",
    "validate",
    "vrt",
    "vrt-sources",
];

pub(super) fn router() -> Router<Arc<App>> {
    let not_here = any(async || refuse(ApiError::NotFound(SERVICE)));
    ROOTS.into_iter().fold(Router::new(), |router, root| {
        let paths =
            [format!("/api/{root}"), format!("/api/{root}/"), format!("/api/{root}/{{*rest}}")];
        paths.into_iter().fold(router, |router, path| router.route(&path, not_here.clone()))
    })
}

/// Answers a path below one of the dialect's that no route takes.
pub(super) async fn no_route(uri: Uri) -> Response {
    let mut segments = uri.path().split('/').filter(|segment| !segment.is_empty());
    let (first, second) =
        (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let is_known = SERVICES.contains(&first) || OF_DATASET.contains(&second);
    refuse(ApiError::NotFound(if is_known { SERVICE } else { "path" }))
}
