//! URLs that were spoiled as texts, and what they were before.

use alloc::{format, string::String, vec::Vec};

use super::cause::Mangling;
use crate::{error::Field, names::AUTH_PARAMETERS};

const SIGNATURE_LEN: usize = 64;

/// What a target may have been, with what was done to it since: each alone, then all together.
pub(super) fn repairs(target: &str) -> Vec<(Vec<Mangling>, String)> {
    let mut all = Vec::new();
    let mut done = Vec::new();
    let mut together = String::from(target);
    for Way { mangling, undo } in WAYS {
        let repaired = undo(target);
        if repaired != target {
            all.push((Vec::from([mangling]), repaired));
        }
        let more = undo(&together);
        if more != together {
            done.push(mangling);
            together = more;
        }
    }
    let with_spaces = target.replace(' ', "%20");
    if with_spaces != target {
        all.push((Vec::from([Mangling::WhiteSpace]), with_spaces));
    }
    if done.len() > 1 {
        all.push((done, together));
    }
    all
}

/// A way to spoil a URL, and what undoes it.
struct Way {
    mangling: Mangling,
    undo: fn(&str) -> String,
}

/// In the order in which they are undone: what was done last comes first.
const WAYS: [Way; 9] = [
    Way { mangling: Mangling::QuotedPrintable, undo: without_quoted_printable },
    Way { mangling: Mangling::WhiteSpace, undo: without_white_space },
    Way { mangling: Mangling::HtmlEscaped, undo: without_html },
    Way { mangling: Mangling::JsonEscaped, undo: without_json },
    Way { mangling: Mangling::EncodedTwice, undo: decoded_once },
    Way { mangling: Mangling::EncodedTwice, undo: decoded_once_with_path },
    Way { mangling: Mangling::ParameterNames, undo: with_names },
    Way { mangling: Mangling::Appended, undo: without_end },
    Way { mangling: Mangling::UpperCaseSignature, undo: with_lower_case },
];

fn without_quoted_printable(target: &str) -> String {
    if !target.contains("=3D") {
        return target.into();
    }
    target.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=")
}

fn without_white_space(target: &str) -> String {
    let target = ["%0D%0A", "%0d%0a", "%0A", "%0a"]
        .iter()
        .fold(String::from(target), |target, line_break| target.replace(line_break, ""));
    target.chars().filter(|character| !character.is_whitespace()).collect()
}

fn without_html(target: &str) -> String {
    let escapes = ["&amp;", "&#38;", "&#038;", "&#x26;", "&AMP;"];
    escapes.iter().fold(target.into(), |text: String, escape| text.replace(escape, "&"))
}

fn without_json(target: &str) -> String {
    target.replace("\\u0026", "&").replace("\\/", "/")
}

/// Undoes an encoding of the whole URL, or of its query.
fn decoded_once(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path.into(), query),
        None => match ["%3F", "%3f"].iter().find_map(|mark| target.split_once(mark)) {
            Some((path, query)) => (path.replace("%25", "%"), query),
            None => return target.into(),
        },
    };
    let escapes = [("%3D", "="), ("%3d", "="), ("%26", "&"), ("%25", "%")];
    let is_whole = query.contains("Algorithm%3D") || query.contains("Algorithm%3d");
    let decode = |text: String, (escape, plain): &(&str, &str)| {
        if is_whole || *plain == "%" { text.replace(escape, plain) } else { text }
    };
    let query = escapes.iter().fold(String::from(query), decode);
    format!("{path}?{query}")
}

fn decoded_once_with_path(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) if query.contains("%25") => {
            decoded_once(&format!("{}?{query}", path.replace("%25", "%")))
        }
        _ => target.into(),
    }
}

fn with_names(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.into() };
    let respell = |piece: &str| {
        let (name, rest) = piece.split_at(piece.find('=').unwrap_or(piece.len()));
        let plain = name.replace("%2D", "-").replace("%2d", "-");
        let field =
            AUTH_PARAMETERS.iter().find(|field| field.as_str().eq_ignore_ascii_case(&plain));
        field.map_or_else(|| piece.into(), |field| format!("{}{rest}", field.as_str()))
    };
    let pieces: Vec<String> = query.split('&').map(respell).collect();
    format!("{path}?{}", pieces.join("&"))
}

fn without_end(target: &str) -> String {
    edit_signature(target, |signature| {
        let start = signature.get(..SIGNATURE_LEN)?;
        start.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| start.into())
    })
}

fn with_lower_case(target: &str) -> String {
    edit_signature(target, |signature| {
        let is_hex = signature.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| signature.to_ascii_lowercase())
    })
}

fn edit_signature(target: &str, edit: impl Fn(&str) -> Option<String>) -> String {
    let mark = format!("{}=", Field::Signature.as_str());
    let edited = target.split_once(&mark).and_then(|(before, rest)| {
        let (signature, after) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
        Some(format!("{before}{mark}{}{after}", edit(signature)?))
    });
    edited.unwrap_or_else(|| target.into())
}
