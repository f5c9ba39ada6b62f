//! The one place that reads the clock. Nothing of what is kept is decided by it.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign::Timestamp;

/// When an object was stored.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn unix_secs_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// When a request is signed.
pub(crate) fn now() -> Timestamp {
    let now = i64::try_from(unix_secs_now()).ok().map(Timestamp::from_unix_secs);
    now.and_then(Result::ok).unwrap_or(Timestamp::MAX)
}
