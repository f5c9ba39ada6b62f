//! What is shown before anything is timed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    Timestamp, VerifyError, oci,
    post_policy::{FileLengthError, FormError},
};
use serde_json::Value;

use crate::{
    input::{FILE_BYTES_MAX, OCI_TARGET, OciTask, Task, Upload, signature, target},
    peers::{AwsForms, AwsSigV4, Form, Ours, OursOci, Presign, SentToOci},
};

/// Shows that a peer's URL has the signature that Countersign makes at the URL's time, and that
/// Countersign takes it, whatever the order of its parameters.
pub(crate) fn presigning<P: Presign>(peer: &P, task: Task<'_>) {
    let url = P::text(&peer.presign(task));
    same_signature(P::NAME, &url, task);
}

/// Shows the same for all URLs that a peer makes for an upload, and that there is one for each part.
pub(crate) fn presigning_parts<P: Presign>(peer: &P, upload: Upload<'_>) {
    let mut urls = Vec::new();
    peer.presign_parts(upload, |url| urls.push(P::text(url)));
    assert_eq!(urls.len(), usize::from(upload.parts), "{}", P::NAME);
    for (url, task) in urls.iter().zip(Task::parts(upload)) {
        same_signature(P::NAME, url, task);
    }
}

/// Shows that both take a request, and that both refuse it with another signature or another target.
pub(crate) fn verifying(ours: &Ours, aws: &AwsSigV4, task: Task<'_>, good: &str) {
    let method = task.method();
    assert_eq!(ours.verify(method, good, ours.now()), Ok(()), "Countersign, {good}");
    assert!(aws.verify(method, good), "{}, {good}", AwsSigV4::NAME);
    for bad in [spoiled(good), good.replacen(".csv", ".tsv", 1)] {
        assert_ne!(bad, good);
        let refusal = Err(VerifyError::SignatureMismatch);
        assert_eq!(ours.verify(method, &bad, ours.now()), refusal, "Countersign, {bad}");
        assert!(!aws.verify(method, &bad), "{}, {bad}", AwsSigV4::NAME);
    }
}

