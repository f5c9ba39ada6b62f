//! Verifies forms, one JSON line for each, for scripts that hold the verifier against forms of
//! another signer. In: `credentials`, the one key that exists; `region`, `bucket`, `fields` (a list
//! of pairs), `file_name` (or null) and `now`. Out: `key`, `fields` and `max_bytes`; or `refused`.

use std::{
    error::Error,
    io::{self, BufRead as _, Write as _},
};

use countersign::{
    Credentials, Region, SecretKey, Service, SigningKey, Timestamp, Verifier,
    post_policy::{ContentLengthRange, FormClaim, FormError, FormHead},
};
use serde_json::{Value, json};

/// A line, read.
struct Inputs<'a> {
    credentials: Credentials,
    region: Region<'a>,
    head: FormHead<'a, String, String>,
    now: Timestamp,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let fields: Vec<(String, String)> = line["fields"]
            .as_array()
            .ok_or("`fields` is not a list")?
            .iter()
            .map(|pair| Ok((text(&pair[0])?.to_owned(), text(&pair[1])?.to_owned())))
            .collect::<Result<_, Box<dyn Error>>>()?;
        let inputs = Inputs {
            credentials: credentials(&line["credentials"])?,
            region: Region::new(text(&line["region"])?)?,
            head: FormHead {
                bucket: text(&line["bucket"])?,
                fields: &fields,
                file_name: line["file_name"].as_str(),
            },
            now: Timestamp::parse(text(&line["now"])?)?,
        };
        let answer =
            inputs.answer().unwrap_or_else(|error| json!({ "refused": format!("{error:?}") }));
        writeln!(output, "{answer}")?;
    }
    Ok(output.flush()?)
}

fn text(value: &Value) -> Result<&str, Box<dyn Error>> {
    Ok(value.as_str().ok_or("not a string")?)
}

fn credentials(value: &Value) -> Result<Credentials, Box<dyn Error>> {
    let secret = SecretKey::new(text(&value["secret_access_key"])?)?;
    let credentials = Credentials::new(text(&value["access_key_id"])?, secret)?;
    Ok(match value["session_token"].as_str() {
        Some(token) => credentials.with_session_token(token)?,
        None => credentials,
    })
}

impl Inputs<'_> {
    fn answer(&self) -> Result<Value, FormError> {
        let claim = FormClaim::parse(&self.head)?;
        let verifier = Verifier::new(self.region, Service::S3);
        let checked = verifier.check_form(&claim, self.now)?;
        let is_known = checked.access_key_id() == self.credentials.access_key_id();
        let key = is_known.then(|| SigningKey::derive(&self.credentials, checked.scope()));
        let verified = checked.verify(key.as_ref())?;
        let max_bytes = verified.content_length_range().map(ContentLengthRange::max_bytes);
        Ok(json!({
            "key": verified.key(),
            "fields": verified.fields().collect::<Vec<_>>(),
            "max_bytes": max_bytes,
        }))
    }
}
