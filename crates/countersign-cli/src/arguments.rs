//! The arguments that commands have in common.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use countersign::{Addressing, Endpoint, InvalidValue, Region};

/// The bucket for which something is signed.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Where the store answers, such as `https://s3.eu-central-1.amazonaws.com`
    #[arg(long, value_name = "URL", required_unless_present = "batch")]
    endpoint: Option<String>,
    /// The bucket
    #[arg(long, required_unless_present = "batch")]
    bucket: Option<String>,
    /// The region of the bucket
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// Where the bucket's name goes
    #[arg(long, value_enum, default_value_t = Style::Path)]
    addressing: Style,
}

impl Place {
    pub(crate) fn endpoint(&self) -> Result<Endpoint, InvalidValue> {
        let addressing = match self.addressing {
            Style::Path => Addressing::Path,
            Style::Virtual => Addressing::VirtualHost,
        };
        Endpoint::parse(self.endpoint.as_deref().unwrap_or_default(), addressing)
    }

    pub(crate) fn bucket(&self) -> &str {
        self.bucket.as_deref().unwrap_or_default()
    }

    pub(crate) fn region(&self) -> Result<Region<'_>, InvalidValue> {
        Region::new(&self.region)
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Style {
    /// `https://host/bucket/key`
    Path,
    /// `https://bucket.host/key`
    Virtual,
}

/// Splits arguments of the form `Name: value`.
pub(crate) fn header_arguments(arguments: &[String]) -> anyhow::Result<Vec<(&str, &str)>> {
    let headers = split_arguments(arguments, ':').context("--header takes NAME: VALUE")?;
    Ok(headers.into_iter().map(|(name, value)| (name.trim(), value.trim())).collect())
}

pub(crate) fn split_arguments(arguments: &[String], separator: char) -> Option<Vec<(&str, &str)>> {
    arguments.iter().map(|text| text.split_once(separator)).collect()
}
