//! Which keys are taken.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::oci::{
    RsaFailure, RsaKey, RsaKeyError, RsaPublicKey, RsaSigner as _, RsaVerifier as _,
};

const PKCS8: &str = include_str!("../data/oci-keys/pkcs8.pem");
const PKCS1: &str = include_str!("../data/oci-keys/pkcs1.pem");
const PUBLIC: &str = include_str!("../data/oci-keys/public.pem");
const ENCRYPTED_PKCS8: &str = include_str!("../data/oci-keys/encrypted_pkcs8.pem");
const ENCRYPTED_PKCS1: &str = include_str!("../data/oci-keys/encrypted_pkcs1.pem");
const OTHER: &str = include_str!("../data/oci-keys/other.pem");
const ODD: &str = include_str!("../data/oci-keys/3000_bits.pem");
const EC: &str = include_str!("../data/oci-keys/ec.pem");
const EC_PUBLIC: &str = include_str!("../data/oci-keys/ec_public.pem");

fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[test]
fn every_form_of_a_key_signs_alike_and_its_public_half_verifies() {
    let message = b"message";
    let signature = RsaKey::from_pem(PKCS8).unwrap().sign_pkcs1_sha256(message).unwrap();
    assert_eq!(signature.len(), 256);
    let windows = PKCS8.replace('\n', "\r\n");
    let console = format!("{PKCS8}OCI_API_KEY");
    let bag = format!("Bag Attributes\n    friendlyName: a\n{PUBLIC}{PKCS1}\nOCI_API_KEY\n");
    for form in [PKCS8, PKCS1, &windows, &console, &format!("{console}\n"), &bag] {
        let key = RsaKey::from_pem(form).unwrap();
        assert_eq!(key.sign_pkcs1_sha256(message).unwrap(), signature);
        assert_eq!(key.public_key().verify_pkcs1_sha256(message, &signature), Ok(()));
    }
    for public in [RsaPublicKey::from_pem(PUBLIC), RsaPublicKey::from_der(&der(PUBLIC))] {
        let public = public.unwrap();
        assert_eq!(public.verify_pkcs1_sha256(message, &signature), Ok(()));
        assert_eq!(public.verify_pkcs1_sha256(b"messagf", &signature), Err(RsaFailure));
        assert_eq!(public.verify_pkcs1_sha256(message, &signature[1..]), Err(RsaFailure));
        assert_eq!(public.verify_pkcs1_sha256(message, &[]), Err(RsaFailure));
        let other = RsaKey::from_pem(OTHER).unwrap().sign_pkcs1_sha256(message).unwrap();
        assert_eq!(public.verify_pkcs1_sha256(message, &other), Err(RsaFailure));
    }
}

#[test]
fn a_private_key_that_is_none_is_refused_by_name() {
    let cut = &PKCS8[..PKCS8.len() / 2];
    let changed = PKCS8.replacen("MIIE", "MIIF", 1);
    let no_base64 = PKCS8.replacen("MII", "M!I", 1);
    let swapped = pem("RSA PRIVATE KEY", &der(PKCS8));
    let empty = pem("PRIVATE KEY", b"");
    let long = format!("{PKCS8}{}", "x".repeat(16_384));
    for (text, reason) in [
        ("", RsaKeyError::NoKey),
        ("OCI_API_KEY", RsaKeyError::NoKey),
        (PUBLIC, RsaKeyError::NoKey),
        (&pem("EC PRIVATE KEY", b"x"), RsaKeyError::NoKey),
        (&pem("OPENSSH PRIVATE KEY", b"x"), RsaKeyError::NoKey),
        (ENCRYPTED_PKCS8, RsaKeyError::Encrypted),
        (ENCRYPTED_PKCS1, RsaKeyError::Encrypted),
        (EC, RsaKeyError::NotRsa),
        (ODD, RsaKeyError::UnsupportedSize),
        (cut, RsaKeyError::Malformed),
        (&changed, RsaKeyError::Malformed),
        (&no_base64, RsaKeyError::Malformed),
        (&swapped, RsaKeyError::Malformed),
        (&empty, RsaKeyError::Malformed),
        (&long, RsaKeyError::TooLong),
    ] {
        assert_eq!(RsaKey::from_pem(text).unwrap_err(), reason, "{text}");
    }
}

