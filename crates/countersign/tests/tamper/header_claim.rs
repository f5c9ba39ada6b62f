//! Classes 12 to 26 for a request that is signed in its header: what the claim says of key, scope,
//! time, headers and token. Classes 20 to 22 have no `Expires` to change; names in another case or
//! encoded, 27 and 28, are forms of the `Authorization` header.

use countersign::Timestamp;

use crate::{
    Attempt, Class, Good,
    authorization::{value, with_value},
    common::Dice,
};

pub(crate) const CLASSES: [(u8, Class); 12] = [
    (12, the_key_id_is_changed),
    (13, the_scope_date_is_changed),
    (14, the_region_is_changed),
    (15, the_service_is_changed),
    (16, the_terminator_is_changed),
    (17, a_slash_is_added_to_the_credential),
    (18, the_date_is_a_second_off),
    (19, the_date_has_another_format),
    (23, a_header_is_taken_from_the_signed_headers),
    (24, a_header_is_added_to_the_signed_headers),
    (25, the_signed_headers_are_reordered),
    (26, the_token_is_changed),
];

const MISMATCH: &str = "SignatureMismatch";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

/// The credential with one of its five parts changed.
fn with_part(good: &Good, part: usize, reason: &'static str, text: &str) -> Attempt {
    let credential = value(good, "Credential");
    let mut parts: Vec<_> = credential.split('/').collect();
    parts[part] = text;
    with_value(good, reason, "Credential", &parts.join("/"))
}

fn part(good: &Good, part: usize) -> String {
    value(good, "Credential").split('/').nth(part).unwrap().to_owned()
}

fn the_key_id_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let id = part(good, 0);
    let mut attempts = vec![
        with_part(good, 0, MISMATCH, crate::OTHER_ID),
        with_part(good, 0, "UnknownKey", &format!("{id}X")),
        with_part(good, 0, "UnknownKey", "AKIDOFNOBODY"),
        with_part(good, 0, "Parse(Malformed(Credential))", ""),
        with_part(good, 0, "Parse(Malformed(Credential))", &format!("{id} ")),
        with_part(good, 0, "Parse(Malformed(Credential))", &format!(" {id}")),
        with_part(good, 0, "Parse(Malformed(Authorization))", &format!("{id},")),
    ];
    // Nothing is decoded here.
    let encoded = format!("%{:02X}{}", id.as_bytes()[0], &id[1..]);
    attempts.push(with_part(good, 0, "UnknownKey", &encoded));
    attempts
}

fn the_scope_date_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let at = good.case.signed_at().unix_secs();
    let day = |offset: i64| {
        // A year after the last day of 9998 there is none.
        let at = Timestamp::from_unix_secs(at + offset * 86_400).ok()?;
        Some(with_part(good, 1, "DateMismatch", at.date().as_str()))
    };
    let mut attempts: Vec<_> = [-366, -1, 1, 7, 366].into_iter().filter_map(day).collect();
    for wrong in ["", "20130230", "00000101", "2013-05-24", "2013052", "201305240", "today"] {
        attempts.push(with_part(good, 1, "Parse(Malformed(Credential))", wrong));
    }
    // The day after, with the date that is signed, that of the scope, and the clock moved together.
    let next = Timestamp::from_unix_secs(at + 86_400).unwrap();
    let mut all = with_part(good, 1, MISMATCH, next.date().as_str());
    *all.sent.header(DATE) = next.to_string();
    all.sent.now = Timestamp::from_unix_secs(good.sent.now.unix_secs() + 86_400).unwrap();
    attempts.push(all);
    attempts
}

fn the_region_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let region = part(good, 2);
    ["", "*", "xx-xxxx-9", &format!("{region}1"), &format!("{region}%20"), &region[1..]]
        .map(|other| with_part(good, 2, "Scope(Region", other))
        .into()
}

fn the_service_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    ["", "*", "S3", "sts", "iam", "s3%20", "s3express", "s"]
        .map(|other| with_part(good, 3, "Scope(Service", other))
        .into()
}

fn the_terminator_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    ["", "AWS4_REQUEST", "aws4_reques", "aws4_request%20", "aws3_request", "aws4-request"]
        .map(|other| with_part(good, 4, "Scope(Terminator", other))
        .into()
}

fn a_slash_is_added_to_the_credential(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let credential = value(good, "Credential");
    let parts: Vec<_> = credential.split('/').collect();
    let at = 1 + dice.roll(4);
    let doubled = [&parts[..at], &[""], &parts[at..]].concat().join("/");
    let fewer = [&parts[..at - 1], &parts[at..]].concat().join("/");
    [
        &doubled,
        &fewer,
        &format!("/{credential}"),
        &format!("{credential}/"),
        &format!("x/{credential}"),
        &credential.replace('/', "%2F"),
        &credential.replace('/', ";"),
        "",
    ]
    .map(|other| with_value(good, "Parse(Malformed(Credential))", "Credential", other))
    .into()
}

