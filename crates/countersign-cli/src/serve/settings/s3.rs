//! The settings of an S3 that keeps the bytes: where it is, and who we are to it.
//!
//! What is not said is taken from the variables of the environment that AWS's own tools read. The
//! credentials come from one place, whole: half of them from here and half from there would be a
//! key that nobody meant.

use std::{
    fmt, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use countersign::{Addressing, Credentials, Endpoint, Region, SecretKey, Timestamp};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use zeroize::Zeroizing;

use crate::environment::AwsEnvironment;

/// The region where an S3 has none of its own: what S3 clients sign for if nobody says another.
const REGION_DEFAULT: &str = "us-east-1";

/// The most bytes of a file with one secret in it.
const SECRET_FILE_LEN_MAX: u64 = 16 * 1024;

/// The most bytes of a prefix: with it, a key of ours still fits into the 1,024 of a key.
const PREFIX_LEN_MAX: usize = 512;

/// With `--storage s3://…`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for --storage s3://…")]
pub(super) struct Options {
    /// The region of the bucket, such as `eu-central-1`. Default: `AWS_REGION`, else
    /// `AWS_DEFAULT_REGION`; with an endpoint, `us-east-1`.
    #[arg(long = "s3-region", value_name = "REGION", env = "COUNTERSIGN_S3_REGION")]
    region: Option<String>,
    /// Where the server reaches the S3, such as `http://127.0.0.1:9000`. Default:
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`, else AWS in the region.
    #[arg(long = "s3-endpoint", value_name = "URL", env = "COUNTERSIGN_S3_ENDPOINT")]
    endpoint: Option<String>,
    /// Where clients reach it: the host that URLs are signed for. Default: the endpoint.
    #[arg(long = "s3-public-endpoint", value_name = "URL", env = "COUNTERSIGN_S3_PUBLIC_ENDPOINT")]
    public_endpoint: Option<String>,
    /// Where the bucket's name goes. Default: `virtual` at AWS, `path` elsewhere.
    #[arg(long = "s3-addressing", value_name = "STYLE", env = "COUNTERSIGN_S3_ADDRESSING")]
    addressing: Option<Style>,
    /// The id of the access key. Default: `AWS_ACCESS_KEY_ID`, with the rest of those variables.
    #[arg(long = "s3-access-key-id", value_name = "ID", env = "COUNTERSIGN_S3_ACCESS_KEY_ID")]
    access_key_id: Option<String>,
    /// A file with its secret.
    #[arg(
        long = "s3-secret-access-key-file",
        value_name = "FILE",
        env = "COUNTERSIGN_S3_SECRET_ACCESS_KEY_FILE"
    )]
    secret_access_key_file: Option<PathBuf>,
    /// A file with the session token, for a key that ends.
    #[arg(
        long = "s3-session-token-file",
        value_name = "FILE",
        env = "COUNTERSIGN_S3_SESSION_TOKEN_FILE"
    )]
    session_token_file: Option<PathBuf>,
    /// When the key ends, such as `2026-11-22T12:00:00Z`: no URL is signed that would outlive it.
    #[arg(
        long = "s3-credentials-expire-at",
        value_name = "TIME",
        env = "COUNTERSIGN_S3_CREDENTIALS_EXPIRE_AT"
    )]
    credentials_expire_at: Option<String>,
    /// Certificates in PEM, the only ones that are trusted. Default: `AWS_CA_BUNDLE`, else those of
    /// the system.
    #[arg(long = "s3-ca-bundle", value_name = "FILE", env = "COUNTERSIGN_S3_CA_BUNDLE")]
    ca_bundle: Option<PathBuf>,
    /// Start though the S3 obeys headers that were added to a URL after it was signed.
    #[arg(
        long = "s3-danger-allow-unsigned-headers",
        env = "COUNTERSIGN_S3_DANGER_ALLOW_UNSIGNED_HEADERS"
    )]
    danger_allow_unsigned_headers: bool,
}

/// The table `[s3]` of the file: the same, and secrets in clear for who wants them there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Table {
    region: Option<String>,
    endpoint: Option<String>,
    public_endpoint: Option<String>,
    addressing: Option<Style>,
    access_key_id: Option<String>,
    secret_access_key: Option<Secret>,
    secret_access_key_file: Option<PathBuf>,
    session_token: Option<Secret>,
    session_token_file: Option<PathBuf>,
    credentials_expire_at: Option<String>,
    ca_bundle: Option<PathBuf>,
    danger_allow_unsigned_headers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Style {
    /// `https://host/bucket/key`
    Path,
    /// `https://bucket.host/key`
    #[value(alias = "virtual-host")]
    #[serde(alias = "virtual-host")]
    Virtual,
}

/// A bucket of an S3, and how it is reached.
#[derive(Debug)]
pub(in crate::serve) struct S3Place {
    pub(in crate::serve) bucket: String,
    /// Below which our keys are: without a slash at its end, or empty.
    pub(in crate::serve) prefix: String,
    pub(in crate::serve) region: String,
    /// Where the server reaches it.
    pub(in crate::serve) endpoint: String,
    /// Where clients do.
    pub(in crate::serve) public_endpoint: String,
    pub(in crate::serve) addressing: Addressing,
    pub(in crate::serve) credentials: Credentials,
    /// Certificates in PEM, the only ones that are trusted.
    pub(in crate::serve) ca_bundle: Option<Vec<u8>>,
    /// Whether the S3 may obey headers that nobody signed.
    pub(in crate::serve) danger_allow_unsigned_headers: bool,
}

impl S3Place {
    /// Settles where the bucket is that `s3://` and this name mean.
    pub(super) fn resolve(
        place: &str,
        options: &Options,
        table: Table,
        aws: &AwsEnvironment,
    ) -> anyhow::Result<Self> {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = check_prefix(prefix)?;
        let credentials = credentials(options, &table, aws)?;
        let endpoint = options.endpoint.clone().or(table.endpoint).or_else(|| aws.endpoint.clone());
        let region = options.region.clone().or(table.region).or_else(|| aws.region.clone());
        let region = match (region, &endpoint) {
            (Some(region), _) => region,
            (None, Some(_)) => REGION_DEFAULT.into(),
            (None, None) => bail!("say with --s3-region in which region of AWS the bucket is"),
        };
        Region::new(&region).with_context(|| format!("--s3-region {region} is no region"))?;
        let bare = |url: String| url.trim_end_matches('/').to_owned();
        let endpoint = bare(endpoint.unwrap_or_else(|| aws_endpoint(&region)));
        let public = options.public_endpoint.clone().or(table.public_endpoint).map(bare);
        let public = public.unwrap_or_else(|| endpoint.clone());
        let hosts = [(&endpoint, "--s3-endpoint"), (&public, "--s3-public-endpoint")];
        let style = options.addressing.or(table.addressing);
        let addressing = addressing(style, hosts)?;
        let named = Endpoint::parse(&endpoint, addressing).and_then(|it| it.bucket(bucket));
        named.with_context(|| format!("--storage s3://{place} names no bucket"))?;
        let ca_bundle =
            options.ca_bundle.clone().or(table.ca_bundle).or_else(|| aws.ca_bundle.clone());
        Ok(Self {
            bucket: bucket.into(),
            prefix: prefix.into(),
            region,
            endpoint,
            public_endpoint: public,
            addressing,
            credentials,
            ca_bundle: ca_bundle.as_deref().map(read_ca_bundle).transpose()?,
            danger_allow_unsigned_headers: options.danger_allow_unsigned_headers
                || table.danger_allow_unsigned_headers,
        })
    }
}

#[cfg(test)]
impl S3Place {
    pub(super) fn example() -> Self {
        let secret = SecretKey::new("secret").unwrap();
        Self {
            bucket: "data".into(),
            prefix: String::new(),
            region: REGION_DEFAULT.into(),
            endpoint: "http://127.0.0.1:1".into(),
            public_endpoint: "http://127.0.0.1:1".into(),
            addressing: Addressing::Path,
            credentials: Credentials::new("A", secret).unwrap(),
            ca_bundle: None,
            danger_allow_unsigned_headers: false,
        }
    }
}

impl Options {
    /// Whether anything was said.
    pub(super) fn is_empty(&self) -> bool {
        let texts = [
            &self.region,
            &self.endpoint,
            &self.public_endpoint,
            &self.access_key_id,
            &self.credentials_expire_at,
        ];
        let files = [&self.secret_access_key_file, &self.session_token_file, &self.ca_bundle];
        texts.iter().all(|it| it.is_none())
            && files.iter().all(|it| it.is_none())
            && self.addressing.is_none()
            && !self.danger_allow_unsigned_headers
    }
}

/// Keys of ours are put below it, so it must not mean anything to anybody.
fn check_prefix(prefix: &str) -> anyhow::Result<&str> {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(is_plain) && !segment.starts_with('.')
    };
    ensure!(
        prefix.is_empty() || (prefix.len() <= PREFIX_LEN_MAX && prefix.split('/').all(is_name)),
        "the prefix of --storage s3://… has names of letters, digits, `-`, `_` and `.`, with \
         slashes between them"
    );
    Ok(prefix)
}

