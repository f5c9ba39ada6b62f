//! Classes 1 to 11 for a request that is signed in its header: the signature, and the form of the
//! `Authorization` header. 60 and 61 are what Appendix A does not number: other forms of it, and a
//! second mechanism.

use crate::{Attempt, Class, Good, common::Dice};

pub(crate) const CLASSES: [(u8, Class); 13] = [
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
    (60, the_header_has_another_form),
    (61, there_is_a_second_mechanism),
];

const SCHEME: &str = "AWS4-HMAC-SHA256";
const MISMATCH: &str = "SignatureMismatch";
const AUTHORIZATION: &str = "authorization";
const DATE: &str = "x-amz-date";

fn authorization(good: &Good) -> String {
    good.sent.clone().header(AUTHORIZATION).clone()
}

fn with(good: &Good, reason: &'static str, authorization: &str) -> Attempt {
    good.refused(reason, |sent| authorization.clone_into(sent.header(AUTHORIZATION)))
}

/// The value of one of the three parameters.
pub(crate) fn value(good: &Good, name: &str) -> String {
    let authorization = authorization(good);
    let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap();
    rest.split(',').next().unwrap().to_owned()
}

pub(crate) fn with_value(good: &Good, reason: &'static str, name: &str, text: &str) -> Attempt {
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
