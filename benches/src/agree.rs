//! What is shown before anything is timed.

use countersign::{Timestamp, VerifyError};

use crate::{
    input::{Task, Upload, signature, target},
    peers::{AwsSigV4, Ours, Presign},
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
