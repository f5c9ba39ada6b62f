//! What may have happened to the method, to a signed header, and to what was said of the body.

use alloc::{format, string::String, vec::Vec};

use super::{
    cause::{Cause, HeaderChange, Sides, TokenFault},
    draft::{Draft, Edit, Variant},
    received::Fields,
};
use crate::{
    Method, PayloadRule,
    names::{CONTENT_SHA256, SECURITY_TOKEN},
};

const METHODS: [Method<'static>; 5] =
    [Method::GET, Method::PUT, Method::HEAD, Method::POST, Method::DELETE];

/// What clients and libraries put where nobody said anything.
const CONTENT_TYPES: [&str; 18] = [
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/xml",
    "application/pdf",
    "application/zip",
    "text/csv",
    "text/html",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "audio/mpeg",
    "application/jsonl",
];

const ACCEPT_ENCODINGS: [&str; 9] = [
    "identity",
    "gzip",
    "gzip, deflate",
    "gzip,deflate",
    "gzip, deflate, br",
    "gzip, deflate, br, zstd",
    "br",
    "*",
    "",
];

pub(super) fn method_variants(received: Method<'_>) -> Vec<Variant> {
    let others = METHODS.iter().filter(|method| **method != received);
    let variant = |method: &Method<'static>| {
        let sides = Sides::new(method.as_str(), received.as_str());
        Variant::new(Edit::Method(*method), Cause::Method(sides))
    };
    others.map(variant).collect()
}

pub(super) fn payload_variants(
    draft: &Draft<'_>,
    headers: &Fields<'_>,
    query: &str,
) -> Vec<Variant> {
    let header = headers.text(CONTENT_SHA256);
    let in_query = query.split('&').find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.eq_ignore_ascii_case(CONTENT_SHA256).then_some(value)
    });
    let said = [header, in_query].into_iter().flatten();
    let said = said.filter_map(|value| PayloadRule::parse(value).ok());
    let rules = [PayloadRule::Unsigned, PayloadRule::EMPTY].into_iter().chain(said);
    let variant = |rule: PayloadRule| {
        let sides = Sides::new(&text_of_rule(rule), &text_of_rule(draft.payload));
        Variant::new(Edit::Payload(rule), Cause::Payload(sides))
    };
    rules.filter(|rule| *rule != draft.payload).map(variant).collect()
}

/// All that is tried, for each signed header apart from the host.
pub(super) fn variants(draft: &Draft<'_>) -> Vec<Variant> {
    let others = draft.headers.iter().filter(|(name, _)| name != "host");
    others.flat_map(|(name, value)| of_header(name, value.as_deref())).collect()
}

/// What is tried of a session token that is signed as a header: that of the credentials.
pub(super) fn token_variants(draft: &Draft<'_>, token: Option<&str>) -> Vec<Variant> {
    let received = draft.headers.iter().find(|(name, _)| name == SECURITY_TOKEN);
    let variant = received.zip(token).map(|((name, value), token)| {
        let fault = if value.is_some() { TokenFault::Changed } else { TokenFault::Removed };
        let edit = Edit::Header(name.clone(), Some(token.into()));
        Variant::new(edit, Cause::Token(fault))
    });
    variant.into_iter().collect()
}

fn of_header(name: &str, received: Option<&[u8]>) -> Vec<Variant> {
    let mut header = Header { name, received, variants: Vec::new() };
    let text = core::str::from_utf8(received.unwrap_or_default()).unwrap_or_default();
    match name {
        "content-type" => header.content_type(text),
        "accept-encoding" => ACCEPT_ENCODINGS.iter().for_each(|value| header.change(value)),
        "content-length" => header.change("0"),
        "expect" => header.change("100-continue"),
        "connection" => ["keep-alive", "close", ""].iter().for_each(|value| header.change(value)),
        "accept" => ["*/*", "", "application/xml"].iter().for_each(|value| header.change(value)),
        "x-amz-acl" => ["private", "public-read"].iter().for_each(|value| header.change(value)),
        _ => {}
    }
    if received.is_some() {
        header.folded(text);
    }
    header.change("");
    header.variants
}

struct Header<'h> {
    name: &'h str,
    received: Option<&'h [u8]>,
    variants: Vec<Variant>,
}

impl Header<'_> {
    fn change(&mut self, signed: &str) {
        self.change_bytes(signed.as_bytes());
    }

    fn change_bytes(&mut self, signed: &[u8]) {
        if Some(signed) == self.received {
            return;
        }
        let text = String::from_utf8_lossy(signed);
        let received = self.received.map(String::from_utf8_lossy);
        let how = received.as_ref().map_or(HeaderChange::Absent, |other| change(&text, other));
        let received = received.map(|text| (*text).into());
        let sides = Sides { signed: Some((*text).into()), received };
        let edit = Edit::Header(self.name.into(), Some(signed.into()));
        let cause = Cause::Header { how, name: self.name.into(), sides };
        self.variants.push(Variant::new(edit, cause));
    }

    fn content_type(&mut self, received: &str) {
        if let Some((kind, parameters)) = received.split_once(';') {
            self.change(kind.trim_end());
            if let Some(last) = self.variants.pop() {
                self.variants.push(last.visible());
            }
            for join in ["; ", ";"] {
                let respelled = format!("{}{join}{}", kind.trim_end(), parameters.trim());
                self.change(&respelled);
                self.change(&respelled.to_lowercase());
                self.change(&respelled.replace("UTF-8", "utf-8"));
                self.change(&respelled.replace("utf-8", "UTF-8"));
            }
        } else if !received.is_empty() {
            for charset in
                ["; charset=utf-8", "; charset=UTF-8", ";charset=utf-8", ";charset=UTF-8"]
            {
                self.change(&format!("{received}{charset}"));
            }
            self.change(&received.to_lowercase());
        }
        for value in CONTENT_TYPES {
            self.change(value);
        }
    }

    /// What becomes of a value that a proxy writes anew, or that a signer does not fold.
    fn folded(&mut self, received: &str) {
        let pieces: Vec<_> = received.split(',').map(str::trim).collect();
        for join in [", ", ","] {
            self.change(&pieces.join(join));
        }
        if let (Some(first), true) = (pieces.first(), pieces.len() > 1) {
            self.change(first);
        }
        for quote in ['"', '\''] {
            self.change(received.trim_matches(quote));
        }
        self.change(&received.to_lowercase());
        if received.is_ascii() {
            return;
        }
        let latin: Option<Vec<u8>> =
            received.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
        if let Some(latin) = latin {
            self.change_bytes(&latin);
        }
        // UTF-8 that was read as Latin-1 and written as UTF-8 again.
        let twice: String = received.bytes().map(char::from).collect();
        self.change(&twice);
    }
}

/// How two values of a header differ.
pub(super) fn change(signed: &str, received: &str) -> HeaderChange {
    let folded = |text: &str| -> String {
        text.chars().filter(|character| !character.is_whitespace()).collect()
    };
    let (signed, received) = (folded(signed), folded(received));
    let is_start = received.split_once(',').is_some_and(|(first, _)| first == signed);
    if is_start || signed == received { HeaderChange::Folded } else { HeaderChange::Changed }
}

fn text_of_rule(rule: PayloadRule) -> String {
    let mut text = String::new();
    rule.put(&mut text);
    text
}
