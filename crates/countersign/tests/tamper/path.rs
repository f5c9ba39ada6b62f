//! Classes 33 to 48: the path. `%2F` for a slash, an escape that need not be, and a raw `+` are
//! spellings of the same path, as they are to AWS; everything else is another path.

use std::fmt::Write as _;

use crate::{
    Attempt, Class, Good, KEY_END_ENCODED,
    common::{Dice, uri_encode},
};

pub(crate) const CLASSES: [(u8, Class); 16] = [
    (33, one_character_is_changed),
    (34, an_unreserved_byte_is_encoded),
    (35, an_escape_is_encoded_again),
    (36, a_slash_is_encoded),
    (37, a_dot_segment_is_inserted),
    (38, a_segment_and_its_way_back_are_inserted),
    (39, an_encoded_way_up_is_inserted),
    (40, a_slash_is_doubled),
    (41, a_slash_is_appended),
    (42, a_backslash_is_inserted),
    (43, what_is_no_text_is_inserted),
    (44, a_character_is_decomposed),
    (45, the_case_is_changed),
    (46, a_plus_and_a_space_change_places),
    (47, a_path_parameter_is_appended),
    (48, the_target_is_of_another_form_or_bucket),
];

const MISMATCH: &str = "SignatureMismatch";

/// Changes the last place at which the path has this text.
fn replaced(good: &Good, reason: &'static str, from: &str, to: &str) -> Attempt {
    let path = &good.sent.path;
    let at = path.rfind(from).unwrap();
    let changed = format!("{}{to}{}", &path[..at], &path[at + from.len()..]);
    good.refused(reason, |sent| sent.path = changed)
}

fn equal(good: &Good, from: &str, to: &str) -> Attempt {
    let changed = replaced(good, "", from, to).sent.path;
    good.equal(|sent| sent.path = changed)
}

/// Puts something in front of any one of the slashes but the first, and at either end.
fn inserted(good: &Good, reason: &'static str, text: &str, dice: &mut Dice) -> Vec<Attempt> {
    let path = &good.sent.path;
    let slashes: Vec<_> = path.match_indices('/').map(|(at, _)| at).skip(1).collect();
    [1, dice.pick(&slashes), path.len()]
        .map(|at| good.refused(reason, |sent| sent.path.insert_str(at, text)))
        .into()
}

fn one_character_is_changed(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let path: Vec<_> = good.case.model().path.chars().collect();
    let last = path.len() - 1;
    let mut attempts = vec![replaced(good, MISMATCH, "b", "")];
    for at in [1, 1 + dice.roll(last), 1 + dice.roll(last), last] {
        let mut changed = path.clone();
        changed[at] = if path[at] == 'x' { 'y' } else { 'x' };
        let changed: String = changed.into_iter().collect();
        attempts.push(good.refused(MISMATCH, |sent| sent.path = uri_encode(&changed, true)));
    }
    attempts
}

/// Encodes the bytes that the choice names, none of which would have to be.
fn over_encoded(path: &str, mut choice: impl FnMut(char) -> bool) -> String {
    let mut out = String::new();
    let mut digits = 0;
    for letter in path.chars() {
        if letter == '%' {
            digits = 3;
        }
        if digits == 0 && choice(letter) {
            write!(out, "%{:02X}", u32::from(letter)).unwrap();
        } else {
            out.push(letter);
            digits = digits.max(1) - 1;
        }
    }
    out
}

/// And digits in lower case, and characters that are not encoded at all.
fn an_unreserved_byte_is_encoded(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let path = &good.sent.path;
    let all = over_encoded(path, |letter| letter != '/');
    let some = over_encoded(path, |letter| letter == 'z' || (letter != '/' && dice.roll(3) == 0));
    vec![
        good.equal(|sent| sent.path = all),
        good.equal(|sent| sent.path = some),
        equal(good, "%C3%A9", "%c3%a9"),
        equal(good, "%C3%A9", "é"),
        equal(good, "/Az", "/%41%7a"),
    ]
}

fn an_escape_is_encoded_again(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let all = good.sent.path.replace('%', "%25");
    vec![
        good.refused(MISMATCH, |sent| sent.path = all),
        replaced(good, MISMATCH, "%20", "%2520"),
        replaced(good, MISMATCH, "/Az", "/%2541z"),
        replaced(good, MISMATCH, "/Az", "%252FAz"),
    ]
}

fn a_slash_is_encoded(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let all = good.sent.path[1..].replace('/', "%2F");
    vec![
        equal(good, "/", "%2F"),
        equal(good, "/", "%2f"),
        good.equal(|sent| sent.path = format!("/{all}")),
        good.refused("Parse(Malformed(Target))", |sent| sent.path.replace_range(..1, "%2F")),
    ]
}

fn a_dot_segment_is_inserted(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = inserted(good, MISMATCH, "/.", dice);
    attempts.extend(inserted(good, MISMATCH, "./", dice));
    attempts.push(replaced(good, MISMATCH, "/", "/./"));
    attempts
}

