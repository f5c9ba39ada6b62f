//! The hot paths do not allocate: not into a buffer that has room, and not to verify.

use allocation_counter::measure;
use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, MasterKey, Method, PresignRequest,
    Region, RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier,
};

const KEYS: [&str; 2] = [
    "datasets/ds-1/test.csv",
    "dätä sets/日本語のデータ/a b&c()+=%@'[];,#?:!$*~ — an awkward key that has to be \
     encoded in many places, été comme hiver, été comme hiver, été.csv",
];

fn bucket() -> Bucket {
    let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost).unwrap();
    endpoint.bucket("examplebucket").unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap()
}

fn signing_key() -> SigningKey {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
    let region = Region::new("us-east-1").unwrap();
    SigningKey::derive(&credentials, Scope::new(now().date(), region, Service::S3))
}

#[test]
fn presigning_allocates_the_url_and_nothing_else() {
    let (bucket, key) = (bucket(), signing_key());
    let presigner = key.at(now()).unwrap();
    for name in KEYS {
        let lifetime = Lifetime::from_secs(86_400).unwrap();
        let presign = || {
            let path = bucket.object(name).unwrap();
            presigner.presign(&PresignRequest::new(Method::GET, path, lifetime)).unwrap()
        };
        assert_eq!(measure(|| drop(presign())).count_total, 1, "{name}");

        let mut buffer = String::with_capacity(4096);
        let into_buffer = || {
            let path = bucket.object(name).unwrap();
            let request = PresignRequest::new(Method::GET, path, lifetime);
            presigner.presign_into(&request, &mut buffer).unwrap();
        };
        assert_eq!(measure(into_buffer).count_total, 0, "{name}");
        assert_eq!(buffer, presign().as_str());
    }
}

#[test]
fn presigning_a_part_allocates_nothing() {
    let (bucket, key) = (bucket(), signing_key());
    let presigner = key.at(now()).unwrap();
    for name in KEYS {
        let path = bucket.object(name).unwrap();
        let request = PresignRequest::new(Method::PUT, path, Lifetime::MAX);
        let parts = presigner.parts(&request, &"A".repeat(128)).unwrap();
        let mut buffer = String::with_capacity(4096);
        let ten = || {
            for number in 1..=10 {
                buffer.clear();
                parts.presign_into(number, &mut buffer).unwrap();
            }
        };
        assert_eq!(measure(ten).count_total, 0, "{name}");
        assert_eq!(measure(|| drop(parts.presign(11).unwrap())).count_total, 1, "{name}");
    }
}

#[test]
fn verifying_allocates_nothing() {
    let (bucket, key) = (bucket(), signing_key());
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    for name in KEYS {
        let path = bucket.object(name).unwrap();
        let request = PresignRequest::new(Method::PUT, path, Lifetime::MAX)
            .with_query("partNumber", "7")
            .unwrap()
            .with_signed_header("content-type", "text/csv")
            .unwrap();
        let url = key.at(now()).unwrap().presign(&request).unwrap();
        let target = url.as_str().strip_prefix(bucket.origin()).unwrap();
        let headers = [("Host", bucket.authority()), ("Content-Type", "text/csv")];
        let verify = || {
            let head = RequestHead { method: "PUT", target, headers: &headers };
            let claim = Claim::parse(&head).unwrap();
            verifier.check(&claim, now()).unwrap().verify(Some(&key)).unwrap();
        };
        assert_eq!(measure(verify).count_total, 0, "{name}");
    }
}

#[test]
fn verifying_a_prefix_token_allocates_nothing() {
    let key = MasterKey::new([7; 32]).prefix_token_key();
    let token = key.issue([1; 16], Timestamp::MAX);
    let forged = token.as_str().replace("CS01-0", "CS01-1");
    assert_eq!(measure(|| drop(key.issue([1; 16], Timestamp::MAX))).count_total, 1);
    let verify = || {
        key.verify(token.as_str(), now()).unwrap();
        key.verify(token.as_str(), Timestamp::MAX).unwrap_err();
        key.verify(&forged, now()).unwrap_err();
        key.verify("CS01-", now()).unwrap_err();
    };
    assert_eq!(measure(verify).count_total, 0);
}
