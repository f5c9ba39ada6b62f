use alloc::vec::Vec;

use super::{cause::Cause, redact::Redactor};
use crate::{Mechanism, ParseError, ScopeMismatch, VerifyError, error::Field};

/// Why a request is refused: what a server answers, and what is behind it.
///
/// Its `Display` is the screen, 80 columns wide and no more than 25 lines long. No text in it,
/// shown or not, has the secret, a session token or a signature.
///
/// Made by [`Explainer::explain`](super::Explainer::explain), which has the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub(super) verdict: Verdict,
    pub(super) answer: Option<Answer>,
    pub(super) findings: Vec<Finding>,
    pub(super) signature: SignatureState,
    pub(super) tries: usize,
}

/// Whether a server would take the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It would.
    Holds,
    /// It would not, and this is where it stops looking.
    Refused(Stage),
    /// Nothing is wrong that can be seen without the secret.
    Unknown,
}

/// A step of verifying, in the order of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Reading the claim.
    Parse,
    /// Its times.
    Time,
    /// Region, service, day.
    Scope,
    /// Which headers are signed.
    Headers,
    /// Finding the key.
    Key,
    /// Comparing the signature.
    Signature,
}

/// What S3 answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The element `Code`.
    pub code: &'static str,
}

/// Whether the signature itself is right, whatever else is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureState {
    /// It is that of the request as it was received.
    Right,
    /// It is not.
    Wrong,
    /// There was no secret to compute it with, or nothing to compute it of.
    Unknown,
}

/// A cause, and how sure it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub cause: Cause,
    /// How it is known.
    pub evidence: Evidence,
}

/// How a cause is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// It stands in the request.
    Seen,
    /// The signature that was presented is right once this is undone.
    Proven,
    /// What the server says it computed differs there.
    Compared,
    /// It is often so, and the request has the look of it.
    Suspected,
}

impl Explanation {
    /// Whether a server would take the request, and where it stops looking.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What S3 answers; `None` where it takes the request, or where that cannot be said.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// The causes, the surest of each stage first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether the signature itself is right.
    #[must_use]
    pub const fn signature(&self) -> SignatureState {
        self.signature
    }

    /// How many requests were tried that the client might have signed.
    #[must_use]
    pub const fn tries(&self) -> usize {
        self.tries
    }
}

impl Stage {
    /// A stable name for programs, such as `signature`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Time => "time",
            Self::Scope => "scope",
            Self::Headers => "headers",
            Self::Key => "key",
            Self::Signature => "signature",
        }
    }

    pub(super) const fn of(error: &VerifyError) -> Self {
        match error {
            VerifyError::Parse(_) => Self::Parse,
            VerifyError::LifetimeTooLong
            | VerifyError::NotYetValid { .. }
            | VerifyError::TimeSkewed { .. }
            | VerifyError::Expired { .. } => Self::Time,
            VerifyError::Scope(_) | VerifyError::DateMismatch => Self::Scope,
            VerifyError::HostNotSigned | VerifyError::UnsignedHeader(_) => Self::Headers,
            VerifyError::UnknownKey => Self::Key,
            VerifyError::SignedHeaderAbsent(_) | VerifyError::SignatureMismatch => Self::Signature,
        }
    }
}

impl Evidence {
    /// A stable name for programs, such as `proven`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Proven => "proven",
            Self::Compared => "compared",
            Self::Suspected => "suspected",
        }
    }
}

impl Finding {
    pub(super) fn new(cause: Cause, evidence: Evidence, redactor: &Redactor) -> Self {
        Self { cause: redactor.clean(cause), evidence }
    }
}

