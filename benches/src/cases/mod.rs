mod oci;
mod parts;
mod post_policy;
mod presign;
mod verify;

use crate::{Case, peers::Ours};

/// All that is compared.
///
/// # Panics
///
/// When two that are compared do not do the same.
#[must_use]
pub fn cases(ours: &Ours) -> Vec<Case<'_>> {
    // One file for each kind of work. A floor is an entry like the others, so it may be of anything
    // that nobody can do without: the RSA signature of Oracle Cloud is one.
    let mut cases = presign::cases(ours);
    cases.push(parts::case(ours));
    cases.extend(verify::cases(ours));
    cases.extend(post_policy::cases(ours));
    cases.extend(oci::cases());
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_agree_in_every_case() {
        let ours = Ours::new();
        let mut peers: Vec<_> = cases(&ours).iter().map(|case| case.peers.len()).collect();
        peers.sort_unstable();
        assert_eq!(peers, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 4, 4, 4]);
    }
}
