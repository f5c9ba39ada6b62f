//! What may not be shown is cut out of every text, before it gets into a finding.

use alloc::{boxed::Box, collections::BTreeSet, string::String};
use core::cmp::{Ordering, Reverse};

use zeroize::Zeroizing;

use super::{
    cause::{Cause, Sides},
    received::Fields,
};
use crate::{
    Headers as _,
    encode::{self, Part, Wire},
    names::CONTENT_SHA256,
};

const INSTEAD: &str = "***";

/// Headers and parameters whose values are credentials, in lower case.
const CREDENTIALS: [&str; 7] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
];

/// More texts than that are not looked for. Where there are more, nothing at all is shown.
const HIDDEN_MAX: usize = 1024;

/// Secrets, tokens and signatures, in every spelling in which they could turn up.
#[derive(Default)]
pub(super) struct Redactor {
    hidden: BTreeSet<Hidden>,
}

/// The longest comes first, so that none is left over of which another is a part.
#[derive(PartialEq, Eq)]
struct Hidden(Zeroizing<String>);

impl Hidden {
    fn key(&self) -> (Reverse<usize>, &str) {
        (Reverse(self.0.len()), &self.0)
    }
}

impl Ord for Hidden {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Hidden {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Redactor {
    /// Takes one more text that may not be shown.
    pub(super) fn hide(&mut self, text: &str) {
        if self.is_full() {
            return;
        }
        let mut once = Zeroizing::new(String::new());
        let mut twice = Zeroizing::new(String::new());
        encode::put_query(&mut *once, text);
        encode::put_query(&mut *twice, &once);
        let mut in_path = Zeroizing::new(String::new());
        encode::put_path(&mut *in_path, text);
        for spelling in [text, text.trim(), &once, &twice, &in_path] {
            for text in [spelling.into(), spelling.to_lowercase(), spelling.to_uppercase()] {
                if !text.is_empty() {
                    self.hidden.insert(Hidden(Zeroizing::new(text)));
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.hidden.len() > HIDDEN_MAX
    }

    /// Hides what a target says of signatures and tokens, whether or not it can be read.
    pub(super) fn hide_target(&mut self, target: &str) {
        let (_, query) = target.split_once('?').unwrap_or_default();
        for piece in query.split('&').chain(target.split(['?', '&', ';', '#'])) {
            let Some((name, value)) = piece.split_once('=') else { continue };
            let name = decode(name, Part::Query).unwrap_or_else(|| Zeroizing::new(name.into()));
            let name = name.to_ascii_lowercase();
            if name.ends_with("signature") || name.ends_with("token") {
                self.hide_parameter(value);
            }
        }
    }

    /// Hides a value as it came, and what it decodes to: it is encoded anew where it is shown.
    fn hide_parameter(&mut self, value: &str) {
        self.hide(value);
        for part in [Part::Path, Part::Query] {
            let Some(once) = decode(value, part) else { continue };
            self.hide(&once);
            if let Some(twice) = decode(&once, part) {
                self.hide(&twice);
            }
        }
    }

    /// Hides what the headers say of signatures and tokens.
    pub(super) fn hide_headers(&mut self, headers: &Fields<'_>) {
        for (name, value) in headers.fields() {
            if is_credential(name) {
                let text = String::from_utf8_lossy(value);
                self.hide(&text);
                text.rsplit_once("ignature=").into_iter().for_each(|(_, rest)| self.hide(rest));
            }
        }
    }

    /// The cause without anything that may not be shown.
    pub(super) fn clean(&self, cause: Cause) -> Cause {
        let is_parameter = matches!(&cause, Cause::Parameter { name, .. }
            if !name.eq_ignore_ascii_case(CONTENT_SHA256));
        let clean = |text: &str| {
            let text = self.clean_text(text);
            if is_parameter { without_digests(&text) } else { text }
        };
        let cause = cause.map_texts(&clean);
        if !cause.name().is_some_and(is_credential) {
            return cause;
        }
        let hide = |text: Option<Box<str>>| text.map(|_| INSTEAD.into());
        let hidden = |Sides { signed, received }: Sides| Sides {
            signed: hide(signed),
            received: hide(received),
        };
        match cause {
            Cause::Header { how, name, sides } => Cause::Header { how, name, sides: hidden(sides) },
            Cause::Parameter { how, name, sides } => {
                Cause::Parameter { how, name, sides: hidden(sides) }
            }
            other => other,
        }
    }

    fn clean_text(&self, text: &str) -> Box<str> {
        if self.is_full() {
            return INSTEAD.into();
        }
        let replace = |text: String, Hidden(hidden): &Hidden| {
            if text.contains(hidden.as_str()) {
                text.replace(hidden.as_str(), INSTEAD)
            } else {
                text
            }
        };
        self.hidden.iter().fold(text.into(), replace).into()
    }
}

fn decode(text: &str, part: Part) -> Option<Zeroizing<String>> {
    Wire::new(text, part).map(|wire| Zeroizing::new(wire.decode().into_owned()))
}

/// Masks whatever has the form of a signature or of another digest: a parameter of any name may be
/// one, and part of a signature is not shown either.
fn without_digests(text: &str) -> Box<str> {
    const DIGITS: usize = 32;
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (run, after) = rest.split_at(digits);
        out.push_str(if digits >= DIGITS { INSTEAD } else { run });
        let next = after.find(|character: char| character.is_ascii_hexdigit());
        let (between, tail) = after.split_at(next.unwrap_or(after.len()));
        out.push_str(between);
        rest = tail;
    }
    out.into()
}

fn is_credential(name: &str) -> bool {
    CREDENTIALS.iter().any(|other| other.eq_ignore_ascii_case(name))
}
