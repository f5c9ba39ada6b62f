//! A form that was let in.

use core::fmt;

use super::{ContentLengthRange, FileMeter, FormClaim, names};
use crate::{Scope, Validity};

/// A form whose signature is right, and that is as its policy wants it: the witness that it was
/// verified.
///
/// Only [`CheckedForm::verify`](super::CheckedForm::verify) makes one, so a handler that takes one
/// cannot be reached by a form that was not verified. The length of the file is not known yet: its
/// receiver holds the bytes against [`meter`](Self::meter) while they stream in.
///
/// ```compile_fail
/// # use countersign::{Scope, Validity, post_policy::{FormClaim, VerifiedForm}};
/// fn forge<'v, 'a>(
///     claim: &'v FormClaim<'a>,
///     scope: Scope<'v>,
///     validity: Validity,
/// ) -> VerifiedForm<'v, 'a> {
///     VerifiedForm { claim, scope, validity, length: None }
/// }
/// ```
#[derive(Clone, Copy)]
pub struct VerifiedForm<'v, 'a> {
    claim: &'v FormClaim<'a>,
    scope: Scope<'v>,
    validity: Validity,
    length: Option<ContentLengthRange>,
}

impl<'v, 'a> VerifiedForm<'v, 'a> {
    pub(crate) const fn new(
        claim: &'v FormClaim<'a>,
        scope: Scope<'v>,
        validity: Validity,
        length: Option<ContentLengthRange>,
    ) -> Self {
        Self { claim, scope, validity, length }
    }

    /// Who signed.
    #[must_use]
    pub const fn access_key_id(&self) -> &'a str {
        self.claim.access_key_id
    }

    /// The scope of the key that signed.
    #[must_use]
    pub const fn scope(&self) -> Scope<'v> {
        self.scope
    }

    /// When the policy holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// The bucket: that of the URL, which the policy names.
    #[must_use]
    pub const fn bucket(&self) -> &'a str {
        self.claim.bucket
    }

    /// The key, with the name of the file put in: 1 to 1,024 bytes without NUL. A form without a
    /// name, or with one that ends in a slash, means the prefix itself; a name may be `..`.
    #[must_use]
    pub fn key(&self) -> &'v str {
        &self.claim.key
    }

    /// How many bytes the file may have, or `None` where the policy leaves it open.
    #[must_use]
    pub const fn content_length_range(&self) -> Option<ContentLengthRange> {
        self.length
    }

    /// Starts to count the bytes of the file.
    #[must_use]
    pub fn meter(&self) -> FileMeter {
        FileMeter::new(self.length)
    }

    /// What the form says that the file is. The part of the file may say something else, which
    /// nobody signed.
    #[must_use]
    pub fn content_type(&self) -> Option<&'v str> {
        self.field("content-type")
    }

    /// The value of a field, its name in whatever case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'v str> {
        let mut fields = self.fields();
        fields.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The fields that conditions cover, as they came, but for the key, the bucket and those of the
    /// claim. Values have no control characters but tabs; `tagging` may have line breaks.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'v str)> {
        let is_own = |name: &str| {
            !names::is_claim(name)
                && !names::is_ignored(name)
                && !name.eq_ignore_ascii_case(names::BUCKET)
        };
        let claim: &'v FormClaim<'a> = self.claim;
        let fields = claim.fields.iter().map(|(name, value)| (*name, &**value));
        fields.filter(move |(name, _)| is_own(name))
    }
}

/// Shows no field but the key.
impl fmt::Debug for VerifiedForm<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedForm")
            .field("access_key_id", &self.access_key_id())
            .field("scope", &self.scope)
            .field("validity", &self.validity)
            .field("bucket", &self.bucket())
            .field("key", &self.key())
            .field("content_length_range", &self.length)
            .finish_non_exhaustive()
    }
}
