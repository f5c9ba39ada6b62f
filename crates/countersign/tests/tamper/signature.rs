//! Classes 1 to 10: the signature.

use crate::{Attempt, Class, Good, common::Dice};

pub(crate) const CLASSES: [(u8, Class); 10] = [
    (1, one_digit_is_flipped),
    (2, digits_are_upper_case),
    (3, it_is_truncated),
    (4, it_is_extended),
    (5, it_is_empty),
    (6, it_is_missing),
    (7, it_is_duplicated),
    (8, it_is_that_of_another_url),
    (9, it_is_made_with_another_key),
    (10, signature_version_2_is_added),
];

const MISMATCH: &str = "SignatureMismatch";
const SIGNATURE: &str = "X-Amz-Signature";

fn with_signature(good: &Good, signature: &str) -> Attempt {
    good.refused(MISMATCH, |sent| signature.clone_into(sent.value(SIGNATURE)))
}

fn signature(good: &Good) -> String {
    good.sent.clone().value(SIGNATURE).clone()
}

fn one_digit_is_flipped(good: &Good, dice: &mut Dice) -> Vec<Attempt> {
    let places = [0, 63, dice.roll(64), dice.roll(64)];
    let flip = |place: usize| {
        let mut digits: Vec<_> = signature(good).chars().collect();
        let other: Vec<_> = "0123456789abcdef".chars().filter(|it| *it != digits[place]).collect();
        digits[place] = dice.pick(&other);
        with_signature(good, &digits.into_iter().collect::<String>())
    };
    places.map(flip).into()
}

fn digits_are_upper_case(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let signature = signature(good);
    let one = signature.replacen(|digit: char| digit.is_ascii_lowercase(), "A", 1);
    vec![with_signature(good, &signature.to_ascii_uppercase()), with_signature(good, &one)]
}

fn it_is_truncated(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let signature = signature(good);
    let mut short = vec![&signature[1..], &signature[2..], &signature[32..]];
    short.extend([1, 2, 32, 62, 63].map(|len| &signature[..len]));
    short.into_iter().map(|short| with_signature(good, short)).collect()
}

fn it_is_extended(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let signature = signature(good);
    let mut longer: Vec<_> = ["0", "00", "%20", "%0A", "+", "%25", "=", "#", ",", "%C3%A9", ";x"]
        .map(|more| format!("{signature}{more}"))
        .into();
    longer.extend(["0", "00", "+", "0x", "AWS4"].map(|more| format!("{more}{signature}")));
    longer.push(format!("{signature}{signature}"));
    let mut attempts: Vec<_> = longer.iter().map(|it| with_signature(good, it)).collect();
    for more in ["%00", " ", "\n", "%", "%ff"] {
        attempts.push(good.refused("Parse(Malformed(Query))", |sent| {
            sent.value(SIGNATURE).push_str(more);
        }));
    }
    attempts
}

fn it_is_empty(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![with_signature(good, ""), with_signature(good, "%20"), with_signature(good, "+")]
}

fn it_is_missing(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    vec![good.refused("Parse(Missing(Signature))", |sent| sent.remove(SIGNATURE))]
}

fn it_is_duplicated(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for other in [signature(good), "0".repeat(64), String::new()] {
        for place in [0, good.sent.query.len()] {
            let again = (SIGNATURE.to_owned(), other.clone());
            attempts.push(good.refused("Parse(Duplicate(Signature))", |sent| {
                sent.query.insert(place, again);
            }));
        }
    }
    attempts
}

fn it_is_that_of_another_url(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut others = [good.case.model(), good.case.model(), good.case.model(), good.case.model()];
    others[0].path.push('x');
    others[1].method.push('X');
    others[2].expires.push('0');
    others[3].query.pop();
    others.iter().map(|other| with_signature(good, &other.signature())).collect()
}

/// Also with the right secret, but another scope than the one that the credential names.
fn it_is_made_with_another_key(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let mut others = Vec::new();
    for secret in ["another secret", "", "AWS4"] {
        let mut other = good.case.model();
        secret.clone_into(&mut other.secret);
        others.push(other);
    }
    for part in 0..4 {
        let mut other = good.case.model();
        other.scope[part].push('x');
        others.push(other);
    }
    others.iter().map(|other| with_signature(good, &other.signature())).collect()
}

fn signature_version_2_is_added(good: &Good, _: &mut Dice) -> Vec<Attempt> {
    let version_2 = [
        ("AWSAccessKeyId", crate::OTHER_ID),
        ("Expires", "4102444800"),
        ("Signature", "vjbyPxybdZaNmGa%2ByT272YEAiv4%3D"),
    ];
    let mut attempts = vec![
        good.refused(MISMATCH, |sent| {
            for (name, value) in version_2 {
                sent.append(name, value);
            }
        }),
        good.refused("Parse(Missing(Algorithm))", |sent| {
            sent.query = version_2.map(|(name, value)| (name.into(), value.into())).into();
        }),
    ];
    for scheme in ["AWS AKID:vjbyPxybdZaNmGa=", "AWS4-HMAC-SHA256 Credential=AKID/20130524/a/s3/b"]
    {
        attempts.push(good.refused("Parse(TwoMechanisms)", |sent| {
            sent.add_header("authorization", scheme);
        }));
    }
    attempts
}