#[test]
fn a_file_of_16_384_bytes_is_read() {
    let longest = format!("{PKCS8}{}", "\n".repeat(16_384 - PKCS8.len()));
    assert_eq!(longest.len(), 16_384);
    RsaKey::from_pem(&longest).unwrap();
}

#[test]
fn a_public_key_that_is_none_is_refused_by_name() {
    for (text, reason) in [
        ("", RsaKeyError::NoKey),
        (PKCS8, RsaKeyError::NoKey),
        (EC_PUBLIC, RsaKeyError::NotRsa),
        (&PUBLIC[..PUBLIC.len() / 2], RsaKeyError::Malformed),
    ] {
        assert_eq!(RsaPublicKey::from_pem(text).unwrap_err(), reason, "{text}");
    }
    let good = der(PUBLIC);
    for end in 0..good.len() {
        assert!(RsaPublicKey::from_der(&good[..end]).is_err(), "{end}");
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(RsaPublicKey::from_der(&longer).unwrap_err(), RsaKeyError::Malformed);
    // All that stands around the two numbers has one spelling.
    let head = good.len() - 5 - 257;
    for place in 0..head {
        for other in (0..=255).filter(|other| *other != good[place]) {
            let mut changed = good.clone();
            changed[place] = other;
            assert!(RsaPublicKey::from_der(&changed).is_err(), "{place}: {other}");
        }
    }
}

#[test]
fn the_bits_of_a_public_key_are_counted() {
    let value = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        match content.len() {
            0..=0x7f => [&[tag, length[1]], content].concat(),
            0x80..=0xff => [&[tag, 0x81, length[1]], content].concat(),
            _ => [&[tag, 0x82, length[0], length[1]], content].concat(),
        }
    };
    let info = |bits: usize| {
        let mut modulus = vec![0; bits / 8 + 1];
        modulus[0] = (1_u16 << (bits % 8)).wrapping_sub(1).to_be_bytes()[1];
        modulus[1..].fill(0xff);
        // A number that is not negative has a zero in front of its first bit.
        if !bits.is_multiple_of(8) && modulus[0] & 0x80 != 0 {
            modulus.insert(0, 0);
        }
        let numbers = [value(2, &modulus), value(2, &[1, 0, 1])].concat();
        let key = [vec![0], value(0x30, &numbers)].concat();
        let algorithm = &good_algorithm();
        value(0x30, &[algorithm.as_slice(), &value(3, &key)].concat())
    };
    for (bits, reason) in [
        (8, Some(RsaKeyError::TooSmall)),
        (1024, Some(RsaKeyError::TooSmall)),
        (2047, Some(RsaKeyError::TooSmall)),
        (2048, None),
        (2049, None),
        (8192, None),
        (8193, Some(RsaKeyError::UnsupportedSize)),
    ] {
        assert_eq!(RsaPublicKey::from_der(&info(bits)).err(), reason, "{bits}");
    }
}

fn good_algorithm() -> Vec<u8> {
    der(PUBLIC)[4..19].into()
}

#[test]
fn a_modulus_that_is_negative_or_padded_is_malformed() {
    let good = der(PUBLIC);
    let first = good.len() - 5 - 257;
    assert_eq!(good[first], 0);
    for (zero, digit) in [(0x80, 0xff), (0xff, 0xff), (0, 0x7f), (0, 0)] {
        let mut changed = good.clone();
        (changed[first], changed[first + 1]) = (zero, digit);
        assert_eq!(RsaPublicKey::from_der(&changed).unwrap_err(), RsaKeyError::Malformed);
    }
}

#[test]
fn no_key_and_no_error_shows_a_key() {
    assert_eq!(format!("{:?}", RsaKey::from_pem(PKCS8).unwrap()), "RsaKey(..)");
    assert_eq!(format!("{:?}", RsaPublicKey::from_pem(PUBLIC).unwrap()), "RsaPublicKey(..)");
    let error = RsaKey::from_pem(&PKCS8.replacen("MII", "M!I", 1)).unwrap_err();
    assert_eq!(format!("{error:?}: {error}"), "Malformed: the key is malformed");
}
