//! The recorded answers to forms.

use countersign::post_policy::{FileLengthError, FileMeter};
use serde_json::{Value, json};

use super::{
    Replay,
    answer::Answer,
    sent::{self, BUCKET, Sent},
};

const REDIRECT: &str = "http://localhost.test/random";

const NO_CONDITION: &str = "a condition that cannot be met is none, whatever the form says";

pub(crate) fn replays() -> Vec<Replay> {
    let mut all = vec![
        Replay::new(
            "test_post_request_expires",
            "exception",
            answer(&plain().at("20151229T020001Z")),
        ),
        Replay::new("test_post_object_default_checksum", "head-object", answer(&plain())),
    ];
    for group in
        [shape(), fields(), unicode(), credentials(), file_name(), sizes(), eq(), starts_with()]
    {
        all.extend(group);
    }
    all
}

/// A form with these fields beside the key, under these conditions beside those that botocore adds.
fn form(fields: &[(&str, &str)], conditions: &[Value]) -> Sent {
    let mut all = conditions.to_vec();
    all.extend([json!({"bucket": BUCKET}), json!({"key": "key"})]);
    let fields: Vec<_> = fields.iter().copied().chain([("key", "key")]).collect();
    Sent::new(&Value::Array(all), &fields).named("file")
}

/// A form whose fields are all under a condition that they equal.
fn form_of(fields: &[(&str, &str)]) -> Sent {
    let equal = |(name, value): &(&str, &str)| json!(["eq", format!("${name}"), value]);
    form(fields, &fields.iter().map(equal).collect::<Vec<_>>())
}

fn plain() -> Sent {
    form(&[], &[])
}

fn answer(form: &Sent) -> Answer {
    match form.answer() {
        Ok(_) => Answer::Taken,
        Err(error) => Answer::of_form(&error),
    }
}

/// What is answered when so many bytes come in.
fn answer_to_file(form: &Sent, bytes: usize) -> Answer {
    let Ok(report) = form.answer() else { return answer(form) };
    let mut meter = FileMeter::new(report.length);
    match meter.add(bytes).and_then(|()| meter.finish()) {
        Ok(_) => Answer::Taken,
        Err(FileLengthError::TooLarge { max_bytes }) => {
            Answer::EntityTooLarge { max_bytes: max_bytes.to_string() }
        }
        Err(FileLengthError::TooSmall { min_bytes, bytes }) => {
            Answer::EntityTooSmall { min_bytes: min_bytes.to_string(), bytes: bytes.to_string() }
        }
        Err(other) => panic!("{other}"),
    }
}

fn shape() -> Vec<Replay> {
    const FIELDS: &str = "test_post_request_missing_fields[s3v4]";
    let policy = plain().value("policy").to_owned();
    let cut = plain().set("policy", &policy[..policy.len() - 2]);
    let unsigned = plain().without("x-amz-signature");
    let unclaimed = plain().without("x-amz-algorithm").without("x-amz-credential");
    let bare = unclaimed.clone().without("x-amz-date").without("x-amz-signature");
    vec![
        Replay::new("test_post_request_malformed_policy[s3v4]", "exception-policy", answer(&cut)),
        Replay::new(
            "test_post_request_missing_signature[s3v4]",
            "exception-missing-signature",
            answer(&unsigned),
        ),
        Replay::new(FIELDS, "exception-missing-fields", answer(&unclaimed)),
        Replay::new(FIELDS, "exception-no-sig-related-fields", answer(&bare)).differs(
            Answer::MissingField("x-amz-algorithm".into()),
            "a policy is what is signed, so a form that has one lacks the rest",
        ),
    ]
}

fn fields() -> Vec<Replay> {
    let tag = |name: &str| format!("<Tag><Key>{name}</Key><Value>TagValue</Value></Tag>");
    let tags = |all: &str| format!("<Tagging><TagSet>{all}</TagSet></Tagging>");
    let one = tags(&tag("TagName"));
    let two = tags(&format!("{}{}", tag("TagName"), tag("TagName2")));
    let tagged = [
        ("test_post_object_with_tags[single]", one.as_str()),
        ("test_post_object_with_tags[list]", two.as_str()),
        ("test_post_object_with_tags[invalid]", "<InvalidXmlTagging></InvalidXmlTagging>"),
    ];
    let tagged = tagged.map(|(test, tags)| {
        Replay::new(test, "get-tagging", answer(&form_of(&[("tagging", tags)])))
    });
    let metadata = form_of(&METADATA);
    let class = form_of(&[("x-amz-storage-class", "STANDARD_IA")]);
    let mut replays = Vec::from(tagged);
    replays.extend([
        Replay::new("test_post_object_with_metadata", "head-object", answer(&metadata)),
        Replay::new("test_post_object_with_storage_class", "head-object", answer(&class)),
    ]);
    replays
}

const METADATA: [(&str, &str); 4] = [
    ("x-amz-meta-test-1", "test-meta-1"),
    ("x-amz-meta-TEST-2", "test-meta-2"),
    ("Content-Type", "text/plain"),
    ("Expires", "Sat, 21 Feb 2026 00:45:48 GMT"),
];

