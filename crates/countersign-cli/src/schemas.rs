//! `schemas create`: a schema of a team.

use anyhow::bail;
use clap::{Args, Subcommand};
use countersign_catalog::{Catalog as _, CatalogError, Schemas as _, Slug, TeamName};

use crate::{clock, data_dir::DataDir, keys::TeamIn};

/// Make schemas.
#[derive(Debug, Subcommand)]
pub(crate) enum Schemas {
    /// Make a schema, under which files are uploaded with a token.
    Create(Create),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    of: TeamIn,
    /// The name of the schema in a URL: letters a-z, digits, `-` and `_`.
    slug: String,
}

impl Schemas {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Create(arguments) => create(arguments).await,
        }
    }
}

async fn create(arguments: &Create) -> anyhow::Result<()> {
    let name = TeamName::new(arguments.of.team.as_str())?;
    let slug = Slug::new(arguments.slug.as_str())?;
    let catalog = DataDir::open(&arguments.of.data)?.catalog().await?;
    let Some(team) = catalog.team(&name).await? else {
        bail!("there is no team {}: `countersign keys create` makes one", arguments.of.team);
    };
    match catalog.add_schema(team, &slug, clock::now()?).await {
        Ok(schema) => {
            println!("{}", schema.slug.as_str());
            Ok(())
        }
        Err(CatalogError::Conflict) => bail!("the team has a schema {} already", arguments.slug),
        Err(error) => Err(error.into()),
    }
}
