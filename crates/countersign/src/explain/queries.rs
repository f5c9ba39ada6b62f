//! What may have happened to a query.

use alloc::{string::String, vec::Vec};

use super::{
    cause::{Cause, ParameterChange, Sides, TokenFault},
    draft::{Edit, Variant},
    paths::with_plain,
};
use crate::{
    encode::{self, Part, Wire},
    error::Field,
    names::AUTH_PARAMETERS,
};

/// Lifetimes that are usual.
const LIFETIMES_SECS: [u32; 22] = [
    3600, 900, 60, 300, 600, 1800, 86_400, 604_800, 7200, 43_200, 120, 30, 10, 100, 1000, 10_800,
    14_400, 21_600, 28_800, 172_800, 259_200, 432_000,
];

/// Parameters that signers put in and that may get lost.
const USUAL: [(&str, &str); 15] = [
    ("x-id", "GetObject"),
    ("x-id", "PutObject"),
    ("x-id", "HeadObject"),
    ("x-id", "DeleteObject"),
    ("x-id", "UploadPart"),
    ("x-amz-checksum-mode", "ENABLED"),
    ("x-amz-checksum-crc32", "AAAAAA%3D%3D"),
    ("x-amz-sdk-checksum-algorithm", "CRC32"),
    ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
    ("x-amz-acl", "public-read"),
    ("x-amz-acl", "private"),
    ("list-type", "2"),
    ("uploads", ""),
    ("versionId", "null"),
    ("response-content-disposition", "attachment"),
];

/// How the names of parameters begin that trackers and caches add to every link.
const TRACKERS: [&str; 14] = [
    "utm_",
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "mc_",
    "_ga",
    "_gl",
    "igshid",
    "yclid",
    "cb",
    "cachebust",
    "timestamp",
    "_",
];

/// All that is tried, for a canonical query and the query as it came.
pub(super) fn variants(canonical: &str, received: &str) -> Vec<Variant> {
    let mut queries = Queries { parameters: parse(canonical), canonical, variants: Vec::new() };
    queries.added();
    queries.lifetimes();
    queries.pluses(received);
    queries.values();
    queries.as_received(received);
    queries.removed();
    queries.variants
}

/// What is tried of the session token: that of the credentials, and none.
pub(super) fn token_variants(canonical: &str, token: Option<&str>) -> Vec<Variant> {
    let name = Field::SecurityToken.as_str();
    let parameters = parse(canonical);
    let mut others = parameters.clone();
    others.retain(|(other, _)| *other != name);
    let is_there = others.len() < parameters.len();
    let mut variants = Vec::new();
    if is_there {
        let cause = Cause::Token(TokenFault::NotSigned);
        variants.push(Variant::new(Edit::Query(join(&others)), cause));
    }
    if let Some(token) = token {
        let mut encoded = String::new();
        encode::put_query(&mut encoded, token);
        others.push((name, &encoded));
        others.sort_unstable();
        let fault = if is_there { TokenFault::Changed } else { TokenFault::Removed };
        variants.push(Variant::new(Edit::Query(join(&others)), Cause::Token(fault)));
    }
    variants
}

/// The canonical query with another value of the credential.
pub(super) fn with_credential(canonical: &str, credential: &str) -> String {
    let mut encoded = String::new();
    encode::put_query(&mut encoded, credential);
    let mut parameters = parse(canonical);
    for (name, value) in &mut parameters {
        if *name == Field::Credential.as_str() {
            *value = &encoded;
        }
    }
    join(&parameters)
}

struct Queries<'q> {
    parameters: Vec<(&'q str, &'q str)>,
    canonical: &'q str,
    variants: Vec<Variant>,
}

impl<'q> Queries<'q> {
    fn others(&self) -> Vec<(&'q str, &'q str)> {
        self.parameters.iter().copied().filter(|(name, _)| !is_of_claim(name)).collect()
    }

    fn add(&mut self, query: String, cause: Cause) {
        if query != self.canonical {
            self.variants.push(Variant::new(Edit::Query(query), cause));
        }
    }

    fn added(&mut self) {
        for (name, value) in self.others() {
            let mut rest = self.parameters.clone();
            rest.retain(|(other, _)| *other != name);
            let sides = Sides::only_received(value);
            let cause = Cause::Parameter { how: ParameterChange::Added, name: name.into(), sides };
            let variant = Variant::new(Edit::Query(join(&rest)), cause);
            let is_tracker = TRACKERS.iter().any(|start| name.starts_with(start));
            self.variants.push(if is_tracker { variant.visible() } else { variant });
        }
        for is_kept in [
            |name: &str| !TRACKERS.iter().any(|start| name.starts_with(start)),
            |name: &str| is_of_claim(name),
        ] {
            let mut kept = self.parameters.clone();
            kept.retain(|(name, _)| is_kept(name));
            let dropped = self.parameters.iter().filter(|(name, _)| !is_kept(name));
            let names: Vec<_> = dropped.map(|(name, _)| *name).collect();
            if names.len() > 1 {
                let name = names.join(", ").into();
                let sides = Sides { signed: None, received: None };
                let how = ParameterChange::Added;
                self.add(join(&kept), Cause::Parameter { how, name, sides });
            }
        }
    }