/// Text beyond ASCII, and a value of control characters.
fn unicode() -> Vec<Replay> {
    const TEST: &str = "test_post_object_with_unicode_metadata";
    let printable: String = (' '..='~').collect();
    let safe = format!("{printable}\t");
    let text = [
        ("Content-Disposition", "filename=\"test_—_file%E2%80%94_é_2-.pdf\""),
        ("Cache-Control", "non-ascii-%E2%80%94_—_é_"),
        ("x-amz-meta-nonascii", "ÄMÄZÕÑ S3"),
        ("x-amz-meta-nonascii-2", "test_—_file%E2%80%94_é_2👑.pdf"),
        ("x-amz-meta-safe-chars", &safe),
        ("x-amz-meta-q-encoded", "=?UTF-8?Q?actually-ascii?="),
        ("x-amz-meta-b-encoded", "=?UTF-8?B?YWJj?="),
        ("success_action_status", "201"),
    ];
    let with_controls = [&text[..], &[("x-amz-meta-utf-8", "\0\u{1}\u{2}\u{3}\u{4}")]].concat();
    assert_eq!(answer(&form_of(&text)), Answer::Taken);
    ["post-object", "head-object"]
        .map(|response| {
            Replay::new(TEST, response, answer(&form_of(&with_controls))).differs(
                Answer::Other("Shape(Malformed(\"x-amz-meta-utf-8\"))".into()),
                "what goes into a header has no control characters",
            )
        })
        .into()
}

/// A form of temporary credentials, with their token.
fn credentials() -> Vec<Replay> {
    const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE";
    let form = form(&[("x-amz-security-token", TOKEN)], &[json!({"x-amz-security-token": TOKEN})]);
    let user = sent::credentials().with_session_token(TOKEN).unwrap();
    let ours = match form.answer_of(Some(&user)) {
        Ok(_) => Answer::Taken,
        Err(error) => Answer::of_form(&error),
    };
    vec![Replay::new("test_presigned_post_with_different_user_credentials", "get-obj", ours)]
}

/// The file is a field, without a name: `${filename}` stands then, as the listing shows.
fn file_name() -> Vec<Replay> {
    const TEST: &str = "test_post_object_with_file_as_string";
    let mut unnamed = plain();
    unnamed.file_name = None;
    vec![
        Replay::new(TEST, "head-object", answer(&unnamed)),
        Replay::new(TEST, "list-objects", answer(&with_variable())),
    ]
}

/// A form whose key is to end in the name of its file, and a file without a name.
pub(crate) fn with_variable() -> Sent {
    let conditions = json!([{"bucket": BUCKET}, ["starts-with", "$key", "file-as-field-"]]);
    Sent::new(&conditions, &[("key", "file-as-field-${filename}")])
}

fn sizes() -> Vec<Replay> {
    const TEST: &str = "test_post_object_policy_validation_size";
    let range = |min: Value, max: Value| form(&[], &[json!(["content-length-range", min, max])]);
    let numbers = range(json!(5), json!(10));
    let digits = range(json!("5"), json!("10"));
    let wrong = range(json!("test"), json!("10"));
    assert_eq!(
        [5, 10].map(|bytes| answer_to_file(&numbers, bytes)),
        [Answer::Taken, Answer::Taken]
    );
    vec![
        Replay::new(TEST, "invalid-content-length-too-big", answer_to_file(&numbers, 12)),
        Replay::new(TEST, "invalid-content-length-too-small", answer_to_file(&numbers, 1)),
        Replay::new(TEST, "final-object", answer_to_file(&digits, 10)),
        Replay::new(TEST, "invalid-content-length-wrong-type", answer_to_file(&wrong, 10))
            .differs(Answer::InvalidPolicy, NO_CONDITION),
    ]
}

fn redirecting(to: &str, condition: &Value) -> Sent {
    form(&[("success_action_redirect", to)], std::slice::from_ref(condition))
}

fn eq() -> Vec<Replay> {
    const TEST: &str = "test_post_object_policy_conditions_validation_eq";
    let is = |field: &str, value: &str| redirecting(REDIRECT, &json!(["eq", field, value]));
    let right = is("$success_action_redirect", REDIRECT);
    let elsewhere = right.set("success_action_redirect", "http://wrong.location/test");
    let two_members = json!({"bucket": BUCKET, "success_action_redirect": REDIRECT});
    let other_case = is("$success_action_redirect", "HTTP://localhost.test/random");
    let lower = [
        json!(["eq", "$x-amz-meta-test-1", "test-meta-1"]),
        json!(["eq", "$x-amz-meta-test-2", "test-meta-2"]),
        json!(["eq", "$content-type", "text/plain"]),
        json!(["eq", "$Expires", METADATA[3].1]),
    ];
    vec![
        Replay::new(TEST, "invalid-condition-eq", answer(&elsewhere)),
        Replay::new(
            TEST,
            "invalid-condition-missing-prefix",
            answer(&is("success_action_redirect", REDIRECT)),
        )
        .differs(Answer::InvalidPolicy, NO_CONDITION),
        Replay::new(
            TEST,
            "invalid-condition-wrong-condition",
            answer(&redirecting(REDIRECT, &two_members)),
        ),
        Replay::new(TEST, "invalid-condition-wrong-value-casing", answer(&other_case)),
        Replay::new(TEST, "head-object-metadata", answer(&form(&METADATA, &lower))),
        Replay::new(TEST, "final-object", answer(&is("$success_Action_REDIRECT", REDIRECT))),
    ]
}

fn starts_with() -> Vec<Replay> {
    const TEST: &str = "test_post_object_policy_conditions_validation_starts_with";
    let start = json!(["starts-with", "$success_action_redirect", "http://localhost"]);
    let anything = json!(["starts-with", "$success_action_redirect", ""]);
    let (elsewhere, other_case) = ("http://wrong.location/test", "HTTP://localhost.test/random");
    let replay =
        |response, to, condition| Replay::new(TEST, response, answer(&redirecting(to, condition)));
    vec![
        replay("invalid-condition-starts-with", elsewhere, &start),
        replay("invalid-condition-starts-with-casing", other_case, &start),
        replay("get-object-1", REDIRECT, &start),
        replay("get-object-2", elsewhere, &anything),
    ]
}
