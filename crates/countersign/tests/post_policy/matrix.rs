//! Requirement V-13: twelve kinds of conditions, each satisfied, violated, of an absent field, of an
//! unknown kind, of a wrong type, and in another case; and bodies at their limits.

use countersign::post_policy::{ConditionFault, FormError, FormFault};
use serde_json::{Value, json};

use super::sent::{BUCKET, Sent, no_condition, uncovered, unmet};

/// A kind of condition, with a field that meets it.
struct Kind {
    condition: Value,
    field: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
}

fn kinds() -> Vec<Kind> {
    let kind = |condition, field, good, bad| Kind { condition, field, good, bad };
    vec![
        kind(json!({"acl": "private"}), "acl", &["private"], &["public-read", "Private", "", "x"]),
        kind(json!(["eq", "$acl", "private"]), "acl", &["private"], &["private ", "privat", ""]),
        kind(
            json!(["starts-with", "$x-amz-meta-a", "b"]),
            "x-amz-meta-a",
            &["b", "bc"],
            &["", "B", "ab", " b"],
        ),
        kind(json!(["starts-with", "$x-amz-meta-a", ""]), "x-amz-meta-a", &["", "b", "é"], &[]),
        kind(json!({"x-amz-meta-é": "日本"}), "x-amz-meta-é", &["日本"], &["日", "e"]),
        kind(
            json!(["starts-with", "$Content-Type", "image/"]),
            "Content-Type",
            &["image/png", "image/png,image/gif"],
            &["text/html", "image/png,text/html", "Image/png", ""],
        ),
        kind(
            json!({"Content-Type": "image/png"}),
            "Content-Type",
            &["image/png"],
            &["image/png,image/png", "image/png; a=b"],
        ),
        kind(
            json!({"success_action_redirect": "https://h/done"}),
            "success_action_redirect",
            &["https://h/done"],
            &["https://h/done?", "https://evil/"],
        ),
        kind(
            json!({"success_action_status": "201"}),
            "success_action_status",
            &["201"],
            &["200", "0201", "201 "],
        ),
        kind(
            json!(["eq", "$x-amz-server-side-encryption", "AES256"]),
            "x-amz-server-side-encryption",
            &["AES256"],
            &["aws:kms", "aes256"],
        ),
        kind(
            json!(["starts-with", "$Cache-Control", "max-age="]),
            "Cache-Control",
            &["max-age=1", "max-age=1, public"],
            &["public, max-age=1"],
        ),
        kind(json!({"x-ignore-a": "b"}), "x-ignore-a", &["b"], &["c", ""]),
    ]
}

fn form(condition: &Value) -> Sent {
    let conditions = json!([{"bucket": BUCKET}, {"key": "k"}, condition]);
    Sent::new(&conditions, &[("key", "k")])
}

/// The condition with every letter of its field's name in the other case, and its operator's too.
fn other_case(condition: &Value) -> Value {
    let swap = |text: &str| -> String {
        let swapped = |letter: char| {
            if letter.is_ascii_uppercase() {
                letter.to_ascii_lowercase()
            } else {
                letter.to_ascii_uppercase()
            }
        };
        text.chars().map(swapped).collect()
    };
    match condition {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (swap(name), value.clone())).collect()
        }
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().map(|item| item.as_str().unwrap()).collect();
            json!([swap(texts[0]), swap(texts[1]), texts[2]])
        }
        _ => unreachable!("a condition"),
    }
}

fn wrong_types(kind: &Kind) -> Vec<Value> {
    let values = [json!(1), json!(null), json!(true), json!(["x"]), json!({"x": "y"})];
    let of = |value: &Value| match &kind.condition {
        Value::Array(items) => json!([items[0], items[1], value]),
        _ => json!({kind.field: value}),
    };
    values.iter().map(of).collect()
}

#[test]
fn every_kind_of_condition_is_enforced() {
    let mut cases = 0;
    let kinds = kinds();
    assert_eq!(kinds.len(), 12);
    for kind in &kinds {
        let Kind { condition, field, good, bad } = kind;
        for value in *good {
            assert!(form(condition).with(field, value).answer().is_ok(), "{condition} {value}");
            let upper = form(condition).with(&field.to_ascii_uppercase(), value);
            assert!(upper.answer().is_ok(), "{condition} {value}");
            let swapped = form(&other_case(condition)).with(field, value);
            assert!(swapped.answer().is_ok(), "{condition} {value}");
            cases += 3;
        }
        for value in *bad {
            assert_eq!(form(condition).with(field, value).answer(), unmet(field), "{value}");
            let swapped = form(&other_case(condition)).with(field, value).answer();
            assert!(matches!(swapped, Err(FormError::Unmet(_))), "{condition} {value}");
            cases += 2;
        }
        assert_eq!(form(condition).answer(), unmet(field), "absent: {condition}");
        let value = good[0];
        let other = form(&json!({"x-amz-meta-other": "1"})).with("x-amz-meta-other", "1");
        if field.starts_with("x-ignore-") {
            assert!(other.with(field, value).answer().is_ok());
        } else {
            assert_eq!(other.with(field, value).answer(), uncovered(field), "{condition}");
        }
        for operator in ["in", "not-in", "ends-with", "regex", "eq ", "", "starts_with", "ne"] {
            let unknown = form(&json!([operator, format!("${field}"), value]));
            let answer = unknown.with(field, value).answer();
            assert_eq!(answer, no_condition(2, ConditionFault::Operator), "{operator}");
            cases += 1;
        }
        for wrong in wrong_types(kind) {
            let answer = form(&wrong).with(field, value).answer();
            assert_eq!(answer, no_condition(2, ConditionFault::Shape), "{wrong}");
            cases += 1;
        }
        cases += 2;
    }
    assert!(cases > 250, "{cases}");
}

