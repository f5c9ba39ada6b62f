//! Classes 49 to 56: the request around the URL. Class 53, the body, is not the core's.

use countersign::{Mechanism, Timestamp};

use crate::{Attempt, Class, Good, Sent, common::Dice};

pub(crate) const CLASSES: [(u8, Class); 7] = [
    (49, the_method_is_another),
    (50, the_host_is_another),
    (51, an_unsigned_amz_header_is_added),
    (52, a_signed_header_is_changed),
    (54, a_header_that_rewrites_requests_is_added),
    (55, the_payload_is_declared_otherwise),
    (56, it_is_replayed),
];

const MISMATCH: &str = "SignatureMismatch";

fn the_method_is_another(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let method = &good.case.method;
    let mut others: Vec<_> =
        ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"].map(String::from).into();
    others.extend([format!("{}X", &method[1..]), format!("!{}", &method[1..])]);
    if method.chars().any(|letter| letter.is_ascii_uppercase()) {
        others.push(method.to_ascii_lowercase());
    }
    others.retain(|other| other != method);
    let mut attempts: Vec<_> = others
        .into_iter()
        .map(|other| good.refused(MISMATCH, |sent| sent.method = other))
        .collect();
    for odd in ["", "GET ", "GET\n", "GÉT", "GET/"] {
        let changed = |sent: &mut Sent| odd.clone_into(&mut sent.method);
        attempts.push(good.refused("Parse(Malformed(Method))", changed));
    }
    attempts
}

fn the_host_is_another(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let host = good.case.model().host;
    let mut others = vec![
        format!("{host}:8443"),
        format!("{host}:80"),
        format!("{host}:443"),
        format!("{host}:"),
        format!("{host}."),
        format!("x.{host}"),
        format!("user@{host}"),
        format!("{host}, elsewhere.example"),
        format!("{host}/"),
        "elsewhere.example".to_owned(),
        String::new(),
        host.to_uppercase(),
        host.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ':').to_owned(),
    ];
    others.retain(|other| *other != host);
    let mut attempts: Vec<_> = others
        .into_iter()
        .map(|other| good.refused(MISMATCH, |sent| *sent.header("host") = other))
        .collect();
    for again in [host.as_str(), "elsewhere.example", ""] {
        let changed = |sent: &mut Sent| sent.add_header("host", again);
        attempts.push(good.refused("Parse(Duplicate(Host))", changed));
    }
    attempts.push(good.refused("SignedHeaderAbsent(\"host\")", |sent| {
        sent.headers.retain(|(name, _)| name != "Host");
    }));
    attempts.push(good.refused("SignedHeaderAbsent(\"host\")", |sent| {
        sent.headers.retain(|(name, _)| name != "Host");
        sent.add_header("X-Forwarded-Host", &host);
        sent.add_header(":authority", &host);
    }));
    attempts
}

/// 40 headers that change what S3 does.
pub(crate) const AMZ_HEADERS: [&str; 40] = [
    "x-amz-acl",
    "x-amz-bucket-object-lock-enabled",
    "x-amz-bypass-governance-retention",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-mode",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-copy-source",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-range",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-expected-bucket-owner",
    "x-amz-expires",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-write-acp",
    "x-amz-meta-anything",
    "x-amz-metadata-directive",
    "x-amz-mfa",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-request-payer",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-storage-class",
    "x-amz-tagging",
    "x-amz-tagging-directive",
    "x-amz-trailer",
    "x-amz-user-agent",
    "x-amz-website-redirect-location",
];

fn an_unsigned_amz_header_is_added(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for name in AMZ_HEADERS.into_iter().chain(["content-md5", "x-amz-", "x-amz-not-known-yet"]) {
        let is_signed = good.sent.headers.iter().any(|(it, _)| it.eq_ignore_ascii_case(name));
        let twice = good.either("Parse(Duplicate(Header))", "Parse(Duplicate(");
        let reason = if is_signed { twice } else { "UnsignedHeader(" };
        let sent_as = if dice.roll(2) == 0 { name.to_owned() } else { name.to_uppercase() };
        let value = dice.pick(&["", "1", "public-read"]);
        attempts.push(good.refused(reason, |sent| sent.add_header(&sent_as, value)));
    }
    attempts
}

