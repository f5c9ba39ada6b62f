//! The way from a request to its explanation.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{
    Explainer,
    cause::{Cause, HeaderChange, Mangling, SecretFault, Sides, TokenFault},
    draft::{Trace, string_to_sign},
    explanation::{Answer, Evidence, Explanation, Finding, SignatureState, Stage, Verdict},
    received::{Fields, Received, claim_of},
    redact::Redactor,
    repair::repairs,
    search::{self, Search, Surroundings},
    server::{Lines, compare_strings_to_sign},
};
use crate::{
    Credentials, Field, Mechanism, ParseError, PayloadRule, Region, RequestHead, ScopeMismatch,
    Service, SigningKey, Timestamp, Verifier, VerifyError, credentials::SessionToken,
    query::TARGET_LEN_MAX,
};

const SIGNATURE_LEN: usize = 64;
const SUSPICIONS_MAX: usize = 3;
const HOSTS_MAX: usize = 32;
/// Headers that are longer in sum are not looked into.
const HEADERS_LEN_MAX: usize = 65_536;
const FINDINGS_MAX: usize = 100;
/// How many of them are kept free for what the search proves or suspects.
const SEARCHED_MAX: usize = 8;

/// What has been found so far.
pub(super) struct Investigation<'i, 'e> {
    explainer: &'i Explainer<'e>,
    now: Timestamp,
    redactor: Redactor,
    findings: Vec<Finding>,
    signature: SignatureState,
    tries: usize,
}

impl<'i, 'e> Investigation<'i, 'e> {
    pub(super) fn new(explainer: &'i Explainer<'e>, now: Timestamp) -> Self {
        let mut redactor = Redactor::default();
        if let Some(credentials) = explainer.credentials {
            redactor.hide(credentials.secret().reveal());
            credentials.session_token().into_iter().for_each(|token| redactor.hide(token.as_str()));
        }
        Self {
            explainer,
            now,
            redactor,
            findings: Vec::new(),
            signature: SignatureState::Unknown,
            tries: 0,
        }
    }

