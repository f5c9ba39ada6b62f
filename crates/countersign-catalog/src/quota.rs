//! How much a team has, and may have.

/// What the objects of a team may take.
///
/// - No limit, where there is nothing.
/// - A team that has more already keeps it, and gets no more.
///
/// ```
/// # use countersign::Timestamp;
/// # use countersign_catalog::{SqliteCatalog, TeamName, UserId};
/// use countersign_catalog::{Catalog, TeamLimits};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let catalog = SqliteCatalog::open(&directory.path().join("catalog.db")).await?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let owner = catalog.ensure_user(&TeamName::new("acme")?, &UserId::new("ada")?, now).await?;
/// let limits = TeamLimits { bytes_max: Some(1_000_000), ..TeamLimits::default() };
/// catalog.limit_team(owner.team, &limits).await?;
/// let usage = catalog.team_usage(owner.team).await?;
/// assert_eq!((usage.bytes, usage.limits), (0, limits));
/// assert!(usage.has_room_for(1_000_000) && !usage.has_room_for(1_000_001));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "whoever sets limits sets all of them")]
pub struct TeamLimits {
    /// Bytes of all objects together.
    pub bytes_max: Option<u64>,
    /// How many objects.
    pub objects_max: Option<u64>,
}

/// What the objects of a team take, and may.
///
/// - Bytes on their way are not counted until they are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TeamUsage {
    /// Bytes of all objects together.
    pub bytes: u64,
    /// How many objects.
    pub objects: u64,
    /// What they may take.
    pub limits: TeamLimits,
}

impl TeamUsage {
    /// How many bytes there is room for.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.limits.bytes_max.map_or(u64::MAX, |bytes_max| bytes_max.saturating_sub(self.bytes))
    }

    /// Whether there is room for one more object, of so many bytes.
    #[must_use]
    pub fn has_room_for(&self, size: u64) -> bool {
        let bytes = self.bytes.saturating_add(size);
        let has_bytes = self.limits.bytes_max.is_none_or(|bytes_max| bytes <= bytes_max);
        has_bytes && self.limits.objects_max.is_none_or(|objects_max| self.objects < objects_max)
    }
}
