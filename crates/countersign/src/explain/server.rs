//! What a server says it computed, held against what follows from the request.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{
    cause::{Cause, HeaderChange, HostChange, ParameterChange, Sides, StringToSignLine},
    headers, hosts, paths, queries,
};

/// What a server says it computed, as S3 does in its answer `SignatureDoesNotMatch`.
///
/// ```
/// use countersign::explain::ServerText;
///
/// let canonical_request = "GET\n/k\n\nhost:h\n\nhost\nUNSIGNED-PAYLOAD";
/// let text = ServerText::default().with_canonical_request(canonical_request);
/// assert_eq!(format!("{text:?}"), "ServerText { .. }");
/// ```
#[derive(Clone, Copy, Default)]
pub struct ServerText<'s> {
    pub(super) canonical_request: Option<&'s str>,
    pub(super) string_to_sign: Option<&'s str>,
}

impl<'s> ServerText<'s> {
    /// The longest text that is read: a canonical request has a target and headers, no more.
    pub(super) const LEN_MAX: usize = 65_536;
    /// The most lines, and the most parameters: twice what a request has that is read here. Each is
    /// looked for among all others.
    const PAIRS_MAX: usize = 200;

    /// Takes the element `CanonicalRequest`.
    #[must_use]
    pub const fn with_canonical_request(mut self, text: &'s str) -> Self {
        self.canonical_request = Some(text);
        self
    }

    /// Takes the element `StringToSign`.
    #[must_use]
    pub const fn with_string_to_sign(mut self, text: &'s str) -> Self {
        self.string_to_sign = Some(text);
        self
    }

    /// Whether one of the texts is longer than is read. It is passed over as a whole: of one that is
    /// cut, what is missing would look like a difference.
    pub(super) fn is_too_long(&self) -> bool {
        let is_too_long = |text: &str| {
            let query = text.split('\n').nth(2).unwrap_or_default();
            text.len() > Self::LEN_MAX
                || text.split('\n').count() > Self::PAIRS_MAX
                || query.split('&').count() > Self::PAIRS_MAX
        };
        [self.canonical_request, self.string_to_sign].into_iter().flatten().any(is_too_long)
    }
}

/// A canonical request may have a session token in it.
impl fmt::Debug for ServerText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerText").finish_non_exhaustive()
    }
}

/// The lines of a canonical request.
#[derive(PartialEq, Eq)]
pub(super) struct Lines<'t> {
    method: &'t str,
    path: &'t str,
    query: &'t str,
    headers: Vec<(&'t str, &'t str)>,
    signed_headers: &'t str,
    payload: &'t str,
}

impl<'t> Lines<'t> {
    /// Reads a canonical request, or is `None` where the text is none.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        if text.len() > ServerText::LEN_MAX {
            return None;
        }
        let mut lines = text.trim_end().split('\n').map(|line| line.trim_end_matches('\r'));
        let (method, path, query) = (lines.next()?, lines.next()?, lines.next()?);
        let rest: Vec<_> = lines.collect();
        let (payload, rest) = rest.split_last()?;
        let (signed_headers, rest) = rest.split_last()?;
        let headers = rest.iter().filter_map(|line| line.split_once(':')).collect();
        Some(Self { method, path, query, headers, signed_headers, payload })
    }

    /// What was signed differently than it was received, in the order of the lines.
    pub(super) fn differences(&self, received: &Self) -> Vec<Cause> {
        let mut causes = Vec::new();
        if self.method != received.method {
            causes.push(Cause::Method(Sides::new(self.method, received.method)));
        }
        if self.path != received.path {
            let how = paths::change(self.path, received.path);
            causes.push(Cause::Path { how, sides: Sides::new(self.path, received.path) });
        }
        self.compare_queries(received, &mut causes);
        self.compare_headers(received, &mut causes);
        if self.signed_headers != received.signed_headers && causes.is_empty() {
            let sides = Sides::new(self.signed_headers, received.signed_headers);
            causes.push(Cause::SignedHeaders(sides));
        }
        if self.payload != received.payload {
            causes.push(Cause::Payload(Sides::new(self.payload, received.payload)));
        }
        causes
    }

    fn compare_queries(&self, received: &Self, causes: &mut Vec<Cause>) {
        if self.query == received.query {
            return;
        }
        let before = causes.len();
        let [ours, theirs] = [self, received].map(|lines| queries::parse(lines.query));
        for (name, signed, received) in joined(&ours, &theirs) {
            let how = match (signed, received) {
                (Some(_), None) => ParameterChange::Removed,
                (None, _) => ParameterChange::Added,
                (Some(one), Some(other)) => queries::change(one, other),
            };
            let sides =
                Sides { signed: signed.map(Into::into), received: received.map(Into::into) };
            causes.push(Cause::Parameter { how, name: name.into(), sides });
        }
        if causes.len() == before {
            causes.push(Cause::QueryAsReceived);
        }
    }

    fn compare_headers(&self, received: &Self, causes: &mut Vec<Cause>) {
        for (name, signed, received) in joined(&self.headers, &received.headers) {
            let sides =
                Sides { signed: signed.map(Into::into), received: received.map(Into::into) };
            causes.push(match (name, signed, received) {
                ("host", Some(one), Some(other)) => {
                    Cause::Host { how: hosts::change(one, other), sides }
                }
                ("host", ..) => Cause::Host { how: HostChange::Other, sides },
                (_, Some(one), Some(other)) => {
                    Cause::Header { how: headers::change(one, other), name: name.into(), sides }
                }
                (_, _, None) => {
                    Cause::Header { how: HeaderChange::Absent, name: name.into(), sides }
                }
                (_, None, _) => {
                    Cause::Header { how: HeaderChange::Added, name: name.into(), sides }
                }
            });
        }
    }
}

/// The lines in which two strings to sign differ, but for the digest.
pub(super) fn compare_strings_to_sign(ours: &[String; 4], theirs: &str) -> Vec<Cause> {
    let names = [
        StringToSignLine::Algorithm,
        StringToSignLine::Date,
        StringToSignLine::Scope,
        StringToSignLine::Digest,
    ];
    let theirs = theirs.trim_end().split('\n').map(|line| line.trim_end_matches('\r'));
    let lines = names.into_iter().zip(ours).zip(theirs);
    let differ = lines.filter(|((_, signed), received)| signed != received);
    differ
        .map(|((line, signed), received)| Cause::StringToSign {
            line,
            sides: Sides::new(signed, received),
        })
        .collect()
}

/// The names whose values differ, with both values.
fn joined<'t>(
    ours: &[(&'t str, &'t str)],
    theirs: &[(&'t str, &'t str)],
) -> Vec<(&'t str, Option<&'t str>, Option<&'t str>)> {
    let value = |pairs: &[(&str, &'t str)], name: &str| {
        pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    };
    let only_theirs = theirs.iter().filter(|(name, _)| value(ours, name).is_none());
    let names = ours.iter().chain(only_theirs).map(|(name, _)| *name);
    names
        .map(|name| (name, value(ours, name), value(theirs, name)))
        .filter(|(_, one, other)| one != other)
        .collect()
}
