//! Classes 11 to 32: the parameters; 57 to 59 are V-07's, which Appendix A does not number.

use countersign::Timestamp;

use crate::{Attempt, Class, Good, common::Dice};

pub(crate) const CLASSES: [(u8, Class); 25] = [
    (11, the_algorithm_is_changed),
    (12, the_key_id_is_changed),
    (13, the_scope_date_is_changed),
    (14, the_region_is_changed),
    (15, the_service_is_changed),
    (16, the_terminator_is_changed),
    (17, a_slash_is_added_to_the_credential),
    (18, the_date_is_a_second_off),
    (19, the_date_has_another_format),
    (20, expires_is_changed),
    (21, expires_is_removed),
    (22, expires_is_duplicated),
    (23, host_is_taken_from_the_signed_headers),
    (24, an_absent_header_is_added_to_the_signed_headers),
    (25, the_signed_headers_are_reordered),
    (26, the_token_is_changed),
    (27, a_name_changes_case),
    (28, a_name_is_encoded),
    (29, an_unknown_parameter_is_added),
    (30, a_response_override_is_changed),
    (31, a_sub_resource_is_changed),
    (32, an_amz_parameter_is_added),
    (57, the_order_is_changed),
    (58, a_parameter_is_duplicated),
    (59, a_parameter_is_removed_or_malformed),
];

/// Those that any signed query has to withstand, whatever carries the claim.
pub(crate) const CLASSES_OF_ANY_QUERY: [(u8, Class); 7] = [
    (29, an_unknown_parameter_is_added),
    (30, a_response_override_is_changed),
    (31, a_sub_resource_is_changed),
    (32, an_amz_parameter_is_added),
    (57, the_order_is_changed),
    (58, a_parameter_is_duplicated),
    (59, a_parameter_is_removed_or_malformed),
];

const MISMATCH: &str = "SignatureMismatch";
const CREDENTIAL: &str = "X-Amz-Credential";
const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
const DATE: &str = "X-Amz-Date";
const EXPIRES: &str = "X-Amz-Expires";
const TOKEN: &str = "X-Amz-Security-Token";

fn with(good: &Good, reason: &'static str, name: &str, value: &str) -> Attempt {
    good.refused(reason, |sent| value.clone_into(sent.value(name)))
}

fn with_each(good: &Good, reason: &'static str, name: &str, values: &[&str]) -> Vec<Attempt> {
    values.iter().map(|value| with(good, reason, name, value)).collect()
}

fn value(good: &Good, name: &str) -> String {
    good.sent.clone().value(name).clone()
}

fn the_algorithm_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let others = [
        "none",
        "",
        "AWS4-HMAC-SHA512",
        "AWS4-HMAC-SHA1",
        "aws4-hmac-sha256",
        "AWS4-ECDSA-P256-SHA256",
        "AWS4-HMAC-SHA256%20",
        "AWS4-HMAC-SHA256-PAYLOAD",
        "AWS",
    ];
    let mut attempts = with_each(good, "Parse(UnsupportedAlgorithm)", "X-Amz-Algorithm", &others);
    attempts.push(good.refused("Parse(Missing(Algorithm))", |sent| sent.remove("X-Amz-Algorithm")));
    attempts
}

/// The credential with one of its five parts changed, as it stands in the URL.
fn with_part(good: &Good, part: usize, reason: &'static str, text: &str) -> Attempt {
    let credential = value(good, CREDENTIAL);
    let mut parts: Vec<_> = credential.split("%2F").collect();
    parts[part] = text;
    with(good, reason, CREDENTIAL, &parts.join("%2F"))
}

fn part(good: &Good, part: usize) -> String {
    value(good, CREDENTIAL).split("%2F").nth(part).unwrap().to_owned()
}

