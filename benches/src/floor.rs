//! The blocks of SHA-256 that nobody can do without, one after the other, and nothing else.
//!
//! Counted from the URL or the policy: a block is 64 bytes, and SHA-256 adds at least 9 bytes of padding.

use std::hint::black_box;

use sha2::block_api::compress256;

use crate::{
    Entry,
    input::{HOST, Task, target},
};

const BLOCK_BYTES: usize = 64;
const PADDING_BYTES: usize = 9;

/// Three blocks of the string to sign and one to finish its HMAC, when the states of the HMAC's key
/// are kept for the day.
const HMAC_BLOCKS: usize = 4;

/// The block that finishes an HMAC, when the states of its key are kept.
const HMAC_FINISH_BLOCKS: usize = 1;

/// The first block of the string to sign is the same for all URLs of one second.
const SHARED_HMAC_BLOCKS: usize = 1;

/// What a URL takes from whoever has the day's key, and shares nothing else between URLs.
pub(crate) fn blocks(task: Task<'_>, url: &str) -> usize {
    let canonical = canonical_request(task, url);
    (canonical.len() + PADDING_BYTES).div_ceil(BLOCK_BYTES) + HMAC_BLOCKS
}

/// What the URL of a part takes from whoever keeps what all parts of the upload begin with, too, and
/// what all URLs of the second share.
///
/// The claim's parameters sort before `partNumber`, so the canonical requests of all parts are the
/// same up to its value.
pub(crate) fn blocks_beside_other_parts(task: Task<'_>, url: &str) -> usize {
    let canonical = canonical_request(task, url);
    let shared = canonical.split_inclusive("&partNumber=").next().unwrap_or_default();
    let shared_blocks = if shared.len() < canonical.len() { shared.len() / BLOCK_BYTES } else { 0 };
    blocks(task, url) - shared_blocks - SHARED_HMAC_BLOCKS
}

/// What a form takes from whoever has the day's key: its policy in base64 is the string to sign.
pub(crate) fn blocks_of_policy(policy: &str) -> usize {
    (policy.len() + PADDING_BYTES).div_ceil(BLOCK_BYTES) + HMAC_FINISH_BLOCKS
}

/// So many blocks, as an entry of a case.
pub(crate) fn entry<'a>(kept: &str, blocks: usize) -> Entry<'a> {
    Entry::new(format!("floor: {blocks} blocks, {kept}"), move || {
        black_box(compress(black_box(blocks)));
    })
}

/// The canonical request of a URL whose own parameters sort behind the claim's.
fn canonical_request(task: Task<'_>, url: &str) -> String {
    let (signed, _) = target(url).rsplit_once("&X-Amz-Signature=").unwrap_or_default();
    let (path, query) = signed.split_once('?').unwrap_or_default();
    let method = task.method();
    format!("{method}\n{path}\n{query}\nhost:{HOST}\n\nhost\nUNSIGNED-PAYLOAD")
}

/// So many blocks, one after the other.
fn compress(blocks: usize) -> [u32; 8] {
    static MESSAGE: [[u8; BLOCK_BYTES]; 16] = [[0x61; BLOCK_BYTES]; 16];
    let mut state = [0x6a09_e667; 8];
    compress256(&mut state, &black_box(&MESSAGE)[..blocks]);
    state
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::{
        input::{AWKWARD_KEY, SHORT_KEY, UPLOAD},
        peers::{Ours, Presign as _},
    };

    #[test]
    fn the_floors_are_of_as_many_blocks_as_were_counted_by_hand() {
        let ours = Ours::new();
        let now = ours.presigner();
        for (key, expected) in [(SHORT_KEY, 9), (AWKWARD_KEY, 14)] {
            let task = Task::Get(key);
            assert_eq!(blocks(task, &now.presign(task)), expected, "{key}");
        }
        for task in Task::parts(UPLOAD) {
            let url = now.presign(task);
            let expected = (11, 7);
            assert_eq!((blocks(task, &url), blocks_beside_other_parts(task, &url)), expected);
        }
    }

    #[test]
    fn a_policy_takes_its_own_blocks_and_one() {
        // 64 bytes hold 55 and their padding.
        for (policy_bytes, expected) in [(0, 2), (55, 2), (56, 3), (119, 3), (120, 4)] {
            assert_eq!(blocks_of_policy(&"a".repeat(policy_bytes)), expected, "{policy_bytes}");
        }
    }

    #[test]
    fn the_url_of_an_object_shares_no_prefix() {
        let task = Task::Get(SHORT_KEY);
        let url = Ours::new().presigner().presign(task);
        assert_eq!(blocks_beside_other_parts(task, &url), 8);
    }

    #[test]
    fn the_canonical_request_is_that_of_the_documented_example() {
        let task = Task::Get("test.txt");
        let url = Ours::new().presigner().presign(task);
        // AWS's example of a presigned URL has its digest.
        let digest = Sha256::digest(canonical_request(task, &url));
        let expected = "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04";
        assert_eq!(hex::encode(digest), expected);
    }
}
