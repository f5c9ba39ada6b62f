use countersign::explain::{Cause, Explanation, Finding, SignatureState, Verdict};
use serde::Serialize;

/// An explanation as JSON.
#[derive(Serialize)]
pub(crate) struct Report<'e> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    signature: &'static str,
    findings: Vec<Found<'e>>,
    tries: usize,
}

#[derive(Serialize)]
struct Answer {
    status: u16,
    code: &'static str,
}

#[derive(Serialize)]
struct Found<'e> {
    cause: &'static str,
    evidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secs: Option<u64>,
    message: String,
    advice: &'static str,
}

impl<'e> Report<'e> {
    pub(crate) fn of(explanation: &'e Explanation) -> Self {
        let (verdict, stage) = match explanation.verdict() {
            Verdict::Holds => ("holds", None),
            Verdict::Refused(stage) => ("refused", Some(stage.as_str())),
            _ => ("unknown", None),
        };
        let answer = explanation.answer();
        Self {
            verdict,
            stage,
            answer: answer.map(|answer| Answer { status: answer.status, code: answer.code }),
            signature: match explanation.signature() {
                SignatureState::Right => "right",
                SignatureState::Wrong => "wrong",
                _ => "unknown",
            },
            findings: explanation.findings().iter().map(Found::of).collect(),
            tries: explanation.tries(),
        }
    }
}

impl<'e> Found<'e> {
    fn of(finding: &'e Finding) -> Self {
        let cause = &finding.cause;
        let sides = cause.sides();
        let secs = match cause {
            Cause::SignedAhead { secs }
            | Cause::SignedBehind { secs }
            | Cause::Expired { secs } => Some(*secs),
            _ => None,
        };
        Self {
            cause: cause.code(),
            evidence: finding.evidence.as_str(),
            name: cause.name(),
            signed: sides.and_then(|sides| sides.signed.as_deref()),
            received: sides.and_then(|sides| sides.received.as_deref()),
            secs,
            message: cause.to_string(),
            advice: cause.advice(),
        }
    }
}