/// Follows <https://docs.aws.amazon.com/general/latest/gr/s3.html>.
fn aws_endpoint(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://s3.{region}.{domain}")
}

/// Where the bucket's name goes, at both endpoints alike.
fn addressing(style: Option<Style>, hosts: [(&String, &str); 2]) -> anyhow::Result<Addressing> {
    let mut is_aws = true;
    for (url, option) in hosts {
        let endpoint = Endpoint::parse(url, Addressing::Path);
        // Not the URL: some day somebody writes a password into it.
        let endpoint = endpoint.with_context(|| format!("{option} is no URL of an S3"))?;
        let host = endpoint.authority().split(':').next().unwrap_or_default();
        is_aws &= [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|it| host.ends_with(it));
    }
    Ok(match style.unwrap_or(if is_aws { Style::Virtual } else { Style::Path }) {
        Style::Path => Addressing::Path,
        Style::Virtual => Addressing::VirtualHost,
    })
}

/// Who we are to the S3: by our settings if these say anything of it, else by the environment.
fn credentials(
    options: &Options,
    table: &Table,
    aws: &AwsEnvironment,
) -> anyhow::Result<Credentials> {
    let said = Said::of(options, table)?;
    let (said, names) = if said.is_nothing() {
        (Said::by(aws), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    } else {
        (said, ["access_key_id", "secret_access_key"])
    };
    let (id, secret) = match (said.id, said.secret) {
        (Some(id), Some(secret)) => (id, secret),
        (None, None) => bail!(
            "there is no key for the S3: say one in the settings, or in AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
        ),
        (None, _) => bail!("the key for the S3 lacks its {}", names[0]),
        (_, None) => bail!("the key for the S3 lacks its {}", names[1]),
    };
    let secret = SecretKey::new(secret.text())?;
    let mut credentials = Credentials::new(id, secret)?;
    // Whoever has a token has it for some hours, and so has every URL that it signs.
    ensure!(
        said.token.is_none() || said.ends.is_some(),
        "the key for the S3 has a session token, so it ends: say when, in credentials_expire_at or \
         AWS_CREDENTIAL_EXPIRATION"
    );
    if let Some(token) = said.token {
        credentials = credentials.with_session_token(token.text())?;
    }
    if let Some(ends) = said.ends {
        credentials = credentials.with_expiry(timestamp(&ends)?);
    }
    Ok(credentials)
}

/// What one source says of the credentials.
struct Said {
    id: Option<String>,
    secret: Option<Secret>,
    token: Option<Secret>,
    ends: Option<String>,
}

impl Said {
    fn of(options: &Options, table: &Table) -> anyhow::Result<Self> {
        let files = (&options.secret_access_key_file, &table.secret_access_key_file);
        let secret = one_of(files, table.secret_access_key.as_ref(), "secret_access_key")?;
        let files = (&options.session_token_file, &table.session_token_file);
        let token = one_of(files, table.session_token.as_ref(), "session_token")?;
        let id = options.access_key_id.clone().or_else(|| table.access_key_id.clone());
        let ends = &options.credentials_expire_at;
        let ends = ends.clone().or_else(|| table.credentials_expire_at.clone());
        Ok(Self { id, secret, token, ends })
    }

    fn by(aws: &AwsEnvironment) -> Self {
        let secret = |text: &Option<Zeroizing<String>>| text.clone().map(Secret);
        Self {
            id: aws.access_key_id.clone(),
            secret: secret(&aws.secret_access_key),
            token: secret(&aws.session_token),
            ends: aws.credential_expiration.clone(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.id.is_none() && self.secret.is_none() && self.token.is_none() && self.ends.is_none()
    }
}

/// A secret out of the file that an option names, else out of the one that the table names, else out
/// of the table itself.
fn one_of(
    (option, file): (&Option<PathBuf>, &Option<PathBuf>),
    text: Option<&Secret>,
    name: &str,
) -> anyhow::Result<Option<Secret>> {
    ensure!(file.is_none() || text.is_none(), "{name} and {name}_file are both in the file");
    match option.as_ref().or(file.as_ref()) {
        Some(path) => Ok(Some(Secret::read(path)?)),
        None => Ok(text.cloned()),
    }
}

fn timestamp(text: &str) -> anyhow::Result<Timestamp> {
    let parsed = OffsetDateTime::parse(text, &Rfc3339);
    let parsed = parsed.with_context(|| {
        format!("the end of the key for the S3, {text:?}, is no time such as 2026-11-22T12:00:00Z")
    })?;
    Ok(Timestamp::from_unix_secs(parsed.unix_timestamp())?)
}

fn read_ca_bundle(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read the certificates in {}", path.display()))
}

/// A text that nobody may see. It is wiped.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
struct Secret(Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// The text of a file, without the line break that an editor put at its end.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut text = Zeroizing::new(String::new());
        let read = fs::File::open(path)
            .and_then(|file| file.take(SECRET_FILE_LEN_MAX + 1).read_to_string(&mut text));
        read.with_context(|| format!("cannot read the secret in {shown}"))?;
        let len = text.len() as u64;
        ensure!(len <= SECRET_FILE_LEN_MAX, "{shown} is too long for a file with a secret");
        Ok(Self::from(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
