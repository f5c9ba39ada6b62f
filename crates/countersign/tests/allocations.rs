//! The hot paths do not allocate: not into a buffer that has room, and not to verify.
//!
//! Forms and requests for Oracle Cloud do: each count is exact, so that none is raised unseen.

use allocation_counter::measure;
use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, HeaderRequest, Lifetime, MasterKey, Method,
    PayloadRule, PresignRequest, Region, RequestHead, Scope, SecretKey, Service, SigningKey,
    Timestamp, Verifier,
    oci::{self, Content, ContentRule, KeyId, RsaKey, RsaSigner as _, RsaVerifier as _, Target},
    post_policy::{
        Condition, ContentLengthRange, FormClaim, FormHead, FormKey, PostForm, PostPolicy,
    },
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

#[test]
fn verifying_a_request_that_is_signed_in_its_header_allocates_nothing() {
    let (bucket, key) = (bucket(), signing_key());
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    for name in KEYS {
        let path = bucket.object(name).unwrap();
        let request = HeaderRequest::new(Method::PUT, path, PayloadRule::Unsigned)
            .with_query("partNumber", "7")
            .unwrap();
        let signed = key.header_signer(now()).unwrap().sign(&request).unwrap();
        let headers: Vec<_> = signed.headers().chain([("host", bucket.authority())]).collect();
        let head =
            RequestHead { method: "PUT", target: signed.target(), headers: headers.as_slice() };
        let verify = || {
            let claim = Claim::parse_header(&head).unwrap();
            verifier.check(&claim, now()).unwrap().verify(Some(&key)).unwrap();
        };
        assert_eq!(measure(verify).count_total, 0, "{name}");
    }
}

fn post_form(key: &SigningKey) -> (PostForm, u64) {
    let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost).unwrap();
    let lifetime = Lifetime::from_secs(86_400).unwrap();
    let range = ContentLengthRange::new(1, 10 << 20).unwrap();
    let policy =
        PostPolicy::new(&endpoint, "examplebucket", FormKey::new(KEYS[0]).unwrap(), lifetime)
            .unwrap()
            .with_condition(Condition::content_length_range(range))
            .and_then(|policy| policy.with_field("Content-Type", "text/csv"))
            .unwrap();
    let presigner = key.at(now()).unwrap();
    let mut form = None;
    let count = measure(|| form = Some(presigner.presign_post(&policy).unwrap())).count_total;
    (form.unwrap(), count)
}

#[test]
fn signing_a_form_allocates_its_texts() {
    let (form, count) = post_form(&signing_key());
    assert_eq!(form.fields().count(), 7);
    assert_eq!(count, 30);
}

#[test]
fn verifying_a_form_allocates_its_policy_as_it_was_read() {
    let key = signing_key();
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    let (form, _) = post_form(&key);
    let fields: Vec<_> = form.fields().collect();
    let verify = || {
        let head = FormHead { bucket: "examplebucket", fields: &fields, file_name: None };
        let claim = FormClaim::parse(&head).unwrap();
        let checked = verifier.check_form(&claim, now()).unwrap();
        let mut meter = checked.verify(Some(&key)).unwrap().meter();
        meter.add(4096).unwrap();
        meter.finish().unwrap();
    };
    assert_eq!(measure(verify).count_total, 43);
}

#[test]
fn signing_and_verifying_for_oracle_cloud_allocates_headers_and_text() {
    let key = RsaKey::from_pem(include_str!("data/oci-keys/pkcs8.pem")).unwrap();
    let (public_key, key_id) =
        (key.public_key(), KeyId::parse("tenancy/user/fingerprint").unwrap());
    // What `ring` itself allocates.
    let signature = key.sign_pkcs1_sha256(b"").unwrap();
    let of_signing = measure(|| drop(key.sign_pkcs1_sha256(b""))).count_total;
    let of_verifying =
        measure(|| public_key.verify_pkcs1_sha256(b"", &signature).unwrap()).count_total;

    let target = Target::new("/n/ns/b/bucket/o/object").unwrap();
    let get = oci::Request::new(Method::GET, target, "host", ContentRule::Signed);
    let put = oci::Request::new(Method::PUT, target, "host", ContentRule::Signed);
    let put = put.with_content(Content::of(b"body", "text/csv"));
    let counts = [("GET", get), ("PUT", put)].map(|(method, request)| {
        let sign = || request.sign(&key_id, &key, now()).unwrap();
        let to_sign = measure(|| drop(sign())).count_total;
        let signed = sign();
        let headers: Vec<_> = signed.headers().chain([("host", "host")]).collect();
        let head = RequestHead { method, target: target.as_str(), headers: headers.as_slice() };
        let verifier = oci::Verifier::new();
        let verify = || {
            let claim = oci::Claim::parse(&head).unwrap();
            verifier.check(&claim, now()).unwrap().verify(Some(&public_key)).unwrap();
        };
        let to_verify = measure(verify).count_total;
        (method, to_sign - of_signing, to_verify - of_verifying)
    });
    assert_eq!(counts, [("GET", 20, 10), ("PUT", 29, 13)]);
}
