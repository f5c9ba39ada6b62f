//! A URL to GET an object.

use std::hint::black_box;

use crate::{
    Case, Entry, agree, floor,
    input::{AWKWARD_KEY, SHORT_KEY, Task},
    peers::{AwsSigV4, ObjectStore, Ours, Presign, Reqsign, RustyS3},
};

pub(super) fn cases(ours: &Ours) -> Vec<Case<'_>> {
    [("short key", SHORT_KEY), ("awkward key", AWKWARD_KEY)]
        .map(|(name, key)| case(ours, name, key))
        .into()
}

fn case<'a>(ours: &'a Ours, name: &str, key: &'static str) -> Case<'a> {
    let task = Task::Get(key);
    let now = ours.presigner();
    let url = now.presign(task);
    Case::new(format!("presign, {name}"), entry(now, task))
        .with_floor(floor::entry("day's key kept", floor::blocks(task, &url)))
        .with_peer(entry(RustyS3::new(), task))
        .with_peer(entry(AwsSigV4::new(), task))
        .with_peer(entry(Reqsign::new(), task))
        .with_peer(entry(ObjectStore::new(), task))
}

fn entry<'a, P: Presign + 'a>(peer: P, task: Task<'static>) -> Entry<'a> {
    agree::presigning(&peer, task);
    Entry::new(P::NAME, move || drop(black_box(peer.presign(black_box(task)))))
}