fn a_signed_header_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (place, (name, value)) in good.sent.headers.iter().enumerate().skip(1) {
        let with =
            |reason, value: String| good.refused(reason, |sent| sent.headers[place].1 = value);
        attempts.push(with("", format!("{value}x")));
        attempts.push(with("", format!("x {value}")));
        attempts.push(with("Parse(Malformed(", format!("{value}\nx-amz-acl:private")));
        for again in [value.as_str(), "", "x"] {
            attempts.push(good.refused("Parse(", |sent| sent.add_header(name, again)));
        }
        let absent = if is_of_the_claim(good, name) { "Parse(Missing(" } else { ABSENT };
        attempts.push(good.refused(absent, |sent| {
            sent.headers.remove(place);
        }));
    }
    let content_type = good.sent.clone().header("content-type").clone();
    let with = |value: String| good.refused(MISMATCH, |sent| *sent.header("content-type") = value);
    attempts.extend([
        with("text/html".to_owned()),
        with(String::new()),
        with(content_type.to_uppercase()),
        with(content_type.replace("; ", ";")),
        with(content_type.replace("; ", ";\u{a0}")),
        good.refused("Parse(Duplicate(Header))", |sent| {
            sent.add_header("CONTENT-TYPE", &content_type);
        }),
        good.equal(|sent| *sent.header("content-type") = content_type.replace("; ", ";   ")),
        good.equal(|sent| *sent.header("content-type") = content_type.replace("; ", ";\t")),
        good.equal(|sent| *sent.header("content-type") = format!(" \t{content_type}  ")),
    ]);
    attempts
}

const ABSENT: &str = "SignedHeaderAbsent(";

/// Whether a claim that stands in the header cannot be read without this one.
fn is_of_the_claim(good: &Good, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_payload = name == "x-amz-content-sha256" && good.case.service == "s3";
    good.mechanism == Mechanism::Header
        && (is_payload || name == "authorization" || name == "x-amz-date")
}

/// The core reads none of them: the request stays what was signed, and `Verified` says so.
fn a_header_that_rewrites_requests_is_added(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts: Vec<_> = [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("X-Original-URL", "/other/key"),
        ("X-Rewrite-URL", "/other/key"),
        ("X-Forwarded-Host", "elsewhere.example"),
        ("X-Forwarded-Prefix", "/other"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "1"),
        ("Forwarded", "host=elsewhere.example"),
        ("x_amz_acl", "public-read"),
        (":path", "/other/key"),
    ]
    .map(|(name, value)| good.equal(|sent| sent.add_header(name, value)))
    .into();
    if good.mechanism == Mechanism::Query {
        attempts.push(good.equal(|sent| sent.add_header("Authorization", "Bearer token")));
    }
    attempts
}

fn the_payload_is_declared_otherwise(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let with = |reason, value: &str| {
        good.refused(reason, |sent| value.clone_into(sent.header("x-amz-content-sha256")))
    };
    let mut attempts: Vec<_> = [
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
        "STREAMING-",
        " STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    ]
    .map(|constant| with("Parse(StreamingPayload)", constant))
    .into();
    let long = "0".repeat(65);
    let upper = "A".repeat(64);
    for odd in
        ["", "unsigned-payload", "UNSIGNED-PAYLOAD,x", "streaming-", &long[2..], &long, &upper]
    {
        attempts.push(with("Parse(Malformed(ContentSha256))", odd));
    }
    attempts.push(with(MISMATCH, &"0".repeat(64)));
    if good.case.digest.is_some() {
        attempts.push(with(MISMATCH, "UNSIGNED-PAYLOAD"));
    }
    attempts.push(good.refused("Parse(Duplicate(ContentSha256))", |sent| {
        sent.add_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        sent.add_header("X-Amz-Content-Sha256", &"0".repeat(64));
    }));
    attempts
}

fn it_is_replayed(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let (start, end) = (good.report.validity.not_before(), good.report.validity.not_after());
    let at = |reason, now: i64| {
        let now = Timestamp::from_unix_secs(now).unwrap();
        good.refused(reason, |sent| sent.now = now)
    };
    let late = good.either("Expired", "TimeSkewed");
    let early = good.either("NotYetValid", "TimeSkewed");
    let some = i64::try_from(1 + dice.roll(10_000_000)).unwrap();
    vec![
        at(late, end.unix_secs()),
        at(late, end.unix_secs() + some),
        at(late, Timestamp::MAX.unix_secs()),
        at(early, start.unix_secs() - 1),
        at(early, start.unix_secs() - some),
        at(early, Timestamp::MIN.unix_secs()),
        good.refused("UnknownKey", |sent| sent.is_retired = true),
    ]
}
