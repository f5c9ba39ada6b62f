//! `countersign policy`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use countersign::{
    Credentials, Endpoint, Lifetime, Region, Scope, Service, SigningKey, Timestamp,
    post_policy::{Condition, FormKey, PostForm, PostPolicy},
};
use serde::{Serialize, Serializer};

use crate::{
    arguments::{Place, split_arguments},
    batch::OneOrBatch,
    clock, environment,
    fields::{Fields, InputError},
};

#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    place: Place,
    /// The object key, or a prefix and `${filename}`
    #[arg(long, required_unless_present = "batch")]
    key: Option<String>,
    /// Seconds until the form expires, 1 to 604800
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    expires: u64,
    /// A field of the form; may be given again
    #[arg(long, value_name = "NAME=VALUE")]
    field: Vec<String>,
    /// A condition as it stands in a policy, such as `["content-length-range", 1, 1024]`; may be
    /// given again
    #[arg(long, value_name = "JSON")]
    condition: Vec<String>,
    /// Sign at this time instead of now, such as 20251101T042718Z
    #[arg(long)]
    time: Option<String>,
    /// Print what `--batch` would print
    #[arg(long)]
    json: bool,
}

/// What a form is made of.
struct Inputs<'a> {
    credentials: Credentials,
    region: Region<'a>,
    endpoint: Endpoint,
    bucket: &'a str,
    key: FormKey<'a>,
    fields: Vec<(&'a str, &'a str)>,
    conditions: Vec<Condition>,
    time: Timestamp,
    lifetime: Lifetime,
}

#[derive(Serialize)]
struct Signed {
    url: String,
    fields: FormFields,
    policy: String,
    signature: String,
    expires_at: String,
}

/// An object whose members keep the order of the form.
struct FormFields(PostForm);

pub(crate) fn run(arguments: &OneOrBatch<One>) -> anyhow::Result<ExitCode> {
    arguments.run(One::run, |fields| Inputs::from_fields(fields)?.sign())
}

impl One {
    fn run(&self) -> anyhow::Result<()> {
        let signed = self.inputs()?.sign()?;
        if self.json {
            println!("{}", serde_json::to_string(&signed)?);
            return Ok(());
        }
        println!("{}", signed.url);
        for (name, value) in signed.fields.0.fields() {
            println!("{name}={value}");
        }
        eprintln!("the file goes last, in a field `file`");
        Ok(())
    }

    fn inputs(&self) -> anyhow::Result<Inputs<'_>> {
        let conditions = self.condition.iter().map(|json| Condition::parse(json));
        Ok(Inputs {
            credentials: environment::credentials()?,
            region: self.place.region()?,
            endpoint: self.place.endpoint()?,
            bucket: self.place.bucket(),
            key: FormKey::new(self.key.as_deref().unwrap_or_default())?,
            fields: split_arguments(&self.field, '=').context("--field takes NAME=VALUE")?,
            conditions: conditions
                .collect::<Result<_, _>>()
                .context("--condition takes a condition as it stands in a policy")?,
            time: clock::given_or_now(self.time.as_deref())?,
            lifetime: Lifetime::from_secs(self.expires)?,
        })
    }
}

impl<'a> Inputs<'a> {
    fn from_fields(fields: Fields<'a>) -> Result<Self, InputError> {
        let conditions = fields.list("conditions")?.iter();
        Ok(Self {
            credentials: fields.credentials()?,
            region: fields.region()?,
            endpoint: fields.endpoint()?,
            bucket: fields.text("bucket")?,
            key: FormKey::new(fields.text("key")?)?,
            fields: fields.texts("fields")?,
            conditions: conditions
                .map(|json| Condition::parse(&json.to_string()))
                .collect::<Result<_, _>>()?,
            time: fields.timestamp("time")?,
            lifetime: Lifetime::from_secs(fields.whole_number("expires")?)?,
        })
    }

    fn sign(&self) -> Result<Signed, InputError> {
        let mut policy = PostPolicy::new(&self.endpoint, self.bucket, self.key, self.lifetime)?;
        for &(name, value) in &self.fields {
            policy = policy.with_field(name, value)?;
        }
        for condition in &self.conditions {
            policy = policy.with_condition(condition.clone())?;
        }
        let scope = Scope::new(self.time.date(), self.region, Service::S3);
        let key = SigningKey::derive(&self.credentials, scope);
        Ok(Signed::new(key.at(self.time)?.presign_post(&policy)?))
    }
}

impl Signed {
    fn new(form: PostForm) -> Self {
        Self {
            url: form.url().to_owned(),
            policy: form.policy().to_owned(),
            signature: form.signature().to_owned(),
            expires_at: form.expires_at().to_string(),
            fields: FormFields(form),
        }
    }
}

impl Serialize for FormFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.fields())
    }
}