/// Shows that a peer's policy says what ours says, that it signs our policy as we do, and that
/// Countersign lets its form in. The two texts differ: Countersign writes them as botocore does.
pub(crate) fn signing_forms(ours: &Ours, aws: &AwsForms, key: &str) {
    let our_form = Form::new(ours.presigner().sign_form(key).fields());
    let fields = aws.sign(key);
    let their_form = Form::new(fields.iter().map(|(name, value)| (*name, value.as_str())));
    let [our_policy, their_policy] = [&our_form, &their_form].map(|form| {
        let text = STANDARD.decode(form.value("policy")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()
    });
    assert_eq!(our_policy, their_policy, "{}", AwsForms::NAME);
    let their_signature = aws.signature(our_form.value("policy"));
    assert_eq!(their_signature, our_form.value("x-amz-signature"), "{}", AwsForms::NAME);
    verifying_forms(ours, aws, &their_form);
}

/// Shows that both take a form, that both refuse it with another signature, and that Countersign
/// holds it, and its file, against the policy.
pub(crate) fn verifying_forms(ours: &Ours, aws: &AwsForms, good: &Form) {
    let verify = |form: &Form| ours.verify_form(form, 1, ours.now());
    assert_eq!(verify(good), Ok(Ok(1)), "Countersign, {good:?}");
    assert!(aws.verify(good), "{}, {good:?}", AwsForms::NAME);

    let bad = good.clone().with("x-amz-signature", &spoiled(good.value("x-amz-signature")));
    let mismatch = Err(FormError::Claim(VerifyError::SignatureMismatch));
    assert_eq!(verify(&bad), mismatch, "Countersign, {bad:?}");
    assert!(!aws.verify(&bad), "{}, {bad:?}", AwsForms::NAME);

    for name in ["key", "Content-Type"] {
        let other = good.clone().with(name, "other");
        assert_eq!(verify(&other), Err(FormError::Unmet(name.into())), "Countersign, {other:?}");
    }
    let file_bytes = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
    let too_large = Err(FileLengthError::TooLarge { max_bytes: FILE_BYTES_MAX });
    assert_eq!(ours.verify_form(good, file_bytes, ours.now()), Ok(too_large));
}

/// Shows that Countersign takes a request for Oracle Cloud, and refuses it with another signature,
/// another target or, where it has a body, the digest of another.
pub(crate) fn verifying_oci(ours: &OursOci, good: &SentToOci) {
    let verify = |sent: &SentToOci| ours.verify(sent, ours.now());
    assert_eq!(verify(good), Ok(()), "{good:?}");
    let mut bad =
        vec![SentToOci { target: OCI_TARGET.split_at(OCI_TARGET.len() - 1).0, ..good.clone() }];
    let authorization = good.value("authorization");
    let (start, end) = authorization.split_once(",signature=\"").unwrap();
    // Not the last digits, some of which are padding.
    let other = if end[1..].starts_with('A') { 'B' } else { 'A' };
    let authorization = format!("{start},signature=\"{}{other}{}", &end[..1], &end[2..]);
    bad.push(good.clone().with("authorization", &authorization));
    if good.task == OciTask::Put {
        let digest = STANDARD.encode([0; 32]);
        bad.push(good.clone().with("x-content-sha256", &digest));
    }
    for bad in bad {
        assert_eq!(verify(&bad), Err(oci::VerifyError::SignatureMismatch), "{bad:?}");
    }
}

/// A target with another last digit of its signature.
pub(crate) fn spoiled(target: &str) -> String {
    let (kept, last) = target.split_at(target.len() - 1);
    format!("{kept}{}", if last == "0" { "1" } else { "0" })
}

fn same_signature(peer: &str, url: &str, task: Task<'_>) {
    let ours = Ours::at(signed_at(url));
    let expected = ours.presigner().presign(task);
    assert_eq!(signature(url), signature(&expected), "{peer}, {task:?}");
    let outcome = ours.verify(task.method(), target(url), ours.now());
    assert_eq!(outcome, Ok(()), "{peer}, {task:?}");
}

fn signed_at(url: &str) -> Timestamp {
    let value = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("X-Amz-Date="));
    Timestamp::parse(value.unwrap_or_default()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        input::{SHORT_KEY, UPLOAD},
        peers::OursNow,
    };

    /// A peer that signs another key, or leaves a part out.
    struct Wrong<'a>(OursNow<'a>);

    impl Presign for Wrong<'_> {
        const NAME: &'static str = "wrong";

        type Url = String;

        fn presign(&self, _: Task<'_>) -> String {
            self.0.presign(Task::Get("another"))
        }

        fn presign_parts(&self, upload: Upload<'_>, mut take: impl FnMut(&String)) {
            Task::parts(upload).skip(1).for_each(|task| take(&self.0.presign(task)));
        }

        fn text(url: &String) -> String {
            url.clone()
        }
    }

    #[test]
    #[should_panic = "Unmet(\"Content-Type\")"]
    fn a_form_that_is_not_let_in_is_noticed() {
        let ours = Ours::new();
        let form = Form::new(ours.presigner().sign_form(SHORT_KEY).fields());
        verifying_forms(&ours, &AwsForms::new(), &form.with("Content-Type", "text/html"));
    }

    #[test]
    #[should_panic = "SignatureMismatch"]
    fn a_request_for_oracle_cloud_that_is_not_taken_is_noticed() {
        let ours = OursOci::new();
        let sent = SentToOci::new(OciTask::Get, ours.sign(OciTask::Get).headers());
        verifying_oci(&ours, &sent.with("host", "another"));
    }

    #[test]
    #[should_panic = "wrong, Get"]
    fn a_peer_that_signs_something_else_is_noticed() {
        presigning(&Wrong(Ours::new().presigner()), Task::Get(SHORT_KEY));
    }

    #[test]
    #[should_panic = "wrong"]
    fn a_part_that_is_left_out_is_noticed() {
        presigning_parts(&Wrong(Ours::new().presigner()), UPLOAD);
    }
}
