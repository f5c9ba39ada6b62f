//! How often somebody may ask, and whose word is taken for who it is.

use anyhow::Context as _;
use clap::Args;
use countersign_api::{RateLimit, RateLimits};
use ipnet::IpNet;
use serde::Deserialize;

use crate::serve::client::TrustedProxies;

#[derive(Debug, Default, Args)]
pub(super) struct RateOptions {
    /// How often one API key may ask, such as 20/s, 200/min or 5000/h. Default: as often as it likes.
    #[arg(long, value_name = "LIMIT", env = "COUNTERSIGN_RATE_LIMIT")]
    rate_limit: Option<RateLimit>,
    /// How often one client may ask, by its address. Default: as often as it likes.
    #[arg(long, value_name = "LIMIT", env = "COUNTERSIGN_CLIENT_RATE_LIMIT")]
    client_rate_limit: Option<RateLimit>,
    /// A network of proxies whose `X-Forwarded-For` is taken for who the client is. May be repeated.
    #[arg(
        long = "trusted-proxy",
        value_name = "NETWORK",
        env = "COUNTERSIGN_TRUSTED_PROXIES",
        value_delimiter = ','
    )]
    trusted_proxies: Vec<IpNet>,
}

/// `[rate_limits]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Table {
    per_key: Option<String>,
    per_client: Option<String>,
    trusted_proxies: Vec<String>,
}

#[derive(Debug, Default)]
pub(in crate::serve) struct RateSettings {
    pub(in crate::serve) limits: RateLimits,
    pub(in crate::serve) trusted_proxies: TrustedProxies,
}

impl RateSettings {
    pub(super) fn resolve(given: &RateOptions, table: Table) -> anyhow::Result<Self> {
        let limit = |text: Option<String>, name| -> anyhow::Result<Option<RateLimit>> {
            let limit = text.map(|text| text.parse()).transpose();
            limit.with_context(|| format!("`rate_limits.{name}` in the configuration"))
        };
        let (per_key, per_client) =
            (limit(table.per_key, "per_key")?, limit(table.per_client, "per_client")?);
        let networks = table.trusted_proxies.iter().map(|text| text.parse::<IpNet>());
        let networks = networks.collect::<Result<Vec<_>, _>>();
        let networks = networks.context(
            "`rate_limits.trusted_proxies` in the configuration is no list of networks, such as \
             [\"10.0.0.0/8\"]",
        )?;
        let is_given = !given.trusted_proxies.is_empty();
        let networks = if is_given { given.trusted_proxies.clone() } else { networks };
        Ok(Self {
            limits: RateLimits {
                per_key: given.rate_limit.or(per_key),
                per_client: given.client_rate_limit.or(per_client),
            },
            trusted_proxies: TrustedProxies::new(networks),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn an_option_goes_before_the_file() {
        let given =
            RateOptions { rate_limit: Some("1/s".parse().unwrap()), ..RateOptions::default() };
        let file = r#"
            per_key = "2/s"
            per_client = "3/min"
            trusted_proxies = ["10.0.0.0/8", "::1/128"]
        "#;
        let settings = RateSettings::resolve(&given, table(file)).unwrap();
        assert_eq!(settings.limits.per_key.unwrap().to_string(), "1/s");
        assert_eq!(settings.limits.per_client.unwrap().to_string(), "3/min");
        let settings = RateSettings::resolve(&RateOptions::default(), table(file)).unwrap();
        assert_eq!(settings.limits.per_key.unwrap().to_string(), "2/s");
        let settings = RateSettings::resolve(&RateOptions::default(), Table::default()).unwrap();
        assert_eq!(settings.limits, RateLimits::default());
    }

    #[test]
    fn what_is_no_limit_and_no_network_is_refused() {
        for wrong in [
            "per_key = \"20\"",
            "per_client = \"0/s\"",
            "trusted_proxies = [\"proxy.example\"]",
            "trusted_proxies = [\"10.0.0.0/33\"]",
        ] {
            assert!(
                RateSettings::resolve(&RateOptions::default(), table(wrong)).is_err(),
                "{wrong}"
            );
        }
        assert!(toml::from_str::<Table>("per_team = \"20/s\"").is_err());
    }
}
