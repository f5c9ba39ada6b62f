//! Names that mean something, and what a header may be made of.

use crate::{bytes, error::Field};

/// The parameters that carry the claim itself, as they sort.
pub(crate) const AUTH_PARAMETERS: [Field; 7] = [
    Field::Algorithm,
    Field::Credential,
    Field::Date,
    Field::Expires,
    Field::SecurityToken,
    Field::Signature,
    Field::SignedHeaders,
];

pub(crate) const AUTHORIZATION: &str = "authorization";
pub(crate) const AMZ_DATE: &str = "x-amz-date";
pub(crate) const CONTENT_SHA256: &str = "x-amz-content-sha256";
pub(crate) const SECURITY_TOKEN: &str = "x-amz-security-token";

/// Whether a header or query name is one of Amazon's own, whatever its case.
pub(crate) fn has_amz_prefix(name: &[u8]) -> bool {
    name.first_chunk::<6>().is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-"))
}

/// Names that stand in `X-Amz-SignedHeaders` without being encoded. HTTP knows a few characters
/// more, which no header in use has.
pub(crate) fn is_header_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain)
}

/// A line break in a value would let it forge the lines that follow in the canonical request.
pub(crate) fn is_header_value(value: &[u8]) -> bool {
    bytes::none(value, |byte| ((byte < b' ') & (byte != b'\t')) | (byte == 0x7f))
}
