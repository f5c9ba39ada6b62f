//! Downloads of the current version, which the vendor has for rasters alone, as Cloud-Optimized
//! `GeoTIFF`. Here it is the file as it was uploaded, of any format.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use countersign::Lifetime;

use super::{error::refuse, ids::PathIds};
use crate::{
    App,
    downloads::Asked,
    error::{ApiError, KeyFault},
    http::{read_query, refuse_prefetch},
};

/// How long the URL lives, in seconds.
const LIFETIME_SECS: u64 = 3_600;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/{dataset_id}/download/cog", get(download))
        .route("/{dataset_id}/download/cog/", get(download))
}

async fn download(
    State(app): State<Arc<App>>,
    method: Method,
    ids: PathIds,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let download = async {
        refuse_prefetch(&headers)?;
        let query = read_query(&uri);
        let who = match app.identify(&headers).await {
            // A link in a page has no header.
            Err(ApiError::Unauthenticated(KeyFault::Missing)) => {
                let missing = ApiError::Unauthenticated(KeyFault::Missing);
                let token = query.text("token")?.ok_or(missing)?;
                app.identify_by_token(token, ids.dataset()?, app.now()).await?
            }
            who => who?,
        };
        let asked = if method == Method::HEAD { Asked::Head } else { Asked::Bytes };
        let lifetime = Lifetime::from_secs(LIFETIME_SECS).map_err(ApiError::internal)?;
        let url = app.presign_current(&who, ids.dataset()?, (asked, lifetime), app.now()).await?;
        HeaderValue::try_from(url.into_string()).map_err(ApiError::internal)
    };
    match download.await {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(error) => refuse(error),
    }
}
