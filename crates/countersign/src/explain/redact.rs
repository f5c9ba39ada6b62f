//! What may not be shown is cut out of every text, before it gets into a finding.

use alloc::{boxed::Box, string::String, vec::Vec};

use zeroize::Zeroizing;

use super::{
    cause::{Cause, Sides},
    received::Fields,
};
use crate::{Headers as _, encode, names::CONTENT_SHA256};

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

/// Secrets, tokens and signatures, in every spelling in which they could turn up.
#[derive(Default)]
pub(super) struct Redactor {
    /// The longest first, so that none is left over of which another is a part.
    hidden: Vec<Zeroizing<String>>,
}

impl Redactor {
    /// Takes one more text that may not be shown.
    pub(super) fn hide(&mut self, text: &str) {
        let mut once = Zeroizing::new(String::new());
        let mut twice = Zeroizing::new(String::new());
        encode::put_query(&mut *once, text);
        encode::put_query(&mut *twice, &once);
        let mut in_path = Zeroizing::new(String::new());
        encode::put_path(&mut *in_path, text);
        let lower = Zeroizing::new(text.to_lowercase());
        let upper = Zeroizing::new(text.to_uppercase());
        for spelling in [text, text.trim(), &once, &twice, &in_path, &lower, &upper] {
            let is_new = !self.hidden.iter().any(|other| other.as_str() == spelling);
            if is_new && !spelling.is_empty() {
                self.hidden.push(Zeroizing::new(spelling.into()));
            }
        }
        self.hidden.sort_by_key(|text| core::cmp::Reverse(text.len()));
    }

    /// Hides what a target says of signatures and tokens, whether or not it can be read.
    pub(super) fn hide_target(&mut self, target: &str) {
        for piece in target.split(['?', '&', ';', '#']) {
            let Some((name, value)) = piece.split_once('=') else { continue };
            let name = name.to_ascii_lowercase();
            if name.ends_with("signature") || name.ends_with("token") {
                self.hide(value);
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
        let replace = |text: String, hidden: &Zeroizing<String>| {
            if text.contains(hidden.as_str()) {
                text.replace(hidden.as_str(), INSTEAD)
            } else {
                text
            }
        };
        self.hidden.iter().fold(text.into(), replace).into()
    }
}

/// Masks whatever has the form of a signature: a parameter of any name may be one.
fn without_digests(text: &str) -> Box<str> {
    const DIGITS: usize = 64;
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
