//! The URLs to PUT the 1,000 parts of an upload, of which each counts.

use std::hint::black_box;

use crate::{
    Case, Entry, agree, floor,
    input::{Task, UPLOAD, Upload},
    peers::{AwsSigV4, ObjectStore, Ours, Presign, Reqsign, RustyS3},
};

pub(super) fn case(ours: &Ours) -> Case<'_> {
    // The part in the middle: the canonical requests of all are of so many blocks.
    let task = Task::Part(UPLOAD, UPLOAD.parts / 2);
    let now = ours.presigner();
    let url = now.presign(task);
    let (shared, alone) = (floor::blocks_beside_other_parts(task, &url), floor::blocks(task, &url));
    Case::new("presign, 1,000 parts", entry(now, UPLOAD))
        .with_floor(floor::entry("day's key, second and prefix kept", shared))
        .with_floor(floor::entry("day's key kept", alone))
        .with_peer(entry(RustyS3::new(), UPLOAD))
        .with_peer(entry(AwsSigV4::new(), UPLOAD))
        .with_peer(entry(Reqsign::new(), UPLOAD))
        .with_peer(entry(ObjectStore::new(), UPLOAD))
}

fn entry<'a, P: Presign + 'a>(peer: P, upload: Upload<'static>) -> Entry<'a> {
    agree::presigning_parts(&peer, upload);
    let call = move || {
        peer.presign_parts(black_box(upload), |url| {
            black_box(url);
        });
    };
    Entry::new(P::NAME, call).with_urls_per_call(upload.parts.into())
}
