//! Checking a form: what needs no key, then the signature, then what the policy asks for.

use core::fmt;

use super::{FormClaim, FormError, VerifiedForm, condition::Rule, document::Document, names};
use crate::{
    Lifetime, Scope, SigningKey, Timestamp, Validity, Verifier, VerifyError,
    credentials::SessionToken,
    received::Received,
    signing_key::{Signature, policy_mac},
};

impl Verifier {
    /// Checks all of a form that can be checked without a key: times and scope.
    ///
    /// A policy holds until its expiration, and no longer than seven days after it was signed: that
    /// is how long a key of Amazon's signs.
    ///
    /// # Errors
    ///
    /// [`FormError::Claim`], with the first reason.
    pub fn check_form<'c, 'a>(
        &'c self,
        claim: &'c FormClaim<'a>,
        now: Timestamp,
    ) -> Result<CheckedForm<'c, 'a>, FormError> {
        let validity = self.form_validity(claim);
        if now < validity.not_before() {
            let not_before = validity.not_before();
            return Err(VerifyError::NotYetValid { now, not_before }.into());
        }
        if !validity.contains(now) {
            let not_after = validity.not_after();
            return Err(VerifyError::Expired { now, not_after }.into());
        }
        let scope = self.own_scope(claim.date, claim.scope, claim.signed_at.date())?;
        Ok(CheckedForm { claim, scope, validity, nobody: &self.nobody })
    }

    fn form_validity(&self, claim: &FormClaim<'_>) -> Validity {
        let not_before = claim.signed_at.saturating_sub_secs(self.skew.as_secs());
        let at_most =
            claim.signed_at.checked_add_secs(Lifetime::MAX.as_secs()).unwrap_or(Timestamp::MAX);
        // A policy that cannot be read is refused after its signature, and holds nothing till then.
        let expiration = claim.document.as_ref().map_or(at_most, |document| document.expiration);
        Validity::until(expiration.min(at_most), not_before)
    }
}

/// A form whose time and scope are in order, and whose signature is not compared yet.
///
/// Made by [`Verifier::check_form`]; [the module](super) has the example.
pub struct CheckedForm<'c, 'a> {
    claim: &'c FormClaim<'a>,
    scope: Scope<'c>,
    validity: Validity,
    nobody: &'c SigningKey,
}

impl<'c, 'a> CheckedForm<'c, 'a> {
    /// Whose key the claim names. Anybody can name any.
    #[must_use]
    pub const fn access_key_id(&self) -> &'a str {
        self.claim.access_key_id
    }

    /// The scope for which the key is needed.
    #[must_use]
    pub const fn scope(&self) -> Scope<'c> {
        self.scope
    }

    /// Compares the signature, and holds the form against its policy.
    ///
    /// `None` says that there is no such key. It costs the same work as a key.
    ///
    /// # Errors
    ///
    /// - [`FormError::Claim`]: [`VerifyError::UnknownKey`] without a key, or with one of another id
    ///   or scope; [`VerifyError::SignatureMismatch`], also where the session token is not that of
    ///   the key.
    /// - [`FormError::Policy`], when what is signed is no policy.
    /// - [`FormError::Unmet`], when a condition does not hold.
    /// - [`FormError::Uncovered`], when a field, or the bucket, has no condition.
    pub fn verify(self, key: Option<&SigningKey>) -> Result<VerifiedForm<'c, 'a>, FormError> {
        let (key, is_known) =
            SigningKey::known_or(key, self.nobody, self.claim.access_key_id, self.scope);
        let expected = policy_mac(key.mac(), self.claim.policy);
        let is_match = Signature::is_that_of(self.claim.signature.as_ref(), &expected);
        let is_match = is_match & self.has_token_of(key);
        if !is_known {
            return Err(VerifyError::UnknownKey.into());
        }
        if !is_match {
            return Err(VerifyError::SignatureMismatch.into());
        }
        let document = self.claim.document.as_ref().map_err(|&fault| FormError::Policy(fault))?;
        check_conditions(self.claim, document)?;
        check_coverage(self.claim, document)?;
        Ok(VerifiedForm::new(self.claim, self.scope, self.validity, document.length))
    }

    /// Whether the form brings the token of temporary credentials, and none with permanent ones.
    fn has_token_of(&self, key: &SigningKey) -> bool {
        match (self.claim.session_token, key.session_token().map(SessionToken::as_str)) {
            (None, None) => true,
            (Some(received), Some(token)) => Received::Header(received).is(token),
            _ => false,
        }
    }
}

impl fmt::Debug for CheckedForm<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedForm")
            .field("access_key_id", &self.claim.access_key_id)
            .field("scope", &self.scope)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// Every condition has to hold, not the last one of its field: servers that kept one for each field
/// let in what the other forbade. A field that is absent meets none, not even that it starts with
/// nothing.
fn check_conditions(claim: &FormClaim<'_>, document: &Document) -> Result<(), FormError> {
    for rule in &document.rules {
        let Some(field) = rule.field() else { continue };
        let is_met = claim.value_of(field).is_some_and(|value| rule.allows(value));
        if !is_met {
            return Err(FormError::Unmet(field.into()));
        }
    }
    // Two names for one bucket would leave it to the reader which of them counts.
    for (name, value) in &claim.fields {
        if name.eq_ignore_ascii_case(names::BUCKET) && *value != claim.bucket {
            return Err(FormError::Unmet(names::BUCKET.into()));
        }
    }
    Ok(())
}

/// Without this, whoever holds the form adds `acl` or `success_action_redirect` to it; and without a
/// condition on the bucket it would be good for every bucket of its signer.
fn check_coverage(claim: &FormClaim<'_>, document: &Document) -> Result<(), FormError> {
    let is_covered = |name: &str| {
        let mut fields = document.rules.iter().filter_map(Rule::field);
        fields.any(|field| field.eq_ignore_ascii_case(name))
    };
    let fields = claim.fields.iter().map(|(name, _)| *name);
    let all = [names::BUCKET, names::KEY].into_iter().chain(fields);
    match all.into_iter().find(|name| !names::is_exempt(name) && !is_covered(name)) {
        Some(name) => Err(FormError::Uncovered(name.into())),
        None => Ok(()),
    }
}