    fn lifetimes(&mut self) {
        let name = Field::Expires.as_str();
        let Some(received) = value_of(&self.parameters, name) else { return };
        let shorter = received.get(..received.len().saturating_sub(1)).unwrap_or_default();
        self.replace(name, received, shorter, ParameterChange::Changed);
        for secs in LIFETIMES_SECS {
            let value = alloc::format!("{secs}");
            self.replace(name, received, &value, ParameterChange::Changed);
        }
    }

    fn replace(&mut self, name: &str, received: &str, signed: &str, how: ParameterChange) {
        let change = |(other, value)| if other == name { (other, signed) } else { (other, value) };
        let changed: Vec<_> = self.parameters.iter().copied().map(change).collect();
        let sides = Sides::new(signed, received);
        self.add(join(&changed), Cause::Parameter { how, name: name.into(), sides });
    }

    fn values(&mut self) {
        for (name, value) in self.others() {
            let decoded = decode(value);
            if let Some(once) = Wire::new(&decoded, Part::Path).filter(|_| decoded.contains('%')) {
                let how = ParameterChange::Encoding;
                self.replace(name, value, &encode(&once.decode()), how);
            }
            for (from, to) in [("%2B", "%20"), ("%20", "%2B"), ("%20", "+")] {
                let signed = value.replace(from, to);
                self.replace(name, value, &signed, ParameterChange::Encoding);
            }
            for plain in ["!*'()", "/", "!*'();:@&=+$,/?#", ":", ",", "@", "+", "="] {
                let signed = with_plain(value, plain);
                self.replace(name, value, &signed, ParameterChange::Encoding);
            }
            let twice = value.replace('%', "%25");
            self.replace(name, value, &twice, ParameterChange::Encoding);
            self.replace(name, value, &decoded, ParameterChange::Encoding);
            let trimmed = encode(decoded.trim());
            for signed in [&trimmed, "", &value.to_lowercase(), &value.to_uppercase()] {
                self.replace(name, value, signed, ParameterChange::Changed);
            }
            let other_number = |number: u32| alloc::format!("{number}");
            for signed in (1..=10).map(other_number).filter(|_| name == "partNumber") {
                self.replace(name, value, &signed, ParameterChange::Changed);
            }
        }
    }

    /// A `+` that was left as it is, and meant a plus.
    fn pluses(&mut self, received: &str) {
        for (name, value) in parse(received) {
            let (before, signed) = (decode(value), decode(&value.replace('+', "%2B")));
            let name = encode(&decode(name));
            self.replace(&name, &encode(&before), &encode(&signed), ParameterChange::Encoding);
        }
    }

    fn as_received(&mut self, received: &str) {
        let is_signed = |(name, _): &(&str, &str)| *name != Field::Signature.as_str();
        let raw =
            received.split('&').map(|piece| (piece.split('=').next().unwrap_or_default(), piece));
        let raw: Vec<_> = raw.filter(is_signed).map(|(_, piece)| piece).collect();
        self.add(raw.join("&"), Cause::QueryAsReceived);
        let unsorted = parse(received).into_iter().filter(is_signed);
        let unsorted: Vec<_> = unsorted
            .filter_map(|(name, _)| Some((name, value_of(&self.parameters, name)?)))
            .collect();
        self.add(join(&unsorted), Cause::QueryAsReceived);
        // Slashes that are not encoded, and parameters without a value that have no `=`.
        self.add(self.canonical.replace("%2F", "/"), Cause::QueryAsReceived);
        let bare = |(name, value): &(&str, &str)| match *value {
            "" => String::from(*name),
            value => alloc::format!("{name}={value}"),
        };
        let bare: Vec<_> = self.parameters.iter().map(bare).collect();
        self.add(bare.join("&"), Cause::QueryAsReceived);
    }

    fn removed(&mut self) {
        for (name, value) in USUAL {
            if value_of(&self.parameters, name).is_some() {
                continue;
            }
            let mut more = self.parameters.clone();
            more.push((name, value));
            more.sort_unstable();
            let sides = Sides::only_signed(value);
            let how = ParameterChange::Removed;
            self.add(join(&more), Cause::Parameter { how, name: name.into(), sides });
        }
    }
}

/// How two values of a parameter differ, both encoded.
pub(super) fn change(signed: &str, received: &str) -> ParameterChange {
    let plain = |text: &str| decode(&decode(text)).replace('+', " ");
    if plain(signed) == plain(received) && !signed.is_empty() {
        ParameterChange::Encoding
    } else {
        ParameterChange::Changed
    }
}

pub(super) fn parse(query: &str) -> Vec<(&str, &str)> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.split_once('=').unwrap_or((piece, ""))).collect()
}

fn join(parameters: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (index, (name, value)) in parameters.iter().enumerate() {
        if index > 0 {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(value);
    }
    query
}

fn value_of<'q>(parameters: &[(&str, &'q str)], name: &str) -> Option<&'q str> {
    parameters.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
}

fn is_of_claim(name: &str) -> bool {
    AUTH_PARAMETERS.iter().any(|field| field.as_str() == name)
}

fn decode(value: &str) -> String {
    Wire::new(value, Part::Query).map(|wire| wire.decode().into_owned()).unwrap_or_default()
}

fn encode(decoded: &str) -> String {
    let mut text = String::new();
    encode::put_query(&mut text, decoded);
    text
}
