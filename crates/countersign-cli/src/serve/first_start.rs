//! What a new installation gets: a team, a user, a key, and three lines to try them with.

use std::fmt::Write as _;

use countersign_api::issue_api_key;
use countersign_catalog::{Catalog, TeamName, UserId};

use crate::clock;

/// The first team, and its first user.
const TEAM: &str = "default";
const USER: &str = "admin";

/// Makes the first key and says what can be done with it; nothing, where there are keys already.
pub(super) async fn welcome(catalog: &dyn Catalog, origin: &str) -> anyhow::Result<String> {
    if catalog.has_api_keys().await? {
        return Ok(String::new());
    }
    let now = clock::now()?;
    let owner = catalog.ensure_user(&TeamName::new(TEAM)?, &UserId::new(USER)?, now).await?;
    let key = issue_api_key(catalog, &owner, now).await?;
    let mut text = String::new();
    writeln!(text, "\nAPI key of user {USER} in team {TEAM}, shown this once: {}", key.reveal())?;
    write!(text, "\n{}", lines(origin, key.reveal()))?;
    Ok(text)
}

/// Each a whole command of its own: no file, no variable and no tool but curl and sed is needed.
fn lines(origin: &str, key: &str) -> String {
    let files = format!("{origin}/v1/files");
    let auth = format!("-H 'X-API-Key: {key}'");
    let field = |name: &str| format!(r#"sed 's/.*"{name}":"\([^"]*\)".*/\1/'"#);
    let (upload_url, download_url) = (field("upload_url"), field("download_url"));
    format!(
        "Upload a CSV file (ask for a URL, PUT to it, confirm), presign it, download it:\n\n\
         curl -fsS -X PUT -H 'Content-Type: text/csv' \
         --data-binary \"$(printf 'city,people\\nBern,134506\\n')\" \
         \"$(curl -fsS {auth} -H 'Content-Type: application/json' \
         -d '{{\"filename\":\"cities.csv\",\"content_type\":\"text/csv\"}}' {files}/upload \
         | {upload_url})\" --next -fsS {auth} {files}/1/confirm\n\n\
         curl -fsS {auth} '{files}/1/download?expires_in=600'\n\n\
         curl -fsS \"$(curl -fsS {auth} {files}/1/download | {download_url})\"\n"
    )
}
