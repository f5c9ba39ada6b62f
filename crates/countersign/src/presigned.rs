//! Reading a presigned request.
//!
//! Follows [authenticating requests with query parameters][doc].
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

use crate::{
    Claim, Headers, ParseError, RequestHead,
    auth_parameters::AuthParameters,
    claim::{Special, Term},
    error::Field,
    head::RequestLine,
    query::Query,
    received::Received,
    signed_headers::SignedHeaders,
    signing_key::{ALGORITHM, Signature},
    timestamp::Written,
};

impl<'a, H: Headers + ?Sized> Claim<'a, H> {
    /// Reads the claim of a presigned request.
    ///
    /// Takes every spelling that AWS takes: parameters in any order, escapes in any case, characters
    /// encoded that need not be, `+` for a space in the query. Takes no parameter twice, no escape
    /// that does not decode to UTF-8, and no parameter of the claim under another spelling of its
    /// name.
    ///
    /// # Errors
    ///
    /// [`ParseError`], with the first thing that is wrong.
    pub fn parse(head: &RequestHead<'a, H>) -> Result<Self, ParseError> {
        let RequestLine { method, path, query } = head.line()?;
        if query.is_empty() {
            return Err(ParseError::Missing(Field::Algorithm));
        }
        let mut parameters = AuthParameters::default();
        let query = Query::parse(query, &mut parameters)?;
        let special = Special::find(head.headers)?;

        let wire = |field| parameters.value(field).ok_or(ParseError::Missing(field));
        let algorithm = wire(Field::Algorithm);
        let signature = wire(Field::Signature);
        if special.is_signed && (algorithm.is_ok() || signature.is_ok()) {
            return Err(ParseError::TwoMechanisms);
        }
        if algorithm?.decode() != ALGORITHM {
            return Err(ParseError::UnsupportedAlgorithm);
        }
        let credential = *wire(Field::Credential)?;
        let signed_at = wire(Field::Date)?;
        let expires = wire(Field::Expires)?;
        let signed_headers = *wire(Field::SignedHeaders)?;
        let signature = Signature::new(&signature?.decode());
        Ok(Self {
            method,
            path,
            headers: head.headers,
            credential: Received::Query(credential),
            signed_at: Written::parse(&signed_at.decode())
                .map_err(|_| ParseError::Malformed(Field::Date))?,
            term: plain_number(&expires.decode())
                .map(Term::Secs)
                .ok_or(ParseError::Malformed(Field::Expires))?,
            session_token: parameters.value(Field::SecurityToken).copied().map(Received::Query),
            signed_headers: SignedHeaders::new(Received::Query(signed_headers)),
            signature,
            payload: special.payload,
            hosts: special.hosts,
            query,
        })
    }
}

/// A number in plain digits: no sign, no space, no exponent. What does not fit is too large by any
/// measure, and stays so.
fn plain_number(text: &str) -> Option<u64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte & 0xf));
    let append = |number: u64, byte| Some(number.saturating_mul(10).saturating_add(digit(byte)?));
    text.bytes().try_fold(0, append).filter(|_| !text.is_empty())
}
