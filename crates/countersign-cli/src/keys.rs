//! `keys create`: keys for a user of a team, both made when missing.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use countersign_api::{issue_access_key, issue_api_key};
use countersign_catalog::{Catalog as _, TeamName, UserId};
use serde_json::json;

use crate::{clock, data_dir::DataDir, serve::REGION};

/// Make keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make an API key, and print it: the only time that it is seen.
    ///
    /// Works while a server runs on the data folder; the key is good at once.
    Create(Create),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    of: TeamIn,
    /// The id of the user, made when it is missing.
    #[arg(long, value_name = "ID")]
    user: String,
    /// Also make a signing key pair for S3 clients, good for the bucket of the team.
    #[arg(long)]
    s3: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A team, in a data folder.
#[derive(Debug, Args)]
pub(crate) struct TeamIn {
    /// The data folder.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_DATA")]
    pub(crate) data: PathBuf,
    /// The name of the team.
    #[arg(long, value_name = "NAME")]
    pub(crate) team: String,
}

impl Keys {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Create(arguments) => create(arguments).await,
        }
    }
}

async fn create(arguments: &Create) -> anyhow::Result<()> {
    let (team, user) =
        (TeamName::new(arguments.of.team.as_str())?, UserId::new(arguments.user.as_str())?);
    let data = DataDir::open(&arguments.of.data)?;
    let endpoint = data.endpoint()?;
    let endpoint = if arguments.s3 {
        let known = "there is no endpoint for a key pair: no `countersign serve` was on this folder \
                     yet, or it keeps its bytes on an S3, which makes key pairs itself";
        Some(endpoint.context(known)?)
    } else {
        None
    };
    let (catalog, now) = (data.catalog().await?, clock::now()?);
    let owner = catalog.ensure_user(&team, &user, now).await?;
    let api_key = issue_api_key(&catalog, &owner, now).await?;
    let mut printed = json!({
        "api_key": api_key.reveal(),
        "team": team.as_str(),
        "user_id": user.as_str(),
    });
    if let Some(endpoint) = endpoint {
        let pair = issue_access_key(&catalog, &data.master_key()?, &owner, now).await?;
        let members = json!({
            "access_key_id": pair.access_key_id,
            "secret_access_key": pair.secret.reveal(),
            "region": REGION,
            "bucket": pair.bucket,
            "endpoint": endpoint,
        });
        if let (Some(all), Some(more)) = (printed.as_object_mut(), members.as_object()) {
            all.extend(more.clone());
        }
    }
    if arguments.json {
        println!("{printed}");
    } else {
        for (name, value) in printed.as_object().into_iter().flatten() {
            println!("{name}: {}", value.as_str().unwrap_or_default());
        }
    }
    Ok(())
}
