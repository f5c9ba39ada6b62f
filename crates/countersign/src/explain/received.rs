//! A request that could be read, taken apart for editing.

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

use super::draft::{Draft, Presented};
use crate::{
    Claim, Date, Headers, Mechanism, ParseError, PayloadRule, Region, RequestHead, Scope, Service,
    auth_parameters::AuthParameters, canonical::trim, claim::Term, error::Field,
    names::AUTHORIZATION, query::Query, signing_key::Signature,
};

/// The header fields of a request, gathered.
#[derive(Clone)]
pub(super) struct Fields<'a>(pub(super) Vec<(&'a str, &'a [u8])>);

impl Headers for Fields<'_> {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().copied()
    }
}

impl<'a> Fields<'a> {
    /// How long all names and values are together.
    pub(super) fn len_in_bytes(&self) -> usize {
        let lens = self.0.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        lens.fold(0, usize::saturating_add)
    }

    /// The first value of a header, as text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| core::str::from_utf8(trim(value)).ok())
    }
}

/// Reads the claim of a request, wherever it stands.
pub(super) fn claim_of<'a>(
    head: &RequestHead<'a, Fields<'a>>,
) -> Result<Claim<'a, Fields<'a>>, ParseError> {
    match Mechanism::of(head)? {
        Some(Mechanism::Header) => Claim::parse_header(head),
        _ => Claim::parse(head),
    }
}

/// What a request says of itself, whichever way it carries its claim.
pub(super) struct Received<'a> {
    pub(super) draft: Draft<'a>,
    /// Path and query as they came.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a Fields<'a>,
    pub(super) access_key_id: String,
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) session_token: Option<Zeroizing<String>>,
    /// The digits of the signature, however many there are.
    pub(super) signature_digits: Zeroizing<String>,
    pub(super) presented: Presented,
    pub(super) mechanism: Mechanism,
    /// What `X-Amz-Expires` says.
    pub(super) lifetime_secs: u64,
}

impl<'a> Received<'a> {
    /// Reads the claim of a request.
    pub(super) fn read(
        head: &RequestHead<'a, Fields<'a>>,
        default_payload: PayloadRule,
    ) -> Result<Self, ParseError> {
        let claim = claim_of(head)?;
        let [access_key_id, date, region, service, _] = claim.credential()?.map(Into::into);
        let (mut path, mut query) = (String::new(), String::new());
        claim.path.put(&mut path);
        claim.query.put(&mut query);
        let names = claim.signed_headers.names();
        let header = |name: &str| {
            let values: Vec<_> = claim.header_values(name).map(trim).collect();
            // One that is there twice is what most servers make of it: a list.
            (String::from(name), (!values.is_empty()).then(|| values.join(&b',')))
        };
        let signature_digits = Zeroizing::new(match claim.mechanism() {
            Mechanism::Query => {
                // What is no signature in form is not kept by the claim.
                let mut parameters = AuthParameters::default();
                Query::parse(claim.query.as_received(), &mut parameters)?;
                let signature = parameters.value(Field::Signature);
                signature.map(|wire| wire.decode().into_owned()).unwrap_or_default()
            }
            Mechanism::Header => signature_in(head.headers.text(AUTHORIZATION)).into(),
        });
        let draft = Draft {
            method: claim.method,
            path,
            query,
            headers: names.map(header).collect(),
            payload: claim.payload.unwrap_or(default_payload),
        };
        Ok(Self {
            draft,
            path: claim.path.as_received(),
            query: claim.query.as_received(),
            headers: head.headers,
            access_key_id,
            date,
            region,
            service,
            session_token: claim.session_token.map(|wire| Zeroizing::new(wire.decode().into())),
            presented: Presented {
                signature: is_signature(&signature_digits)
                    .then(|| Signature::new(&signature_digits))
                    .flatten(),
                signed_at: claim.signed_at,
            },
            signature_digits,
            mechanism: claim.mechanism(),
            lifetime_secs: match claim.term {
                Term::Secs(secs) => secs,
                Term::AtOnce => 0,
            },
        })
    }

    /// The scope of the credential, where it is one.
    pub(super) fn scope(&self) -> Option<Scope<'_>> {
        let date = Date::parse(&self.date).ok()?;
        let region = Region::new(&self.region).ok()?;
        Some(Scope::new(date, region, Service::new(&self.service).ok()?))
    }

    /// The first value of a header, as text.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.text(name)
    }
}

/// Whether a text is 64 lower-case hex digits.
fn is_signature(text: &str) -> bool {
    const DIGITS: usize = 64;
    text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What an `Authorization` header says of the signature.
fn signature_in(authorization: Option<&str>) -> &str {
    let rest = authorization.and_then(|text| text.split_once("Signature="));
    rest.and_then(|(_, rest)| rest.split([',', ' ']).next()).unwrap_or_default()
}
