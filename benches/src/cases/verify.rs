//! A request with a presigned URL, from method, target and host to yes or no.

use std::hint::black_box;

use countersign::{Timestamp, VerifyError};

use crate::{
    Case, Entry, agree, floor,
    input::{AWKWARD_KEY, LIFETIME, SHORT_KEY, Task, UPLOAD, target},
    peers::{AwsSigV4, Ours, Presign},
};

pub(super) fn cases(ours: &Ours) -> Vec<Case<'_>> {
    let aws = AwsSigV4::new();
    let short = Targets::new(ours, &aws, vec![Task::Get(SHORT_KEY)]);
    let awkward = Targets::new(ours, &aws, vec![Task::Get(AWKWARD_KEY)]);
    let parts = Targets::new(ours, &aws, Task::parts(UPLOAD).collect());
    let (bad, expired) = (short.spoiled(), short.clone());
    vec![
        good(ours, "verify, short key", short),
        good(ours, "verify, awkward key", awkward),
        good(ours, "verify, 1,000 parts", parts),
        bad_signature(ours, "verify, short key, bad signature", bad),
        expired_url(ours, "verify, short key, expired", expired),
    ]
}

fn good<'a>(ours: &'a Ours, name: &str, targets: Targets) -> Case<'a> {
    let now = ours.now();
    Case::new(name, by_us(ours, targets.clone(), now, &Ok(())))
        .with_floor(floor::entry("day's key kept", targets.floor_blocks))
        .with_peer(by_aws(targets, true))
}

fn bad_signature<'a>(ours: &'a Ours, name: &str, targets: Targets) -> Case<'a> {
    let now = ours.now();
    Case::new(name, by_us(ours, targets.clone(), now, &Err(VerifyError::SignatureMismatch)))
        .with_floor(floor::entry("day's key kept", targets.floor_blocks))
        .with_peer(by_aws(targets, false))
}

/// No floor: nothing has to be hashed to see it. No peer: it would be the time of a comparison.
fn expired_url<'a>(ours: &'a Ours, name: &str, targets: Targets) -> Case<'a> {
    let lifetime_secs = LIFETIME.as_secs().try_into().unwrap();
    let expiry = ours.now().checked_add_secs(lifetime_secs).unwrap();
    let refusal = ours.verify("GET", &targets.of[0].1, expiry);
    assert!(matches!(refusal, Err(VerifyError::Expired { .. })));
    Case::new(name, by_us(ours, targets, expiry, &refusal))
}

fn by_us<'a>(
    ours: &'a Ours,
    targets: Targets,
    now: Timestamp,
    outcome: &Result<(), VerifyError>,
) -> Entry<'a> {
    for (task, target) in &targets.of {
        assert_eq!(ours.verify(task.method(), target, now), *outcome, "{target}");
    }
    targets.entry("Countersign", move |task, target| {
        black_box(ours.verify(task.method(), target, black_box(now))).is_ok()
    })
}

fn by_aws<'a>(targets: Targets, is_good: bool) -> Entry<'a> {
    let aws = AwsSigV4::new();
    for (task, target) in &targets.of {
        assert_eq!(aws.verify(task.method(), target), is_good, "{target}");
    }
    targets.entry(&format!("{}, signing again", AwsSigV4::NAME), move |task, target| {
        aws.verify(task.method(), target)
    })
}

/// What requests are for.
#[derive(Debug, Clone)]
struct Targets {
    of: Vec<(Task<'static>, String)>,
    floor_blocks: usize,
}

impl Targets {
    fn new(ours: &Ours, aws: &AwsSigV4, tasks: Vec<Task<'static>>) -> Self {
        let now = ours.presigner();
        let mut targets = Self { of: Vec::new(), floor_blocks: 0 };
        for task in tasks {
            let url = now.presign(task);
            agree::verifying(ours, aws, task, target(&url));
            targets.floor_blocks = targets.floor_blocks.max(floor::blocks(task, &url));
            targets.of.push((task, target(&url).to_owned()));
        }
        targets
    }

    fn spoiled(&self) -> Self {
        let of = self.of.iter().map(|(task, target)| (*task, agree::spoiled(target))).collect();
        Self { of, ..*self }
    }

    /// One who goes through all of them, one after the other.
    fn entry<'a>(self, name: &str, verify: impl Fn(Task<'_>, &str) -> bool + 'a) -> Entry<'a> {
        let requests = u32::try_from(self.of.len()).unwrap_or(u32::MAX);
        let call = move || {
            for (task, target) in &self.of {
                black_box(verify(*task, black_box(target)));
            }
        };
        Entry::new(name, call).with_urls_per_call(requests)
    }
}
