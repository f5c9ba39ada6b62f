//! Proves that `explain` finds what really is the matter: each failure is made by signing one request
//! and sending another, or by signing wrongly with the naive model, and the cause has to come out.

#[path = "explain/checks.rs"]
mod checks;
#[expect(dead_code, reason = "other tests use the rest")]
mod common;
#[path = "explain/header.rs"]
mod header;
#[path = "explain/limits.rs"]
mod limits;
#[path = "explain/mangled.rs"]
mod mangled;
#[path = "explain/pairs.rs"]
mod pairs;
#[path = "explain/requests.rs"]
mod requests;
#[path = "explain/screens.rs"]
mod screens;
#[path = "explain/secrecy.rs"]
mod secrecy;
#[path = "explain/server.rs"]
mod server;

use common::{Model, Request};
use countersign::{
    Credentials, Region, RequestHead, SecretKey, Service, Timestamp,
    explain::{Evidence, Explainer, Explanation, ServerText, Verdict},
};

/// One failure: what is sent, and what whoever looks into it has.
#[derive(Debug, Clone)]
struct Failure {
    request: Request,
    credentials: Credentials,
    region: &'static str,
    now: &'static str,
}

impl Failure {
    /// What a model signed, as it was sent, looked at with its key, at noon.
    fn of(model: &Model) -> Self {
        Self {
            request: model.request(),
            credentials: model.credentials(),
            region: "us-east-1",
            now: "20130524T120000Z",
        }
    }

    fn with_host(mut self, host: &str) -> Self {
        self.request.headers[0].1 = host.into();
        self
    }

    fn with_header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    fn without_header(mut self, name: &str) -> Self {
        self.request.headers.retain(|(other, _)| other != name);
        self
    }

    /// Replaces a text in the target, which has to be there.
    fn replaced(mut self, from: &str, to: &str) -> Self {
        assert!(self.request.target.contains(from), "{from} in {}", self.request.target);
        self.request.target = self.request.target.replace(from, to);
        self
    }

    fn with_method(mut self, method: &str) -> Self {
        self.request.method = method.into();
        self
    }

    fn explain(&self) -> Explanation {
        self.explain_by(true, ServerText::default())
    }

    fn explain_by(&self, has_secret: bool, server: ServerText<'_>) -> Explanation {
        let Request { method, target, headers } = &self.request;
        let head = RequestHead { method, target, headers: headers.as_slice() };
        let region = Region::new(self.region).unwrap();
        let mut explainer = Explainer::new(region, Service::S3).with_server_text(server);
        if has_secret {
            explainer = explainer.with_credentials(&self.credentials);
        }
        explainer.explain(&head, Timestamp::parse(self.now).unwrap())
    }

    /// Expects exactly these causes, each proven.
    fn is_proven(&self, codes: &[&str]) -> Explanation {
        let explanation = self.explain();
        assert_findings(&explanation, codes, Evidence::Proven);
        assert!(matches!(explanation.verdict(), Verdict::Refused(_)));
        explanation
    }

    fn is_seen(&self, codes: &[&str]) -> Explanation {
        let explanation = self.explain();
        assert_findings(&explanation, codes, Evidence::Seen);
        explanation
    }
}

#[track_caller]
fn assert_findings(explanation: &Explanation, codes: &[&str], evidence: Evidence) {
    let found: Vec<_> = explanation
        .findings()
        .iter()
        .map(|finding| (finding.cause.code(), finding.evidence))
        .collect();
    let expected: Vec<_> = codes.iter().map(|code| (*code, evidence)).collect();
    assert_eq!(found, expected, "{explanation:#?}\n{explanation}");
}

fn credentials(id: &str, secret: &str) -> Credentials {
    Credentials::new(id, SecretKey::new(secret).unwrap()).unwrap()
}

/// A request with a bit of everything, and a key with characters that get spoiled.
fn rich() -> Model {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Model {
        method: "PUT".into(),
        host: "files.example.com".into(),
        path: "/bucket/a b+c/x~y!.txt".into(),
        query: [("partNumber", "7"), ("uploadId", "a b/c+d")].map(pair).into(),
        headers: [("content-type", "text/csv"), ("x-amz-meta-note", "one, two")].map(pair).into(),
        ..Model::documented()
    }
}

#[test]
fn a_good_request_has_nothing_to_explain() {
    for model in [Model::documented(), rich()] {
        let explanation = Failure::of(&model).explain();
        assert_eq!(explanation.verdict(), Verdict::Holds, "{explanation}");
        assert!(explanation.findings().is_empty());
        let text = explanation.to_string();
        assert_eq!(text, "the request holds: nothing is wrong with it");
    }
}
