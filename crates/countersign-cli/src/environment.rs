//! The one place that reads the environment. A secret on a command line stands in the process list
//! and in the shell's history; so secrets come from here, or with `--batch` from standard input.

use std::{fmt, path::PathBuf};

use anyhow::Context as _;
use countersign::Credentials;
use zeroize::Zeroizing;

use crate::fields::credentials_of;

/// The credentials that AWS's own tools would take.
pub(crate) fn credentials() -> anyhow::Result<Credentials> {
    let id = required("AWS_ACCESS_KEY_ID")?;
    let secret = required("AWS_SECRET_ACCESS_KEY")?;
    Ok(credentials_of(&id, secret, optional("AWS_SESSION_TOKEN"))?)
}

/// The credentials, where there is a secret.
pub(crate) fn credentials_if_any() -> anyhow::Result<Option<Credentials>> {
    optional("AWS_SECRET_ACCESS_KEY").map(|_| credentials()).transpose()
}

/// What AWS's own tools would take for an S3, as it stands there.
#[derive(Default)]
pub(crate) struct AwsEnvironment {
    pub(crate) access_key_id: Option<String>,
    pub(crate) secret_access_key: Option<Zeroizing<String>>,
    pub(crate) session_token: Option<Zeroizing<String>>,
    pub(crate) credential_expiration: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) ca_bundle: Option<PathBuf>,
}

/// Shows none of it: there are secrets.
impl fmt::Debug for AwsEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsEnvironment").finish_non_exhaustive()
    }
}

impl AwsEnvironment {
    pub(crate) fn read() -> Self {
        let any_of = |names: [&str; 2]| names.into_iter().find_map(optional);
        Self {
            access_key_id: optional("AWS_ACCESS_KEY_ID"),
            secret_access_key: optional("AWS_SECRET_ACCESS_KEY").map(Zeroizing::new),
            session_token: optional("AWS_SESSION_TOKEN").map(Zeroizing::new),
            credential_expiration: optional("AWS_CREDENTIAL_EXPIRATION"),
            region: any_of(["AWS_REGION", "AWS_DEFAULT_REGION"]),
            endpoint: any_of(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
            ca_bundle: optional("AWS_CA_BUNDLE").map(PathBuf::from),
        }
    }
}

fn required(name: &str) -> anyhow::Result<String> {
    optional(name).with_context(|| format!("the environment variable {name} is not set"))
}

/// An empty variable is how a shell says that there is none.
#[expect(clippy::disallowed_methods, reason = "everything else gets its settings from here")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
