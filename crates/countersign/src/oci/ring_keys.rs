//! RSA keys in memory, by `ring`.

use alloc::{boxed::Box, string::ToString, vec, vec::Vec};
use core::fmt;

use ring::{
    error::KeyRejected,
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use rustls_pki_types::{
    alg_id::RSA_ENCRYPTION,
    pem::{PemObject as _, SectionKind},
};
use zeroize::Zeroizing;

use super::{RsaFailure, RsaSigner, RsaVerifier};

/// Room for a key of 16,384 bits, and for what stands around it.
const PEM_LEN_MAX: usize = 16_384;

const BITS_MIN: usize = 2048;
const BITS_MAX: usize = 8192;

/// A private RSA key.
///
/// - 2,048 to 4,096 bits, a multiple of 512.
/// - Parsed and checked once; after that it only signs.
/// - Never shown, never compared. Our copies of its text are wiped; what `ring` and the reader of
///   PEM keep is theirs, and is not.
///
/// ```
/// use countersign::oci::{RsaKey, RsaKeyError};
///
/// let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n..";
/// assert_eq!(RsaKey::from_pem(encrypted).unwrap_err(), RsaKeyError::Encrypted);
/// ```
pub struct RsaKey(RsaKeyPair);

impl RsaKey {
    /// Reads the first private key of a PEM file: PKCS#8 (`PRIVATE KEY`) or PKCS#1
    /// (`RSA PRIVATE KEY`). Whatever stands around it is passed over, such as the line `OCI_API_KEY`
    /// that Oracle's console puts at the end.
    ///
    /// # Errors
    ///
    /// [`RsaKeyError`]
    pub fn from_pem(pem: &str) -> Result<Self, RsaKeyError> {
        if is_encrypted(pem) {
            return Err(RsaKeyError::Encrypted);
        }
        let kinds = [SectionKind::PrivateKey, SectionKind::RsaPrivateKey];
        let (kind, der) = find_section(pem, &kinds)?;
        let pair = match kind {
            SectionKind::RsaPrivateKey => RsaKeyPair::from_der(&der),
            _ => RsaKeyPair::from_pkcs8(&der),
        };
        pair.map(Self).map_err(|error| RsaKeyError::of(&error))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> RsaPublicKey {
        RsaPublicKey(self.0.public().as_ref().into())
    }
}

impl RsaSigner for RsaKey {
    fn sign_pkcs1_sha256(&self, message: &[u8]) -> Result<Vec<u8>, RsaFailure> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        // This padding takes no random bytes; the argument is for others.
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| RsaFailure)?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey(..)")
    }
}

/// A public RSA key of 2,048 to 8,192 bits.
///
/// ```
/// use countersign::oci::{RsaKeyError, RsaPublicKey};
///
/// assert_eq!(RsaPublicKey::from_pem("no PEM").unwrap_err(), RsaKeyError::NoKey);
/// ```
#[derive(Clone)]
pub struct RsaPublicKey(
    /// The `RSAPublicKey` of RFC 8017, section A.1.1.
    Box<[u8]>,
);

impl RsaPublicKey {
    /// Reads the first `PUBLIC KEY` of a PEM file.
    ///
    /// # Errors
    ///
    /// [`RsaKeyError`]
    pub fn from_pem(pem: &str) -> Result<Self, RsaKeyError> {
        let (_, der) = find_section(pem, &[SectionKind::PublicKey])?;
        Self::from_der(&der)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280, section 4.1) in DER.
    ///
    /// # Errors
    ///
    /// [`RsaKeyError`]
    pub fn from_der(der: &[u8]) -> Result<Self, RsaKeyError> {
        let (algorithm, key) = split_info(der).ok_or(RsaKeyError::Malformed)?;
        if *algorithm != *RSA_ENCRYPTION {
            return Err(RsaKeyError::NotRsa);
        }
        let bits = modulus_bits(key).ok_or(RsaKeyError::Malformed)?;
        match bits {
            ..BITS_MIN => Err(RsaKeyError::TooSmall),
            BITS_MIN..=BITS_MAX => Ok(Self(key.into())),
            _ => Err(RsaKeyError::UnsupportedSize),
        }
    }
}

