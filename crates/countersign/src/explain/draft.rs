//! A canonical request in parts that can be edited, and the proof that a signature is one of it.

use alloc::{boxed::Box, string::String, vec::Vec};

use zeroize::Zeroizing;

use super::cause::Cause;
use crate::{
    Method, PayloadRule, Scope, SigningKey, Timestamp,
    canonical::{CanonicalDigest, CanonicalRequest},
    hex, sha256,
    signing_key::{ALGORITHM, Begun, Signature, expected_mac},
    sink::Sink,
    timestamp::Written,
};

/// What a canonical request is made of, as far as it is known.
///
/// - Path and query are the lines of the canonical request, encoded.
/// - The headers are all that are listed as signed, sorted; `None` is one that is absent.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    pub(super) method: Method<'a>,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, Option<Vec<u8>>)>,
    pub(super) payload: PayloadRule,
}

/// One part of a draft, as it might have been when it was signed.
pub(super) enum Edit {
    Method(Method<'static>),
    Path(String),
    Query(String),
    Header(String, Option<Vec<u8>>),
    Payload(PayloadRule),
    Key(Box<SigningKey>),
}

impl Edit {
    pub(super) fn host(host: impl Into<String>) -> Self {
        Self::Header("host".into(), Some(host.into().into_bytes()))
    }

    /// Whether both edit the same part, so that they cannot go together.
    pub(super) fn clashes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(one, _), Self::Header(two, _)) => one == two,
            _ => core::mem::discriminant(self) == core::mem::discriminant(other),
        }
    }
}

/// What may have happened between signing and receiving.
pub(super) struct Variant {
    /// What undoes it.
    pub(super) edits: Vec<Edit>,
    pub(super) cause: Cause,
    /// Whether it left a trace in the request, so that it is worth a word without a proof.
    pub(super) trace: Trace,
}

/// Whether a request shows by itself what may have happened to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    Visible,
    None,
}

impl Variant {
    pub(super) fn new(edit: Edit, cause: Cause) -> Self {
        Self { edits: Vec::from([edit]), cause, trace: Trace::None }
    }

    pub(super) fn with_edit(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }

    pub(super) const fn visible(mut self) -> Self {
        self.trace = Trace::Visible;
        self
    }

    pub(super) fn clashes_with(&self, other: &Self) -> bool {
        self.edits.iter().any(|one| other.edits.iter().any(|two| one.clashes_with(two)))
    }
}

impl<'a> Draft<'a> {
    pub(super) fn host(&self) -> &str {
        let host = self.headers.iter().find(|(name, _)| name == "host");
        let value = host.and_then(|(_, value)| value.as_deref()).unwrap_or_default();
        core::str::from_utf8(value).unwrap_or_default()
    }

    /// The draft with the edits of some variants in it.
    pub(super) const fn edited<'d>(&'d self, variants: &'d [&'d Variant]) -> Edited<'d, 'a> {
        Edited { draft: self, variants }
    }
}

/// A draft with edits.
pub(super) struct Edited<'d, 'a> {
    draft: &'d Draft<'a>,
    variants: &'d [&'d Variant],
}

impl Edited<'_, '_> {
    fn find<'e, T>(&'e self, pick: impl Fn(&'e Edit) -> Option<T>) -> Option<T> {
        self.variants.iter().flat_map(|variant| &variant.edits).find_map(pick)
    }

    /// The key that it would be signed with.
    pub(super) fn key<'e>(&'e self, key: &'e SigningKey) -> &'e SigningKey {
        let edited = self.find(|edit| match edit {
            Edit::Key(key) => Some(&**key),
            _ => None,
        });
        edited.unwrap_or(key)
    }

    /// The canonical request, as text.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        self.put(&mut text);
        text
    }
}

impl CanonicalRequest for Edited<'_, '_> {
    fn method(&self) -> Method<'_> {
        let edited = self.find(|edit| match edit {
            Edit::Method(method) => Some(*method),
            _ => None,
        });
        edited.unwrap_or(self.draft.method)
    }

    fn put_path(&self, sink: &mut impl Sink) {
        let edited = self.find(|edit| match edit {
            Edit::Path(path) => Some(path),
            _ => None,
        });
        sink.put(edited.unwrap_or(&self.draft.path).as_bytes());
    }

    fn put_query(&self, sink: &mut impl Sink) {
        let edited = self.find(|edit| match edit {
            Edit::Query(query) => Some(query),
            _ => None,
        });
        sink.put(edited.unwrap_or(&self.draft.query).as_bytes());
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.draft.headers.iter().filter_map(|(name, value)| {
            let edited = self.find(|edit| match edit {
                Edit::Header(other, value) if other == name => Some(value),
                _ => None,
            });
            Some((name.as_str(), edited.unwrap_or(value).as_deref()?))
        })
    }

    fn payload(&self) -> PayloadRule {
        let edited = self.find(|edit| match edit {
            Edit::Payload(payload) => Some(*payload),
            _ => None,
        });
        edited.unwrap_or(self.draft.payload)
    }
}

/// A signature that was received, and when it says it was made.
pub(super) struct Presented {
    pub(super) signature: Option<Signature>,
    pub(super) signed_at: Written,
}

impl Presented {
    /// Whether it is the signature of this canonical request under this key.
    pub(super) fn is_of(&self, canonical: &impl CanonicalRequest, key: &SigningKey) -> bool {
        self.is_of_digest(&canonical.digest(), key)
    }

    /// Whether it is the signature of a canonical request that somebody else wrote.
    pub(super) fn is_of_text(&self, canonical: &str, key: &SigningKey) -> bool {
        self.is_of_digest(&CanonicalDigest(sha256::digest(canonical.as_bytes())), key)
    }

    fn is_of_digest(&self, digest: &CanonicalDigest, key: &SigningKey) -> bool {
        let expected = expected_mac(key.mac(), self.signed_at, key.scope(), digest);
        self.signature.is_some() && Signature::is_that_of(self.signature.as_ref(), &expected)
    }

    /// The signature that would be right, so that it can be kept out of what is shown.
    pub(super) fn expected(
        &self,
        canonical: &impl CanonicalRequest,
        key: &SigningKey,
    ) -> Zeroizing<String> {
        let begun = Begun::new(key.mac(), self.signed_at, key.scope());
        let mac = begun.sign(&canonical.digest());
        Zeroizing::new(String::from_utf8_lossy(&mac).into_owned())
    }
}

/// The string to sign of a canonical request, line by line.
pub(super) fn string_to_sign(canonical: &[u8], at: Timestamp, scope: Scope<'_>) -> [String; 4] {
    let digest = hex::of_digest(&sha256::digest(canonical));
    [
        ALGORITHM.into(),
        alloc::format!("{at}"),
        alloc::format!("{scope}"),
        String::from_utf8_lossy(&digest).into_owned(),
    ]
}
