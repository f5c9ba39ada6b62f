//! A form for one file, from its key as text to the fields of the form, and back to yes or no.

use std::hint::black_box;

use crate::{
    Case, Entry, agree, floor,
    input::SHORT_KEY,
    peers::{AwsForms, Form, Ours},
};

/// A file that every form of ours lets in.
const FILE_BYTES: usize = 4096;

pub(super) fn cases(ours: &Ours) -> Vec<Case<'_>> {
    vec![signed(ours), verified(ours)]
}

fn signed(ours: &Ours) -> Case<'_> {
    let (now, aws) = (ours.presigner(), AwsForms::new());
    agree::signing_forms(ours, &aws, SHORT_KEY);
    let blocks =
        floor::blocks_of_policy(Form::new(now.sign_form(SHORT_KEY).fields()).value("policy"));
    let by_us =
        Entry::new("Countersign", move || drop(black_box(now.sign_form(black_box(SHORT_KEY)))));
    let by_aws =
        Entry::new(AwsForms::NAME, move || drop(black_box(aws.sign(black_box(SHORT_KEY)))));
    Case::new("POST policy, signed", by_us)
        .with_floor(floor::entry("day's key kept", blocks))
        .with_peer(by_aws)
}

/// The peer enforces nothing: it is the time of the signature alone.
fn verified(ours: &Ours) -> Case<'_> {
    let (now, aws) = (ours.now(), AwsForms::new());
    let form = Form::new(ours.presigner().sign_form(SHORT_KEY).fields());
    agree::verifying_forms(ours, &aws, &form);
    let blocks = floor::blocks_of_policy(form.value("policy"));
    let received = form.clone();
    let by_us = Entry::new("Countersign", move || {
        let outcome = ours.verify_form(black_box(&received), FILE_BYTES, black_box(now));
        assert!(matches!(black_box(outcome), Ok(Ok(_))));
    });
    let by_aws = Entry::new(format!("{}, signature alone", AwsForms::NAME), move || {
        assert!(aws.verify(black_box(&form)));
    });
    Case::new("POST policy, verified and enforced", by_us)
        .with_floor(floor::entry("day's key kept", blocks))
        .with_peer(by_aws)
}
