//! Random cases, with all that S3 and HTTP let through.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    cases::{Case, Place},
    hex,
};

/// Pieces of text that one part of a URL or the other gets wrong.
const AWKWARD: [&str; 40] = [
    ".",
    "..",
    "/",
    "//",
    "/./",
    "/../",
    "\\",
    "%",
    "%2F",
    "%2f",
    "%41",
    "%00",
    "%zz",
    "+",
    " ",
    "  ",
    "~",
    "!",
    "*",
    "'",
    "(",
    ")",
    "\"",
    "?",
    "#",
    "&",
    "=",
    ";",
    ":",
    "@",
    ",",
    "$",
    "é",
    "e\u{301}",
    "\u{fe0f}",
    "日本語",
    "😀",
    "\t",
    "\n",
    "\u{7f}",
];

fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        5 => select(AWKWARD.as_slice()).prop_map(String::from),
        3 => "[a-zA-Z0-9._~-]{1,12}",
        2 => any::<char>().prop_map(|letter| letter.to_string().replace('\0', "0")),
        1 => "[\\x01-\\x1f\\x7f]",
    ];
    vec(piece, pieces).prop_map(|pieces| pieces.concat())
}

/// The start of a text, in whole characters.
pub(crate) fn cut(text: &str, len: usize) -> &str {
    &text[..text.floor_char_boundary(len)]
}

/// An object key; one in twelve is as long as keys get.
fn key() -> impl Strategy<Value = Option<String>> {
    let long = text(1..30).prop_map(|text| {
        let long = text.repeat(1024 / text.len() + 1);
        let start = cut(&long, 1024);
        format!("{start}{}", "z".repeat(1024 - start.len()))
    });
    let short = text(1..40).prop_map(|text| cut(&text, 1024).to_owned());
    prop_oneof![10 => short.prop_map(Some), 1 => long.prop_map(Some), 1 => Just(None)]
}

fn place() -> impl Strategy<Value = Place> {
    let host = select(vec![
        ("s3.amazonaws.com", "s3.amazonaws.com"),
        ("S3.Example.COM", "s3.example.com"),
        ("localhost", "localhost"),
        ("s3.example.com.", "s3.example.com."),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ]);
    let port = select(vec![None, None, Some(80), Some(443), Some(9000), Some(65_535), Some(1)]);
    let base = select(vec![
        ("", ""),
        ("", ""),
        ("/", ""),
        ("/base", "/base"),
        ("/b%61se/sub/", "/base/sub"),
        ("/%C3%BC+1", "/ü+1"),
        ("//x/...", "//x/..."),
    ]);
    (any::<bool>(), host, port, base, any::<bool>()).prop_map(
        |(is_https, host, port, base, is_virtual_host)| Place {
            is_https,
            host,
            port,
            base,
            is_virtual_host,
        },
    )
}

fn bucket() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "my.bucket",
        "1.2.3.4",
        "255.1.1.0",
        "1.2.3.256",
        "BUCK",
        "ab",
        "a_b",
        "-abc",
        "a..b",
        "...",
    ]);
    prop_oneof![
        3 => "[a-z][a-z0-9-]{1,20}[a-z0-9]",
        1 => "[a-z0-9.-]{1,70}",
        1 => "[a-zA-Z0-9._-]{1,255}",
        1 => odd.prop_map(String::from),
    ]
    .prop_filter("no segment", |name| name != "." && name != "..")
}

