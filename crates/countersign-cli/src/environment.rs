//! The one place that reads the environment. A secret on a command line stands in the process list
//! and in the shell's history; so secrets come from here, or with `--batch` from standard input.

use anyhow::Context as _;
use countersign::Credentials;

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

fn required(name: &str) -> anyhow::Result<String> {
    optional(name).with_context(|| format!("the environment variable {name} is not set"))
}

/// An empty variable is how a shell says that there is none.
#[expect(clippy::disallowed_methods, reason = "everything else gets its settings from here")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
