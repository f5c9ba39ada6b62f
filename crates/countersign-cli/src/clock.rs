//! The one place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use countersign::Timestamp;

/// The current second.
#[expect(clippy::disallowed_methods, reason = "everything else gets the time from here")]
pub(crate) fn now() -> anyhow::Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(Timestamp::from_unix_secs(since.as_secs().try_into()?)?)
}

/// The instant that was given, or the current second.
pub(crate) fn given_or_now(text: Option<&str>) -> anyhow::Result<Timestamp> {
    text.map_or_else(now, |text| Ok(Timestamp::parse(text)?))
}

/// The current second, for a server: before 1970 no URL holds.
pub(crate) fn server_now() -> Timestamp {
    now().unwrap_or(Timestamp::MIN)
}
