use core::fmt;

use crate::{ParseError, error::Field, hex, sink::Sink};

/// What a signature says of the body: the last line of the canonical request.
///
/// A presigned URL is mostly [`Unsigned`](Self::Unsigned), for its body is not known when it is
/// signed. A request whose `x-amz-content-sha256` header names a digest is bound to that body.
///
/// ```
/// use countersign::PayloadRule;
///
/// let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert!(matches!(PayloadRule::parse(digest)?, PayloadRule::Sha256(_)));
/// assert_eq!(PayloadRule::parse("UNSIGNED-PAYLOAD")?, PayloadRule::Unsigned);
/// assert!(PayloadRule::parse("STREAMING-UNSIGNED-PAYLOAD-TRAILER").is_err());
/// # Ok::<(), countersign::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PayloadRule {
    /// `UNSIGNED-PAYLOAD`: any body.
    #[default]
    Unsigned,
    /// The body with this SHA-256. Whoever stores the body has to compare: the signature binds the
    /// digest, not the bytes.
    Sha256([u8; 32]),
}

impl PayloadRule {
    /// The rule of a body that is empty.
    pub const EMPTY: Self = Self::Sha256([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]);

    /// Reads the value of an `x-amz-content-sha256` header.
    ///
    /// # Errors
    ///
    /// [`ParseError::StreamingPayload`] for the `STREAMING-…` values, which announce a body in
    /// signed chunks, and [`ParseError::Malformed`] for what is neither that, nor
    /// `UNSIGNED-PAYLOAD`, nor 64 lower-case hex digits.
    pub fn parse(value: &str) -> Result<Self, ParseError> {
        if value == "UNSIGNED-PAYLOAD" {
            return Ok(Self::Unsigned);
        }
        if value.starts_with("STREAMING-") {
            return Err(ParseError::StreamingPayload);
        }
        hex::decode(value.as_bytes())
            .map(Self::Sha256)
            .ok_or(ParseError::Malformed(Field::ContentSha256))
    }

    pub(crate) fn put(self, sink: &mut impl Sink) {
        match self {
            Self::Unsigned => sink.put(b"UNSIGNED-PAYLOAD"),
            Self::Sha256(digest) => sink.put(&hex::of_digest(&digest)),
        }
    }
}

impl fmt::Debug for PayloadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("Unsigned"),
            Self::Sha256(digest) => {
                f.write_str("Sha256(")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    #[test]
    fn a_rule_is_read_as_it_is_written_and_shown() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (text, rule, debug) in [
            ("UNSIGNED-PAYLOAD", PayloadRule::Unsigned, "Unsigned".into()),
            (empty, PayloadRule::EMPTY, format!("Sha256({empty})")),
        ] {
            assert_eq!(PayloadRule::parse(text), Ok(rule));
            assert_eq!(format!("{rule:?}"), debug);
            let mut written = String::new();
            rule.put(&mut written);
            assert_eq!(written, text);
        }
    }

    #[test]
    fn a_digest_is_64_lower_case_digits() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(PayloadRule::parse(&digits).is_ok());
        let upper = digits.to_ascii_uppercase();
        for wrong in ["", &digits[1..], &digits[2..], &format!("{digits}00"), &upper] {
            let malformed = ParseError::Malformed(Field::ContentSha256);
            assert_eq!(PayloadRule::parse(wrong), Err(malformed), "{wrong}");
        }
    }
}
