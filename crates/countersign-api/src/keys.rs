//! Keys that are handed out: made here, shown once, kept as a digest or not at all.

use countersign::{MasterKey, SecretKey, Timestamp};
use countersign_catalog::{AccessKey, ApiKeyHash, Catalog, CatalogError, Identity};

/// Random bytes of an API key: 192 bits.
const API_KEY_BYTES: usize = 24;

/// The length of an access key id, as AWS has it.
const ACCESS_KEY_ID_LEN: usize = 20;

/// The generation of the master key, in every access key id: a later one can tell whose secrets are
/// whose.
const ACCESS_KEY_PREFIX: &str = "CS01";

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An API key: the only time that it is seen.
///
/// Its `Debug` does not show it.
pub struct IssuedApiKey(String);

impl IssuedApiKey {
    /// The key, to be given to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for IssuedApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedApiKey(..)")
    }
}

/// A signing key pair for S3 clients: the only time that its secret is seen.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a key pair, and where it is good")]
pub struct IssuedAccessKey {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret: SecretKey,
    /// The one bucket that it is good for.
    pub bucket: String,
}

/// Makes an API key and records its digest.
///
/// # Errors
///
/// What the catalog refuses.
pub async fn issue_api_key(
    catalog: &dyn Catalog,
    owner: &Identity,
    now: Timestamp,
) -> Result<IssuedApiKey, CatalogError> {
    let key = format!("csk_{}", hex::encode(random::<API_KEY_BYTES>()?));
    catalog.add_api_key(&ApiKeyHash::of(&key), owner, now).await?;
    Ok(IssuedApiKey(key))
}

/// Makes a signing key pair for the bucket of a team, and records its id. The secret follows from
/// the master key, so it is recorded nowhere.
///
/// # Errors
///
/// What the catalog refuses.
pub async fn issue_access_key(
    catalog: &dyn Catalog,
    master: &MasterKey,
    owner: &Identity,
    now: Timestamp,
) -> Result<IssuedAccessKey, CatalogError> {
    let letters = random::<{ ACCESS_KEY_ID_LEN - ACCESS_KEY_PREFIX.len() }>()?;
    let letter = |byte: u8| BASE32.get(usize::from(byte % 32)).copied().map_or('A', char::from);
    let id: String = ACCESS_KEY_PREFIX.chars().chain(letters.into_iter().map(letter)).collect();
    let bucket = format!("team-{}", owner.team);
    let key =
        AccessKey { id: id.as_str().into(), team: owner.team, bucket: bucket.as_str().into() };
    catalog.add_access_key(&key, now).await?;
    Ok(IssuedAccessKey { secret: master.signing_secret(&id), access_key_id: id, bucket })
}

pub(crate) fn random<const LEN: usize>() -> Result<[u8; LEN], CatalogError> {
    let mut bytes = [0; LEN];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|source| CatalogError::Backend { source: Box::new(source) })?;
    Ok(bytes)
}
