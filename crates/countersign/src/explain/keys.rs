//! What may be wrong with a key: its secret, and the scope it was derived for.

use alloc::{boxed::Box, format, string::String, vec::Vec};

use super::{
    cause::{Cause, SecretFault, Sides},
    draft::{Edit, Variant},
    queries,
    received::Received,
};
use crate::{
    Credentials, Date, Region, Scope, SecretKey, Service, SigningKey, Timestamp,
    encode::{self, Part, Wire},
    error::Field,
};

/// Where buckets are, and what other stores call their one region.
const REGIONS: [&str; 40] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "ap-east-1",
    "ap-south-1",
    "ap-south-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "me-south-1",
    "me-central-1",
    "il-central-1",
    "af-south-1",
    "sa-east-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "auto",
    "garage",
    "default",
    "us",
    "minio",
    "local",
    "europe-west1",
];

const SERVICES: [&str; 5] = ["s3", "s3express", "s3-outposts", "s3-object-lambda", "execute-api"];

const DAY_SECS: u32 = 86_400;

/// Other secrets that are easily taken for the one that was given.
pub(super) fn secret_variants(credentials: &Credentials, scope: Scope<'_>) -> Vec<Variant> {
    let secret = credentials.secret().reveal();
    let mut variants = Vec::new();
    let mut add = |fault, other: String| {
        let is_other = other != secret;
        let other = SecretKey::new(other).ok().filter(|_| is_other);
        let key =
            other.and_then(|secret| Credentials::new(credentials.access_key_id(), secret).ok());
        if let Some(key) = key {
            let key = Box::new(SigningKey::derive(&key, scope));
            variants.push(Variant::new(Edit::Key(key), Cause::Secret(fault)));
        }
    };
    add(SecretFault::WhiteSpace, secret.trim().into());
    for (before, after) in [("", "\n"), ("", "\r\n"), ("", " "), ("", "\r"), ("", "\t"), (" ", "")]
    {
        add(SecretFault::WhiteSpace, format!("{before}{secret}{after}"));
        add(SecretFault::WhiteSpace, format!("{before}{}{after}", secret.trim()));
    }
    for quote in ['"', '\''] {
        add(SecretFault::Quoted, secret.trim_matches(quote).into());
        add(SecretFault::Quoted, format!("{quote}{secret}{quote}"));
    }
    let mut encoded = String::new();
    encode::put_query(&mut encoded, secret);
    add(SecretFault::Encoded, encoded);
    add(SecretFault::Encoded, secret.replace(' ', "+"));
    for part in [Part::Path, Part::Query] {
        if let Some(decoded) = Wire::new(secret, part) {
            add(SecretFault::Encoded, decoded.decode().into_owned());
        }
    }
    variants
}

/// The credential in the URL, as it might have been when it was signed.
pub(super) fn credential_variants(
    received: &Received<'_>,
    credentials: &Credentials,
    server: (Region<'_>, Service<'_>),
) -> Vec<Variant> {
    let Some(scope) = received.scope() else { return Vec::new() };
    let id = &received.access_key_id;
    let mut other = Others { received, credentials, variants: Vec::new() };
    let given = credentials.access_key_id();
    if given != id {
        let cause = Cause::AccessKeyId { expected: given.into(), got: id.as_str().into() };
        other.add(given, scope, cause);
    }
    let (server_region, server_service) = server;
    for region in [server_region.as_str()].into_iter().chain(REGIONS) {
        if let Ok(region) = Region::new(region) {
            other.add_scope(Scope::new(scope.date(), region, scope.service()));
        }
    }
    for service in [server_service.as_str()].into_iter().chain(SERVICES) {
        if let Ok(service) = Service::new(service) {
            other.add_scope(Scope::new(scope.date(), scope.region(), service));
        }
    }
    for date in days_around(received.presented.signed_at.at) {
        other.add_scope(Scope::new(date, scope.region(), scope.service()));
    }
    other.variants
}

fn days_around(at: Timestamp) -> impl Iterator<Item = Date> {
    let before = at.saturating_sub_secs(DAY_SECS);
    [Some(at), at.checked_add_secs(DAY_SECS), Some(before)]
        .into_iter()
        .flatten()
        .map(Timestamp::date)
}

struct Others<'o, 'a> {
    received: &'o Received<'a>,
    credentials: &'o Credentials,
    variants: Vec<Variant>,
}

impl Others<'_, '_> {
    fn add_scope(&mut self, scope: Scope<'_>) {
        let received = self.received;
        if received.scope() == Some(scope) {
            return;
        }
        let now =
            format!("{}/{}/{}/aws4_request", received.date, received.region, received.service);
        let cause = Cause::Parameter {
            how: super::cause::ParameterChange::Changed,
            name: Field::Credential.as_str().into(),
            sides: Sides::new(&format!("{scope}"), &now),
        };
        self.add(&received.access_key_id, scope, cause);
    }

    fn add(&mut self, id: &str, scope: Scope<'_>, cause: Cause) {
        let credential = format!("{id}/{scope}");
        let query = queries::with_credential(&self.received.draft.query, &credential);
        let key = Box::new(SigningKey::derive(self.credentials, scope));
        self.variants.push(Variant::new(Edit::Query(query), cause).with_edit(Edit::Key(key)));
    }
}
