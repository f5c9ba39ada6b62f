//! The settings of importing: whether files are fetched from other people's servers, and which.

use anyhow::{Context as _, ensure};
use clap::Args;
use countersign_import::{Limits, Network, PlainHttp};
use serde::Deserialize;

#[derive(Debug, Args)]
// Its name would be that of the group of the options for an S3.
#[group(skip)]
#[command(next_help_heading = "Options for importing by url")]
pub(super) struct Options {
    /// Whether data sources are made of files that are fetched from other people's servers. Default:
    /// true.
    #[arg(
        long = "import",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        env = "COUNTERSIGN_IMPORT"
    )]
    enabled: Option<bool>,
    /// Fetch `http` too, which whoever is on the way can read and change. Default: `https` only.
    #[arg(long = "import-allow-http", env = "COUNTERSIGN_IMPORT_ALLOW_HTTP")]
    allow_http: bool,
    /// The most bytes of a file. Default: 5 GiB.
    #[arg(long = "import-max-bytes", value_name = "BYTES", env = "COUNTERSIGN_IMPORT_MAX_BYTES")]
    max_bytes: Option<u64>,
    /// Fetch from these networks as well, though they are not public, and there from any port:
    /// `10.1.0.0/16,fd00::/8`. Whoever may import can read what answers there.
    #[arg(
        long = "import-danger-allow-private-addresses",
        value_name = "NETWORKS",
        value_delimiter = ',',
        env = "COUNTERSIGN_IMPORT_DANGER_ALLOW_PRIVATE_ADDRESSES"
    )]
    danger_allow_private_addresses: Vec<String>,
}

/// The table `[import]` of the file: the same.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Table {
    enabled: Option<bool>,
    allow_http: bool,
    max_bytes: Option<u64>,
    danger_allow_private_addresses: Vec<String>,
}

/// What is fetched, where anything is.
#[derive(Debug)]
pub(in crate::serve) struct Imports {
    pub(in crate::serve) http: PlainHttp,
    pub(in crate::serve) bytes_max: u64,
    /// Networks that are allowed though they are not public.
    pub(in crate::serve) danger_allowed: Vec<Network>,
}

impl Imports {
    /// `None`, where nothing is to be fetched.
    pub(super) fn resolve(options: &Options, table: &Table) -> anyhow::Result<Option<Self>> {
        let allow_http = options.allow_http || table.allow_http;
        let max_bytes = options.max_bytes.or(table.max_bytes);
        let networks = if options.danger_allow_private_addresses.is_empty() {
            &table.danger_allow_private_addresses
        } else {
            &options.danger_allow_private_addresses
        };
        if !options.enabled.or(table.enabled).unwrap_or(true) {
            // Else somebody thinks that files are imported, and they are not.
            ensure!(
                !allow_http && max_bytes.is_none() && networks.is_empty(),
                "there are settings for importing, and it is disabled"
            );
            return Ok(None);
        }
        let network = |text: &String| {
            let parsed = text.parse::<Network>();
            parsed.with_context(|| format!("{text:?} in danger_allow_private_addresses"))
        };
        let limit = Limits::default().bytes_max;
        let bytes_max = max_bytes.unwrap_or(limit);
        ensure!(
            (1..=limit).contains(&bytes_max),
            "a file that is imported has 1 to {limit} bytes: max_bytes is {bytes_max}"
        );
        Ok(Some(Self {
            http: if allow_http { PlainHttp::Allowed } else { PlainHttp::Refused },
            bytes_max,
            danger_allowed: networks.iter().map(network).collect::<Result<_, _>>()?,
        }))
    }
}
