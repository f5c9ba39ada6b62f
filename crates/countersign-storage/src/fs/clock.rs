use std::time::{SystemTime, UNIX_EPOCH};

/// When an object was stored: the one thing for which storage reads the clock. Nothing is decided
/// by it.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(super) fn unix_secs_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
