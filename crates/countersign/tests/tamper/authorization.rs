//! Classes 1 to 28 for a request that is signed in its header: what stands in `Authorization`, and
//! the headers that belong to the claim. 60 and 61 are what Appendix A does not number: the form of
//! the header, and a second mechanism. Classes 20 to 22 have no `Expires` to change.

use countersign::Timestamp;

use crate::{
    Attempt, Class, Good,
    common::{Dice, header::HeaderModel},
};

pub(crate) const CLASSES: [(u8, Class); 25] = [
    (1, one_digit_is_flipped),
    (2, digits_are_upper_case),
    (3, the_signature_is_truncated),
    (4, the_signature_is_extended),
    (5, the_signature_is_empty),
    (6, a_parameter_is_missing),
    (7, a_parameter_is_duplicated),
    (8, the_signature_is_that_of_another_request),
    (9, the_signature_is_made_with_another_key),
    (10, signature_version_2_is_there),
    (11, the_algorithm_is_changed),
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
    (60, the_header_has_another_form),
    (61, there_is_a_second_mechanism),
];

const MISMATCH: &str = "SignatureMismatch";
const AUTHORIZATION: &str = "authorization";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

fn authorization(good: &Good) -> String {
    good.sent.clone().header(AUTHORIZATION).clone()
}

fn with(good: &Good, reason: &'static str, authorization: &str) -> Attempt {
    good.refused(reason, |sent| authorization.clone_into(sent.header(AUTHORIZATION)))
}

/// The value of one of the three parameters.
fn value(good: &Good, name: &str) -> String {
    let authorization = authorization(good);
    let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap();
    rest.split(',').next().unwrap().to_owned()
}

fn with_value(good: &Good, reason: &'static str, name: &str, text: &str) -> Attempt {
    let (from, to) = (format!("{name}={}", value(good, name)), format!("{name}={text}"));
    with(good, reason, &authorization(good).replacen(&from, &to, 1))
}

fn with_signature(good: &Good, reason: &'static str, signature: &str) -> Attempt {
    with_value(good, reason, "Signature", signature)
}

fn signature(good: &Good) -> String {
    value(good, "Signature")
}

fn one_digit_is_flipped(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let flip = |place: usize| {
        let mut digits: Vec<_> = signature(good).chars().collect();
        let other: Vec<_> = "0123456789abcdef".chars().filter(|it| *it != digits[place]).collect();
        digits[place] = dice.pick(&other);
        digits.into_iter().collect::<String>()
    };
    [0, 63, 31, 32].map(flip).map(|flipped| with_signature(good, MISMATCH, &flipped)).into()
}

fn digits_are_upper_case(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let signature = signature(good);
    let one = signature.replacen(|digit: char| digit.is_ascii_lowercase(), "A", 1);
    [signature.to_ascii_uppercase(), one].map(|it| with_signature(good, MISMATCH, &it)).into()
}

fn the_signature_is_truncated(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let signature = signature(good);
    let short = [&signature[1..], &signature[32..], &signature[..63], &signature[..1]];
    short.map(|short| with_signature(good, MISMATCH, short)).into()
}

fn the_signature_is_extended(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let signature = signature(good);
    let mut attempts: Vec<_> = ["0", "=", "%20", "%0A", ";x", "\"", "#"]
        .map(|more| with_signature(good, MISMATCH, &format!("{signature}{more}")))
        .into();
    attempts.push(with_signature(good, MISMATCH, &format!("0{signature}")));
    attempts.push(with_signature(good, MISMATCH, &format!("\"{signature}\"")));
    for more in [" 0", "\tx", "\u{a0}", "é", "\0", "\n"] {
        let longer = format!("{signature}{more}");
        attempts.push(with_signature(good, "Parse(Malformed(Signature))", &longer));
    }
    attempts.push(with_signature(
        good,
        "Parse(Malformed(Authorization))",
        &format!("{signature},"),
    ));
    attempts
}

