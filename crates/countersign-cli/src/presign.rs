//! `countersign presign`

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use countersign::{
    Credentials, Endpoint, Lifetime, Method, PresignRequest, PresignedUrl, Region, Scope, Service,
    SigningKey, Timestamp,
};
use serde::Serialize;

use crate::{
    arguments::{Place, header_arguments, split_arguments},
    batch::OneOrBatch,
    clock, environment,
    fields::{Fields, InputError},
};

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    place: Place,
    /// The object key, as it is, not encoded
    #[arg(long, required_unless_present_any = ["batch", "no_key"], conflicts_with = "no_key")]
    key: Option<String>,
    /// Sign an operation on the bucket itself, such as a listing
    #[arg(long)]
    no_key: bool,
    /// The method that the URL allows
    #[arg(long, default_value = "GET")]
    method: String,
    /// Seconds until the URL expires, 1 to 604800
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    expires: u64,
    /// A query parameter to bind, not encoded; may be given again
    #[arg(long, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// A header that the client has to send; may be given again
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Sign at this time instead of now, such as 20251101T042718Z
    #[arg(long)]
    time: Option<String>,
    /// Print what `--batch` would print
    #[arg(long)]
    json: bool,
}

/// What a presigned URL is made of.
struct Inputs<'a> {
    credentials: Credentials,
    region: Region<'a>,
    service: Service<'a>,
    endpoint: Endpoint,
    bucket: &'a str,
    method: Method<'a>,
    key: Option<&'a str>,
    query: Vec<(&'a str, &'a str)>,
    headers: Vec<(&'a str, &'a str)>,
    time: Timestamp,
    lifetime: Lifetime,
}

#[derive(Serialize)]
struct Presigned {
    url: String,
    signature: String,
    expires_at: String,
    required_headers: BTreeMap<String, String>,
}

pub(crate) fn run(arguments: &OneOrBatch<One>) -> anyhow::Result<ExitCode> {
    arguments.run(One::run, |fields| Inputs::from_fields(fields)?.presign())
}

impl One {
    fn run(&self) -> anyhow::Result<()> {
        let presigned = self.inputs()?.presign()?;
        if self.json {
            println!("{}", serde_json::to_string(&presigned)?);
            return Ok(());
        }
        println!("{}", presigned.url);
        for (name, value) in &presigned.required_headers {
            eprintln!("to be sent with it: {name}: {value}");
        }
        Ok(())
    }

    fn inputs(&self) -> anyhow::Result<Inputs<'_>> {
        Ok(Inputs {
            credentials: environment::credentials()?,
            region: self.place.region()?,
            service: Service::S3,
            endpoint: self.place.endpoint()?,
            bucket: self.place.bucket(),
            method: Method::new(&self.method)?,
            key: self.key.as_deref(),
            query: split_arguments(&self.query, '=').context("--query takes NAME=VALUE")?,
            headers: header_arguments(&self.header)?,
            time: clock::given_or_now(self.time.as_deref())?,
            lifetime: Lifetime::from_secs(self.expires)?,
        })
    }
}

impl<'a> Inputs<'a> {
    fn from_fields(fields: Fields<'a>) -> Result<Self, InputError> {
        Ok(Self {
            credentials: fields.credentials()?,
            region: fields.region()?,
            service: fields.service()?,
            endpoint: fields.endpoint()?,
            bucket: fields.text("bucket")?,
            method: fields.method()?,
            key: fields.text_or_null("key")?,
            query: fields.pairs("query")?,
            headers: fields.texts("signed_headers")?,
            time: fields.timestamp("time")?,
            lifetime: Lifetime::from_secs(fields.whole_number("expires")?)?,
        })
    }

    fn presign(&self) -> Result<Presigned, InputError> {
        let bucket = self.endpoint.bucket(self.bucket)?;
        let path = match self.key {
            Some(key) => bucket.object(key)?,
            None => bucket.root(),
        };
        let mut request = PresignRequest::new(self.method, path, self.lifetime);
        for &(name, value) in &self.query {
            request = request.with_query(name, value)?;
        }
        for &(name, value) in &self.headers {
            // `host` is always signed; to say so, with the right value, is no mistake.
            if !(name.eq_ignore_ascii_case("host") && value == bucket.authority()) {
                request = request.with_signed_header(name, value)?;
            }
        }
        let scope = Scope::new(self.time.date(), self.region, self.service);
        let key = SigningKey::derive(&self.credentials, scope);
        Ok(Presigned::new(key.at(self.time)?.presign(&request)?))
    }
}

impl Presigned {
    fn new(url: PresignedUrl) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            signature: url.signature().to_owned(),
            expires_at: url.expires_at().to_string(),
            required_headers: url.required_headers().map(owned).collect(),
            url: url.into_string(),
        }
    }
}