fn with_header(good: &Good, reason: &'static str, name: &str, value: &str) -> Attempt {
    good.refused(reason, |sent| value.clone_into(sent.header(name)))
}

fn the_date_is_a_second_off(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let at = good.case.signed_at().unix_secs();
    let moved = |offset| Timestamp::from_unix_secs(at + offset).unwrap().to_string();
    [-1, 1].map(|offset| with_header(good, MISMATCH, DATE, &moved(offset))).into()
}

/// Also where a plain `Date` header says the right time.
fn the_date_has_another_format(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let date = good.case.date.clone();
    let (day, time) = (&date[..8], &date[9..15]);
    let mut attempts: Vec<_> = [
        &date.to_lowercase(),
        &format!("{day}T{time}"),
        &format!("{day} {time}Z"),
        &format!("{date}0"),
        &format!("{}-{}-{}T{time}Z", &day[..4], &day[4..6], &day[6..]),
        &format!("{day}T{time}.000Z"),
        &format!("{day}T{time}+00:00"),
        &format!("{day}T240000Z"),
        &format!("{}0230T{time}Z", &day[..4]),
        &good.case.signed_at().unix_secs().to_string(),
        "Fri, 24 May 2013 00:00:00 GMT",
        "",
    ]
    .map(|other| with_header(good, "Parse(Malformed(Date))", DATE, other))
    .into();
    attempts.push(good.refused("Parse(Missing(Date))", |sent| {
        sent.remove_header(DATE);
        sent.add_header("Date", &date);
    }));
    attempts
}

fn names(good: &Good) -> Vec<String> {
    value(good, "SignedHeaders").split(';').map(String::from).collect()
}

fn with_names(good: &Good, reason: &'static str, names: &[String]) -> Attempt {
    with_value(good, reason, "SignedHeaders", &names.join(";"))
}

fn a_header_is_taken_from_the_signed_headers(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = vec![with_value(good, "HostNotSigned", "SignedHeaders", "")];
    for name in names(good) {
        let mut rest = names(good);
        rest.retain(|other| *other != name);
        let is_amz = name.starts_with("x-amz-") && name != "x-amz-content-sha256";
        let reason = match name.as_str() {
            "host" => "HostNotSigned",
            "content-md5" => "UnsignedHeader(",
            _ if is_amz => "UnsignedHeader(",
            _ => MISMATCH,
        };
        attempts.push(with_names(good, reason, &rest));
    }
    attempts
}

/// One that is absent, and one that is there, but was not signed.
fn a_header_is_added_to_the_signed_headers(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let with_name = |reason, name: &str| {
        let mut names = names(good);
        names.push(name.to_owned());
        names.sort();
        with_names(good, reason, &names)
    };
    let mut present = with_name(MISMATCH, "x-present-but-unsigned");
    present.sent.add_header("X-Present-But-Unsigned", "1");
    vec![
        with_name("SignedHeaderAbsent(\"a-header-absent-from-all\")", "a-header-absent-from-all"),
        with_name("SignedHeaderAbsent(\"x-amz-absent\")", "x-amz-absent"),
        with_name(MISMATCH, "authorization"),
        present,
    ]
}

/// And all other lists that are not sorted, in lower case, and without a double.
fn the_signed_headers_are_reordered(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let names = names(good);
    let reversed: Vec<_> = names.iter().rev().cloned().collect();
    let at = dice.roll(names.len());
    let doubled = [&names[..=at], &names[at..]].concat();
    let list = names.join(";");
    [
        &reversed.join(";"),
        &doubled.join(";"),
        &format!("{list};"),
        &format!(";{list}"),
        &list.replace("host", "Host"),
        &list.replace("host", "h%6Fst"),
        &list.replace(';', "%3B"),
        &list.replace(';', ";;"),
        &list.replace(';', " "),
        ";",
    ]
    .map(|other| with_value(good, "Parse(Malformed(SignedHeaders))", "SignedHeaders", other))
    .into()
}

fn the_token_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let Some(token) = &good.case.token else {
        return ["token", ""]
            .map(|token| {
                let reason = "UnsignedHeader(\"x-amz-security-token\")";
                good.refused(reason, |sent| sent.add_header(TOKEN, token))
            })
            .into();
    };
    let twice = "Parse(Duplicate(SecurityToken))";
    vec![
        good.refused("SignedHeaderAbsent(", |sent| sent.remove_header(TOKEN)),
        with_header(good, MISMATCH, TOKEN, ""),
        with_header(good, MISMATCH, TOKEN, &format!("{token}x")),
        with_header(good, MISMATCH, TOKEN, &format!("x{token}")),
        good.refused(twice, |sent| sent.add_header(TOKEN, token)),
        good.refused(twice, |sent| sent.add_header(TOKEN, "other")),
        good.refused("SignedHeaderAbsent(", |sent| {
            sent.remove_header(TOKEN);
            sent.append("X-Amz-Security-Token", "other");
        }),
    ]
}