fn the_signature_is_empty(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![with_signature(good, MISMATCH, ""), with_signature(good, MISMATCH, &"0".repeat(64))]
}

/// The three parameters as they stand in the header.
fn parameters(good: &Good) -> [String; 3] {
    ["Credential", "SignedHeaders", "Signature"].map(|name| format!("{name}={}", value(good, name)))
}

fn with_parameters(good: &Good, reason: &'static str, parameters: &[String]) -> Attempt {
    with(good, reason, &format!("AWS4-HMAC-SHA256 {}", parameters.join(", ")))
}

fn a_parameter_is_missing(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let [credential, signed_headers, signature] = parameters(good);
    let without = |reason, rest: &[&String]| {
        with_parameters(good, reason, &rest.iter().map(|it| (*it).clone()).collect::<Vec<_>>())
    };
    vec![
        without("Parse(Missing(Credential))", &[&signed_headers, &signature]),
        without("Parse(Missing(SignedHeaders))", &[&credential, &signature]),
        without("Parse(Missing(Signature))", &[&credential, &signed_headers]),
        without("Parse(Malformed(Authorization))", &[]),
        good.refused("Parse(Missing(Authorization))", |sent| sent.remove_header(AUTHORIZATION)),
        good.refused("Parse(Missing(Date))", |sent| sent.remove_header(DATE)),
    ]
}

fn a_parameter_is_duplicated(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let all = parameters(good);
    let mut attempts = Vec::new();
    for parameter in &all {
        let (name, _) = parameter.split_once('=').unwrap();
        for again in [parameter.clone(), format!("{name}="), format!("{name}=x")] {
            for place in [0, 3] {
                let mut more = all.to_vec();
                more.insert(place, again.clone());
                attempts.push(with_parameters(good, "Parse(Duplicate(", &more));
            }
        }
    }
    for (name, reason) in
        [(AUTHORIZATION, "Parse(Duplicate(Authorization))"), (DATE, "Parse(Duplicate(Date))")]
    {
        let same = good.sent.clone().header(name).clone();
        for again in [&same, "", "Bearer token"] {
            attempts.push(good.refused(reason, |sent| sent.add_header(name, again)));
            attempts.push(good.refused(reason, |sent| {
                sent.headers.insert(0, (name.to_uppercase(), again.to_owned()));
            }));
        }
    }
    attempts
}

fn the_signature_is_that_of_another_request(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let model = || good.case.header_model();
    let mut others = [model(), model(), model(), model()];
    others[0].0.path.push('x');
    others[1].0.method.push('X');
    others[2].0.query.pop();
    others[3].0.payload = "0".repeat(64);
    let mut attempts: Vec<_> =
        others.iter().map(|it| with_signature(good, MISMATCH, &it.signature())).collect();
    // That of the presigned URL for the same.
    attempts.push(with_signature(good, MISMATCH, good.case.presign().signature()));
    attempts
}

/// Also with the right secret, but another scope than the one that the credential names.
fn the_signature_is_made_with_another_key(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut others = Vec::new();
    for secret in ["another secret", "", "AWS4"] {
        let mut other = good.case.header_model();
        secret.clone_into(&mut other.0.secret);
        others.push(other);
    }
    for part in 0..4 {
        let mut other = good.case.header_model();
        other.0.scope[part].push('x');
        others.push(other);
    }
    others.iter().map(|other| with_signature(good, MISMATCH, &other.signature())).collect()
}

fn signature_version_2_is_there(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let id = &good.case.id;
    let mut attempts = vec![
        with(good, "Parse(UnsupportedAlgorithm)", &format!("AWS {id}:vjbyPxybdZaNmGa=")),
        with(good, "Parse(UnsupportedAlgorithm)", &format!("aws {id}:vjbyPxybdZaNmGa=")),
    ];
    attempts.push(good.refused(MISMATCH, |sent| {
        for (name, value) in [
            ("AWSAccessKeyId", crate::OTHER_ID),
            ("Expires", "4102444800"),
            ("Signature", "vjbyPxybdZaNmGa%2ByT272YEAiv4%3D"),
        ] {
            sent.append(name, value);
        }
    }));
    attempts
}

