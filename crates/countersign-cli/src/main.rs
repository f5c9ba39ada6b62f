//! The command line of Countersign. `countersign --help` lists what it does.

mod arguments;
mod batch;
mod clock;
mod data_dir;
mod environment;
mod explain;
mod fields;
mod keys;
mod oci_sign;
mod policy;
mod presign;
mod schemas;
mod serve;
mod teams;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::batch::OneOrBatch;

/// Hand out short-lived signed URLs, and check them.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a presigned URL.
    ///
    /// The credentials come from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`, or with `--batch` from each line.
    Presign(OneOrBatch<presign::One>),
    /// Check a presigned URL, or a request signed in its header, as a server would.
    ///
    /// The one key that exists comes from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`, or with `--batch` from each line. Exits with 0 only for what
    /// holds.
    Verify(OneOrBatch<verify::One>),
    /// Make a form with which a browser uploads a file.
    ///
    /// The credentials come from where `presign` takes them.
    Policy(OneOrBatch<policy::One>),
    /// Sign requests for Oracle Cloud.
    ///
    /// The RSA key comes with each line.
    OciSign(oci_sign::OciSign),
    /// Say why a request is refused.
    ///
    /// With `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` it looks for what
    /// was signed in place of what is received, and proves it. Without, it says what can be seen, or
    /// follows from what the server says it computed. Exits with 0 only for a request that
    /// holds.
    Explain(explain::Explain),
    /// Run the server.
    ///
    /// On a new data folder it makes what it needs, and prints a first API key, once.
    Serve(Box<serve::Serve>),
    /// Make keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Make schemas.
    #[command(subcommand)]
    Schemas(schemas::Schemas),
    /// Limit what teams store.
    #[command(subcommand)]
    Teams(teams::Teams),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Presign(arguments) => presign::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::OciSign(arguments) => oci_sign::run(&arguments),
        Command::Explain(arguments) => arguments.run(),
        Command::Serve(arguments) => run(arguments.run()),
        Command::Keys(arguments) => run(arguments.run()),
        Command::Schemas(arguments) => run(arguments.run()),
        Command::Teams(arguments) => run(arguments.run()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("countersign: {error:#}");
        ExitCode::from(2)
    })
}

/// Runs a command that waits for others.
fn run(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(command)?;
    Ok(ExitCode::SUCCESS)
}
