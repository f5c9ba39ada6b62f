//! What may have happened to a path.

use alloc::{string::String, vec::Vec};

use super::{
    cause::{Cause, PathChange, Sides},
    draft::{Edit, Variant},
    normalise,
};
use crate::encode::{self, Part, Wire};

/// Places in a path where something is tried: a key has no more folders than that.
const PLACES_MAX: usize = 16;

/// Folders below which stores are often put behind a proxy.
const PREFIXES: [&str; 12] = [
    "/s3",
    "/minio",
    "/storage",
    "/storage/v1/s3",
    "/api",
    "/api/s3",
    "/api/v1",
    "/files",
    "/data",
    "/objects",
    "/media",
    "/static",
];

/// All that is tried, for a path in its canonical spelling and as it came.
pub(super) fn variants(canonical: &str, received: &str, prefixes: &[&str]) -> Vec<Variant> {
    let mut paths = Paths { received: canonical, variants: Vec::new() };
    paths.encoded_again(received);
    paths.pluses(received);
    paths.dots_and_slashes();
    paths.prefixes(prefixes);
    paths.spellings(received);
    paths.normalised();
    paths.variants
}

struct Paths<'p> {
    received: &'p str,
    variants: Vec<Variant>,
}

impl Paths<'_> {
    fn add(&mut self, how: PathChange, signed: String) {
        if let Some(variant) = self.variant(how, signed) {
            self.variants.push(variant);
        }
    }

    fn add_visible(&mut self, how: PathChange, signed: String) {
        if let Some(variant) = self.variant(how, signed) {
            self.variants.push(variant.visible());
        }
    }

    fn variant(&self, how: PathChange, signed: String) -> Option<Variant> {
        (signed != self.received).then(|| {
            let sides = Sides::new(&signed, self.received);
            Variant::new(Edit::Path(signed), Cause::Path { how, sides })
        })
    }

    fn encoded_again(&mut self, as_received: &str) {
        let decoded = decode(self.received);
        if let Some(once) = Wire::new(&decoded, Part::Path).filter(|_| decoded.contains('%')) {
            self.add_visible(PathChange::EncodedTwice, encode(&once.decode()));
        }
        if self.received.contains('%') {
            self.add(PathChange::SignedTwice, self.received.replace('%', "%25"));
        }
        if as_received.contains('%') {
            self.add(PathChange::SignedTwice, encode(as_received));
        }
    }

    fn pluses(&mut self, as_received: &str) {
        if as_received.contains('+') {
            let spaces = as_received.replace('+', "%20");
            self.add_visible(PathChange::Plus, encode(&decode(&spaces)));
        }
        if self.received.contains("%2B") {
            self.add(PathChange::Plus, self.received.replace("%2B", "%20"));
        }
        if self.received.contains("%20") {
            self.add(PathChange::Plus, self.received.replace("%20", "%2B"));
            self.add(PathChange::Plus, self.received.replace("%20", "+"));
            let places = self.received.match_indices("%20").map(|(at, _)| at);
            for (before, after) in places.map(|at| self.received.split_at(at)).take(PLACES_MAX) {
                self.add(
                    PathChange::Plus,
                    alloc::format!("{before}{}", after.replacen("%20", "%2B", 1)),
                );
            }
        }
    }

    fn dots_and_slashes(&mut self) {
        let path = self.received;
        if path.split('/').any(|segment| matches!(segment, "." | "..")) {
            self.add_visible(PathChange::DotSegments, without_dots(path));
        }
        if path.contains("//") {
            let merged: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
            self.add_visible(PathChange::Slashes, alloc::format!("/{}", merged.join("/")));
        }
        match path.strip_suffix('/') {
            Some("") => {}
            Some(without) => self.add(PathChange::TrailingSlash, without.into()),
            None => self.add(PathChange::TrailingSlash, alloc::format!("{path}/")),
        }
        let slashes = path.match_indices('/').map(|(at, _)| path.split_at(at));
        for (before, after) in slashes.take(PLACES_MAX) {
            self.add(PathChange::Slashes, alloc::format!("{before}/{after}"));
            self.add(PathChange::DotSegments, alloc::format!("{before}/.{after}"));
            self.add(PathChange::DotSegments, alloc::format!("{before}/..{after}"));
        }
    }

    fn prefixes(&mut self, more: &[&str]) {
        let path = self.received;
        let slashes = path.match_indices('/').map(|(at, _)| at).skip(1);
        for at in slashes.take(4) {
            let without = path.get(at..).unwrap_or_default();
            self.add(PathChange::PrefixAdded, without.into());
        }
        for prefix in more.iter().chain(&PREFIXES) {
            let prefix = prefix.trim_end_matches('/');
            self.add(PathChange::PrefixCut, alloc::format!("{prefix}{path}"));
        }
    }

    /// Spellings that signers are known to use in place of the one that the specification has.
    fn spellings(&mut self, as_received: &str) {
        let path = self.received;
        for plain in [
            "!*'()",           // `encodeURIComponent` of JavaScript
            "!$&'()*+,;=:@",   // what RFC 3986 lets stand in a path
            "!*'();:@&=+$,?#", // `encodeURI` of JavaScript
            ":",
            "=",
            "@",
            "+",
            "&",
            ",",
            "!",
            "'",
            "(",
            ")",
            "*",
            "$",
            ";",
        ] {
            self.add(PathChange::Encoding, with_plain(path, plain));
        }
        self.add(PathChange::Encoding, as_received.into());
        self.add(PathChange::Encoding, decode(path));
        self.add(PathChange::Encoding, lower_escapes(path));
        self.add(PathChange::Encoding, path.replace('~', "%7E"));
        for at in path.match_indices('/').map(|(at, _)| at).skip(1).take(2) {
            let (start, rest) = path.split_at(at);
            self.add(PathChange::Encoding, alloc::format!("{start}{}", rest.replace('/', "%2F")));
            let (slash, key) = rest.split_at(1);
            let key = key.replace('/', "%2F");
            self.add(PathChange::Encoding, alloc::format!("{start}{slash}{key}"));
        }
    }

    fn normalised(&mut self) {
        let decoded = decode(self.received);
        let (composed, decomposed) =
            (normalise::composed(&decoded), normalise::decomposed(&decoded));
        if composed != decoded {
            self.add_visible(PathChange::Normalisation, encode(&composed));
        }
        if decomposed != decoded {
            self.add(PathChange::Normalisation, encode(&decomposed));
        }
    }
}

