//! The RSA signature that nobody can do without, or its verification, by `ring`, and nothing else.

use std::hint::black_box;

use ring::{
    rand::SystemRandom,
    signature::{
        KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};

use crate::{Entry, input::OCI_KEY_PEM};

/// Signs a message, with the key kept and into a buffer that is there.
pub(crate) fn signing<'a>(message: String) -> Entry<'a> {
    let (pair, random) = (key_pair(), SystemRandom::new());
    let mut signature = vec![0; pair.public().modulus_len()];
    Entry::new("floor: one RSA signature, key kept", move || {
        let message = black_box(message.as_bytes());
        pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
        black_box(&signature);
    })
}

/// Verifies the signature of a message. `ring` keeps no public key that is parsed.
pub(crate) fn verifying<'a>(message: String, signature: Vec<u8>) -> Entry<'a> {
    let public_key = key_pair().public_key().as_ref().to_vec();
    let public_key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key);
    Entry::new("floor: one RSA verification", move || {
        public_key.verify(black_box(message.as_bytes()), black_box(&signature)).unwrap();
    })
}

fn key_pair() -> RsaKeyPair {
    let der = PrivatePkcs8KeyDer::from_pem_slice(OCI_KEY_PEM.as_bytes()).unwrap();
    RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap()
}
