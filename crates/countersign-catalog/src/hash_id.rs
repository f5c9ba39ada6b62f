//! The random name of a file.

use crate::CatalogError;

/// Lower-case letters and digits without the look-alikes `0 o`, `1 i l`. Digits first.
const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
const DIGITS: usize = 8;
const LEN: usize = 10;

/// Ten characters of the alphabet, the first of them a letter: 49 random bits.
///
/// It can never be read as a number, so one path segment can carry either.
///
/// # Errors
///
/// [`CatalogError::Backend`], when the operating system has no random bytes.
pub(crate) fn random() -> Result<Box<str>, CatalogError> {
    let mut hash_id = String::with_capacity(LEN);
    // Enough for one id in nearly every case; `while` covers the others.
    let mut random_bytes = [0; 4 * LEN];
    while hash_id.len() < LEN {
        getrandom::fill(&mut random_bytes)
            .map_err(|source| CatalogError::Backend { source: source.into() })?;
        for byte in random_bytes {
            // Five bits, and 31 of the 32 values are a character: a modulus would prefer some.
            let index = usize::from(byte & 31);
            let first_is_no_letter = hash_id.is_empty() && index < DIGITS;
            match ALPHABET.get(index) {
                Some(&character) if hash_id.len() < LEN && !first_is_no_letter => {
                    hash_id.push(char::from(character));
                }
                _ => {}
            }
        }
    }
    Ok(hash_id.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn it_has_no_look_alikes_and_is_never_a_number() {
        let mut seen = HashSet::new();
        let mut characters = HashSet::new();
        for _ in 0..10_000 {
            let hash_id = random().unwrap();
            assert_eq!(hash_id.len(), LEN);
            assert!(hash_id.starts_with(|first: char| first.is_ascii_lowercase()), "{hash_id}");
            assert!(!hash_id.contains(['0', 'o', '1', 'i', 'l']), "{hash_id}");
            assert!(hash_id.parse::<i64>().is_err() && hash_id.parse::<f64>().is_err());
            characters.extend(hash_id.bytes());
            assert!(seen.insert(hash_id));
        }
        assert_eq!(characters.len(), ALPHABET.len());
    }
}