    pub(super) fn run<'h>(mut self, head: &RequestHead<'h, Fields<'h>>) -> Explanation {
        // A client sends nothing from a `#` on.
        let sent = head.target.split('#').next().unwrap_or_default();
        let refusal = match self.verify(&RequestHead { target: sent, ..*head }) {
            Ok(Verdict::Holds) => {
                self.signature = SignatureState::Right;
                return self.finish(Verdict::Holds, None);
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        match too_large(head) {
            // Nothing of it is shown, so nothing has to be hidden.
            Some(error) => self.find(Cause::Unreadable(error), Evidence::Seen),
            None => self.examine_head(head),
        }
        match refusal {
            Some(error) => {
                let mechanism = Mechanism::of(head).ok().flatten().unwrap_or(Mechanism::Query);
                let answer = self.answer(&error, mechanism);
                self.finish(Verdict::Refused(Stage::of(&error)), Some(answer))
            }
            None => self.finish(Verdict::Unknown, None),
        }
    }

    fn examine_head(&mut self, head: &RequestHead<'_, Fields<'_>>) {
        self.redactor.hide_target(head.target);
        self.redactor.hide_headers(head.headers);
        match Received::read(head, PayloadRule::Unsigned) {
            Ok(received) => self.examine_or_repair(head, &received),
            Err(error) => self.unreadable(head, error),
        }
    }

    fn finish(self, verdict: Verdict, answer: Option<Answer>) -> Explanation {
        let Self { findings, signature, tries, .. } = self;
        Explanation { verdict, answer, findings, signature, tries }
    }

    /// What a server says. AWS looks at the token before the signature; this crate, which knows the
    /// token only with the key, behind it.
    fn answer(&self, error: &VerifyError, mechanism: Mechanism) -> Answer {
        let token = self.findings.iter().find_map(|finding| match finding.cause {
            Cause::Token(fault) => Some(fault),
            _ => None,
        });
        match (error, token) {
            (
                VerifyError::SignatureMismatch,
                Some(TokenFault::Unexpected | TokenFault::Changed),
            ) => Answer::INVALID_TOKEN,
            (VerifyError::SignatureMismatch, Some(TokenFault::Absent)) => Answer::INVALID_ID,
            _ => Answer::of(error, mechanism),
        }
    }

    fn verify(&self, head: &RequestHead<'_, Fields<'_>>) -> Result<Verdict, VerifyError> {
        let claim = claim_of(head)?;
        let verifier = self.verifier(self.explainer.region, self.explainer.service);
        let checked = verifier.check(&claim, self.now)?;
        let Some(credentials) = self.explainer.credentials else { return Ok(Verdict::Unknown) };
        let key = SigningKey::derive(credentials, checked.scope());
        checked.verify(Some(&key)).map(|_| Verdict::Holds)
    }

    fn verifier(&self, region: Region<'_>, service: Service<'_>) -> Verifier {
        Verifier::new(region, service).with_skew(self.explainer.skew)
    }

    fn find(&mut self, cause: Cause, evidence: Evidence) {
        let finding = Finding::new(cause, evidence, &self.redactor);
        let same = self.findings.iter_mut().find(|other| {
            other.cause.code() == finding.cause.code() && other.cause.name() == finding.cause.name()
        });
        match same {
            // What is proven says more than what can be seen.
            Some(other) if evidence == Evidence::Proven => *other = finding,
            Some(_) => {}
            None => {
                let room = match evidence {
                    Evidence::Proven | Evidence::Suspected => FINDINGS_MAX,
                    Evidence::Seen | Evidence::Compared => FINDINGS_MAX - SEARCHED_MAX,
                };
                if self.findings.len() < room {
                    self.findings.push(finding);
                }
            }
        }
    }

    /// Explains a request in which no claim can be read.
    fn unreadable(&mut self, head: &RequestHead<'_, Fields<'_>>, error: ParseError) {
        if error == ParseError::TwoMechanisms {
            return self.find(Cause::TwoMechanisms, Evidence::Seen);
        }
        if let Some(cause) = unsigned(head, error) {
            return self.find(cause, Evidence::Seen);
        }
        let mut readable = Vec::new();
        let candidates = repairs(head.target);
        for (manglings, target) in &candidates {
            let repaired = RequestHead { target, ..*head };
            if let Ok(received) = Received::read(&repaired, PayloadRule::Unsigned) {
                readable.push((manglings, repaired, received));
            }
        }
        let proven = readable.iter().position(|(_, _, received)| self.is_right(received));
        let evidence = if proven.is_some() { Evidence::Proven } else { Evidence::Seen };
        if let Some((manglings, repaired, received)) = readable.get(proven.unwrap_or_default()) {
            self.redactor.hide_target(repaired.target);
            for mangling in *manglings {
                self.find(Cause::Mangled(*mangling), evidence);
            }
            return self.examine(repaired, received);
        }
        let has = |name: &str| head.target.contains(name);
        let is_cut_off = has("X-Amz-") && !has(Field::Signature.as_str());
        let is_renamed = candidates.iter().any(|(ways, _)| ways == &[Mangling::ParameterNames]);
        let cause = match error {
            _ if is_renamed => Cause::Mangled(Mangling::ParameterNames),
            ParseError::Missing(_)
            | ParseError::Malformed(Field::Credential | Field::Date | Field::Query)
                if is_cut_off =>
            {
                Cause::CutOff { signature_digits: None }
            }
            _ => Cause::Unreadable(error),
        };
        self.find(cause, Evidence::Seen);
    }

    /// Explains a request whose claim can be read, perhaps only because it looks like one.
    fn examine_or_repair(&mut self, head: &RequestHead<'_, Fields<'_>>, received: &Received<'_>) {
        let is_whole = received.presented.signature.is_some();
        let is_right = is_whole && self.is_right(received);
        if head.target.contains('#') {
            let evidence = if is_right { Evidence::Proven } else { Evidence::Seen };
            self.find(Cause::Mangled(Mangling::Fragment), evidence);
        }
        if is_right {
            return self.examine(head, received);
        }
        for (manglings, target) in repairs(head.target) {
            let repaired = RequestHead { target: &target, ..*head };
            let Ok(better) = Received::read(&repaired, PayloadRule::Unsigned) else { continue };
            // What was encoded twice as a whole has a credential that cannot be read.
            let is_right = self.is_right(&better) && !manglings.contains(&Mangling::EncodedTwice);
            let is_better = is_right || (!is_whole && better.presented.signature.is_some());
            if is_better {
                self.redactor.hide_target(&target);
                let evidence = if is_right { Evidence::Proven } else { Evidence::Seen };
                for mangling in manglings {
                    self.find(Cause::Mangled(mangling), evidence);
                }
                return self.examine(&repaired, &better);
            }
        }
        self.examine(head, received);
    }

    fn is_right(&self, received: &Received<'_>) -> bool {
        let key = self.explainer.credentials.zip(received.scope());
        let key = key.map(|(credentials, scope)| SigningKey::derive(credentials, scope));
        key.is_some_and(|key| received.presented.is_of(&received.draft.edited(&[]), &key))
    }

    fn examine(&mut self, head: &RequestHead<'_, Fields<'_>>, received: &Received<'_>) {
        self.redactor.hide(&received.signature_digits);
        received.session_token.iter().for_each(|token| self.redactor.hide(token));
        self.check(head, received);
        for (name, _) in received.draft.headers.iter().filter(|(_, value)| value.is_none()) {
            let sides = Sides { signed: None, received: None };
            let cause =
                Cause::Header { how: HeaderChange::Absent, name: name.as_str().into(), sides };
            self.find(cause, Evidence::Seen);
        }
        let digits = received.signature_digits.len();
        if received.presented.signature.is_none() {
            let is_hex = received.signature_digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_in_query = received.mechanism == Mechanism::Query;
            let cause = if is_in_query && is_hex && digits < SIGNATURE_LEN {
                Cause::CutOff { signature_digits: Some(digits) }
            } else {
                Cause::Unreadable(ParseError::Malformed(Field::Signature))
            };
            return self.find(cause, Evidence::Seen);
        }
        match (self.explainer.credentials, received.scope()) {
            (Some(credentials), Some(_)) => self.examine_signature(received, credentials),
            _ => {
                if !self.compare(received, None) {
                    self.suspect(received);
                }
            }
        }
    }

    /// Finds each fault that a check would find, as if those before it were none.
    fn check(&mut self, head: &RequestHead<'_, Fields<'_>>, received: &Received<'_>) {
        const ROUNDS_MAX: usize = 16;
        let (mut now, mut headers) = (self.now, head.headers.clone());
        let (mut region, mut service) = (self.explainer.region, self.explainer.service);
        for _ in 0..ROUNDS_MAX {
            let head = RequestHead { headers: &headers, ..*head };
            let Ok(claim) = claim_of(&head) else { return };
            let Err(error) = self.verifier(region, service).check(&claim, now).map(|_| ()) else {
                return;
            };
            let signed_at = received.presented.signed_at.at;
            let cause = cause_of(&error, received, self.now);
            self.find(cause, Evidence::Seen);
            match error {
                // What is over before it begins stays so at any time.
                VerifyError::Expired { .. }
                | VerifyError::NotYetValid { .. }
                | VerifyError::TimeSkewed { .. }
                    if now != signed_at =>
                {
                    now = signed_at;
                }
                VerifyError::Scope(ScopeMismatch::Region { .. }) => {
                    let Ok(other) = Region::new(&received.region) else { return };
                    region = other;
                }
                VerifyError::Scope(ScopeMismatch::Service { .. }) => {
                    let Ok(other) = Service::new(&received.service) else { return };
                    service = other;
                }
                VerifyError::UnsignedHeader(name) => {
                    headers.0.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
                }
                _ => return,
            }
        }
    }

    fn examine_signature(&mut self, received: &Received<'_>, credentials: &Credentials) {
        let Some(scope) = received.scope() else { return };
        let key = SigningKey::derive(credentials, scope);
        let as_received = received.draft.edited(&[]);
        self.redactor.hide(&received.presented.expected(&as_received, &key));
        self.compare_key(received, credentials);
        if received.presented.is_of(&as_received, &key) {
            self.signature = SignatureState::Right;
            self.compare(received, Some(&key));
            return;
        }
        self.signature = SignatureState::Wrong;
        let is_told = self.compare(received, Some(&key));
        let hosts = self.explainer.hosts;
        let around = Surroundings {
            credentials,
            region: self.explainer.region,
            service: self.explainer.service,
            hosts: hosts.get(..HOSTS_MAX).unwrap_or(hosts),
        };
        let mut search = Search::new(received, &key);
        let found = search.run(&search::variants(received, &around));
        self.tries = search.tries();
        match found {
            Some(causes) => causes.into_iter().for_each(|cause| self.find(cause, Evidence::Proven)),
            None if is_told || credentials.access_key_id() != received.access_key_id => {}
            None => {
                self.suspect(received);
                self.find(Cause::NotFound, Evidence::Suspected);
            }
        }
    }

    fn compare_key(&mut self, received: &Received<'_>, credentials: &Credentials) {
        let (expected, got) = (credentials.access_key_id(), received.access_key_id.as_str());
        if got == credentials.secret().reveal() {
            self.find(Cause::SecretAsAccessKeyId, Evidence::Seen);
        } else if got != expected {
            let cause = Cause::AccessKeyId { expected: expected.into(), got: got.into() };
            self.find(cause, Evidence::Seen);
        }
        let token = credentials.session_token().map(SessionToken::as_str);
        let fault = match (token, received.session_token.as_ref()) {
            (Some(_), None) => TokenFault::Absent,
            (None, Some(_)) => TokenFault::Unexpected,
            (Some(one), Some(other)) if one != other.as_str() => TokenFault::Changed,
            _ => return,
        };
        self.find(Cause::Token(fault), Evidence::Seen);
    }

    /// Holds the request against what the server says it computed. Says whether that told anything.
    fn compare(&mut self, received: &Received<'_>, key: Option<&SigningKey>) -> bool {
        let server = self.explainer.server;
        if server.is_too_long() {
            self.find(Cause::ServerTextTooLong, Evidence::Seen);
            return false;
        }
        let canonical = received.draft.edited(&[]).text();
        let ours = String::from_utf8_lossy(&canonical).into_owned();
        let theirs = server.canonical_request.and_then(Lines::parse);
        let (Some(mine), Some(theirs)) = (Lines::parse(&ours), theirs) else {
            return self.compare_strings_to_sign(received, &canonical);
        };
        let evidence = if self.signature == SignatureState::Right {
            Evidence::Proven
        } else {
            Evidence::Compared
        };
        let differences = mine.differences(&theirs);
        if !differences.is_empty() {
            let is_theirs = || {
                let text = server.canonical_request.unwrap_or_default();
                key.is_some_and(|key| received.presented.is_of_text(text.trim_end(), key))
            };
            // Where the server has the text that was signed, the request that was given here is
            // not the one that it received.
            if is_theirs() {
                self.signature = SignatureState::Right;
                self.find(Cause::Secret(SecretFault::Other), Evidence::Compared);
            }
            for cause in differences {
                self.find(cause, evidence);
            }
            return true;
        }
        if !self.compare_strings_to_sign(received, &canonical) {
            self.find(Cause::Secret(SecretFault::Other), Evidence::Compared);
        }
        true
    }

    fn compare_strings_to_sign(&mut self, received: &Received<'_>, canonical: &[u8]) -> bool {
        let Some((theirs, scope)) = self.explainer.server.string_to_sign.zip(received.scope())
        else {
            return false;
        };
        let ours = string_to_sign(canonical, received.presented.signed_at.at, scope);
        let differences = compare_strings_to_sign(&ours, theirs);
        let is_same = differences.is_empty();
        for cause in differences {
            self.find(cause, Evidence::Compared);
        }
        if is_same && self.explainer.server.canonical_request.is_none() {
            self.find(Cause::Secret(SecretFault::Other), Evidence::Compared);
            return true;
        }
        !is_same
    }

    /// Names what the request has the look of, where nothing is proven.
    fn suspect(&mut self, received: &Received<'_>) {
        let variants = search::without_secret(received);
        let visible = variants.into_iter().filter(|variant| variant.trace == Trace::Visible);
        let mut seen: Vec<Box<str>> = Vec::new();
        for variant in visible {
            let code = variant.cause.code();
            if seen.iter().any(|other| &**other == code) {
                continue;
            }
            if seen.len() >= SUSPICIONS_MAX {
                return;
            }
            seen.push(code.into());
            self.find(variant.cause, Evidence::Suspected);
        }
    }
}

/// What is too long to be looked into: the work grows with it, and everybody may send it.
fn too_large(head: &RequestHead<'_, Fields<'_>>) -> Option<ParseError> {
    if head.target.len() > TARGET_LEN_MAX {
        return Some(ParseError::TooLarge(Field::Target));
    }
    let is_long = head.headers.len_in_bytes() > HEADERS_LEN_MAX;
    is_long.then_some(ParseError::TooLarge(Field::Header))
}

/// Why a request without a claim of ours has none, where it has another or none at all.
fn unsigned(head: &RequestHead<'_, Fields<'_>>, error: ParseError) -> Option<Cause> {
    let authorization = head.headers.text("authorization").unwrap_or_default();
    let target = head.target.to_ascii_lowercase();
    let has = |name: &str| target.contains(name);
    if authorization.starts_with("AWS ") || (has("awsaccesskeyid=") && has("signature=")) {
        return Some(Cause::SignatureV2);
    }
    if error != ParseError::Missing(Field::Algorithm) || has("x-amz-") || has("x%2damz-") {
        return None;
    }
    Some(Cause::Anonymous)
}

fn cause_of(error: &VerifyError, received: &Received<'_>, now: Timestamp) -> Cause {
    let secs = |from: Timestamp, to: Timestamp| {
        u64::try_from(to.unix_secs().saturating_sub(from.unix_secs())).unwrap_or_default()
    };
    let signed_at = received.presented.signed_at.at;
    match error {
        VerifyError::Parse(error) => Cause::Unreadable(*error),
        VerifyError::LifetimeTooLong => Cause::LifetimeTooLong { secs: received.lifetime_secs },
        VerifyError::NotYetValid { .. } => Cause::SignedAhead { secs: secs(now, signed_at) },
        VerifyError::TimeSkewed { .. } if signed_at > now => {
            Cause::SignedAhead { secs: secs(now, signed_at) }
        }
        VerifyError::TimeSkewed { .. } => Cause::SignedBehind { secs: secs(signed_at, now) },
        VerifyError::Expired { not_after, .. } => Cause::Expired { secs: secs(*not_after, now) },
        VerifyError::Scope(ScopeMismatch::Region { expected, got }) => {
            Cause::Region { expected: expected.clone(), got: got.clone() }
        }
        VerifyError::Scope(ScopeMismatch::Service { expected, got }) => {
            Cause::Service { expected: expected.clone(), got: got.clone() }
        }
        VerifyError::Scope(ScopeMismatch::Terminator) => Cause::Terminator,
        VerifyError::DateMismatch => match crate::Date::parse(&received.date) {
            Ok(credential) => Cause::Day { credential, signed_at: signed_at.date() },
            Err(_) => Cause::Unreadable(ParseError::Malformed(Field::Credential)),
        },
        VerifyError::HostNotSigned => Cause::HostNotSigned,
        VerifyError::UnsignedHeader(name) => Cause::HeaderNotSigned { name: name.clone() },
        VerifyError::SignedHeaderAbsent(_)
        | VerifyError::UnknownKey
        | VerifyError::SignatureMismatch => Cause::NotFound,
    }
}
