//! Signs requests for Oracle Cloud Infrastructure with its signature version 1, and verifies them.
//!
//! An RSA key signs a text of some headers, of the method and of the target; the signature goes into
//! the `Authorization` header, and the request has to come within five minutes. It is no presigned
//! URL: it signs calls to an API, such as the one that makes pre-authenticated requests.
//!
//! # Sign
//!
//! [`Request`] is what is to be signed, a [`KeyId`] says whose key it is, an [`RsaSigner`] is the
//! key; `RsaKey` of the feature `ring` is one. [`SignedRequest`] has the headers that are to be
//! added. [`SigningString`] is below that: it takes any ordered list of headers, and still refuses
//! one that lacks what has to be signed.
//!
//! # Verify
//!
//! [`Claim::parse`] reads a request, [`Verifier::check`] checks all that needs no key,
//! [`Checked::verify`] verifies the signature by an [`RsaVerifier`], and its [`Verified`] is the
//! witness that a handler asks for. [`Verifier`] has the example.
//!
//! # Specification
//!
//! [Request Signatures][doc] of Oracle's documentation, which builds on
//! draft-cavage-http-signatures-08. Where it leaves a choice, Oracle's SDK for Python has it.
//!
//! [doc]: https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm

mod authorization;
mod claim;
mod date;
mod error;
mod key_id;
mod request;
mod required;
#[cfg(feature = "ring")]
mod ring_keys;
mod rsa;
mod signing_string;
mod target;
mod verified;
mod verifier;

pub use authorization::Authorization;
pub use claim::Claim;
pub use error::{Field, InvalidValue, ParseError, Required, RsaFailure, SignError, VerifyError};
pub use key_id::KeyId;
pub use request::{Content, DateHeader, Request, SignedRequest};
pub use required::ContentRule;
#[cfg(feature = "ring")]
pub use ring_keys::{RsaKey, RsaKeyError, RsaPublicKey};
pub use rsa::{RsaSigner, RsaVerifier};
pub use signing_string::SigningString;
pub use target::Target;
pub use verified::Verified;
pub use verifier::{Checked, Verifier};