fn the_key_id_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let id = part(good, 0);
    vec![
        with_part(good, 0, MISMATCH, crate::OTHER_ID),
        with_part(good, 0, "UnknownKey", &format!("{id}X")),
        with_part(good, 0, "UnknownKey", &format!("{id}%20")),
        with_part(good, 0, "UnknownKey", &format!("%0A{id}")),
        with_part(good, 0, "UnknownKey", "AKIDOFNOBODY"),
        with_part(good, 0, "Parse(Malformed(Credential))", ""),
    ]
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
    // The date that is signed, moved together with that of the scope.
    let next = Timestamp::from_unix_secs(at + 86_400).unwrap();
    let mut both = with_part(good, 1, "", next.date().as_str());
    *both.sent.value(DATE) = next.to_string();
    attempts.push(both);
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
    let credential = value(good, CREDENTIAL);
    let parts: Vec<_> = credential.split("%2F").collect();
    let at = 1 + dice.roll(4);
    let doubled = [&parts[..at], &[""], &parts[at..]].concat().join("%2F");
    let fewer = [&parts[..at - 1], &parts[at..]].concat().join("%2F");
    let others = [
        &doubled,
        &fewer,
        &format!("%2F{credential}"),
        &format!("/{credential}"),
        &format!("{credential}%2F"),
        &format!("{credential}/"),
        &format!("x%2F{credential}"),
        &credential.replace("%2F", "%252F"),
        &credential.replace("%2F", ";"),
        "",
    ];
    with_each(good, "Parse(Malformed(Credential))", CREDENTIAL, &others)
}

fn the_date_is_a_second_off(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let at = good.case.signed_at().unix_secs();
    let moved = |offset| Timestamp::from_unix_secs(at + offset).unwrap().to_string();
    vec![with(good, MISMATCH, DATE, &moved(-1)), with(good, MISMATCH, DATE, &moved(1))]
}

fn the_date_has_another_format(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let date = value(good, DATE);
    let (day, time) = (&date[..8], &date[9..15]);
    let others = [
        &date.to_lowercase(),
        &format!("{day}T{time}"),
        &format!("{day}%20{time}Z"),
        &format!("{date}%20"),
        &format!("%20{date}"),
        &format!("{date}0"),
        &format!("{}-{}-{}T{time}Z", &day[..4], &day[4..6], &day[6..]),
        &format!("{day}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..]),
        &format!("{day}T{time}.000Z"),
        &format!("{day}T{time}%2B00:00"),
        &format!("{}Z", good.case.signed_at().unix_secs()),
        "Fri%2C%2024%20May%202013%2000:00:00%20GMT",
        "",
    ];
    let mut attempts = with_each(good, "Parse(Malformed(Date))", DATE, &others);
    attempts.push(good.refused("Parse(Missing(Date))", |sent| sent.remove(DATE)));
    attempts
}

fn expires_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let secs = good.case.lifetime;
    let same = ["0", "00", "000000000000000000000"].map(|zeros| format!("{zeros}{secs}"));
    let mut attempts = vec![
        with(good, MISMATCH, EXPIRES, &(secs + 1).to_string()),
        with(good, MISMATCH, EXPIRES, &(secs - 1).to_string()),
        with(good, MISMATCH, EXPIRES, "604800"),
        with(good, "LifetimeTooLong", EXPIRES, "604801"),
        with(good, "LifetimeTooLong", EXPIRES, &"9".repeat(40)),
        with(good, "Expired", EXPIRES, "0"),
    ];
    attempts.extend(same.iter().map(|same| with(good, MISMATCH, EXPIRES, same)));
    for odd in ["%2B", "+", "-", "0x", "%20", "%C2%A0", "=", "."] {
        attempts.push(with(good, "Parse(Malformed(Expires))", EXPIRES, &format!("{odd}{secs}")));
        attempts.push(with(good, "Parse(Malformed(Expires))", EXPIRES, &format!("{secs}{odd}")));
    }
    attempts
}

fn expires_is_removed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![
        good.refused("Parse(Missing(Expires))", |sent| sent.remove(EXPIRES)),
        with(good, "Parse(Malformed(Expires))", EXPIRES, ""),
    ]
}

fn expires_is_duplicated(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for other in [&value(good, EXPIRES), "604800", "0", ""] {
        for place in [0, good.sent.query.len()] {
            attempts.push(good.refused("Parse(Duplicate(Expires))", |sent| {
                sent.query.insert(place, (EXPIRES.to_owned(), other.to_owned()));
            }));
        }
    }
    attempts
}

fn names(good: &Good) -> Vec<String> {
    value(good, SIGNED_HEADERS).split("%3B").map(String::from).collect()
}

