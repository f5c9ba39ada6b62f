//! `countersign explain`

mod answer;
mod report;
mod request;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use countersign::{
    Region, RequestHead, Service,
    explain::{Explainer, Verdict},
};

use self::{answer::ServerAnswer, report::Report, request::Request};
use crate::{clock, environment};

/// The longest file that is read.
const FILE_LEN_MAX: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The URL, as a client would use it; or only its path and query, beside a `Host` header
    #[arg(required_unless_present = "curl_verbose")]
    url: Option<String>,
    /// The method of the request
    #[arg(short = 'X', long, default_value = "GET", alias = "request")]
    method: String,
    /// A header of the request, apart from the URL's own `Host`; may be given again
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The region that the server stands for
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    /// The service that the server is
    #[arg(long, default_value = "s3")]
    service: String,
    /// Another host under which the server is known, with its port; may be given again
    #[arg(long, value_name = "HOST")]
    also_host: Vec<String>,
    /// The XML that the server answered; `-` is standard input
    #[arg(long, value_name = "FILE")]
    server_answer: Option<PathBuf>,
    /// Take the request from what `curl -v` printed; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "header"])]
    curl_verbose: Option<PathBuf>,
    /// Explain as of this time instead of now, such as 20251101T042718Z
    #[arg(long)]
    now: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let request = self.request()?;
        let credentials = environment::credentials_if_any()?;
        let server = self.server_answer()?;
        let hosts: Vec<_> = self.also_host.iter().map(String::as_str).collect();
        let (region, service) = (Region::new(&self.region)?, Service::new(&self.service)?);
        let mut explainer =
            Explainer::new(region, service).with_server_text(server.text()).with_hosts(&hosts);
        if let Some(credentials) = &credentials {
            explainer = explainer.with_credentials(credentials);
        }
        let headers = request.headers.as_slice();
        let head = RequestHead { method: &request.method, target: &request.target, headers };
        let now = clock::given_or_now(self.now.as_deref())?;
        let explanation = explainer.explain(&head, now);
        if self.json {
            println!("{}", serde_json::to_string(&Report::of(&explanation))?);
        } else {
            println!("{explanation}");
        }
        let holds = explanation.verdict() == Verdict::Holds;
        Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn request(&self) -> anyhow::Result<Request> {
        match (&self.curl_verbose, &self.url) {
            (Some(path), _) => Request::of_curl(&read(path)?),
            (None, Some(url)) => Request::of_url(&self.method, url, &self.header),
            (None, None) => anyhow::bail!("there is no request"),
        }
    }

    fn server_answer(&self) -> anyhow::Result<ServerAnswer> {
        match &self.server_answer {
            Some(path) => ServerAnswer::parse(&read(path)?),
            None => Ok(ServerAnswer::default()),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let mut text = String::new();
    let length = if path == Path::new("-") {
        io::stdin().lock().take(FILE_LEN_MAX + 1).read_to_string(&mut text)
    } else {
        let file = File::open(path).with_context(|| format!("{shown} cannot be opened"))?;
        file.take(FILE_LEN_MAX + 1).read_to_string(&mut text)
    };
    let length = length.with_context(|| format!("{shown} cannot be read"))?;
    ensure!(u64::try_from(length)? <= FILE_LEN_MAX, "{shown} is over 1 MiB");
    Ok(text)
}
