//! `teams limit` and `teams usage`: what a team may store, and what it has.

use std::str::FromStr;

use anyhow::bail;
use clap::{Args, Subcommand};
use countersign_catalog::{Catalog, SqliteCatalog, TeamId, TeamLimits, TeamName};
use serde_json::json;

use crate::{data_dir::DataDir, keys::TeamIn};

/// Limit what teams store.
#[derive(Debug, Subcommand)]
pub(crate) enum Teams {
    /// Set what the objects of a team may take, all together.
    ///
    /// Works while a server runs on the data folder; the limits are good at once. What is not named
    /// stays as it is. A team that has more already keeps it, and gets no more.
    Limit(Limit),
    /// Print what the objects of a team take, and may take, as one JSON object.
    Usage(TeamIn),
}

#[derive(Debug, Args)]
pub(crate) struct Limit {
    #[command(flatten)]
    of: TeamIn,
    /// Bytes, such as 1000000, 500MiB or 2TiB; or none.
    #[arg(long, value_name = "SIZE")]
    bytes: Option<Most<Size>>,
    /// A number of objects, or none.
    #[arg(long, value_name = "COUNT")]
    objects: Option<Most<u64>>,
}

/// A limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Most<T>(Option<T>);

impl<T: FromStr> FromStr for Most<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "none" { Ok(Self(None)) } else { Ok(Self(Some(text.parse()?))) }
    }
}

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size(u64);

const UNITS: [(&str, u32); 4] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let unit = UNITS.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, *bits)));
        let (digits, bits) = unit.unwrap_or((text, 0));
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse::<u64>().ok().filter(|_| is_number);
        let size = number.and_then(|number| number.checked_mul(1 << bits));
        size.map(Self).ok_or("it is no number of bytes, such as 1000000, 500MiB or 2TiB")
    }
}

impl Teams {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Limit(arguments) => limit(arguments).await,
            Self::Usage(of) => {
                let (catalog, team) = find(of).await?;
                print(&catalog, team).await
            }
        }
    }
}

async fn limit(arguments: &Limit) -> anyhow::Result<()> {
    if arguments.bytes.is_none() && arguments.objects.is_none() {
        bail!("say with --bytes or --objects what the limit is");
    }
    let (catalog, team) = find(&arguments.of).await?;
    let TeamLimits { bytes_max, objects_max } = catalog.team_usage(team).await?.limits;
    let limits = TeamLimits {
        bytes_max: arguments.bytes.map_or(bytes_max, |most| most.0.map(|size| size.0)),
        objects_max: arguments.objects.map_or(objects_max, |most| most.0),
    };
    catalog.limit_team(team, &limits).await?;
    print(&catalog, team).await
}

async fn find(of: &TeamIn) -> anyhow::Result<(SqliteCatalog, TeamId)> {
    let name = TeamName::new(of.team.as_str())?;
    let catalog = DataDir::open(&of.data)?.catalog().await?;
    let Some(team) = catalog.team(&name).await? else {
        bail!("there is no team {}: `countersign keys create` makes one", of.team);
    };
    Ok((catalog, team))
}

async fn print(catalog: &SqliteCatalog, team: TeamId) -> anyhow::Result<()> {
    let usage = catalog.team_usage(team).await?;
    let shown = json!({
        "bytes": usage.bytes,
        "bytes_max": usage.limits.bytes_max,
        "objects": usage.objects,
        "objects_max": usage.limits.objects_max,
    });
    println!("{shown}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_a_unit_or_without() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("1000000"), Ok(1_000_000));
        assert_eq!(size("500MiB"), Ok(500 * 1024 * 1024));
        assert_eq!(size("2TiB"), Ok(2 << 40));
        assert_eq!(size("18446744073709551615"), Ok(u64::MAX));
        for wrong in [
            "",
            "MiB",
            "-1",
            "+1",
            "1.5GiB",
            "1 GiB",
            "1GB",
            "1G",
            "1gib",
            "18446744073709551616",
            "16777216TiB",
            "none",
            "1e9",
        ] {
            assert!(size(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!("none".parse(), Ok(Most::<Size>(None)));
    }
}
