//! The settings of `serve`: an option, else a variable of the environment, else the file, else a
//! default.

mod import;
mod rate;
mod s3;

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;

pub(super) use self::{import::Imports, rate::RateSettings, s3::S3Place};
use crate::environment::AwsEnvironment;

/// Run the server.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The data folder, made when it is missing.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_DATA")]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one. Default: 127.0.0.1:8080.
    #[arg(long, value_name = "ADDR", env = "COUNTERSIGN_LISTEN")]
    listen: Option<SocketAddr>,
    /// Where the bytes are kept: `file:///srv/objects`, or `s3://bucket` with a prefix or without,
    /// such as `s3://bucket/countersign`. Default: in the data folder.
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_STORAGE")]
    storage: Option<String>,
    /// How clients reach the server, such as `https://files.example`. Default: the address.
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_PUBLIC_URL")]
    public_url: Option<String>,
    /// How clients reach the bytes, an origin of its own: files of strangers can then do nothing to
    /// the API, whatever a browser makes of them.
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_DATA_URL")]
    data_url: Option<String>,
    /// Serve the bytes on the origin of the API, though it is public.
    #[arg(long, env = "COUNTERSIGN_SINGLE_ORIGIN")]
    single_origin: bool,
    /// How much is logged on stderr: off, error, warn, info, debug, trace. Default: info.
    #[arg(long, value_name = "LEVEL", env = "COUNTERSIGN_LOG")]
    log: Option<LevelFilter>,
    /// A TOML file with any of these settings, `public_url = "…"` and so on.
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    rate: rate::RateOptions,
    #[command(flatten)]
    s3: s3::Options,
    #[command(flatten)]
    import: import::Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    storage: Option<String>,
    public_url: Option<String>,
    data_url: Option<String>,
    single_origin: bool,
    log: Option<String>,
    rate_limits: rate::Table,
    s3: Option<s3::Table>,
    import: import::Table,
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) data: PathBuf,
    pub(super) listen: SocketAddr,
    pub(super) storage: Storage,
    pub(super) public_url: Option<String>,
    pub(super) data_url: Option<String>,
    pub(super) single_origin: bool,
    pub(super) log: LevelFilter,
    pub(super) rate: RateSettings,
    /// None, where nothing is imported.
    pub(super) imports: Option<Imports>,
}

/// Where the bytes are kept.
#[derive(Debug)]
pub(super) enum Storage {
    /// In the data folder.
    Data,
    /// In a folder of the buckets elsewhere.
    Folder(PathBuf),
    /// In a bucket of an S3.
    S3(Box<S3Place>),
}

const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

impl Settings {
    pub(super) fn resolve(given: &Serve, aws: &AwsEnvironment) -> anyhow::Result<Self> {
        let file = given.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let log = file.log.map(|level| level.parse::<LevelFilter>()).transpose();
        let log = log.context("`log` in the configuration is no level")?;
        let storage = given.storage.as_deref().or(file.storage.as_deref());
        let storage = Storage::resolve(storage, &given.s3, file.s3, aws)?;
        Ok(Self {
            data: given
                .data
                .clone()
                .or(file.data)
                .context("say with --data which folder the server may use")?,
            listen: given.listen.or(file.listen).unwrap_or(LISTEN_DEFAULT),
            storage,
            public_url: given.public_url.clone().or(file.public_url),
            data_url: given.data_url.clone().or(file.data_url),
            single_origin: given.single_origin || file.single_origin,
            log: given.log.or(log).unwrap_or(LevelFilter::INFO),
            rate: RateSettings::resolve(&given.rate, file.rate_limits)?,
            imports: Imports::resolve(&given.import, &file.import)?,
        })
    }

    #[cfg(test)]
    pub(super) fn example() -> Self {
        Self {
            data: PathBuf::from("data"),
            listen: LISTEN_DEFAULT,
            storage: Storage::Data,
            public_url: None,
            data_url: None,
            single_origin: false,
            log: LevelFilter::INFO,
            rate: RateSettings::default(),
            imports: None,
        }
    }
}

impl File {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        // Not the whole error: it quotes the line, and some day a line may have a secret.
        let parsed = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(0, |span| {
                text.bytes().take(span.start).filter(|byte| *byte == b'\n').count()
            });
            io::Error::other(format!("line {}: {}", line + 1, error.message()))
        });
        parsed.with_context(|| format!("{shown} is no configuration"))
    }
}

impl Storage {
    fn resolve(
        url: Option<&str>,
        options: &s3::Options,
        table: Option<s3::Table>,
        aws: &AwsEnvironment,
    ) -> anyhow::Result<Self> {
        if let Some(("s3", place)) = url.and_then(|url| url.split_once("://")) {
            let table = table.unwrap_or_default();
            return Ok(Self::S3(Box::new(S3Place::resolve(place, options, table, aws)?)));
        }
        // Else somebody thinks that his bytes are on an S3, and they are not.
        ensure!(
            options.is_empty() && table.is_none(),
            "there are settings for an S3, and --storage is not s3://…"
        );
        url.map_or(Ok(Self::Data), |url| Ok(Self::Folder(folder_of(url)?)))
    }

