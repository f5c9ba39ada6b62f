//! A form as it was received, read and not believed.

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use super::{
    FIELDS_MAX, FORM_LEN_MAX, FormFault, PolicyFault, document::Document,
    form_key::FILE_NAME_VARIABLE, names,
};
use crate::{
    Date, InvalidValue, Timestamp,
    bucket::{check_bucket_name, check_key},
    signing_key::{ALGORITHM, Signature},
};

/// The part of a form that comes before the bytes of its file, as it was received.
///
/// ```
/// use countersign::post_policy::FormHead;
///
/// let head = FormHead {
///     bucket: "examplebucket",
///     fields: &[("key", "user/${filename}"), ("acl", "private")],
///     file_name: Some("data.csv"),
/// };
/// # let _ = head;
/// ```
///
/// The headers of its request do not come up here: who takes forms refuses one that
/// [`Mechanism::of`](crate::Mechanism::of) finds signed in another way, too.
#[derive(Clone, Copy)]
pub struct FormHead<'a, N, V> {
    /// The bucket that the URL names, decoded: see
    /// [`Endpoint::form_bucket`](crate::Endpoint::form_bucket). What the form itself says of a
    /// bucket is only compared with it.
    pub bucket: &'a str,
    /// Name and value of every field before the file, in order. What is left out here is what an
    /// attacker can add; what comes after the file has to be ignored.
    pub fields: &'a [(N, V)],
    /// The `filename` of the file's part, as its client gave it. Without one, `${filename}`
    /// stays as it is, as Amazon leaves it.
    pub file_name: Option<&'a str>,
}

/// A field may be a policy that holds, or a token: none is shown.
impl<N, V> fmt::Debug for FormHead<'_, N, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormHead")
            .field("bucket", &self.bucket)
            .field("fields", &self.fields.len())
            .field("file_name", &self.file_name)
            .finish()
    }
}

/// What a form says of itself. Nothing of it is believed yet:
/// [`Verifier::check_form`](crate::Verifier::check_form) and then
/// [`CheckedForm::verify`](super::CheckedForm::verify) make a
/// [`VerifiedForm`](super::VerifiedForm) of it.
///
/// - No field is there twice, in whatever case.
/// - The name of the file is put in wherever `${filename}` stands.
///
/// ```
/// use countersign::post_policy::{FormClaim, FormFault, FormHead};
///
/// let fields = [("key", "a"), ("policy", "e30="), ("Key", "b")];
/// let head = FormHead { bucket: "b", fields: &fields, file_name: None };
/// assert_eq!(FormClaim::parse(&head).unwrap_err(), FormFault::Duplicate("Key".into()));
/// ```
pub struct FormClaim<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: Cow<'a, str>,
    pub(crate) access_key_id: &'a str,
    pub(crate) date: Date,
    /// Region, service and terminator.
    pub(crate) scope: [&'a str; 3],
    pub(crate) signed_at: Timestamp,
    pub(crate) session_token: Option<&'a str>,
    /// In base64, which is what is signed.
    pub(crate) policy: &'a str,
    /// What is wrong with the policy is said to nobody but its signer.
    pub(crate) document: Result<Document, PolicyFault>,
    /// `None` where what was received is not even a signature in form. Then it is still compared,
    /// so that form and value cost the same.
    pub(crate) signature: Option<Signature>,
    /// All but the key, the policy and the signature.
    pub(crate) fields: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> FormClaim<'a> {
    /// Reads the claim of a form.
    ///
    /// Of the name of the file only what follows the last slash or backslash counts, as at Amazon.
    ///
    /// # Errors
    ///
    /// [`FormFault`], with the first thing that is wrong.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        head: &FormHead<'a, N, V>,
    ) -> Result<Self, FormFault> {
        check_bucket_name(head.bucket).map_err(|_| FormFault::Bucket)?;
        let fields: &'a [(N, V)] = head.fields;
        if fields.len() > FIELDS_MAX {
            return Err(FormFault::TooLarge);
        }
        let mut form = Received {
            fields: fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect(),
        };
        let room = form.room()?;
        form.check_names()?;
        let [policy, signature] = [names::POLICY, names::SIGNATURE].map(|name| form.take(name));
        let fields =
            form.expanded(head.file_name.map_or(FILE_NAME_VARIABLE, last_segment), room)?;
        let is_signed = signature.is_some() || fields.iter().any(|(name, _)| names::is_claim(name));
        let policy = match policy {
            None if !is_signed => return Err(FormFault::Anonymous),
            policy => policy.ok_or(FormFault::Missing(names::POLICY))?,
        };
        let mut form = Expanded { fields };
        let key = form.take(names::KEY).ok_or(FormFault::Missing(names::KEY))?;
        check_key(&key).map_err(|error| match error {
            InvalidValue::Key(fault) => FormFault::Key(fault),
            _ => FormFault::Malformed(names::KEY.into()),
        })?;
        if form.claim(names::ALGORITHM)? != ALGORITHM {
            return Err(FormFault::UnsupportedAlgorithm);
        }
        let (access_key_id, date, scope) = credential(form.claim(names::CREDENTIAL)?)
            .ok_or_else(|| FormFault::Malformed(names::CREDENTIAL.into()))?;
        let signed_at = Timestamp::parse(form.claim(names::DATE)?)
            .map_err(|_| FormFault::Malformed(names::DATE.into()))?;
        let signature = signature.ok_or(FormFault::Missing(names::SIGNATURE))?;
        Ok(Self {
            bucket: head.bucket,
            key,
            access_key_id,
            date,
            scope,
            signed_at,
            session_token: form.claim(names::SECURITY_TOKEN).ok(),
            policy,
            document: Document::decode(policy),
            signature: Signature::new(signature),
            fields: form.fields,
        })
    }

    /// The value that a condition on this field is about.
    pub(crate) fn value_of(&self, name: &str) -> Option<&str> {
        if name.eq_ignore_ascii_case(names::BUCKET) {
            return Some(self.bucket);
        }
        if name.eq_ignore_ascii_case(names::KEY) {
            return Some(&self.key);
        }
        let field = self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        field.map(|(_, value)| &**value)
    }
}

