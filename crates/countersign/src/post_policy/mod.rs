//! POST policies: forms with which a browser uploads a file, signed and verified.
//!
//! A form is posted to the URL of a bucket, as `multipart/form-data`. One of its fields is the
//! policy: until when it holds, and what the other fields have to be. The signature is over the
//! policy, so a form is worth what is enforced of it:
//!
//! - Every condition has to hold, also several on one field. An unknown kind is refused.
//! - Every field needs a condition, but for `policy`, `x-amz-signature`, `file` and `x-ignore-…`.
//! - The bucket is that of the URL, and the policy has to name it.
//! - `${filename}` is replaced before conditions are looked at.
//! - No field is there twice, in whatever case, and no member of the policy's JSON.
//! - The length of the file is held against the policy while it streams in.
//! - A form that nobody signed is refused, and so is one of Signature Version 2.
//!
//! Checksums (`x-amz-checksum-…`) need a condition like any other field, as AWS documents it.
//!
//! # Sign
//!
//! ```
//! use countersign::{
//!     Addressing, Credentials, Endpoint, Lifetime, Region, Scope, SecretKey, Service, SigningKey,
//!     Timestamp, Verifier,
//!     post_policy::{Condition, ContentLengthRange, FormClaim, FormHead, FormKey, PostPolicy},
//! };
//!
//! let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
//! let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
//! let now = Timestamp::parse("20151229T000000Z")?;
//! let region = Region::new("us-east-1")?;
//! let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
//!
//! let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
//! let range = ContentLengthRange::new(1, 1 << 20).ok_or("upside down")?;
//! let form_key = FormKey::new("user/${filename}")?;
//! let policy = PostPolicy::new(&endpoint, "examplebucket", form_key, Lifetime::from_secs(600)?)?
//!     .with_condition(Condition::content_length_range(range))?
//!     .with_field("acl", "private")?;
//! let form = key.at(now)?.presign_post(&policy)?;
//! assert_eq!(form.url(), "https://examplebucket.s3.amazonaws.com/");
//!
//! // What the browser sends comes to a server:
//! let bucket = endpoint.form_bucket("examplebucket.s3.amazonaws.com", "/").ok_or("none")?;
//! let fields: Vec<_> = form.fields().collect();
//! let head = FormHead { bucket: &bucket, fields: &fields, file_name: Some("data.csv") };
//! let claim = FormClaim::parse(&head)?;
//! let verifier = Verifier::new(region, Service::S3);
//! let checked = verifier.check_form(&claim, now)?;
//! // Here a server looks the key up: by `checked.access_key_id()` and `checked.scope()`.
//! let verified = checked.verify(Some(&key))?;
//! assert_eq!(verified.key(), "user/data.csv");
//! assert_eq!(verified.field("ACL"), Some("private"));
//! let mut meter = verified.meter();
//! assert!(meter.add((1 << 20) + 1).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Follows [Browser-based uploads using POST][doc] of the Amazon S3 API reference.
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html

mod check;
mod claim;
mod condition;
mod document;
mod error;
mod form;
mod form_key;
mod json;
mod length;
mod names;
mod request;
mod sign;
mod target;
mod verified;

pub use check::CheckedForm;
pub use claim::{FormClaim, FormHead};
pub use condition::Condition;
pub use error::{ConditionFault, FormError, FormFault, PolicyFault, PostPolicyError};
pub use form::PostForm;
pub use form_key::FormKey;
pub use length::{ContentLengthRange, FileLengthError, FileMeter};
pub use request::PostPolicy;
pub use verified::VerifiedForm;

/// More fields than any form of S3 has.
const FIELDS_MAX: usize = 100;

/// The names and values before the file. Amazon takes 20,000 bytes.
const FORM_LEN_MAX: usize = 65_536;
