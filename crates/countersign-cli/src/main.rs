//! The command line of Countersign. `countersign --help` lists what it does.

mod batch;
mod clock;
mod environment;
mod fields;
mod presign;
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
    /// Check a presigned URL as a server would.
    ///
    /// The one key that exists comes from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`, or with `--batch` from each line. Exits with 0 only for a URL that
    /// holds.
    Verify(OneOrBatch<verify::One>),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Presign(arguments) => presign::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("countersign: {error:#}");
        ExitCode::from(2)
    })
}
