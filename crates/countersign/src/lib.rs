//! Presigns S3 URLs with AWS Signature Version 4, and verifies them; and so with requests that are
//! signed in their header.
//!
//! A presigned URL is a bearer grant: whoever has it may do one thing, to one object, for some time.
//! This crate makes such URLs and checks them. It does no I/O, has no clock, reads no environment
//! and needs no `std`: the time is an argument, the key is an argument, the same input gives the
//! same bytes.
//!
//! # Presign
//!
//! ```
//! use countersign::{
//!     Addressing, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region, Scope,
//!     SecretKey, Service, SigningKey, Timestamp,
//! };
//!
//! let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
//! let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
//! let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
//! let bucket = endpoint.bucket("examplebucket")?;
//!
//! let now = Timestamp::from_unix_secs(1_369_353_600)?;
//! let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
//! let key = SigningKey::derive(&credentials, scope); // once a day
//! let presigner = key.at(now)?; // once a second
//!
//! let lifetime = Lifetime::from_secs(86_400)?;
//! let request = PresignRequest::new(Method::GET, bucket.object("test.txt")?, lifetime);
//! let url = presigner.presign(&request)?;
//! assert!(url.as_str().starts_with("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Verify
//!
//! [`Claim::parse`] reads a request, [`Verifier::check`] checks all that needs no key,
//! [`Checked::verify`] compares the signature, and its [`Verified`] is the witness that a handler
//! asks for. [`Verifier`] has the example.
//!
//! # Sign in the header
//!
//! A request that its signer sends at once carries its signature in the `Authorization` header:
//! [`HeaderSigner`] makes it, [`Claim::parse_header`] reads it. The way from there on is that of a
//! presigned request. [`Mechanism::of`] tells which of the two a request is.
//!
//! # Guide
//!
//! [`guide`] explains presigning from the start, with the example of the AWS documentation.
//!
//! # Prefix tokens
//!
//! A presigned URL is for one object. A [`PrefixToken`] is for whatever its issuer has a record of,
//! such as new files below a prefix: [`PrefixTokenKey`] makes it and verifies it. It is no form of
//! Amazon's.
//!
//! # POST policies
//!
//! With the feature `post-policy`, the module `post_policy` signs the forms with which a browser
//! uploads a file, and enforces them.
//!
//! # Oracle Cloud
//!
//! [`oci`] signs calls to the API of Oracle Cloud, and verifies them. It is a scheme of its own, with
//! RSA keys behind a trait.
//!
//! # Explain
//!
//! [`explain`] finds out why a request is refused, for whoever owns the key: which of the many
//! things that clients, proxies and mails do to a URL was done to this one.
//!
//! # What this crate does not do
//!
//! - It sends and receives nothing, and looks no key up.
//! - It stops nobody who has a URL from passing it on, and revokes none.
//! - It reads no signed chunks, and no multipart body of a form.
//! - It knows no Signature Version 2, and never will.
//!
//! # Features
//!
//! None is on unless it is asked for. `arbitrary` and `http` need `std`, as the crates do whose names
//! they have.
//!
//! - `arbitrary`: its trait for the values here, to fuzz what uses them.
//! - `http`: requests, headers, methods and URLs of that crate.
//! - `post-policy`: POST policies. What it costs is a reader of JSON.
//! - `ring`: RSA keys for Oracle Cloud.
//! - `serde`: reading and writing plain values in their form on the wire. No secret has it, and
//!   neither has a [`PresignedUrl`], a [`Claim`] or a [`Verified`].
//!
//! Follows [Authenticating requests: query parameters][query] and [Authorization header][header] of
//! the Amazon S3 API reference.
//!
//! [query]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
//! [header]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html

#![no_std]
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

extern crate alloc;
// The unit tests share a reader of vectors with the tests in `tests/`.
#[cfg(test)]
extern crate self as countersign;
#[cfg(test)]
extern crate std;

mod auth_parameters;
mod authorization;
mod bucket;
mod bytes;
mod canonical;
mod claim;
mod conversions;
mod credentials;
mod encode;
mod endpoint;
mod error;
mod expiry;
pub mod explain;
mod gapped;
pub mod guide;
mod head;
mod header_request;
mod header_signer;
mod hex;
mod master_key;
mod mechanism;
mod method;
mod names;
pub mod oci;
mod parts;
mod payload;
#[cfg(feature = "post-policy")]
pub mod post_policy;
mod prefix_token;
mod presign;
mod presigned;
mod query;
mod received;
mod request;
mod scope;
mod sha256;
mod signable;
mod signed_headers;
mod signing_key;
mod sink;
mod timestamp;
mod url;
mod utf8;
mod verified;
mod verifier;

pub use bucket::{Bucket, WirePath};
pub use claim::Claim;
#[cfg(feature = "http")]
pub use conversions::ReceivedHead;
pub use credentials::{Credentials, SecretKey};
pub use endpoint::{Addressing, Endpoint};
pub use error::{
    EndpointFault, Field, InvalidValue, KeyFault, ParseError, PrefixTokenError, PresignError,
    ScopeMismatch, VerifyError,
};
pub use expiry::{Clamp, Clamped, ExpiryError, Lifetime, Skew, Validity, Window};
pub use head::{Headers, RequestHead};
pub use header_request::HeaderRequest;
pub use header_signer::{HeaderSignature, HeaderSigner};
pub use master_key::MasterKey;
pub use mechanism::Mechanism;
pub use method::Method;
pub use parts::Parts;
pub use payload::PayloadRule;
pub use prefix_token::{PrefixToken, PrefixTokenKey, VerifiedPrefix};
pub use presign::Presigner;
pub use request::PresignRequest;
pub use scope::{Region, Scope, Service};
pub use signing_key::SigningKey;
pub use timestamp::{Date, Timestamp};
pub use url::PresignedUrl;
pub use verified::{Resource, Verified};
pub use verifier::{Checked, Verifier};