impl Answer {
    /// As AWS has it, from recorded answers and from implementations that were checked against it.
    pub(super) const fn of(error: &VerifyError, mechanism: Mechanism) -> Self {
        let malformed = Self::malformed(mechanism);
        let (status, code) = match error {
            VerifyError::Parse(error) => return Self::of_parse(*error, mechanism),
            VerifyError::TimeSkewed { .. } => (403, "RequestTimeTooSkewed"),
            VerifyError::NotYetValid { .. }
            | VerifyError::Expired { .. }
            | VerifyError::HostNotSigned
            | VerifyError::UnsignedHeader(_) => (403, "AccessDenied"),
            VerifyError::LifetimeTooLong
            | VerifyError::Scope(
                ScopeMismatch::Region { .. }
                | ScopeMismatch::Service { .. }
                | ScopeMismatch::Terminator,
            )
            | VerifyError::DateMismatch => (400, malformed),
            VerifyError::UnknownKey => (403, "InvalidAccessKeyId"),
            VerifyError::SignedHeaderAbsent(_) | VerifyError::SignatureMismatch => {
                (403, "SignatureDoesNotMatch")
            }
        };
        Self { status, code }
    }

    const fn malformed(mechanism: Mechanism) -> &'static str {
        match mechanism {
            Mechanism::Query => "AuthorizationQueryParametersError",
            Mechanism::Header => "AuthorizationHeaderMalformed",
        }
    }

    const fn of_parse(error: ParseError, mechanism: Mechanism) -> Self {
        let (status, code) = match error {
            ParseError::Missing(Field::Algorithm) => (403, "AccessDenied"),
            ParseError::TwoMechanisms
            | ParseError::Malformed(Field::ContentSha256)
            | ParseError::Duplicate(Field::ContentSha256) => (400, "InvalidArgument"),
            ParseError::StreamingPayload => (501, "NotImplemented"),
            ParseError::Malformed(Field::Target | Field::Path | Field::Query)
            | ParseError::TooLarge(Field::Target | Field::Query) => (400, "InvalidURI"),
            ParseError::Missing(Field::ContentSha256)
            | ParseError::Malformed(Field::Method | Field::Header | Field::Host)
            | ParseError::Duplicate(Field::Header | Field::Host) => (400, "InvalidRequest"),
            ParseError::TooLarge(Field::Header) => (400, "RequestHeaderSectionTooLarge"),
            _ => (400, Self::malformed(mechanism)),
        };
        Self { status, code }
    }

    pub(super) const INVALID_TOKEN: Self = Self { status: 400, code: "InvalidToken" };
    pub(super) const INVALID_ID: Self = Self { status: 403, code: "InvalidAccessKeyId" };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of what the recorded answers of AWS do not show.
    #[test]
    fn what_cannot_be_read_is_answered_as_aws_does() {
        let malformed = "AuthorizationQueryParametersError";
        for (error, status, code) in [
            (ParseError::Missing(Field::Algorithm), 403, "AccessDenied"),
            (ParseError::TwoMechanisms, 400, "InvalidArgument"),
            (ParseError::Malformed(Field::ContentSha256), 400, "InvalidArgument"),
            (ParseError::StreamingPayload, 501, "NotImplemented"),
            (ParseError::Malformed(Field::Path), 400, "InvalidURI"),
            (ParseError::TooLarge(Field::Target), 400, "InvalidURI"),
            (ParseError::Missing(Field::ContentSha256), 400, "InvalidRequest"),
            (ParseError::Duplicate(Field::Host), 400, "InvalidRequest"),
            (ParseError::TooLarge(Field::Header), 400, "RequestHeaderSectionTooLarge"),
            (ParseError::Missing(Field::Signature), 400, malformed),
            (ParseError::Malformed(Field::Expires), 400, malformed),
        ] {
            let answer = Answer::of(&VerifyError::Parse(error), Mechanism::Query);
            assert_eq!(answer, Answer { status, code }, "{error:?}");
        }
    }

    #[test]
    fn a_stage_has_a_name_that_stays() {
        for (error, name) in [
            (VerifyError::Parse(ParseError::TwoMechanisms), "parse"),
            (VerifyError::LifetimeTooLong, "time"),
            (VerifyError::DateMismatch, "scope"),
            (VerifyError::HostNotSigned, "headers"),
            (VerifyError::UnknownKey, "key"),
            (VerifyError::SignatureMismatch, "signature"),
        ] {
            assert_eq!(Stage::of(&error).as_str(), name);
        }
    }
}
