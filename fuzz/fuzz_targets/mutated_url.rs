//! What we sign, we verify; and a URL that was changed is verified only where it still means the
//! same: the same key, the same parameters.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region,
    RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    key: &'a str,
    name: &'a str,
    value: &'a str,
    lifetime: Lifetime,
    /// Where the target is changed, and into what.
    place: u16,
    removed: u8,
    inserted: &'a str,
}

/// What a claim means: the key, and the parameters in the order of their names.
#[derive(Debug, PartialEq, Eq)]
struct Meaning {
    key: Option<String>,
    query: Vec<(String, String)>,
}

/// Made once: to derive its key takes longer than to sign with it.
static WORLD: LazyLock<World> = LazyLock::new(World::new);

struct World {
    endpoint: Endpoint,
    bucket: Bucket,
    key: SigningKey,
    now: Timestamp,
    verifier: Verifier,
}

impl World {
    fn new() -> Self {
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let now = Timestamp::parse("20130524T000000Z").unwrap();
        let region = Region::new("us-east-1").unwrap();
        let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
        let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
        let bucket = endpoint.bucket("bucket").unwrap();
        Self { endpoint, bucket, key, now, verifier: Verifier::new(region, Service::S3) }
    }

    fn meaning(&self, target: &str) -> Option<Meaning> {
        let headers = [("host", self.bucket.authority())];
        let claim = Claim::parse(&RequestHead { method: "GET", target, headers: &headers }).ok()?;
        let checked = self.verifier.check(&claim, self.now).ok()?;
        let verified = checked.verify(Some(&self.key)).ok()?;
        let resource = verified.resource(&self.endpoint).expect("its own endpoint");
        assert_eq!(resource.bucket, "bucket");
        let owned = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            (name.into_owned(), value.into_owned())
        };
        let mut query: Vec<_> = verified.query().map(owned).collect();
        query.sort();
        Some(Meaning { key: resource.key.map(std::borrow::Cow::into_owned), query })
    }
}

fuzz_target!(|input: Input<'_>| {
    let world = &*WORLD;
    let Ok(path) = world.bucket.object(input.key) else { return };
    let mut request = PresignRequest::new(Method::GET, path, input.lifetime);
    let mut query = Vec::new();
    if let Ok(with_query) = request.clone().with_query(input.name, input.value) {
        request = with_query;
        query.push((input.name.to_owned(), input.value.to_owned()));
    }
    let url = world.key.at(world.now).unwrap().presign(&request).unwrap();
    let target = url.as_str().strip_prefix(world.bucket.origin()).unwrap();
    let meant = Meaning { key: Some(input.key.to_owned()), query };
    assert_eq!(world.meaning(target).as_ref(), Some(&meant));

    let start = usize::from(input.place) % target.len();
    let end = start.saturating_add(input.removed.into()).min(target.len());
    let (Some(before), Some(after)) = (target.get(..start), target.get(end..)) else { return };
    let changed = format!("{before}{}{after}", input.inserted);
    if let Some(meaning) = world.meaning(&changed) {
        assert_eq!(meaning, meant, "{changed}");
    }
});