/// Shows no field: whoever reads them in a log could use them.
impl fmt::Debug for FormClaim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormClaim")
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .field("access_key_id", &self.access_key_id)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// The fields as they came.
struct Received<'a> {
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Received<'a> {
    /// How many bytes there may be more.
    fn room(&self) -> Result<usize, FormFault> {
        let lengths =
            self.fields.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        let len = lengths.fold(0, usize::saturating_add);
        FORM_LEN_MAX.checked_sub(len).ok_or(FormFault::TooLarge)
    }

    fn check_names(&self) -> Result<(), FormFault> {
        for (index, (name, _)) in self.fields.iter().enumerate() {
            let before = self.fields.get(..index).unwrap_or_default();
            if before.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(FormFault::Duplicate((*name).into()));
            }
            let is_text = !name.is_empty() && !name.chars().any(char::is_control);
            if !is_text || name.eq_ignore_ascii_case(names::FILE) {
                return Err(FormFault::Malformed((*name).into()));
            }
        }
        if self.fields.iter().any(|(name, _)| names::is_version_2(name)) {
            return Err(FormFault::SignatureVersion2);
        }
        Ok(())
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        let place = self.fields.iter().position(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(self.fields.remove(place).1)
    }

    /// Puts the name of the file into the fields that a caller gives, as long as there is room.
    fn expanded(
        &self,
        file_name: &str,
        mut room: usize,
    ) -> Result<Vec<(&'a str, Cow<'a, str>)>, FormFault> {
        let mut fields = Vec::with_capacity(self.fields.len());
        for &(name, value) in &self.fields {
            let times =
                if names::is_claim(name) { 0 } else { value.matches(FILE_NAME_VARIABLE).count() };
            let inserted_len = times.saturating_mul(file_name.len());
            room = room.checked_sub(inserted_len).ok_or(FormFault::TooLarge)?;
            let value = match times {
                0 => Cow::Borrowed(value),
                _ => Cow::Owned(value.replace(FILE_NAME_VARIABLE, file_name)),
            };
            if !names::is_value(name, &value) {
                return Err(FormFault::Malformed(name.into()));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }
}

/// The fields with the name of the file put in.
struct Expanded<'a> {
    fields: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Expanded<'a> {
    fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let place = self.fields.iter().position(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(self.fields.remove(place).1)
    }

    /// A field of the claim. It is there as it was received.
    fn claim(&self, name: &'static str) -> Result<&'a str, FormFault> {
        let field = self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        match field {
            Some((_, Cow::Borrowed(value))) => Ok(value),
            _ => Err(FormFault::Missing(name)),
        }
    }
}

/// Browsers of old give the whole path of a file.
fn last_segment(file_name: &str) -> &str {
    file_name.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// The five parts of a credential: access key id, date, and the rest of the scope.
fn credential(text: &str) -> Option<(&str, Date, [&str; 3])> {
    let mut parts = text.split('/');
    let (id, date) = (parts.next()?, Date::parse(parts.next()?).ok()?);
    let scope = [parts.next()?, parts.next()?, parts.next()?];
    (!id.is_empty() && parts.next().is_none()).then_some((id, date, scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_has_five_parts() {
        let (id, date, scope) = credential("AKID/20151229/us-east-1/s3/aws4_request").unwrap();
        assert_eq!((id, date.as_str()), ("AKID", "20151229"));
        assert_eq!(scope, ["us-east-1", "s3", "aws4_request"]);
        for wrong in [
            "",
            "AKID",
            "/20151229/us-east-1/s3/aws4_request",
            "AKID/2015122/us-east-1/s3/aws4_request",
            "AKID/20151229/us-east-1/s3",
            "AKID/20151229/us-east-1/s3/aws4_request/",
            "a/AKID/20151229/us-east-1/s3/aws4_request",
            "AKID%2F20151229%2Fus-east-1%2Fs3%2Faws4_request",
        ] {
            assert!(credential(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn only_the_last_segment_of_a_file_name_counts() {
        for (given, used) in [
            ("a.csv", "a.csv"),
            ("C:\\Program Files\\a.csv", "a.csv"),
            ("/tmp/../a.csv", "a.csv"),
            ("..", ".."),
            ("a/", ""),
            ("", ""),
        ] {
            assert_eq!(last_segment(given), used);
        }
    }
}
