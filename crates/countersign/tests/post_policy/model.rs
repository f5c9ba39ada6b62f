//! A slow, plain model of a policy, written from the documentation alone, held against the crate on
//! random policies and forms; and forms of the crate's own signer, changed.

use countersign::{
    Addressing, Endpoint, Lifetime, Timestamp,
    post_policy::{Condition, ContentLengthRange, FormKey, PostPolicy},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use super::sent::{self, BUCKET, Sent};

/// Few names and few values, so that forms and policies meet.
const NAMES: [&str; 7] =
    ["acl", "ACL", "Content-Type", "x-amz-meta-a", "x-ignore-a", "key", "bucket"];
const VALUES: [&str; 8] = ["", "a", "ab", "a,ab", "b", "a${filename}", "aa", "é"];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(&VALUES[..]).prop_map(String::from), 1 => "[ab,é]{0,4}"]
}

fn condition() -> impl Strategy<Value = Value> {
    let name = select(&NAMES[..]);
    let with_dollar = name.clone().prop_map(|name| format!("${name}"));
    prop_oneof![
        3 => (name, value()).prop_map(|(name, value)| json!({name: value})),
        2 => (with_dollar.clone(), value()).prop_map(|(name, value)| json!(["eq", name, value])),
        6 => (with_dollar, value()).prop_map(|(name, value)| json!(["starts-with", name, value])),
        1 => Just(json!({"bucket": BUCKET})),
        1 => (0_u64..9, 0_u64..9).prop_map(|(min, max)| json!(["content-length-range", min, max])),
    ]
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((select(&NAMES[..5]), value()), 0..4)
        .prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What a policy and a form come to: the key and the range, or nothing.
fn model(
    conditions: &[Value],
    fields: &[(String, String)],
    file_name: &str,
) -> Option<(String, u64, u64)> {
    let lower = |name: &str| name.trim_start_matches('$').to_ascii_lowercase();
    let mut form: Vec<(String, String)> = vec![("bucket".into(), BUCKET.into())];
    for (name, value) in fields {
        if form.iter().any(|(other, _)| *other == lower(name)) {
            return None;
        }
        form.push((lower(name), value.replace("${filename}", file_name)));
    }
    let (mut min, mut max) = (0, u64::MAX);
    let mut covered = Vec::new();
    for condition in conditions {
        let (operator, name, value) = match condition {
            Value::Object(members) => {
                let (name, value) = members.iter().next()?;
                ("eq", lower(name), value.as_str()?)
            }
            list if list[0] == "content-length-range" => {
                let (least, most) = (list[1].as_u64()?, list[2].as_u64()?);
                if least > most {
                    return None;
                }
                (min, max) = (min.max(least), max.min(most));
                continue;
            }
            list => (list[0].as_str()?, lower(list[1].as_str()?), list[2].as_str()?),
        };
        let (_, got) = form.iter().find(|(other, _)| *other == name)?;
        let is_met = match operator {
            "eq" => got == value,
            _ if name == "content-type" => {
                got.split(',').all(|part| part.trim_start().starts_with(value))
            }
            _ => got.starts_with(value),
        };
        if !is_met {
            return None;
        }
        covered.push(name);
    }
    for (name, _) in &form {
        if !name.starts_with("x-ignore-") && !covered.contains(name) {
            return None;
        }
    }
    let (_, key) = form.iter().find(|(name, _)| name == "key")?;
    (min <= max && !key.is_empty()).then(|| (key.clone(), min, max))
}

#[test]
fn the_crate_and_the_model_let_in_the_same() {
    let strategy = (
        vec(condition(), 0..3),
        fields(),
        option::weighted(0.9, value()),
        (prop::bool::weighted(0.9), prop::bool::weighted(0.8)),
        select(vec!["", "a", "b.csv", "x/y"]),
    );
    let mut counts = [0_u32; 2];
    let cell = std::cell::RefCell::new(&mut counts);
    let mut runner = TestRunner::new(Config { cases: 8_000, ..Config::default() });
    let outcome = runner.run(&strategy, |(mut conditions, mut fields, key, usual, name)| {
        // Without these hardly a form is let in.
        if usual.0 {
            conditions.push(json!({"bucket": BUCKET}));
        }
        if usual.1 {
            conditions.push(json!(["starts-with", "$key", ""]));
            for (name, _) in &fields {
                conditions.push(json!(["starts-with", format!("${name}"), ""]));
            }
        }
        fields.extend(key.map(|key| ("key".to_owned(), key)));
        let borrowed: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let form = Sent::new(&Value::Array(conditions.clone()), &borrowed).named(name);
        let last = name.rsplit('/').next().unwrap_or_default();
        let expected = model(&conditions, &fields, last);
        let answer = form.answer();
        let got = answer.as_ref().ok().map(|report| {
            let any = ContentLengthRange::new(0, u64::MAX);
            let range = report.length.or(any).expect("a range");
            (report.key.clone(), range.min_bytes(), range.max_bytes())
        });
        cell.borrow_mut()[usize::from(got.is_some())] += 1;
        prop_assert_eq!(got, expected, "{:?} {:?}: {:?}", conditions, fields, answer);
        Ok(())
    });
    outcome.unwrap();
    assert!(counts.iter().all(|&count| count > 1000), "refused and let in: {counts:?}");
}

/// A text of all that JSON escapes, and of what it does not.
fn text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "a", "/", "\\", "\"", "\\$", "$", "{", "é", "日", "😀", "\u{7f}", "\\v", " ", ",", "=", "<",
    ]);
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_signed_is_let_in_and_nothing_else(
        prefix in text(),
        values in vec(text(), 0..4),
        covered in any::<[bool; 4]>(),
        place in any::<prop::sample::Index>(),
        letter in select(vec!['A', 'z', '0', '=', '+', ' ']),
        file_name in "[a-z.]{1,12}",
    ) {
        let values: Vec<_> = values.iter().map(|value| value.replace('\u{7f}', "")).collect();
        let names: Vec<_> = (0..values.len()).map(|index| format!("x-amz-meta-{index}")).collect();
        let key = format!("{prefix}${{filename}}");
        let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
        let lifetime = Lifetime::from_secs(60).unwrap();
        let key = FormKey::new(&key).unwrap();
        let mut policy = PostPolicy::new(&endpoint, BUCKET, key, lifetime).unwrap();
        for ((name, value), is_covered) in names.iter().zip(&values).zip(covered) {
            policy = policy.with_field(name, value).unwrap();
            if is_covered {
                let condition = Condition::starts_with(name, value).unwrap();
                policy = policy.with_condition(condition).unwrap();
            }
        }
        let now = Timestamp::parse(sent::SIGNED_AT).unwrap();
        let form = sent::signing_key().at(now).unwrap().presign_post(&policy).unwrap();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let good = Sent {
            bucket: BUCKET.into(),
            fields: form.fields().map(owned).collect(),
            file_name: Some(file_name.clone()),
            now,
        };
        let report = good.answer();
        prop_assert_eq!(report.unwrap().key, format!("{prefix}{file_name}"));

        let mut changed = good.clone();
        let field = place.index(changed.fields.len());
        let (name, value) = changed.fields[field].clone();
        let boundaries: Vec<_> = value.char_indices().map(|(at, _)| at).collect();
        let mut new = value.clone();
        if boundaries.is_empty() {
            new.push(letter);
        } else {
            new.insert(boundaries[place.index(boundaries.len())], letter);
        }
        changed.fields[field].1 = new.clone();
        // What starts as it has to is free.
        let is_free = match name.strip_prefix("x-amz-meta-") {
            Some(index) => covered[index.parse::<usize>().unwrap()] && new.starts_with(&value),
            None => name == "key" && new.starts_with(&prefix),
        };
        prop_assert_eq!(changed.answer().is_ok(), is_free, "{} {}", name, new);
    }
}