/// Parameters whose names sort below, between, at and above those of the claim.
fn query() -> impl Strategy<Value = Vec<(String, String)>> {
    let known = select(vec![
        "X-Amz-Content-Sha256",
        "X-Amz-Algorithm2",
        "X-Amz-Dat",
        "X-Amz-Meta-é",
        "x-amz-acl",
        "x-id",
        "list-type",
        "prefix",
        "versionId",
        "response-content-disposition",
    ]);
    let name = prop_oneof![
        2 => "[!-W][a-zA-Z0-9]{0,8}",
        2 => "X-Amz-[A-Z~!][A-Za-z0-9~]{0,12}",
        2 => "[Y-~é][a-zA-Z0-9]{0,8}",
        2 => known.prop_map(String::from),
        1 => text(1..4),
    ];
    vec((name, text(0..6)), 0..8).prop_map(|all| {
        let mut seen: BTreeSet<String> = [
            "Algorithm",
            "Credential",
            "Date",
            "Expires",
            "Security-Token",
            "Signature",
            "SignedHeaders",
        ]
        .iter()
        .map(|name| format!("x-amz-{name}").to_ascii_lowercase())
        .collect();
        // AWS's own names mean the same in any case, so they count as one.
        let as_one = |name: &str| {
            let lower = name.to_ascii_lowercase();
            if lower.starts_with("x-amz-") { lower } else { name.to_owned() }
        };
        all.into_iter().filter(|(name, _)| seen.insert(as_one(name))).collect()
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let known = select(vec![
        "Content-Type",
        "CONTENT-MD5",
        "content-length",
        "X-Amz-Meta-Colour",
        "x-amz-acl",
        "Range",
        "Zebra",
        "Accept",
    ]);
    let name = prop_oneof![3 => known.prop_map(String::from), 2 => "[A-Za-z0-9_.~-]{1,20}"];
    let pieces =
        select(vec![" ", "  ", "\t", "a", "Value", "é", "\"", ",", ";", "=", "%20", "+", ":"]);
    let value = vec(pieces, 0..8).prop_map(|pieces| pieces.concat());
    vec((name, value), 0..5).prop_map(|all| {
        let mut seen: BTreeSet<_> =
            ["host", "authorization", "x-amz-content-sha256"].map(String::from).into();
        all.into_iter().filter(|(name, _)| seen.insert(name.to_ascii_lowercase())).collect()
    })
}

fn date() -> impl Strategy<Value = String> {
    let month = prop_oneof![
        9 => (1_u32..13, 1_u32..29).prop_map(|(month, day)| format!("{month:02}{day:02}")),
        1 => select(vec!["0131", "0331", "1231"]).prop_map(String::from),
    ];
    let day = (prop_oneof![4 => 1970_u32..2100, 1 => 1_u32..9999], month)
        .prop_map(|(year, day)| format!("{year:04}{day}"));
    let day = prop_oneof![
        9 => day,
        1 => select(vec!["20240229", "20000229", "00010101"]).prop_map(String::from),
    ];
    let time = prop_oneof![
        4 => (0_u32..24, 0_u32..60, 0_u32..60)
            .prop_map(|(hour, minute, second)| format!("{hour:02}{minute:02}{second:02}")),
        1 => select(vec!["000000", "235959"]).prop_map(String::from),
    ];
    (day, time).prop_map(|(day, time)| format!("{day}T{time}Z"))
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let method = prop_oneof![
        3 => select(vec!["GET", "HEAD", "PUT", "POST", "DELETE", "get"]).prop_map(String::from),
        1 => "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}",
    ];
    let digest = prop_oneof![2 => Just(None), 1 => any::<[u8; 32]>().prop_map(Some)];
    let what = (method, place(), bucket(), key(), query(), headers(), digest, any::<bool>());
    let secret =
        prop_oneof!["[A-Za-z0-9/+]{40}", text(1..60)].prop_map(|it| cut(&it, 1024).to_owned());
    let service = select(vec!["s3", "s3", "s3-outposts", "execute-api"]).prop_map(String::from);
    let region = prop_oneof!["[a-z]{2}-[a-z]{4,9}-[1-9]", "[A-Za-z0-9_.-]{1,64}"];
    let who = ("[!-.0-~]{1,128}", secret, option::of("[!-~]{1,300}"), region, service);
    let lifetime = prop_oneof![1 => Just(1_u32), 1 => Just(604_800), 6 => 1..=604_800_u32];
    let when = (date(), lifetime, 0_u32..=u32::MAX);
    (what, who, when).prop_map(|(what, who, when)| {
        let (method, place, bucket, key, query, mut headers, digest, signs_digest) = what;
        let (id, secret, token, region, service) = who;
        let (date, lifetime, waited) = when;
        if signs_digest {
            let value = digest
                .map_or_else(|| "UNSIGNED-PAYLOAD".to_owned(), |digest: [u8; 32]| hex(&digest));
            headers.push(("X-Amz-Content-Sha256".to_owned(), value));
        }
        let waited = waited % (lifetime + 900);
        let case = Case {
            method,
            place,
            bucket,
            key,
            query,
            headers,
            digest,
            id,
            secret,
            token,
            region,
            service,
            date,
            lifetime,
            waited,
        };
        Case { waited: case.clamped_wait(), ..case }
    })
}