impl RsaVerifier for RsaPublicKey {
    fn verify_pkcs1_sha256(&self, message: &[u8], signature: &[u8]) -> Result<(), RsaFailure> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
            .verify(message, signature)
            .map_err(|_| RsaFailure)
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPublicKey(..)")
    }
}

/// Why a key was not taken. None of it shows the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaKeyError {
    /// The text is over 16,384 bytes.
    TooLong,
    /// The key is encrypted, and this crate asks for no passphrase.
    Encrypted,
    /// There is no key in the text, or none of the right half.
    NoKey,
    /// The key is not in its form, or its numbers do not belong together.
    Malformed,
    /// The key is one of another algorithm.
    NotRsa,
    /// The key has fewer than 2,048 bits.
    TooSmall,
    /// The key has over 8,192 bits; or, to sign, over 4,096, or no multiple of 512.
    UnsupportedSize,
}

impl RsaKeyError {
    fn of(error: &KeyRejected) -> Self {
        // `ring` has no other way to tell its reasons apart; a test holds them fast.
        match error.to_string().as_str() {
            "TooSmall" => Self::TooSmall,
            "TooLarge" | "PrivateModulusLenNotMultipleOf512Bits" => Self::UnsupportedSize,
            "WrongAlgorithm" => Self::NotRsa,
            _ => Self::Malformed,
        }
    }
}

impl fmt::Display for RsaKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the key file is over 16384 bytes",
            Self::Encrypted => "the key is encrypted",
            Self::NoKey => "there is no such key in the file",
            Self::Malformed => "the key is malformed",
            Self::NotRsa => "the key is not an RSA key",
            Self::TooSmall => "the key has fewer than 2048 bits",
            Self::UnsupportedSize => "the key has a size that is not supported",
        })
    }
}

impl core::error::Error for RsaKeyError {}

/// PKCS#8 says it in the label, OpenSSL's older form in a header line (RFC 1421, section 4.6.1.1).
fn is_encrypted(pem: &str) -> bool {
    pem.lines().any(|line| {
        line.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || line.starts_with("Proc-Type: 4,ENCRYPTED")
    })
}

/// The first section of a PEM file that is of one of these kinds.
fn find_section(
    pem: &str,
    kinds: &[SectionKind],
) -> Result<(SectionKind, Zeroizing<Vec<u8>>), RsaKeyError> {
    if pem.len() > PEM_LEN_MAX {
        return Err(RsaKeyError::TooLong);
    }
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
        let (kind, der) = section.map_err(|_| RsaKeyError::Malformed)?;
        // Wiped, whatever it is.
        let der = Zeroizing::new(der);
        if kinds.contains(&kind) {
            return Ok((kind, der));
        }
    }
    Err(RsaKeyError::NoKey)
}

/// The algorithm and the key of a `SubjectPublicKeyInfo`.
fn split_info(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, []) = split_value(der, SEQUENCE)? else { return None };
    let (algorithm, rest) = split_value(info, SEQUENCE)?;
    let (bits, []) = split_value(rest, BIT_STRING)? else { return None };
    // No bits of the last byte are unused.
    Some((algorithm, bits.strip_prefix(&[0])?))
}

/// How many bits the modulus of an `RSAPublicKey` has.
fn modulus_bits(key: &[u8]) -> Option<usize> {
    let (numbers, []) = split_value(key, SEQUENCE)? else { return None };
    let (modulus, rest) = split_value(numbers, INTEGER)?;
    let (_, []) = split_value(rest, INTEGER)? else { return None };
    // A number that is not negative, without a byte too many (X.690, section 8.3).
    let digits = match modulus {
        [0, digits @ ..] if digits.first()? >= &0x80 => digits,
        [1..=0x7f, ..] => modulus,
        _ => return None,
    };
    let zeros = usize::try_from(digits.first()?.leading_zeros()).ok()?;
    digits.len().checked_mul(8)?.checked_sub(zeros)
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Splits one DER value off (X.690, section 8.1): its content, and what follows it.
fn split_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match (length, rest) {
        (0..=0x7f, _) => (usize::from(length), rest),
        (0x81, [length @ 0x80..=0xff, rest @ ..]) => (usize::from(*length), rest),
        (0x82, [high @ 1..=0xff, low, rest @ ..]) => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    (first == tag).then(|| rest.split_at_checked(length))?
}
