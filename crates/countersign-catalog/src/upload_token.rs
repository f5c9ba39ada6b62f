//! Who may put files under a schema.

use countersign::Timestamp;
use uuid::Uuid;

use crate::Identity;

/// What lets its holder put files under a schema of a team until a time.
///
/// - `number` counts within the team from 1 and is never used twice, so it tells nothing about
///   other teams.
/// - The time is kept here, and looked at by whoever lets the holder in.
///
/// ```
/// # use countersign::Timestamp;
/// # use countersign_catalog::{SqliteCatalog, TeamName, UserId};
/// use countersign_catalog::{Catalog, NewUploadToken, Schemas, Slug};
/// use uuid::Uuid;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let catalog = SqliteCatalog::open(&directory.path().join("catalog.db")).await?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let owner = catalog.ensure_user(&TeamName::new("acme")?, &UserId::new("ada")?, now).await?;
/// let schema = catalog.add_schema(owner.team, &Slug::new("sales")?, now).await?.id;
/// let not_after = now.checked_add_secs(3_600).ok_or("the year 9999 is over")?;
/// let new = NewUploadToken { id: Uuid::new_v4(), owner, schema, not_after };
/// let token = catalog.add_upload_token(&new, now).await?;
/// assert_eq!(token.number, 1);
/// assert_eq!(catalog.upload_token(new.id).await?, Some(token));
/// assert!(!catalog.has_schema_file(schema, "january.csv").await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadToken {
    /// Its id, chosen by the caller.
    pub id: Uuid,
    /// Its number in the team.
    pub number: i64,
    /// Who asked for it. What is put is theirs.
    pub owner: Identity,
    /// [`Schema::id`](crate::Schema::id), of a schema of the owner's team.
    pub schema: i64,
    /// When it no longer holds.
    pub not_after: Timestamp,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// An upload token to be recorded.
///
/// - `id` was never used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUploadToken {
    /// Its id, chosen by the caller.
    pub id: Uuid,
    /// Who asks for it.
    pub owner: Identity,
    /// [`Schema::id`](crate::Schema::id), of a schema of the owner's team.
    pub schema: i64,
    /// When it no longer holds.
    pub not_after: Timestamp,
}
