//! Batches make the URLs that one call for each would make.

use countersign::{
    Addressing, Bucket, Credentials, Endpoint, KeyFault, Lifetime, Method, PayloadRule,
    PresignError, PresignRequest, Region, Scope, SecretKey, Service, SigningKey, Timestamp,
};
use proptest::prelude::*;

fn bucket(addressing: Addressing) -> Bucket {
    let endpoint = Endpoint::parse("https://s3.example.com:8443/base", addressing).unwrap();
    endpoint.bucket("examplebucket").unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap()
}

fn signing_key(token: Option<&str>) -> SigningKey {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let mut credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
    if let Some(token) = token {
        credentials = credentials.with_session_token(token).unwrap();
    }
    let region = Region::new("us-east-1").unwrap();
    SigningKey::derive(&credentials, Scope::new(now().date(), region, Service::S3))
}

/// A request with what it may have beside its object: parameters that sort before the claim's own,
/// between `partNumber` and `uploadId`, and behind; headers; a digest.
fn request<'a>(
    bucket: &'a Bucket,
    key: &'a str,
    names: &'a [String],
    has_header: bool,
    has_digest: bool,
) -> PresignRequest<'a> {
    let path = bucket.object(key).unwrap();
    let mut request = PresignRequest::new(Method::PUT, path, Lifetime::from_secs(600).unwrap());
    for name in names {
        if let Ok(with_query) = request.clone().with_query(name, "a value & more") {
            request = with_query;
        }
    }
    if has_header {
        request = request.with_signed_header("Content-Type", "text/csv").unwrap();
    }
    if has_digest { request.with_payload(PayloadRule::EMPTY) } else { request }
}

proptest! {
    #[test]
    fn the_url_of_a_part_is_the_one_that_is_made_alone(
        key in "[^\0]{1,40}",
        upload_id in "[^\0]{0,140}",
        names in prop::collection::vec("[AXZ][-A-Za-z]{0,12}|[n-z~é][a-z]{0,6}", 0..4),
        flags in any::<[bool; 4]>(),
        number in 1_u16..=10_000,
    ) {
        let [has_header, has_digest, is_virtual, has_token] = flags;
        let bucket = bucket(if is_virtual { Addressing::VirtualHost } else { Addressing::Path });
        let names: Vec<_> = names
            .into_iter()
            .filter(|name| name != "uploadId" && name != "partNumber")
            .collect();
        let request = request(&bucket, &key, &names, has_header, has_digest);
        let signing_key = signing_key(has_token.then_some("a/token+of=STS"));
        let presigner = signing_key.at(now()).unwrap();
        let parts = presigner.parts(&request, &upload_id).unwrap();

        let digits = number.to_string();
        let alone = request.with_query("partNumber", &digits).unwrap();
        let alone = alone.with_query("uploadId", &upload_id).unwrap();
        let (part, alone) = (parts.presign(number).unwrap(), presigner.presign(&alone).unwrap());
        prop_assert_eq!(part.as_str(), alone.as_str());
        prop_assert_eq!(part.expires_at(), alone.expires_at());
        prop_assert!(part.required_headers().eq(alone.required_headers()));
        let mut buffer = String::from("kept ");
        parts.presign_into(number, &mut buffer).unwrap();
        prop_assert_eq!(buffer.strip_prefix("kept "), Some(alone.as_str()));
    }

    #[test]
    fn the_url_of_each_object_is_the_one_that_is_made_alone(
        keys in prop::collection::vec("[^\0]{0,40}|a\0b", 0..8),
        has_header in any::<bool>(),
    ) {
        let bucket = bucket(Addressing::Path);
        let request = request(&bucket, "any", &[], has_header, false);
        let signing_key = signing_key(None);
        let presigner = signing_key.at(now()).unwrap();
        let urls: Vec<_> =
            presigner.presign_objects(&request, keys.iter().map(String::as_str)).collect();
        prop_assert_eq!(urls.len(), keys.len());
        for (key, url) in keys.iter().zip(urls) {
            let Ok(path) = bucket.object(key) else {
                prop_assert!(matches!(url, Err(PresignError::Key(_))));
                continue;
            };
            let mut alone = PresignRequest::new(Method::PUT, path, Lifetime::from_secs(600).unwrap());
            if has_header {
                alone = alone.with_signed_header("Content-Type", "text/csv").unwrap();
            }
            let (url, alone) = (url.unwrap(), presigner.presign(&alone).unwrap());
            prop_assert_eq!(url.as_str(), alone.as_str());
        }
    }
}