fn with_names(good: &Good, reason: &'static str, names: &[String]) -> Attempt {
    with(good, reason, SIGNED_HEADERS, &names.join("%3B"))
}

fn host_is_taken_from_the_signed_headers(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut names = names(good);
    names.retain(|name| name != "host");
    vec![
        with_names(good, "HostNotSigned", &names),
        with(good, "HostNotSigned", SIGNED_HEADERS, ""),
        good.refused("Parse(Missing(SignedHeaders))", |sent| sent.remove(SIGNED_HEADERS)),
    ]
}

/// And one that is there, but was not signed.
fn an_absent_header_is_added_to_the_signed_headers(good: &Good, _: &mut Dice) -> Vec<Attempt> {
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
        present,
    ]
}

/// And all other lists that are not sorted, in lower case, and without a double.
fn the_signed_headers_are_reordered(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let names = names(good);
    let reversed: Vec<_> = names.iter().rev().cloned().collect();
    let at = dice.roll(names.len());
    let doubled = [&names[..=at], &names[at..]].concat();
    let list = value(good, SIGNED_HEADERS);
    let others = [
        &reversed.join("%3B"),
        &doubled.join("%3B"),
        &format!("{list}%3B"),
        &format!("%3B{list}"),
        &format!("{list};"),
        &list.replace("host", "Host"),
        &list.replace("host", "host%20"),
        &list.replace("%3B", ","),
        &list.replace("%3B", "+"),
        &list.replace("%3B", "%3B%3B"),
        "%3B",
    ];
    let mut attempts = with_each(good, "Parse(Malformed(SignedHeaders))", SIGNED_HEADERS, &others);
    attempts.push(with(good, "", SIGNED_HEADERS, &list.replace("%3B", "%253B")));
    for equal in [list.replace("host", "h%6Fst"), list.replace("%3B", ";")] {
        attempts.push(good.equal(|sent| *sent.value(SIGNED_HEADERS) = equal));
    }
    attempts
}

fn the_token_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    if good.case.token.is_none() {
        return ["token", "", "%00"]
            .map(|token| {
                let reason = if token == "%00" { "Parse(Malformed(Query))" } else { MISMATCH };
                good.refused(reason, |sent| sent.append(TOKEN, token))
            })
            .into();
    }
    let token = value(good, TOKEN);
    vec![
        good.refused(MISMATCH, |sent| sent.remove(TOKEN)),
        with(good, MISMATCH, TOKEN, ""),
        with(good, MISMATCH, TOKEN, &format!("{token}x")),
        with(good, MISMATCH, TOKEN, &format!("x{token}")),
        good.refused("Parse(Duplicate(SecurityToken))", |sent| sent.append(TOKEN, &token)),
        good.refused("Parse(Duplicate(SecurityToken))", |sent| sent.append(TOKEN, "other")),
        good.refused("UnsignedHeader(\"x-amz-security-token\")", |sent| {
            sent.remove(TOKEN);
            sent.add_header(TOKEN, &good.case.token.clone().unwrap());
        }),
    ]
}

/// The places of the claim's own parameters.
fn of_the_claim(good: &Good) -> Vec<usize> {
    let known = ["Algorithm", "Credential", "Date", "Expires", "Security-Token", "Signature"];
    let is_own = |name: &str| {
        let rest = name.strip_prefix("X-Amz-");
        rest.is_some_and(|rest| known.contains(&rest) || rest == "SignedHeaders")
    };
    (0..good.sent.query.len()).filter(|&place| is_own(&good.sent.query[place].0)).collect()
}

fn renamed(good: &Good, place: usize, reason: &'static str, name: &str) -> Attempt {
    good.refused(reason, |sent| name.clone_into(&mut sent.query[place].0))
}

fn a_name_changes_case(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for place in of_the_claim(good) {
        let name = &good.sent.query[place].0;
        let renames = [name.to_lowercase(), name.to_uppercase(), name.replace('X', "x")];
        for other in renames {
            attempts.push(renamed(good, place, "Parse(Malformed(", &other));
        }
    }
    let is_ours = |(name, _): &(String, String)| name == "partNumber";
    let place = good.sent.query.iter().position(is_ours).unwrap();
    attempts.push(renamed(good, place, MISMATCH, "partnumber"));
    attempts
}

