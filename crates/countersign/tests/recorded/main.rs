//! Proves that presigned URLs and forms are let in and refused as AWS let them in and refused them,
//! and for the same reason: by answers of the real service that another project recorded
//! (`data/aws-recorded-responses`). The recordings are without keys and signatures, so each request
//! is made again, with a key of the tests.

mod answer;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../common/mod.rs"]
mod common;
mod forms;
mod left_out;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../post_policy/sent.rs"]
mod sent;
mod urls;

use std::collections::BTreeMap;

use serde_json::Value;

use self::{answer::Answer, left_out::LEFT_OUT};

/// A recorded answer and ours to the same request.
struct Replay {
    /// The name of the test and of its answer.
    of: (&'static str, &'static str),
    ours: Answer,
    difference: Option<Difference>,
}

/// Where we do not answer as AWS does, knowingly.
struct Difference {
    /// What we answer.
    ours: Answer,
    why: &'static str,
}

impl Replay {
    fn new(test: &'static str, response: &'static str, ours: Answer) -> Self {
        Self { of: (test, response), ours, difference: None }
    }

    fn differs(self, ours: Answer, why: &'static str) -> Self {
        Self { difference: Some(Difference { ours, why }), ..self }
    }
}

/// What was recorded, by the names of test and answer.
struct Recorded {
    /// Whether it was signed with version 4.
    is_v4: bool,
    response: Value,
}

fn recorded() -> BTreeMap<(String, String), Recorded> {
    let file = include_str!("../data/aws-recorded-responses/presign.json");
    let recorded: Value = serde_json::from_str(file).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 48);
    let mut all = BTreeMap::new();
    for case in cases {
        let (_, test) = case["test"].as_str().unwrap().split_once("::").unwrap();
        for (name, response) in case["responses"].as_object().unwrap() {
            let is_v4 = case["signature"] == "v4";
            let recorded = Recorded { is_v4, response: response.clone() };
            let before = all.insert((test.to_owned(), name.clone()), recorded);
            assert!(before.is_none(), "{test}, {name}");
        }
    }
    all
}

fn replays() -> Vec<Replay> {
    let mut replays = urls::replays();
    replays.extend(forms::replays());
    replays
}

#[test]
fn every_answer_is_replayed_or_left_out_for_a_reason() {
    let mut open = recorded();
    let mut take = |(test, response): (&str, &str)| {
        let recorded = open.remove(&(test.to_owned(), response.to_owned()));
        recorded.unwrap_or_else(|| panic!("not recorded, or taken twice: {test}, {response}"))
    };
    let replays = replays();
    for replay in &replays {
        assert!(take(replay.of).is_v4, "{:?}", replay.of);
    }
    for (test, response, why) in LEFT_OUT {
        assert!(take((test, response)).is_v4 && !why.is_empty(), "{test}, {response}");
    }
    // Signature Version 2 is never implemented.
    let tests = |all: &BTreeMap<(String, String), Recorded>| {
        let mut tests: Vec<_> = all.keys().map(|(test, _)| test.clone()).collect();
        tests.dedup();
        tests.len()
    };
    assert!(open.values().all(|recorded| !recorded.is_v4), "{:?}", open.keys());
    assert_eq!((open.len(), tests(&open)), (23, 15));
    assert_eq!((replays.len(), LEFT_OUT.len()), (54, 4));
}

#[test]
fn we_answer_as_aws_answered() {
    let recorded = recorded();
    let (mut unexpected, mut differences) = (Vec::new(), Vec::new());
    for Replay { of: (test, response), ours, difference } in replays() {
        let recorded = &recorded[&(test.to_owned(), response.to_owned())];
        let theirs = Answer::recorded(&recorded.response);
        let is_as_expected = match difference {
            None => ours.is_as(&theirs),
            Some(Difference { ours: known, why }) => {
                differences.push((test, why));
                ours == known && !ours.is_as(&theirs)
            }
        };
        if !is_as_expected {
            unexpected.push(format!("{test}, {response}: {ours:?}, AWS: {theirs:?}"));
        }
    }
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert_eq!(differences.len(), 7, "{differences:#?}");
}

#[test]
fn without_a_name_of_the_file_the_key_is_that_of_aws() {
    let test = "test_post_object_with_file_as_string".to_owned();
    let recorded = &recorded()[&(test, "list-objects".to_owned())];
    let objects = recorded.response["Contents"].as_array().unwrap();
    let keys: Vec<_> = objects.iter().map(|object| object["Key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["file-as-field-${filename}", "test-presigned-post-file-as-field"]);
    assert_eq!(forms::with_variable().answer().unwrap().key, keys[0]);
}
