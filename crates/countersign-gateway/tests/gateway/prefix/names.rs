//! The name in the path: what is taken reaches the records as it was meant, what is not reaches
//! nothing. V-10.

use axum::body::Body;
use http::Uri;
use proptest::{prelude::*, test_runner::FileFailurePersistence};

use super::{put, request, send, send_body, token};
use crate::{
    client::Call,
    socket::{Server, head},
    world::World,
};

/// As they stand in the target, and what is meant.
const GOOD: &[(&str, &str)] = &[
    ("a.jsonl", "a.jsonl"),
    ("a%20b.jsonl", "a b.jsonl"),
    ("a+b", "a+b"),
    ("%c3%a9", "é"),
    ("%F0%9F%92%A9", "💩"),
    ("%252F", "%2F"),
    ("%252e%252e", "%2e%2e"),
    ("..%252F..%252Fetc", "..%2F..%2Fetc"),
    ("%255C", "%5C"),
    ("%2500", "%00"),
    ("%25", "%"),
    ("%231", "#1"),
    ("%3Facl", "?acl"),
    ("%3Bjsessionid=1", ";jsessionid=1"),
    ("...", "..."),
    ("..a", "..a"),
    (".%20", ". "),
    ("%20", " "),
    (".env", ".env"),
    ("~", "~"),
    ("C:", "C:"),
    ("nul", "nul"),
    ("a:b", "a:b"),
    ("%22%3Cscript%3E", "\"<script>"),
    ("%E2%80%AEcod.exe", "\u{202e}cod.exe"),
    ("%E2%80%8B", "\u{200b}"),
    ("%EF%BC%8F", "\u{ff0f}"),
    ("%E2%88%95", "\u{2215}"),
    ("%EF%BC%8E%EF%BC%8E", "\u{ff0e}\u{ff0e}"),
    ("%E2%80%A8", "\u{2028}"),
    ("%EF%BB%BF", "\u{feff}"),
    ("e%CC%81", "e\u{301}"),
    ("-rf", "-rf"),
    ("*", "*"),
    ("$(id)", "$(id)"),
    ("CS01-0", "CS01-0"),
];

#[tokio::test]
async fn a_name_is_decoded_once() {
    let world = World::new();
    for (name, meant) in GOOD {
        assert_eq!(send(&put(name, "abc"), &world).await.verdict(), "200", "{name}");
        assert!(world.files.record(meant).is_some(), "{name}");
    }
    let meant: Vec<_> = GOOD.iter().map(|(_, meant)| *meant).collect();
    assert_eq!(world.files.begun(), meant);
}

#[tokio::test]
async fn a_name_has_up_to_255_bytes() {
    for (letter, fits) in [("a", 255), ("%61", 255), ("%C3%A9", 127), ("%E2%82%AC", 85)] {
        let world = World::new();
        assert_eq!(send(&put(&letter.repeat(fits), "abc"), &world).await.verdict(), "200");
        let answer = send(&put(&letter.repeat(fits + 1), "abc"), &world).await;
        assert_eq!(answer.verdict(), "400 InvalidArgument", "{letter}");
        assert_eq!(answer.element("ArgumentName").unwrap(), "Key");
        assert_eq!(world.files.begun().len(), 1);
    }
}

/// What stands behind the token, byte for byte.
const HOSTILE: &[&[u8]] = &[
    b"",
    b"/",
    b"//",
    b"/.",
    b"/..",
    b"/./",
    b"/../",
    b"/./a",
    b"/../a",
    b"/../../etc/passwd",
    b"/a/..",
    b"/a/.",
    b"/a/",
    b"/a//",
    b"/a/b",
    b"/a//b",
    b"//a",
    b"//etc/passwd",
    b"/%2e",
    b"/%2E",
    b"/%2e%2e",
    b"/%2E%2E",
    b"/.%2e",
    b"/%2e.",
    b"/%2e%2e/a",
    b"/%2e%2e%2fa",
    b"/%2F",
    b"/%2f",
    b"/a%2Fb",
    b"/a%2f",
    b"/%2Fetc%2Fpasswd",
    b"/..%2F..%2Fetc%2Fpasswd",
    b"/%5C",
    b"/%5c",
    b"/..%5C..%5Cwindows",
    b"/%5C%5Chost%5Cshare",
    b"/C:%5Cboot.ini",
    b"/a\\b",
    b"/..\\..\\a",
    b"/%00",
    b"/a%00.jsonl",
    b"/a.jsonl%00",
    b"/%01",
    b"/a%0A",
    b"/a%0D%0Ax-amz-acl:%20public-read",
    b"/%09",
    b"/%1B%5B2J",
    b"/%7F",
    b"/%C2%80",
    b"/%C2%85",
    b"/%C2%9F",
    b"/%",
    b"/a%",
    b"/a%2",
    b"/%zz",
    b"/%2%46",
    b"/%%32%46",
    b"/%+2",
    b"/%u002F",
    b"/%FF",
    b"/%C3",
    b"/%C3a",
    b"/%A9",
    b"/%C0%AF",
    b"/%C0%AE%C0%AE",
    b"/%E0%80%AF",
    b"/%F0%80%80%AF",
    b"/%ED%A0%80",
    b"/%F4%90%80%80",
    b"/%FE%FF",
    b"/#1",
    b"/#",
    b"/\xff",
    b"/\xc3",
    b"/\xc0\xaf",
    b"/\x01",
    b"/\x7f",
    b"/a b",
    b"/a\tb",
    b"/a\0b",
    b"/<a>",
];

