//! How much a team may have.
//!
//! The catalog keeps the limits when bytes are accepted; here who has no room is told before the
//! bytes come. Between the two others may take the room, or give some back.

use countersign_catalog::TeamId;

use crate::{App, error::ApiError};

impl App {
    /// Whether the team has room for one more object, of so many bytes.
    pub(crate) async fn admit(&self, team: TeamId, size: u64) -> Result<(), ApiError> {
        let usage = self.catalog.team_usage(team).await?;
        if usage.has_room_for(size) {
            return Ok(());
        }
        let (used, most) = (usage.bytes, usage.limits.bytes_max);
        Err(ApiError::OverQuota(most.map(|most| Shortage { used, most, size })))
    }

    /// How many bytes of one more object the team has room for.
    pub(crate) async fn room_of(&self, team: TeamId) -> Result<u64, ApiError> {
        Ok(self.catalog.team_usage(team).await?.room())
    }
}

/// What lacks, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shortage {
    pub(crate) used: u64,
    pub(crate) most: u64,
    pub(crate) size: u64,
}
