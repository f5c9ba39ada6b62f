//! A signed form.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use super::names;
use crate::Timestamp;

/// A signed form: where to post it, and the fields that go before the file.
///
/// Whoever has the form has what it allows: `Debug` shows no field.
///
/// ```
/// # use countersign::{*, post_policy::*};
/// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
/// # let key = SigningKey::derive(&credentials, scope);
/// # let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?;
/// let lifetime = Lifetime::from_secs(60)?;
/// let policy = PostPolicy::new(&endpoint, "b", FormKey::new("k")?, lifetime)?;
/// let form = key.at(now)?.presign_post(&policy)?;
/// assert_eq!(form.url(), "https://s3.amazonaws.com/b");
/// assert_eq!(form.fields().next(), Some(("key", "k")));
/// assert_eq!(form.fields().last(), Some(("x-amz-signature", form.signature())));
/// assert_eq!(form.expires_at().to_string(), "20130524T000100Z");
/// assert_eq!(format!("{form:?}"), "PostForm(https://s3.amazonaws.com/b, ..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PostForm {
    pub(crate) url: String,
    pub(crate) fields: Vec<(Box<str>, Box<str>)>,
    pub(crate) expires_at: Timestamp,
}

impl PostForm {
    /// Where the form is posted, as `multipart/form-data`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All fields of the form, in order, with the policy and the signature. The file comes after
    /// them, in a field `file`: whatever stands behind it is ignored.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The policy, in base64.
    #[must_use]
    pub fn policy(&self) -> &str {
        self.value_of(names::POLICY)
    }

    /// The 64 hex digits of the signature.
    #[must_use]
    pub fn signature(&self) -> &str {
        self.value_of(names::SIGNATURE)
    }

    /// The first second in which the form is no longer let in.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    fn value_of(&self, name: &str) -> &str {
        // The signer writes both: the default is never taken.
        let field = self.fields().find(|(other, _)| *other == name);
        field.map(|(_, value)| value).unwrap_or_default()
    }
}

impl fmt::Debug for PostForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostForm({}, ..)", self.url)
    }
}
