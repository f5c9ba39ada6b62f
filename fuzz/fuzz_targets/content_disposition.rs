//! Whatever the name of a file: it gives one header of visible ASCII, of which a reader of RFC 6266
//! and RFC 8187 takes the name that was meant. Whatever header is signed: a disposition is seen in
//! it only where that reader sees the same.
//!
//! The input is a name, and is tried as a header too.
#![no_main]

use libfuzzer_sys::fuzz_target;

use crate::disposition::{Disposition, attachment};

// The file itself: the crate that has it takes minutes to build.
#[path = "../../crates/countersign-storage/src/disposition.rs"]
mod disposition;

/// A header as it is read by the grammar.
struct Header {
    kind: String,
    parameters: Vec<(String, Value)>,
}

enum Value {
    Token(String),
    Quoted(String),
}

/// `disposition-type *( ";" disposition-parm )`
fn read(text: &str) -> Option<Header> {
    let mut rest = text.trim_matches(SPACES);
    let kind = take_token(&mut rest)?.to_ascii_lowercase();
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start_matches(SPACES);
        if rest.is_empty() {
            return Some(Header { kind, parameters });
        }
        rest = rest.strip_prefix(';')?.trim_start_matches(SPACES);
        let name = take_token(&mut rest)?.to_ascii_lowercase();
        rest = rest.trim_start_matches(SPACES).strip_prefix('=')?.trim_start_matches(SPACES);
        let value = match rest.strip_prefix('"') {
            Some(quoted) => {
                rest = quoted;
                Value::Quoted(take_quoted(&mut rest)?)
            }
            None => Value::Token(take_token(&mut rest)?.to_owned()),
        };
        if parameters.iter().any(|(other, _)| *other == name) {
            return None;
        }
        parameters.push((name, value));
    }
}

const SPACES: [char; 2] = [' ', '\t'];

fn take_token<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let (token, behind) = rest.split_at(len);
    *rest = behind;
    (len > 0).then_some(token)
}

/// What stands in a string, of which the first quote is read.
fn take_quoted(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
    *rest = chars.as_str();
    Some(text)
}

/// `"UTF-8" "'" [ language ] "'" value-chars`
fn read_extended(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\'');
    let (charset, _language, value) = (parts.next()?, parts.next()?, parts.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let (mut bytes, mut decoded) = (value.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            _ if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(decoded).ok()
}

/// The plain name of a header, and the whole one, where there is one.
fn names(header: Header) -> (String, Option<String>) {
    let (mut plain, mut whole) = (None, None);
    for (name, value) in header.parameters {
        match (name.as_str(), value) {
            ("filename", Value::Quoted(name)) => plain = Some(name),
            ("filename*", Value::Token(value)) => {
                whole = Some(read_extended(&value).expect("a value of RFC 8187"));
            }
            _ => panic!("a parameter that nobody asked for: {name}"),
        }
    }
    (plain.expect("a name for old clients"), whole)
}

/// What is meant, before it is made shorter: the last segment, without what is not seen.
fn meant(name: &str) -> String {
    let mut meant = String::new();
    for c in name.chars() {
        match c {
            '/' | '\\' => meant.clear(),
            // Bidi_Control (https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt), the other
            // breaks of a line, and the mark of the byte order.
            '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {}
            '\u{2028}'..='\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {}
            '\0'..='\x1f' | '\x7f'..='\u{9f}' => {}
            c => meant.push(c),
        }
    }
    match meant.trim() {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

/// Whether a name is this one, cut to 255 bytes and no more than it needs.
fn is_cut(name: &str, meant: &str) -> bool {
    if meant.len() <= 255 {
        return name == meant;
    }
    let extension_len = meant.bytes().rev().position(|byte| byte == b'.').map_or(0, |at| at + 1);
    let extension_len = if extension_len <= 32 { extension_len } else { 0 };
    let Some(stem_len) = name.len().checked_sub(extension_len) else { return false };
    // A character has up to four bytes, so up to three of room are left.
    (252..=255).contains(&name.len())
        && name.as_bytes()[..stem_len] == meant.as_bytes()[..stem_len]
        && name.as_bytes()[stem_len..] == meant.as_bytes()[meant.len() - extension_len..]
}

fuzz_target!(|input: &str| {
    let value = attachment(input);
    assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value:?}");
    assert!(value.len() <= 1100, "{} bytes", value.len());
    assert_eq!(Disposition::of(&value), Some(Disposition::Attachment));
    let header = read(&value).expect("a header of RFC 6266");
    assert_eq!(header.kind, "attachment");

    let (plain, whole) = names(header);
    // A client that unescapes the plain name as well, or takes it for an encoded word, gets no other.
    assert!(!plain.contains(['%', '?', '"', '\\', '/']), "{plain:?}");
    let name = whole.as_ref().unwrap_or(&plain);
    assert!(is_cut(name, &meant(input)), "{name:?}");
    assert_eq!(plain.chars().count(), name.chars().count());
    for (c, meant) in plain.chars().zip(name.chars()) {
        assert!(c == meant || c == '_', "{plain:?} for {name:?}");
    }

    let seen = Disposition::of(input);
    let kind = read(input).filter(|_| input.is_ascii()).map(|header| header.kind);
    let is_printed = |byte| matches!(byte, b' '..=b'~' | b'\t');
    match (kind.as_deref(), seen) {
        (Some("attachment"), Some(disposition)) => {
            assert_eq!(disposition, Disposition::Attachment);
        }
        (Some("inline"), Some(disposition)) => assert_eq!(disposition, Disposition::Inline),
        (Some("attachment" | "inline"), None) => assert!(!input.bytes().all(is_printed)),
        // Parameters that are wrong change nothing of how it is shown: browsers look no further.
        (_, seen) => assert!(seen.is_none() || kind.is_none(), "{kind:?}"),
    }
});
