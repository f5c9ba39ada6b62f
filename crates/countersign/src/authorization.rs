//! Reading a request that is signed in its `Authorization` header.
//!
//! Follows [using the Authorization header][doc].
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html

use crate::{
    Claim, Headers, ParseError, RequestHead,
    auth_parameters::AuthParameters,
    canonical::trim,
    claim::{Special, Term, header_values},
    error::Field,
    head::RequestLine,
    names::{AMZ_DATE, AUTHORIZATION, SECURITY_TOKEN},
    query::Query,
    received::Received,
    signed_headers::SignedHeaders,
    signing_key::{ALGORITHM, Signature},
    timestamp::Written,
};

impl<'a, H: Headers + ?Sized> Claim<'a, H> {
    /// Reads the claim of a request that is signed in its `Authorization` header.
    ///
    /// - `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: each of the three once, in
    ///   any order, with or without white space around the commas; nothing else, and nothing
    ///   encoded.
    /// - The signing time is the `x-amz-date` header. AWS takes a plain `Date` header where there is
    ///   none; that form has a dozen spellings, and is one that proxies write. It is refused.
    /// - The session token is the `x-amz-security-token` header, the payload rule the
    ///   `x-amz-content-sha256` header.
    /// - The whole query is signed. None of its parameters belongs to the claim, whatever its name;
    ///   of those that would in a presigned request none may be there in another spelling.
    ///
    /// ```
    /// use countersign::{Claim, Mechanism, RequestHead};
    ///
    /// let authorization = "AWS4-HMAC-SHA256 \
    ///     Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
    ///     SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
    ///     Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    /// let headers = [
    ///     ("Host", "examplebucket.s3.amazonaws.com"),
    ///     ("Range", "bytes=0-9"),
    ///     ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    ///     ("x-amz-date", "20130524T000000Z"),
    ///     ("Authorization", authorization),
    /// ];
    /// let head = RequestHead { method: "GET", target: "/test.txt", headers: &headers };
    /// assert_eq!(Mechanism::of(&head)?, Some(Mechanism::Header));
    /// let claim = Claim::parse_header(&head)?;
    /// # assert_eq!(claim.mechanism(), Mechanism::Header);
    /// # Ok::<(), countersign::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseError`], with the first thing that is wrong; `aws-chunked` bodies are
    /// [`StreamingPayload`](ParseError::StreamingPayload).
    pub fn parse_header(head: &RequestHead<'a, H>) -> Result<Self, ParseError> {
        let RequestLine { method, path, query } = head.line()?;
        let mut parameters = AuthParameters::default();
        let query = Query::parse(query, &mut parameters)?;
        let headers = head.headers;
        let special = Special::find(headers)?;
        if !special.is_signed {
            return Err(ParseError::Missing(Field::Authorization));
        }
        if [Field::Algorithm, Field::Signature]
            .iter()
            .any(|&field| parameters.value(field).is_some())
        {
            return Err(ParseError::TwoMechanisms);
        }
        let authorization = only(headers, AUTHORIZATION, Field::Authorization)?;
        let Authorization { credential, signed_headers, signature } =
            Authorization::parse(authorization.unwrap_or_default())?;
        let signed_at = only(headers, AMZ_DATE, Field::Date)?;
        let session_token = only(headers, SECURITY_TOKEN, Field::SecurityToken)?;
        if header_values(headers, "content-encoding").any(is_chunked) {
            return Err(ParseError::StreamingPayload);
        }
        Ok(Self {
            method,
            path,
            query,
            headers,
            credential: Received::Header(credential),
            signed_at: Written::parse(signed_at.ok_or(ParseError::Missing(Field::Date))?)
                .map_err(|_| ParseError::Malformed(Field::Date))?,
            term: Term::AtOnce,
            session_token: session_token.map(Received::Header),
            signed_headers: SignedHeaders::new(Received::Header(signed_headers)),
            signature: Signature::new(signature),
            payload: special.payload,
            hosts: special.hosts,
        })
    }
}

/// The value of a header that may be there once.
fn only<'a, H: Headers + ?Sized>(
    headers: &'a H,
    name: &str,
    field: Field,
) -> Result<Option<&'a str>, ParseError> {
    let mut values = header_values(headers, name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ParseError::Duplicate(field));
    }
    let text = core::str::from_utf8(trim(value)).map_err(|_| ParseError::Malformed(field))?;
    Ok(Some(text))
}

/// Whether a `content-encoding` header names the framing of signed chunks. Its body is not what is
/// to be stored, whatever the payload rule says.
fn is_chunked(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|coding| trim(coding).eq_ignore_ascii_case(b"aws-chunked"))
}

/// The parameters of an `Authorization` header.
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// As long as a query may be.
    const LEN_MAX: usize = 16_384;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        const MALFORMED: ParseError = ParseError::Malformed(Field::Authorization);
        if value.len() > Self::LEN_MAX {
            return Err(ParseError::TooLarge(Field::Authorization));
        }
        let (algorithm, parameters) = value.split_once(WHITE).unwrap_or((value, ""));
        if algorithm != ALGORITHM {
            return Err(ParseError::UnsupportedAlgorithm);
        }
        let [mut credential, mut signed_headers, mut signature] = [None; 3];
        for parameter in parameters.split(',') {
            let (name, value) = parameter.trim_matches(WHITE).split_once('=').ok_or(MALFORMED)?;
            let (place, field) = match name {
                "Credential" => (&mut credential, Field::Credential),
                "SignedHeaders" => (&mut signed_headers, Field::SignedHeaders),
                "Signature" => (&mut signature, Field::Signature),
                _ => return Err(MALFORMED),
            };
            if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(ParseError::Malformed(field));
            }
            if place.replace(value).is_some() {
                return Err(ParseError::Duplicate(field));
            }
        }
        Ok(Self {
            credential: credential.ok_or(ParseError::Missing(Field::Credential))?,
            signed_headers: signed_headers.ok_or(ParseError::Missing(Field::SignedHeaders))?,
            signature: signature.ok_or(ParseError::Missing(Field::Signature))?,
        })
    }
}

const WHITE: [char; 2] = [' ', '\t'];