    #[cfg(test)]
    pub(super) fn s3_example() -> Self {
        Self::S3(Box::new(S3Place::example()))
    }
}

/// The folder that a storage URL names.
fn folder_of(url: &str) -> anyhow::Result<PathBuf> {
    match url.split_once("://") {
        Some(("file", path)) if path.starts_with('/') => Ok(PathBuf::from(path)),
        Some(("file", _)) => bail!("--storage needs a whole path: file:///srv/objects"),
        _ => bail!("--storage knows file:///… and s3://…, and nothing else so far"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use countersign_import::PlainHttp;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serve: Serve,
    }

    fn resolve(arguments: &[&str]) -> anyhow::Result<Settings> {
        let line = ["serve"].iter().chain(arguments);
        Settings::resolve(&Line::try_parse_from(line)?.serve, &AwsEnvironment::default())
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn an_option_goes_before_the_file_and_the_file_before_the_default() {
        let file = file("data = \"/a\"\nlisten = \"127.0.0.1:1\"\nlog = \"debug\"\n");
        let config = file.path().to_str().unwrap();
        let settings = resolve(&["--config", config, "--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(settings.data, Path::new("/a"));
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.log, LevelFilter::DEBUG);
        assert!(matches!(settings.storage, Storage::Data));
    }

    #[test]
    fn a_setting_that_is_none_is_refused() {
        for text in ["dta = \"/a\"", "listen = 1", "data = \"/a\"\nlog = \"loud\"", "="] {
            let file = file(text);
            assert!(resolve(&["--config", file.path().to_str().unwrap()]).is_err(), "{text}");
        }
        assert!(resolve(&[]).is_err(), "there is no default data folder");
        // Settings for an S3 that the bytes do not go to.
        let file = file("data = \"/a\"\n[s3]\nregion = \"r\"");
        assert!(resolve(&["--config", file.path().to_str().unwrap()]).is_err());
        assert!(resolve(&["--data", "d", "--s3-region", "r"]).is_err());
        for storage in ["s3:/bucket", "/srv", "file://srv", "memory://"] {
            assert!(resolve(&["--data", "d", "--storage", storage]).is_err(), "{storage}");
        }
        let settings = resolve(&["--data", "d", "--storage", "file:///srv"]).unwrap();
        assert!(matches!(settings.storage, Storage::Folder(folder) if folder == Path::new("/srv")));
    }
    #[test]
    fn files_are_imported_unless_somebody_says_otherwise() {
        for arguments in [&["--data", "d"][..], &["--data", "d", "--import"]] {
            let imports = resolve(arguments).unwrap().imports.unwrap();
            let found = (imports.http, imports.bytes_max, imports.danger_allowed.len());
            assert_eq!(found, (PlainHttp::Refused, 5 << 30, 0));
        }
        assert!(resolve(&["--data", "d", "--import=false"]).unwrap().imports.is_none());
        let disabled = file("data = \"/a\"\n[import]\nenabled = false");
        let config = ["--config", disabled.path().to_str().unwrap()];
        assert!(resolve(&config).unwrap().imports.is_none());
        assert!(resolve(&[&config[..], &["--import"]].concat()).unwrap().imports.is_some());

        let text = "data = \"/a\"\n[import]\nenabled = true\nallow_http = true\nmax_bytes = 7\n\
                    danger_allow_private_addresses = [\"10.1.0.0/16\", \"fd00::/8\"]";
        let enabled = file(text);
        let config = ["--config", enabled.path().to_str().unwrap()];
        let imports = resolve(&config).unwrap().imports.unwrap();
        let found = (imports.http, imports.bytes_max, imports.danger_allowed.len());
        assert_eq!(found, (PlainHttp::Allowed, 7, 2));
        let option =
            ["--import-danger-allow-private-addresses", "127.0.0.2,::1", "--import-max-bytes", "8"];
        let imports = resolve(&[&config[..], &option].concat()).unwrap().imports.unwrap();
        let networks = ["127.0.0.2", "::1"].map(|it| it.parse().unwrap());
        assert_eq!((imports.bytes_max, &*imports.danger_allowed), (8, &networks[..]));
    }

    #[test]
    fn settings_for_imports_that_cannot_be_meant_are_refused() {
        for wrong in [
            &["--import=false", "--import-allow-http"][..],
            &["--import=false", "--import-max-bytes", "1"],
            &["--import=false", "--import-danger-allow-private-addresses", "10.0.0.0/8"],
            &["--import=maybe"],
            &["--import", "--import-max-bytes", "0"],
            &["--import", "--import-max-bytes", "5368709121"],
            &["--import", "--import-danger-allow-private-addresses", "10.0.0.1/8"],
            &["--import", "--import-danger-allow-private-addresses", "localhost"],
            &["--import", "--import-danger-allow-private-addresses", ""],
        ] {
            assert!(resolve(&[&["--data", "d"], wrong].concat()).is_err(), "{wrong:?}");
        }
        let unknown = file("data = \"/a\"\n[import]\nenabled = true\nallow = true");
        assert!(resolve(&["--config", unknown.path().to_str().unwrap()]).is_err());
    }
}
