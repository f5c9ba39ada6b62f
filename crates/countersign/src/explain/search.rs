//! Looks for what the client signed, in place of what was received.

use alloc::vec::Vec;

use super::{
    cause::Cause, draft::Variant, headers, hosts, keys, paths, queries, received::Received,
};
use crate::{Credentials, Mechanism, Region, Service, SigningKey, credentials::SessionToken};

/// How many requests are tried, at the most.
const TRIES_MAX: usize = 10_000;

/// How many bytes are hashed for all of them, as long as the request that was received: 32 MiB take
/// well below a second. What is longer is tried less often.
const HASHED_LEN_MAX: usize = 33_554_432;

/// What S3 takes of all headers together. Longer ones are not searched.
const HEADERS_LEN_MAX: usize = 8192;

/// What is known of the surroundings of a request.
pub(super) struct Surroundings<'s> {
    pub(super) credentials: &'s Credentials,
    pub(super) region: Region<'s>,
    pub(super) service: Service<'s>,
    /// Other names of the server.
    pub(super) hosts: &'s [&'s str],
}

/// All that is tried, the likeliest first.
pub(super) fn variants(received: &Received<'_>, around: &Surroundings<'_>) -> Vec<Variant> {
    if received.headers.len_in_bytes() > HEADERS_LEN_MAX {
        return Vec::new();
    }
    let mut groups = groups_without_secret(received, around.hosts);
    let token = around.credentials.session_token().map(SessionToken::as_str);
    groups.push(match received.mechanism {
        Mechanism::Query => queries::token_variants(&received.draft.query, token),
        Mechanism::Header => headers::token_variants(&received.draft, token),
    });
    let server = (around.region, around.service);
    groups.push(keys::credential_variants(received, around.credentials, server));
    if let Some(scope) = received.scope() {
        groups.push(keys::secret_variants(around.credentials, scope));
    }
    interleave(groups)
}

/// What is tried and needs no secret to be thought of.
pub(super) fn without_secret(received: &Received<'_>) -> Vec<Variant> {
    if received.headers.len_in_bytes() > HEADERS_LEN_MAX {
        return Vec::new();
    }
    interleave(groups_without_secret(received, &[]))
}

fn groups_without_secret(received: &Received<'_>, names: &[&str]) -> Vec<Vec<Variant>> {
    let draft = &received.draft;
    let prefixes: Vec<_> = ["x-forwarded-prefix", "x-script-name", "x-original-prefix"]
        .iter()
        .filter_map(|name| received.header(name))
        .filter(|prefix| prefix.starts_with('/') && prefix.is_ascii())
        .collect();
    Vec::from([
        hosts::variants(received, names),
        headers::method_variants(draft.method),
        headers::payload_variants(draft, received.headers, received.query),
        paths::variants(&draft.path, received.path, &prefixes),
        headers::variants(draft),
        queries::variants(&draft.query, received.query),
    ])
}

/// The first of each group, then the second of each, and so on: in each the likeliest come first.
fn interleave(groups: Vec<Vec<Variant>>) -> Vec<Variant> {
    let mut all = Vec::new();
    let mut groups: Vec<_> = groups.into_iter().map(Vec::into_iter).collect();
    loop {
        let before = all.len();
        all.extend(groups.iter_mut().filter_map(Iterator::next));
        if all.len() == before {
            return all;
        }
    }
}

/// A search for the request that a signature is of.
pub(super) struct Search<'s, 'a> {
    received: &'s Received<'a>,
    key: &'s SigningKey,
    tries: usize,
    tries_max: usize,
}

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(received: &'s Received<'a>, key: &'s SigningKey) -> Self {
        let hashed_len = received.draft.edited(&[]).text().len();
        let tries_max = HASHED_LEN_MAX.checked_div(hashed_len).unwrap_or_default().min(TRIES_MAX);
        Self { received, key, tries: 0, tries_max }
    }

    /// How many requests were tried.
    pub(super) const fn tries(&self) -> usize {
        self.tries
    }

    /// The causes that make the signature right when they are undone: one, or two of different
    /// parts of the request.
    pub(super) fn run(&mut self, variants: &[Variant]) -> Option<Vec<Cause>> {
        for variant in variants {
            if self.tries >= self.tries_max {
                return None;
            }
            if self.is_right(&[variant]) {
                return Some([variant.cause.clone()].into());
            }
        }
        // By the sum of their places: two likely ones come before a likely and an unlikely one.
        let sums = 1..variants.len().saturating_mul(2);
        let places = sums
            .flat_map(|sum| (0..sum.div_ceil(2)).map(move |one| (one, sum.saturating_sub(one))));
        for (one, two) in places {
            if self.tries >= self.tries_max {
                return None;
            }
            let (Some(one), Some(two)) = (variants.get(one), variants.get(two)) else { continue };
            if !one.clashes_with(two) && self.is_right(&[one, two]) {
                return Some([one.cause.clone(), two.cause.clone()].into());
            }
        }
        None
    }

    fn is_right(&mut self, variants: &[&Variant]) -> bool {
        self.tries = self.tries.saturating_add(1);
        let edited = self.received.draft.edited(variants);
        self.received.presented.is_of(&edited, edited.key(self.key))
    }
}
