//! Who fetches files from other people's servers, where the settings say so.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_api::{App, ImportLimits};
use countersign_import::{Fetcher, Guard, Limits, SystemResolver};

use super::{
    origins::Origins,
    settings::{Imports, Settings},
};

/// Lets the API import, if it may.
pub(super) fn with_imports(
    app: App,
    settings: &Settings,
    origins: &Origins,
) -> anyhow::Result<App> {
    let Some(imports) = &settings.imports else { return Ok(app) };
    let Imports { http, bytes_max, danger_allowed } = imports;
    if !danger_allowed.is_empty() {
        tracing::warn!("files are imported from networks that are not public");
    }
    let guard = Guard::new(Arc::new(SystemResolver))
        .with_http(*http)
        .danger_allow_private_addresses(danger_allowed)
        .with_own_url(origins.api())?
        .with_own_url(&origins.s3_endpoint())?
        .with_own_address(settings.listen.ip());
    let limits = Limits { bytes_max: *bytes_max, ..Limits::default() };
    let fetcher = Fetcher::new(guard, limits).context("nothing can be imported by url")?;
    Ok(app.with_imports(fetcher, ImportLimits::default()))
}