/// How two paths differ, as far as that has a name.
pub(super) fn change(signed: &str, received: &str) -> PathChange {
    let found = variants(received, received, &[]).into_iter().find_map(|variant| {
        let is_it = variant.edits.iter().any(|edit| matches!(edit, Edit::Path(it) if it == signed));
        match variant.cause {
            Cause::Path { how, .. } if is_it => Some(how),
            _ => None,
        }
    });
    let is_below = |long: &str, short: &str| long.len() > short.len() && long.ends_with(short);
    let spaced = |path: &str| path.replace("%2B", "%20");
    let is_resolved = || signed.contains("/.") && without_dots(signed) == received;
    match found {
        Some(how) => how,
        None if spaced(signed) == spaced(received) => PathChange::Plus,
        None if is_resolved() => PathChange::DotSegments,
        None if is_below(signed, received) => PathChange::PrefixCut,
        None if is_below(received, signed) => PathChange::PrefixAdded,
        None => PathChange::Other,
    }
}

fn decode(path: &str) -> String {
    Wire::new(path, Part::Path).map(|wire| wire.decode().into_owned()).unwrap_or_default()
}

fn encode(decoded: &str) -> String {
    let mut path = String::new();
    encode::put_path(&mut path, decoded);
    path
}

/// Takes dot segments out as a client does ([RFC 3986, section 5.2.4][dots]).
///
/// [dots]: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    alloc::format!("/{}", kept.join("/"))
}

/// Leaves some characters as they are that ought to be encoded.
pub(super) fn with_plain(encoded: &str, plain: &str) -> String {
    plain.chars().fold(encoded.into(), |text: String, character| {
        let mut escape = String::new();
        encode::put_query(&mut escape, character.encode_utf8(&mut [0; 4]));
        text.replace(&escape, character.encode_utf8(&mut [0; 4]))
    })
}

fn lower_escapes(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let mut text = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        text.push('%');
        text.push_str(&digits.to_ascii_lowercase());
        text.push_str(rest);
    }
    text
}