fn a_segment_and_its_way_back_are_inserted(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = inserted(good, MISMATCH, "/x/..", dice);
    attempts.extend(inserted(good, MISMATCH, "x/../", dice));
    attempts
}

fn an_encoded_way_up_is_inserted(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for text in ["/%2e%2e", "%2e%2e/", "/%2E%2E", "/.%2e", "%2F..", "/..%2F", "/..;"] {
        attempts.extend(inserted(good, MISMATCH, text, dice));
    }
    attempts
}

fn a_slash_is_doubled(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = inserted(good, MISMATCH, "/", dice);
    attempts.push(replaced(good, MISMATCH, "/Az", "//Az"));
    attempts.push(replaced(good, MISMATCH, "/Az", "Az"));
    attempts
}

fn a_slash_is_appended(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    ["/", "//", "%2F"].map(|end| good.refused(MISMATCH, |sent| sent.path.push_str(end))).into()
}

fn a_backslash_is_inserted(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = inserted(good, MISMATCH, "\\", dice);
    attempts.extend(inserted(good, MISMATCH, "%5C", dice));
    attempts.push(replaced(good, MISMATCH, "/Az", "\\Az"));
    attempts.push(replaced(good, MISMATCH, "/Az", "%5CAz"));
    attempts
}

/// `%00`, and with it all that does not decode to text.
fn what_is_no_text_is_inserted(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let malformed = "Parse(Malformed(Path))";
    for text in [
        "%00",
        "%zz",
        "%+2",
        "%ff",
        "%C3",
        "%C3%28",
        "%C0%AF",
        "%ED%A0%80",
        "%F5%80%80%80",
        "%u002f",
        " ",
        "\t",
        "\r\n",
        "\0",
        "\u{7f}",
    ] {
        attempts.extend(inserted(good, malformed, text, dice));
    }
    // Before anything else these might become whole.
    for end in ["%", "%2", "%C3%"] {
        attempts.push(good.refused(malformed, |sent| sent.path.push_str(end)));
    }
    attempts
}

fn a_character_is_decomposed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![
        replaced(good, MISMATCH, "%C3%A9", "e%CC%81"),
        replaced(good, MISMATCH, "%C3%A9", "%E9%BB%A9"),
        replaced(good, MISMATCH, "%C3%A9", "e"),
    ]
}

fn the_case_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![
        replaced(good, MISMATCH, "/Az", "/az"),
        replaced(good, MISMATCH, "/Az", "/AZ"),
        replaced(good, MISMATCH, "%C3%A9", "%C3%89"),
    ]
}

/// In a path the plus is a plus, in a query a space.
fn a_plus_and_a_space_change_places(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let name = "response-content-type";
    let changed = |from: &str, to: &str| good.sent.clone().value(name).replace(from, to);
    vec![
        equal(good, "%2B", "+"),
        replaced(good, MISMATCH, "%2B", "%20"),
        replaced(good, MISMATCH, "%20", "+"),
        replaced(good, MISMATCH, "%20", "%2B"),
        good.equal(|sent| *sent.value(name) = changed("%20", "+")),
        good.refused(MISMATCH, |sent| *sent.value(name) = changed("%2B", "+")),
        good.refused(MISMATCH, |sent| *sent.value(name) = changed("%2B", "%20")),
        good.refused(MISMATCH, |sent| *sent.value(name) = changed("%20", "%2B")),
    ]
}

fn a_path_parameter_is_appended(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = inserted(good, MISMATCH, ";x=y", dice);
    attempts.extend(inserted(good, MISMATCH, "%3Bx=y", dice));
    attempts.extend(inserted(good, MISMATCH, "#", dice));
    attempts
}

fn the_target_is_of_another_form_or_bucket(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let host = good.case.model().host;
    let (path, origin) = (&good.sent.path, good.case.origin());
    let with_path = |reason, path: String| good.refused(reason, |sent| sent.path = path);
    let malformed = "Parse(Malformed(Target))";
    let mut attempts = vec![
        with_path(malformed, format!("{origin}{path}")),
        with_path(malformed, host.clone()),
        with_path(malformed, "*".to_owned()),
        with_path(malformed, String::new()),
        with_path(malformed, path.trim_start_matches('/').to_owned()),
        with_path(MISMATCH, format!("//{host}{path}")),
        with_path(MISMATCH, "/".to_owned()),
        with_path(MISMATCH, format!("/other{KEY_END_ENCODED}")),
    ];
    let bucket = &good.case.bucket;
    let other_host = host.replacen(bucket, "otherbucket", 1);
    let other_path = path.replacen(&format!("/{bucket}/"), "/otherbucket/", 1);
    attempts.push(good.refused(MISMATCH, |sent| {
        if good.case.is_in_host() {
            *sent.header("host") = other_host;
        } else {
            sent.path = other_path;
        }
    }));
    attempts
}