fn a_name_is_encoded(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for place in of_the_claim(good) {
        let name = &good.sent.query[place].0;
        for other in [name.replace('-', "%2D"), name.replace('X', "%58"), name.replace('-', "%2d")]
        {
            attempts.push(renamed(good, place, "Parse(Malformed(", &other));
        }
        let double = name.replace('-', "%252D");
        // Without its token a claim is not short of a parameter.
        let reason = if name == TOKEN { MISMATCH } else { "Parse(Missing(" };
        attempts.push(renamed(good, place, reason, &double));
    }
    attempts
}

fn an_unknown_parameter_is_added(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for place in [0, good.sent.query.len()] {
        let names = ["unknown-to-all", "X-Amz-Unknown-To-All", "%20X-Amz-Date", "X-Amz-Date%20"];
        for name in names {
            attempts.push(good.refused(MISMATCH, |sent| {
                sent.query.insert(place, (name.to_owned(), "1".to_owned()));
            }));
        }
        attempts.push(good.refused("Parse(Malformed(Query))", |sent| {
            sent.query.insert(place, (String::new(), "1".to_owned()));
        }));
    }
    attempts
}

fn a_response_override_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let name = "response-content-type";
    vec![
        with(good, MISMATCH, name, "text%2Fhtml"),
        with(good, MISMATCH, name, ""),
        good.refused(MISMATCH, |sent| sent.remove(name)),
        good.refused(MISMATCH, |sent| sent.append("Response-Content-Type", "text%2Fhtml")),
        good.refused("Parse(Duplicate(Query))", |sent| sent.append(name, "text%2Fhtml")),
        good.refused(MISMATCH, |sent| sent.append("response-content-disposition", "inline")),
    ]
}

fn a_sub_resource_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![
        with(good, MISMATCH, "partNumber", "2"),
        with(good, MISMATCH, "partNumber", "01"),
        with(good, MISMATCH, "uploadId", "uP"),
        good.refused(MISMATCH, |sent| sent.remove("uploadId")),
        good.refused(MISMATCH, |sent| sent.append("versionId", "null")),
        good.refused("Parse(Duplicate(Query))", |sent| sent.append("partNumber", "1")),
        good.refused("Parse(Duplicate(Query))", |sent| sent.append("part%4eumber", "1")),
    ]
}

fn an_amz_parameter_is_added(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    [
        ("x-amz-acl", "public-read"),
        ("X-Amz-Acl", "public-read"),
        ("x-amz-copy-source", "%2Fother%2Fkey"),
        ("x-amz-tagging", "a%3Db"),
        ("x-amz-tagging", ""),
    ]
    .map(|(name, value)| good.refused(MISMATCH, |sent| sent.append(name, value)))
    .into()
}

fn the_order_is_changed(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let mut attempts = vec![good.equal(|sent| sent.query.reverse())];
    attempts.extend([(); 2].map(|()| good.equal(|sent| dice.shuffle(&mut sent.query))));
    attempts.retain(|attempt| attempt.sent != good.sent);
    attempts
}

fn a_parameter_is_duplicated(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (name, value) in &good.sent.query {
        for (place, value) in [(0, value.as_str()), (good.sent.query.len(), "other")] {
            attempts.push(good.refused("Parse(Duplicate(", |sent| {
                sent.query.insert(place, (name.clone(), value.to_owned()));
            }));
        }
    }
    attempts
}

fn a_parameter_is_removed_or_malformed(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let malformed = "Parse(Malformed(Query))";
    let odd = ["%", "%4", "%zz", "%00", "%ff", "%c3", " ", "\t", "\u{7f}", "&"];
    let mut attempts = Vec::new();
    for place in 0..good.sent.query.len() {
        let odd = dice.pick(&odd);
        attempts.push(good.refused("", |sent| drop(sent.query.remove(place))));
        attempts.push(good.refused(malformed, |sent| sent.query[place].1.push_str(odd)));
    }
    attempts.extend(odd.map(|odd| good.refused(malformed, |sent| sent.append("x", odd))));
    // `;` separates nothing.
    attempts.push(good.refused("", |sent| {
        let (name, value) = sent.query.pop().unwrap();
        let before = &mut sent.query.last_mut().unwrap().1;
        *before = format!("{before};{name}={value}");
    }));
    attempts
}
