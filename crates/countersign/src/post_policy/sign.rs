//! Signing a form.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    FORM_LEN_MAX, PostForm, PostPolicy, PostPolicyError,
    document::put_extended,
    json::{put_separator, put_text},
    names,
};
use crate::{
    PresignError, Presigner, Timestamp, hex,
    signing_key::{ALGORITHM, policy_mac},
    sink::Sink as _,
};

impl Presigner<'_> {
    /// Makes a form with which a browser uploads a file.
    ///
    /// The policy is byte for byte what `generate_presigned_post` of botocore makes of the same
    /// input, as long as every field is covered by a condition that was given.
    ///
    /// # Errors
    ///
    /// - [`PostPolicyError::ExpiryOutOfRange`], when the policy would outlive the year 9999.
    /// - [`PostPolicyError::OutlivesCredentials`], when it would outlive the credentials.
    /// - [`PostPolicyError::TooLong`], when the fields are over 65,536 bytes. Amazon itself reads
    ///   20,000 and no more.
    pub fn presign_post(&self, request: &PostPolicy<'_>) -> Result<PostForm, PostPolicyError> {
        let expires_at = self.expires_at(request.lifetime).map_err(|error| match error {
            PresignError::OutlivesCredentials { .. } => PostPolicyError::OutlivesCredentials,
            _ => PostPolicyError::ExpiryOutOfRange,
        })?;
        let claim = self.claim_fields();
        let policy = STANDARD.encode(policy_text(request, &claim, expires_at));
        let mut signature = String::new();
        signature.put(&hex::of_digest(&policy_mac(self.key.mac(), &policy).into_bytes()));

        let owned = |&(name, value): &(&str, &str)| (Box::from(name), Box::from(value));
        let mut fields: Vec<(Box<str>, Box<str>)> = request.fields.iter().map(owned).collect();
        fields.push(owned(&(names::KEY, request.key.as_str())));
        fields.extend(claim.into_iter().map(|(name, value)| (name.into(), value.into())));
        fields.push((names::POLICY.into(), policy.into()));
        fields.push((names::SIGNATURE.into(), signature.into()));
        let lengths = fields.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        if lengths.fold(0, usize::saturating_add) > FORM_LEN_MAX {
            return Err(PostPolicyError::TooLong);
        }
        let url = alloc::format!("{}{}", request.bucket.origin(), request.bucket.root());
        Ok(PostForm { url, fields, expires_at })
    }

    /// The fields of the claim that are conditions too.
    fn claim_fields(&self) -> Vec<(&'static str, String)> {
        let credential = alloc::format!("{}/{}", self.key.access_key_id(), self.key.scope());
        let mut fields = Vec::with_capacity(4);
        fields.push((names::ALGORITHM, ALGORITHM.into()));
        fields.push((names::CREDENTIAL, credential));
        fields.push((names::DATE, self.now().to_string()));
        if let Some(token) = self.key.session_token() {
            fields.push((names::SECURITY_TOKEN, token.as_str().into()));
        }
        fields
    }
}

/// The text of a policy, as botocore writes it.
fn policy_text(
    request: &PostPolicy<'_>,
    claim: &[(&'static str, String)],
    expires_at: Timestamp,
) -> String {
    let mut text = String::from("{\"expiration\": \"");
    put_extended(&mut text, expires_at);
    text.push_str("\", \"conditions\": [");
    let start = text.len();
    let separate = |text: &mut String| put_separator(text, text.len().saturating_sub(start));
    for condition in &request.conditions {
        separate(&mut text);
        text.push_str(condition.as_json());
    }
    for (name, value) in request.uncovered() {
        separate(&mut text);
        put_exact(&mut text, name, value);
    }
    separate(&mut text);
    put_exact(&mut text, names::BUCKET, request.bucket_name);
    text.push_str(", ");
    match request.key.prefix() {
        Some(prefix) => {
            text.push_str("[\"starts-with\", \"$key\", ");
            put_text(&mut text, prefix);
            text.push(']');
        }
        None => put_exact(&mut text, names::KEY, request.key.as_str()),
    }
    for (name, value) in claim {
        text.push_str(", ");
        put_exact(&mut text, name, value);
    }
    text.push_str("]}");
    text
}

fn put_exact(text: &mut String, name: &str, value: &str) {
    text.push('{');
    put_text(text, name);
    text.push_str(": ");
    put_text(text, value);
    text.push('}');
}