#[test]
fn all_conditions_of_a_field_count_in_any_order() {
    let two = [json!(["starts-with", "$acl", "pub"]), json!(["eq", "$acl", "public-read"])];
    for order in [[0, 1], [1, 0]] {
        let conditions = json!([{"bucket": BUCKET}, {"key": "k"}, two[order[0]], two[order[1]]]);
        let form = |acl| Sent::new(&conditions, &[("key", "k"), ("acl", acl)]);
        assert!(form("public-read").answer().is_ok());
        for wrong in ["public", "pub", "private", "public-read-write"] {
            assert_eq!(form(wrong).answer(), unmet("acl"), "{wrong}");
        }
    }
    let never = json!([{"bucket": BUCKET}, {"key": "k"}, {"acl": "a"}, {"ACL": "b"}]);
    for acl in ["a", "b", ""] {
        assert!(Sent::new(&never, &[("key", "k"), ("acl", acl)]).answer().is_err());
    }
}

#[test]
fn a_key_is_held_against_the_policy_with_the_name_put_in() {
    let below = json!([{"bucket": BUCKET}, ["starts-with", "$key", "user/eric/"]]);
    let form = |key: &str| Sent::new(&below, &[("key", key)]);
    for (key, name, expected) in [
        ("user/eric/${filename}", "a.csv", Some("user/eric/a.csv")),
        ("user/eric/${filename}", "C:\\x\\a.csv", Some("user/eric/a.csv")),
        ("user/eric/${filename}", "../../root", Some("user/eric/root")),
        ("user/eric/${filename}", "..", Some("user/eric/..")),
        ("user/eric/${filename}", "${filename}", Some("user/eric/${filename}")),
        ("user/eric/${filename}-${filename}", "a", Some("user/eric/a-a")),
        ("user/eric/${FILENAME}", "a", Some("user/eric/${FILENAME}")),
        ("user/eric/${filename}", "", Some("user/eric/")),
        ("user/${filename}/x", "eric", Some("user/eric/x")),
        ("${filename}", "user/eric/a", None),
        ("user/${filename}", "eric", None),
        ("User/eric/${filename}", "a", None),
        ("", "a", None),
    ] {
        let answer = form(key).named(name).answer();
        assert_eq!(answer.ok().map(|report| report.key).as_deref(), expected, "{key} {name}");
    }
    let unnamed = form("user/eric/${filename}");
    assert_eq!(unnamed.answer().unwrap().key, "user/eric/${filename}");
    let empty = Sent::new(
        &json!([{"bucket": BUCKET}, ["starts-with", "$key", ""]]),
        &[("key", "${filename}")],
    );
    assert!(matches!(empty.named("").answer(), Err(FormError::Shape(FormFault::Key(_)))));
    // An exact condition is about the key that comes out.
    let exact = json!([{"bucket": BUCKET}, {"key": "a/b"}]);
    assert!(Sent::new(&exact, &[("key", "a/${filename}")]).named("b").answer().is_ok());
    assert_eq!(Sent::new(&exact, &[("key", "a/${filename}")]).named("c").answer(), unmet("key"));
    // And so is every other condition.
    let meta = json!([{"bucket": BUCKET}, {"key": "k"}, {"x-amz-meta-name": "a.csv"}]);
    let form = Sent::new(&meta, &[("key", "k"), ("x-amz-meta-name", "${filename}")]);
    assert!(form.clone().named("a.csv").answer().is_ok());
    assert_eq!(form.named("b.csv").answer(), unmet("x-amz-meta-name"));
}

#[test]
fn a_file_of_one_byte_too_many_or_too_few_is_refused() {
    for (min, max) in [(0, 0), (0, 1), (1, 1), (5, 1000), (999, 1001), (1000, 5000)] {
        let form = form(&json!(["content-length-range", min, max]));
        let size = |bytes: u64| form.upload(usize::try_from(bytes).unwrap());
        assert_eq!(size(min), Ok(min));
        assert_eq!(size(max), Ok(max));
        assert_eq!(size(max + 1), Err(format!("TooLarge {{ max_bytes: {max} }}")));
        if min > 0 {
            let bytes = min - 1;
            assert_eq!(
                size(bytes),
                Err(format!("TooSmall {{ min_bytes: {min}, bytes: {bytes} }}"))
            );
        }
    }
    assert_eq!(
        form(&json!({"x-ignore-a": "b"})).with("x-ignore-a", "b").upload(1 << 20),
        Ok(1 << 20)
    );
    let digits = form(&json!(["content-length-range", "5", "10"]));
    assert_eq!((digits.upload(10), digits.upload(11).is_err()), (Ok(10), true));
}
