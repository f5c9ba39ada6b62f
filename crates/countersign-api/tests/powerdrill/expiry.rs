//! H-12: every wish for a lifetime, and what comes of it.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::{Client, INVALID, TEAM, data, parameter, refused},
    common::{self, House, now},
};

/// What is asked for, as it stands in the JSON, and for how many seconds that is.
const WISHES: [(&str, Option<u64>); 38] = [
    ("", Some(600)),
    ("null", Some(600)),
    ("60", Some(60)),
    ("61", Some(61)),
    ("600", Some(600)),
    ("86400", Some(86_400)),
    ("604799", Some(604_799)),
    ("604800", Some(604_800)),
    ("0", None),
    ("1", None),
    ("59", None),
    ("604801", None),
    ("-0", None),
    ("-1", None),
    ("-600", None),
    ("1.5", None),
    ("60.0", None),
    ("600.5", None),
    ("1e3", None),
    ("6E2", None),
    ("6e1", None),
    ("\"600\"", None),
    ("\"\"", None),
    ("\"60s\"", None),
    ("true", None),
    ("false", None),
    ("[]", None),
    ("[600]", None),
    ("{}", None),
    ("2147483648", None),
    ("4294967296", None),
    ("4294967356", None),
    ("9223372036854775807", None),
    ("9223372036854775808", None),
    ("18446744073709551615", None),
    ("18446744073709551616", None),
    ("18446744073709551676", None),
    ("-9223372036854775809", None),
];

fn in_secs(secs: u64) -> String {
    let at = now().unix_secs() + i64::try_from(secs).unwrap();
    let at = OffsetDateTime::from_unix_timestamp(at).unwrap();
    at.format(&Rfc3339).unwrap().replace('Z', ".000Z")
}

/// The instant that a URL itself says it ends at.
fn signed_end(url: &str) -> String {
    let date = countersign::Timestamp::parse(parameter(url, "X-Amz-Date")).unwrap();
    let secs: u64 = parameter(url, "X-Amz-Expires").parse().unwrap();
    in_secs(secs.checked_add_signed(date.unix_secs() - now().unix_secs()).unwrap())
}

#[tokio::test]
async fn a_wish_for_a_lifetime_is_granted_in_its_range_or_refused() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let source = ann.source(&dataset, "a.csv", "a").await;
    let path = format!("/datasets/{dataset}/datasources/{}", source["id"].as_str().unwrap());
    for (root, field, (url, at), invalid) in [
        (TEAM, "expires_in", ("presigned_url", "expires_at"), INVALID),
        ("/api/v1/team", "expireIn", ("presignedUrl", "expireAt"), (400, 100)),
    ] {
        for (wish, granted) in WISHES {
            // So that no answer is one of before.
            common::wait_secs(7);
            let member =
                if wish.is_empty() { String::new() } else { format!(",\"{field}\":{wish}") };
            let body = format!("{{\"user_id\":\"ann\"{member}}}");
            let answer =
                house.call(&ann.key, "POST", &format!("{root}{path}/presign"), &body).await;
            let Some(secs) = granted else {
                refused(&answer, invalid);
                assert!(answer.body["msg"].as_str().unwrap().contains(field), "{body}");
                continue;
            };
            let link = data(&answer);
            assert_eq!(link[at], in_secs(secs), "{body}");
            let url = link[url].as_str().unwrap();
            assert_eq!(link[at], signed_end(url), "{body}");
            house.verified("GET", url, &[]);
        }
    }
}

#[tokio::test]
async fn a_link_holds_up_to_its_instant_and_not_at_it() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let source = ann.source(&dataset, "a.csv", "a").await;
    let path = format!("/datasets/{dataset}/datasources/{}", source["id"].as_str().unwrap());
    let link = data(&ann.post(&format!("{path}/presign"), serde_json::json!({})).await);
    let url = link["presigned_url"].as_str().unwrap();
    common::wait_secs(599);
    house.verified("GET", url, &[]);
    common::wait_secs(1);
    assert!(house.checked("GET", url, &[]).is_none());
    assert_eq!(link["expires_at"], in_secs(0));
}
