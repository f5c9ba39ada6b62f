//! The names of a form's fields, whose case does not count, and what their values are made of.

use crate::names::is_header_value;

pub(crate) const ALGORITHM: &str = "x-amz-algorithm";
pub(crate) const CREDENTIAL: &str = "x-amz-credential";
pub(crate) const DATE: &str = "x-amz-date";
pub(crate) const SECURITY_TOKEN: &str = "x-amz-security-token";
pub(crate) const SIGNATURE: &str = "x-amz-signature";
pub(crate) const POLICY: &str = "policy";
pub(crate) const KEY: &str = "key";
pub(crate) const BUCKET: &str = "bucket";
pub(crate) const FILE: &str = "file";
/// The two fields of Signature Version 2.
pub(crate) const VERSION_2: [&str; 2] = ["AWSAccessKeyId", "signature"];

/// The fields that carry the claim.
const CLAIM: [&str; 6] = [ALGORITHM, CREDENTIAL, DATE, SECURITY_TOKEN, SIGNATURE, POLICY];

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Whether a field carries the claim.
pub(crate) fn is_claim(name: &str) -> bool {
    is_one_of(&CLAIM, name)
}

/// Whether a field belongs to Signature Version 2.
pub(crate) fn is_version_2(name: &str) -> bool {
    is_one_of(&VERSION_2, name)
}

/// Whether a field is none that a caller gives.
pub(crate) fn is_reserved(name: &str) -> bool {
    is_claim(name) || is_version_2(name) || is_one_of(&[KEY, BUCKET, FILE], name)
}

/// Whether a field means nothing to the store, by its name.
pub(crate) fn is_ignored(name: &str) -> bool {
    name.as_bytes().first_chunk::<9>().is_some_and(|it| it.eq_ignore_ascii_case(b"x-ignore-"))
}

/// Whether a field needs no condition, as the [documentation of policies][doc] has it.
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html#sigv4-PolicyConditions
pub(crate) fn is_exempt(name: &str) -> bool {
    is_ignored(name) || is_one_of(&[SIGNATURE, POLICY, FILE], name)
}

/// Whether a value may stand in its field. Most become headers, of the object or of the answer,
/// where a line break would begin another one.
pub(crate) fn is_value(name: &str, value: &str) -> bool {
    let is_text = is_one_of(&[KEY, "tagging"], name) || is_ignored(name);
    if is_text { !value.contains('\0') } else { is_header_value(value.as_bytes()) }
}