#[test]
fn what_is_no_part_is_refused_and_leaves_the_buffer() {
    let (bucket, signing_key) = (bucket(Addressing::Path), signing_key(None));
    let presigner = signing_key.at(now()).unwrap();
    let request = request(&bucket, "k", &[], false, false);
    let parts = presigner.parts(&request, "id").unwrap();
    let mut buffer = String::from("kept");
    for number in [0, 10_001, u16::MAX] {
        assert_eq!(parts.presign_into(number, &mut buffer), Err(PresignError::PartNumber));
        assert_eq!(buffer, "kept");
    }
    assert_eq!(
        parts.presign(10_000).unwrap().as_str().len(),
        parts.presign(1).unwrap().as_str().len() + 4
    );
    for name in ["partNumber", "uploadId"] {
        let taken = request.clone().with_query(name, "1").unwrap();
        let duplicate = PresignError::DuplicateName(name.into());
        assert_eq!(presigner.parts(&taken, "id").err(), Some(duplicate));
    }
    assert_eq!(presigner.parts(&request, "a\0").err(), Some(PresignError::InvalidQuery));
    let long = "é".repeat(3000);
    assert_eq!(presigner.parts(&request, &long).err(), Some(PresignError::TooLong));
    let written = format!("{parts:?}");
    assert_eq!(written, format!("Parts {{ expires_at: {:?}, .. }}", parts.expires_at()));
}

/// What is signed is no longer than what is read, and no shorter.
#[test]
fn a_target_of_16_384_bytes_is_signed_and_no_longer_one() {
    let (bucket, signing_key) = (bucket(Addressing::Path), signing_key(None));
    let presigner = signing_key.at(now()).unwrap();
    let request = request(&bucket, "k", &[], false, false);
    let target_len = |url: &str| url.strip_prefix(bucket.origin()).unwrap().len();
    let too_long = Some(PresignError::TooLong);

    let letters = "a".repeat(16_384);
    let with_value = |len: usize| request.clone().with_query("q", &letters[..len]).unwrap();
    let shortest = presigner.presign(&with_value(0)).unwrap();
    let room = 16_384 - target_len(shortest.as_str());
    let longest = presigner.presign(&with_value(room)).unwrap();
    assert_eq!(target_len(&longest.into_string()), 16_384);
    let over = with_value(room + 1);
    assert_eq!(presigner.presign(&over).err(), too_long);
    let mut buffer = String::from("kept");
    assert_eq!(presigner.presign_into(&over, &mut buffer).err(), too_long);
    assert_eq!(buffer, "kept");

    // Of the last part, whose number is the longest.
    let last = |len: usize| presigner.parts(&request, &letters[..len])?.presign(10_000);
    let room = 16_384 - target_len(last(0).unwrap().as_str());
    assert_eq!(target_len(last(room).unwrap().as_str()), 16_384);
    assert_eq!(last(room + 1).err(), too_long);
}

#[test]
fn the_fault_of_a_key_is_told() {
    let (bucket, signing_key) = (bucket(Addressing::Path), signing_key(None));
    let presigner = signing_key.at(now()).unwrap();
    let request = request(&bucket, "k", &[], false, false);
    let long = "k".repeat(1025);
    let faults: Vec<_> = presigner
        .presign_objects(&request, ["", "a\0", &long])
        .map(|url| url.err().unwrap())
        .collect();
    let expected = [KeyFault::Empty, KeyFault::Nul, KeyFault::TooLong].map(PresignError::Key);
    assert_eq!(faults, expected);
}