/// In bytes as a hostile client sends them, for no library of ours would.
#[tokio::test]
async fn a_name_is_no_path() {
    let server = Server::of(World::new()).await;
    for rest in HOSTILE {
        let call = request("PUT", &token(), "").body("abc").header("connection", "close");
        let text = head(&call, "") + "abc";
        let (start, end) = text.split_at(text.find(" HTTP/1.1").unwrap());
        let answer = server.exchange([start.as_bytes(), rest, end.as_bytes()].concat()).await;
        let shown = rest.escape_ascii();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{shown}: {answer}");
        assert_eq!(server.world.files.begun(), [""; 0], "{shown}");
    }
    assert!(HOSTILE.len() >= 60);
    assert_eq!(server.world.stored("files/1").await, None);
    // The same way of sending takes what is good.
    let call = put("a", "abc").header("connection", "close");
    assert!(server.exchange(head(&call, "") + "abc").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

/// A target has no fragment (RFC 9112, section 3.2), and no client sends one: `hyper` cuts it off
/// before anybody sees it.
#[tokio::test]
async fn a_fragment_is_no_part_of_a_name() {
    let server = Server::of(World::new()).await;
    let call = put("a%23b#c/../d", "abc").header("connection", "close");
    assert!(server.exchange(head(&call, "") + "abc").await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(server.world.files.begun(), ["a#b"]);
}

/// What a target means, and whether it is a name: written down from the rule.
fn model(received: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), received.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            if digits.starts_with('+') {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    let has_wrong = name.chars().any(|c| c == '/' || c == '\\' || c.is_control());
    let is_name = !has_wrong && !["", ".", ".."].contains(&&*name) && name.len() <= 255;
    is_name.then_some(name)
}

/// Each byte of a text as it is or as an escape.
fn spelled() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "\\PC{0,12}",
        "[a.%/\\\\ é\\x00-\\x1f\\x7f-\\u{9f}]{0,6}",
        "[a-z.]{250,260}",
        "\\.{0,3}",
    ];
    let spell = |(text, dice): (String, u64)| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let spell = |(at, byte): (usize, u8)| match (dice >> (at % 64)) & 1 {
            0 if is_plain(byte) => char::from(byte).to_string(),
            0 => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        text.bytes().enumerate().map(spell).collect::<String>()
    };
    (text, any::<u64>()).prop_map(spell)
}

fn targets() -> impl Strategy<Value = String> {
    prop_oneof![spelled(), "[a%/.~é+0-9A-Fa-f\\\\]{0,12}", "(%[0-9a-f]{2}){0,4}"]
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 1024,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_name_is_what_the_model_says(received in targets()) {
        let call: Call = put(&received, "abc");
        prop_assume!(call.target.parse::<Uri>().is_ok());
        let world = World::new();
        let sent = send_body(&call, &world.router, Body::from("abc"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let answer = runtime.block_on(sent);
        if let Some(name) = model(&received) {
            prop_assert_eq!(answer.verdict(), "200");
            prop_assert_eq!(world.files.begun(), [name]);
        } else {
            prop_assert_eq!(answer.verdict(), "400 InvalidArgument");
            prop_assert_eq!(world.files.begun(), [""; 0]);
            let stored = runtime.block_on(world.stored("files/1"));
            prop_assert_eq!(stored, None);
        }
    }
}
