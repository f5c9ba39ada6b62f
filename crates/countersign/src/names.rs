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
#[expect(clippy::needless_bitwise_bool, reason = "a branch would end the comparing of blocks")]
pub(crate) fn is_header_value(value: &[u8]) -> bool {
    bytes::none(value, |byte| ((byte < b' ') & (byte != b'\t')) | (byte == 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_of_amazon_is_one_in_any_case_and_nothing_less() {
        for name in ["x-amz-", "x-amz-acl", "X-AMZ-ACL", "X-Amz-Date"] {
            assert!(has_amz_prefix(name.as_bytes()), "{name}");
        }
        for name in ["", "x-amz", "x_amz_acl", "amz-x-", " x-amz-acl", "x-amazon-"] {
            assert!(!has_amz_prefix(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_header_name_needs_no_escape() {
        for name in ["a", "content-type", "X-A_b.c~1"] {
            assert!(is_header_name(name), "{name}");
        }
        for name in ["", "a b", "a:", "a;b", "a\n", "é", "a/b", "a%20", "!"] {
            assert!(!is_header_name(name), "{name}");
        }
    }

    #[test]
    fn a_header_value_is_one_line() {
        for value in ["", " ", "a\tb", "é", "~"] {
            assert!(is_header_value(value.as_bytes()), "{value}");
        }
        for value in ["\n", "a\r", "\0", "a\u{7f}", "\u{1b}[0m"] {
            assert!(!is_header_value(value.as_bytes()), "{value}");
        }
        assert!(is_header_value(b"\xff"));
    }
}
