use alloc::vec::Vec;

use super::RsaFailure;

/// A private key that makes signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.1).
///
/// The key may be anywhere: in memory, as `RsaKey` of the feature `ring` is, or in a device.
///
/// ```
/// use countersign::oci::{RsaFailure, RsaSigner};
///
/// struct Unplugged;
///
/// impl RsaSigner for Unplugged {
///     fn sign_pkcs1_sha256(&self, _: &[u8]) -> Result<Vec<u8>, RsaFailure> {
///         Err(RsaFailure)
///     }
/// }
/// ```
pub trait RsaSigner {
    /// Signs a message, not its digest.
    ///
    /// # Errors
    ///
    /// [`RsaFailure`], when the key cannot.
    fn sign_pkcs1_sha256(&self, message: &[u8]) -> Result<Vec<u8>, RsaFailure>;
}

/// A public key that verifies signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.2).
///
/// ```
/// use countersign::oci::{RsaFailure, RsaVerifier};
///
/// struct Nobody;
///
/// impl RsaVerifier for Nobody {
///     fn verify_pkcs1_sha256(&self, _: &[u8], _: &[u8]) -> Result<(), RsaFailure> {
///         Err(RsaFailure)
///     }
/// }
/// ```
pub trait RsaVerifier {
    /// Verifies the signature of a message, not of its digest.
    ///
    /// # Errors
    ///
    /// [`RsaFailure`], when the signature is not that of the message by this key.
    fn verify_pkcs1_sha256(&self, message: &[u8], signature: &[u8]) -> Result<(), RsaFailure>;
}
