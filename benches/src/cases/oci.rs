//! A request for Oracle Cloud, from method and target to the headers that are to be added, and back
//! to yes or no.

use std::hint::black_box;

use crate::{
    Case, Entry, agree,
    input::OciTask,
    peers::{OursOci, SentToOci},
    rsa_floor,
};

pub(super) fn cases<'a>() -> Vec<Case<'a>> {
    let tasks = [("GET", OciTask::Get), ("PUT", OciTask::Put)];
    let signed = tasks.map(|(name, task)| signed(name, task));
    let verified = tasks.map(|(name, task)| verified(name, task));
    signed.into_iter().chain(verified).collect()
}

fn signed<'a>(name: &str, task: OciTask) -> Case<'a> {
    let ours = OursOci::new();
    let message = ours.signing_string(task);
    let by_us = Entry::new("Countersign", move || drop(black_box(ours.sign(black_box(task)))));
    Case::new(format!("OCI request, signed, {name}"), by_us).with_floor(rsa_floor::signing(message))
}

/// No peer: none that is published verifies.
fn verified<'a>(name: &str, task: OciTask) -> Case<'a> {
    let ours = OursOci::new();
    let sent = SentToOci::new(task, ours.sign(task).headers());
    agree::verifying_oci(&ours, &sent);
    let floor = rsa_floor::verifying(ours.signing_string(task), ours.signature(task));
    let now = ours.now();
    let by_us = Entry::new("Countersign", move || {
        assert!(black_box(ours.verify(black_box(&sent), black_box(now))).is_ok());
    });
    Case::new(format!("OCI request, verified, {name}"), by_us).with_floor(floor)
}