fn the_algorithm_is_changed(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let with_scheme =
        |reason, scheme: &str| with(good, reason, &authorization(good).replacen(SCHEME, scheme, 1));
    let mut attempts: Vec<_> = [
        "AWS4-HMAC-SHA512",
        "aws4-hmac-sha256",
        "AWS4-ECDSA-P256-SHA256",
        "AWS4-HMAC-SHA256-PAYLOAD",
        "AWS4-HMAC-SHA256,",
        "AWS4-",
        "AWS AWS4-HMAC-SHA256",
    ]
    .map(|scheme| with_scheme("Parse(UnsupportedAlgorithm)", scheme))
    .into();
    for scheme in ["none", "", "HMAC", "Bearer", "AWS3-HMAC-SHA256"] {
        attempts.push(with_scheme("Parse(Missing(Authorization))", scheme));
    }
    attempts
}

const SCHEME: &str = "AWS4-HMAC-SHA256";

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

/// Also names in another case, or encoded: classes 27 and 28 of a URL.
fn the_header_has_another_form(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let good_one = authorization(good);
    let mut attempts: Vec<_> = [
        good_one.replace("Credential=", "credential="),
        good_one.replace("SignedHeaders=", "SIGNEDHEADERS="),
        good_one.replace("Signature=", "Signatur%65="),
        good_one.replace("Signature=", "Signature ="),
        good_one.replace("Signature=", "X-Amz-Signature="),
        good_one.replace("Signature=", "Signature"),
        good_one.replace(", ", "; "),
        good_one.replace(", ", ",,"),
        good_one.replacen(", ", " ", 1),
        format!("{good_one},"),
        format!("{good_one}, Expires=60"),
        format!("{good_one}, x"),
        SCHEME.to_owned(),
        format!("{SCHEME} {good_one}"),
    ]
    .iter()
    .map(|other| with(good, "Parse(", other))
    .collect();
    attempts.push(with(
        good,
        "Parse(TooLarge(Authorization))",
        &format!("{good_one}{}", "0".repeat(16_384)),
    ));
    let [credential, signed_headers, signature] = parameters(good);
    for equal in [
        format!("{SCHEME} {signature},{signed_headers},{credential}"),
        format!("  {SCHEME}\t{credential} ,\t{signed_headers}  ,{signature}\t"),
    ] {
        attempts.push(good.equal(|sent| *sent.header(AUTHORIZATION) = equal));
    }
    attempts
}

/// V-02: whatever the query says, and whether it would hold.
fn there_is_a_second_mechanism(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (name, value) in
        [("X-Amz-Signature", "0"), ("X-Amz-Algorithm", SCHEME), ("X-Amz-Algorithm", "")]
    {
        let both = "Parse(TwoMechanisms)";
        attempts.push(good.refused(both, |sent| sent.append(name, value)));
        attempts.push(good.refused(both, |sent| {
            sent.query.insert(0, (name.to_owned(), value.to_owned()));
        }));
        let other_case = name.to_lowercase();
        attempts.push(good.refused("Parse(Malformed(", |sent| sent.append(&other_case, value)));
    }
    let presigned = good.case.request().target;
    let (_, query) = presigned.split_once('?').unwrap();
    let piece = |piece: &str| {
        let (name, value) = piece.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    attempts.push(good.refused("Parse(TwoMechanisms)", |sent| {
        sent.query = query.split('&').map(piece).collect();
    }));
    // A parameter of a presigned claim by itself is none of this one, and was not signed.
    for name in ["X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Credential"] {
        attempts.push(good.refused(MISMATCH, |sent| sent.append(name, "60")));
    }
    attempts
}

/// The model and the class above agree on what a good header is.
#[test]
fn the_model_writes_the_header_that_is_changed_here() {
    let authorization = HeaderModel::documented().authorization();
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/")
    );
    assert!(authorization.contains(", SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "));
}
