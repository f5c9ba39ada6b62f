//! What a form shall allow.

use alloc::vec::Vec;

use super::{Condition, FormKey, PostPolicyError, names};
use crate::{Bucket, Endpoint, InvalidValue, Lifetime, names::is_header_name};

/// What a form shall allow: to put one file into a bucket, at a key or below a prefix, for some
/// time, under conditions.
///
/// - Every field that is given here is covered by a condition: by those that are given, or else by
///   an exact one of its own, for a form with a field that no condition covers is refused.
/// - Conditions keep their order and their spelling.
/// - A lifetime is that of a URL, seven days at most. AWS would take an expiration that is later,
///   but a key signs for no longer than that.
///
/// Whether the fields meet the conditions is not looked at: a page may set them before it sends
/// them.
///
/// ```
/// use countersign::{
///     Addressing, Endpoint, Lifetime,
///     post_policy::{Condition, ContentLengthRange, FormKey, PostPolicy},
/// };
///
/// let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
/// let key = FormKey::new("user/${filename}")?;
/// let range = ContentLengthRange::new(1, 1 << 20).ok_or("upside down")?;
/// let policy = PostPolicy::new(&endpoint, "examplebucket", key, Lifetime::from_secs(600)?)?
///     .with_condition(Condition::content_length_range(range))?
///     .with_condition(Condition::starts_with("Content-Type", "image/")?)?
///     .with_field("Content-Type", "image/png")?
///     .with_field("success_action_status", "201")?; // gets a condition of its own
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PostPolicy<'a> {
    pub(crate) bucket: Bucket,
    pub(crate) bucket_name: &'a str,
    pub(crate) key: FormKey<'a>,
    pub(crate) lifetime: Lifetime,
    /// Each name once, in whatever case.
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    pub(crate) conditions: Vec<Condition>,
}

impl<'a> PostPolicy<'a> {
    const FIELDS_MAX: usize = 90;
    const CONDITIONS_MAX: usize = 100;
    const NAME_LEN_MAX: usize = 256;

    /// Takes what no form can be without.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Bucket`], as [`Endpoint::bucket`].
    pub fn new(
        endpoint: &Endpoint,
        bucket_name: &'a str,
        key: FormKey<'a>,
        lifetime: Lifetime,
    ) -> Result<Self, InvalidValue> {
        Ok(Self {
            bucket: endpoint.bucket(bucket_name)?,
            bucket_name,
            key,
            lifetime,
            fields: Vec::new(),
            conditions: Vec::new(),
        })
    }

    /// Adds a field, such as `acl` or `Content-Type`.
    ///
    /// # Errors
    ///
    /// - [`PostPolicyError::InvalidFieldName`], when the name is not 1 to 256 of
    ///   `A-Z a-z 0-9 - _ . ~`.
    /// - [`PostPolicyError::ReservedName`] for the fields that carry the claim, `bucket`, `key`,
    ///   `file`, and those of Signature Version 2.
    /// - [`PostPolicyError::DuplicateName`] for a second field of one name. Case does not count.
    /// - [`PostPolicyError::InvalidFieldValue`] for control characters other than a tab; `tagging`,
    ///   which is XML, may have line breaks.
    /// - [`PostPolicyError::TooMany`] after the 90th.
    pub fn with_field(mut self, name: &'a str, value: &'a str) -> Result<Self, PostPolicyError> {
        if name.len() > Self::NAME_LEN_MAX || !is_header_name(name) {
            return Err(PostPolicyError::InvalidFieldName);
        }
        if names::is_reserved(name) {
            return Err(PostPolicyError::ReservedName(name.into()));
        }
        if self.fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(PostPolicyError::DuplicateName(name.into()));
        }
        if !names::is_value(name, value) {
            return Err(PostPolicyError::InvalidFieldValue(name.into()));
        }
        if self.fields.len() >= Self::FIELDS_MAX {
            return Err(PostPolicyError::TooMany);
        }
        self.fields.push((name, value));
        Ok(self)
    }

    /// Adds a condition. All of them have to hold, also several on one field.
    ///
    /// # Errors
    ///
    /// [`PostPolicyError::TooMany`] after the 100th.
    pub fn with_condition(mut self, condition: Condition) -> Result<Self, PostPolicyError> {
        if self.conditions.len() >= Self::CONDITIONS_MAX {
            return Err(PostPolicyError::TooMany);
        }
        self.conditions.push(condition);
        Ok(self)
    }

    /// The fields that none of the given conditions covers.
    pub(crate) fn uncovered(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_covered = |name: &str| {
            let fields = self.conditions.iter().filter_map(Condition::field);
            names::is_exempt(name) || fields.into_iter().any(|it| it.eq_ignore_ascii_case(name))
        };
        self.fields.iter().copied().filter(move |(name, _)| !is_covered(name))
    }
}
