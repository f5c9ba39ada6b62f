//! V-06: one path has many spellings, and one of them is canonical.

use std::sync::LazyLock;

use countersign::{Field, ParseError, VerifyError};
use proptest::{prelude::*, sample::select, test_runner::Config};

use crate::{
    common::{Model, Report, Request, Server, uri_encode},
    documented_time,
};

/// Of what paths are made that two readers read differently.
const PIECES: [&str; 49] = [
    "/",
    "//",
    ".",
    "..",
    "%2F",
    "%2f",
    "%5C",
    "\\",
    "%2e",
    "%2E",
    "%252e",
    "%25",
    "%",
    "%4",
    "%41",
    "%zz",
    "%00",
    "%c3%a9",
    "%C3%A9",
    "%C3",
    "%A9",
    "%ff",
    "%F0%9F%98%80",
    "é",
    "e\u{301}",
    "+",
    "%2B",
    "%20",
    " ",
    "~",
    "%7E",
    "!",
    "*",
    "'",
    "(",
    ";x=y",
    "%3B",
    "&",
    "=",
    "@",
    ":",
    "#",
    "\t",
    "%09",
    "%0a",
    "%7f",
    "\u{7f}",
    "a",
    "B",
];

fn paths() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => select(PIECES.as_slice()).prop_map(String::from),
        1 => "[ -~]",
        1 => "%[0-9a-fA-F]{2}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

/// What a path means, the plain way; `None` where it means nothing.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?].map(char::from);
            let value = |digit: char| digit.to_digit(16);
            bytes.push(u8::try_from(value(digits[0])? * 16 + value(digits[1])?).unwrap());
        } else if byte.is_ascii_control() || byte == b' ' {
            return None;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

static SERVER: LazyLock<Server> = LazyLock::new(Server::documented);

/// The answer to a request for this very path, where that of the other is signed.
fn answer(signed: &Request, path: &str) -> Result<Report, VerifyError> {
    let (_, query) = signed.target.split_once('?').unwrap();
    let target = format!("{path}?{query}");
    SERVER.answer(&Request { target, ..signed.clone() }, documented_time())
}

/// The request for what this path means.
fn signed(meant: &str) -> Request {
    Model { path: meant.to_owned(), ..Model::documented() }.request()
}

proptest! {
    #![proptest_config(Config { cases: 3_000.max(Config::default().cases), ..Config::default() })]

    #[test]
    fn what_is_accepted_verifies_the_same_in_its_canonical_spelling(path in paths()) {
        // A path ends where the query begins.
        let path = path.replace('?', "");
        let Some(meant) = decoded(&path) else {
            let malformed = Err(VerifyError::Parse(ParseError::Malformed(Field::Path)));
            prop_assert_eq!(answer(&signed("/"), &path), malformed);
            return Ok(());
        };
        let request = signed(&meant);
        let report = answer(&request, &path);
        let canonical = uri_encode(&meant, true);
        prop_assert_eq!(&report, &answer(&request, &canonical), "{}", path);
        let Ok(report) = report else {
            return Err(TestCaseError::fail(format!("{path} is refused: {report:?}")));
        };
        prop_assert_eq!(&report.path, &meant);
        // The canonical spelling is that of no other path.
        prop_assert_eq!(decoded(&canonical), Some(meant.clone()));
        let other = answer(&signed(&format!("{meant}x")), &path);
        prop_assert_eq!(other, Err(VerifyError::SignatureMismatch));
    }
}
