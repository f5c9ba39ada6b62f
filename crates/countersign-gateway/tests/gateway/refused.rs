//! Requests that are not verified: status, code, and that nothing is touched. V-08, V-09, V-12.

use countersign::Timestamp;

use crate::{
    client::{Call, Sign},
    world::{World, now},
};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[tokio::test]
async fn a_claim_that_does_not_hold_is_refused() {
    let world = World::new();
    let put = |change: fn(&str) -> String| Call::put("k", "abc").target(change);
    let cases = [
        (put(|it| it.split('?').next().unwrap().into()), "403 AccessDenied"),
        (put(|it| format!("{}?", it.split('?').next().unwrap())), "403 AccessDenied"),
        (put(|it| it.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "")), "403 AccessDenied"),
        (
            put(|it| it.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")),
            "400 AuthorizationQueryParametersError",
        ),
        (
            put(|it| it.replace("X-Amz-Expires=600", "X-Amz-Expires=604801")),
            "400 AuthorizationQueryParametersError",
        ),
        (
            put(|it| it.replace("X-Amz-Expires=600", "X-Amz-Expires=%2B600")),
            "400 AuthorizationQueryParametersError",
        ),
        (put(|it| it.replace("&X-Amz-Expires=600", "")), "400 AuthorizationQueryParametersError"),
        (
            put(|it| it.replace("X-Amz-Expires=600", "X-Amz-Expires=600&X-Amz-Expires=600")),
            "400 AuthorizationQueryParametersError",
        ),
        (put(|it| it.replace("120000Z", "1200Z")), "400 AuthorizationQueryParametersError"),
        (put(|it| it.replace("us-east-1", "eu-west-1")), "400 AuthorizationQueryParametersError"),
        (put(|it| it.replace("%2Fs3%2F", "%2Fec2%2F")), "400 AuthorizationQueryParametersError"),
        (
            put(|it| it.replace("%2F20261121%2F", "%2F20261120%2F")),
            "400 AuthorizationQueryParametersError",
        ),
        (put(|it| it.replace("SignedHeaders=host", "SignedHeaders=date")), "403 AccessDenied"),
        (
            put(|it| it.replace("SignedHeaders=host", "SignedHeaders=host%3Bx-absent")),
            "403 SignatureDoesNotMatch",
        ),
        (put(|it| format!("{it}&a=%zz")), "400 InvalidURI"),
        (put(|it| format!("{it}&a=1&a=1")), "400 InvalidURI"),
        (put(|it| it.replace("/k?", "/k%00?")), "400 InvalidURI"),
        (put(|it| it.replace("/k?", "/k%ff?")), "400 InvalidURI"),
        (put(|it| format!("{it}&a={}", "a".repeat(16_384))), "400 InvalidURI"),
        (put(|it| format!("http://localhost:8080{it}")), "400 InvalidURI"),
        (Call::put("k", "abc").without("host"), "403 SignatureDoesNotMatch"),
        (Call::put("k", "abc").header("host", "localhost:8080"), "400 InvalidRequest"),
        (
            Call::put("k", "abc")
                .header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            "501 NotImplemented",
        ),
        (Call::put("k", "abc").header("x-amz-content-sha256", "garbage"), "400 InvalidArgument"),
        (
            Sign { id: "NOBODY", ..Sign::new("PUT", "k") }.sign().body("abc"),
            "403 SignatureDoesNotMatch",
        ),
        (
            Sign { id: "LATER", ..Sign::new("PUT", "k") }.sign().body("abc"),
            "503 ServiceUnavailable",
        ),
    ];
    for (call, verdict) in cases {
        let answer = call.send(&world).await;
        assert_eq!(answer.verdict(), verdict, "{}", call.target);
        assert_eq!(answer.header("connection"), "close");
        assert_eq!(world.stored("k").await, None);
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_request_has_no_more_than_100_headers() {
    let world = World::new();
    let many =
        (0..101).fold(Call::put("k", "abc"), |call, at| call.header(&format!("x-{at}"), "1"));
    assert_eq!(many.send(&world).await.verdict(), "400 RequestHeaderSectionTooLarge");
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_key_may_do_no_more_than_it_is_granted() {
    let world = World::new();
    let put = Sign { id: "OTHER", ..Sign::new("PUT", "k") }.sign().body("abc");
    assert_eq!(put.send(&world).await.verdict(), "403 AccessDenied");
    assert_eq!(world.stored("k").await, None);
    Call::put("k", "abc").send(&world).await;
    let get = Sign { id: "OTHER", ..Sign::new("GET", "k") }.sign();
    assert_eq!(get.send(&world).await.verdict(), "200");
}

/// V-09
#[tokio::test]
async fn a_url_holds_for_its_time() {
    let world = World::new();
    Call::put("k", "abc").send(&world).await;
    for (signed_at, verdict, message) in [
        ("20261121T115000Z", "403 AccessDenied", "Request has expired"),
        ("20261121T115001Z", "200", ""),
        ("20261121T121500Z", "200", ""),
        ("20261121T121501Z", "403 AccessDenied", "Request is not valid yet"),
    ] {
        let answer = Sign { at: at(signed_at), ..Sign::new("GET", "k") }.sign().send(&world).await;
        assert_eq!(answer.verdict(), verdict, "{signed_at}");
        if verdict != "200" {
            assert_eq!(answer.element("Message").unwrap(), message);
            assert_eq!(answer.element("ServerTime").unwrap(), "2026-11-21T12:00:00Z");
        }
        if message.ends_with("expired") {
            assert_eq!(answer.element("Expires").unwrap(), "2026-11-21T12:00:00Z");
        }
    }
    assert_eq!(now(), at("20261121T120000Z"));
}

/// V-08
#[tokio::test]
async fn a_header_of_amazons_must_be_signed() {
    let world = World::new();
    let part = [("partNumber", "1"), ("uploadId", "u")];
    let signs = [
        Sign::new("GET", "k"),
        Sign::new("HEAD", "k"),
        Sign::new("PUT", "k"),
        Sign::new("PUT", "k").query(&part),
    ];
    for name in [
        "x-amz-acl",
        "x-amz-copy-source",
        "x-amz-date",
        "x-amz-grant-full-control",
        "x-amz-meta-a",
        "x-amz-object-lock-mode",
        "x-amz-security-token",
        "x-amz-server-side-encryption",
        "x-amz-storage-class",
        "x-amz-tagging",
        "x-amz-user-agent",
        "x-amz-checksum-sha256",
        "x-amz-website-redirect-location",
        "X-AMZ-ANYTHING",
        "content-md5",
    ] {
        for sign in &signs {
            let call = sign.clone().sign().header(name, "1").body("abc");
            let answer = call.send(&world).await;
            assert_eq!(answer.status, 403, "{name}");
            if call.method != "HEAD" {
                let told = answer.element("HeadersNotSigned").unwrap();
                assert_eq!(
                    (answer.verdict().as_str(), told),
                    ("403 AccessDenied", name.to_lowercase())
                );
            }
        }
    }
    assert_eq!((world.asked(), world.stored("k").await), (0, None));
}

/// V-12
#[tokio::test]
async fn nobody_learns_which_keys_there_are() {
    let world = World::new();
    for (index, method) in ["GET", "PUT", "HEAD"].into_iter().cycle().take(90).enumerate() {
        let key = format!("k{index}");
        let signed = Sign::new(method, &key).sign();
        let (url, _) = signed.target.rsplit_once('=').unwrap();
        let wrong = format!("{url}={index:064x}");
        let unknown = wrong.replace("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7NOTHERE");
        let malformed = format!("{url}=no-signature");
        let mut answers = Vec::new();
        for target in [wrong, unknown, malformed] {
            let answer = signed.clone().target(|_| target.clone()).send(&world).await;
            assert_eq!(answer.status, 403);
            let id = answer.header("x-amz-request-id").to_owned();
            let body = String::from_utf8(answer.body.to_vec()).unwrap().replace(&id, "ID");
            let mut headers = answer.headers;
            headers.remove("x-amz-request-id");
            answers.push((headers, body));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        assert!(method == "HEAD" || answers[0].1.contains("<Code>SignatureDoesNotMatch</Code>"));
    }
    assert_eq!(world.asked(), 0);
}

/// V-01
#[tokio::test]
async fn no_upload_is_anonymous() {
    let world = World::new();
    let payloads = [
        None,
        Some("UNSIGNED-PAYLOAD"),
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        Some("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        Some("garbage"),
    ];
    let by_header = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
    for payload in payloads {
        let mut put = Call::put("k", "abc").target(|it| it.replace("Signature=", "Signature=0"));
        if let Some(payload) = payload {
            put = put.header("x-amz-content-sha256", payload);
        }
        let anonymous = put.clone().target(|it| it.split('?').next().unwrap().into());
        let form = "multipart/form-data; boundary=b";
        for call in [
            anonymous.clone(),
            anonymous.clone().header("authorization", by_header),
            put.clone(),
            put.clone().header("authorization", by_header),
            anonymous.clone().method("POST").header("content-type", form),
            anonymous.target(|_| "/s3/data".into()).method("POST").header("content-type", form),
        ] {
            let answer = call.send(&world).await;
            let is_refused = answer.status.is_client_error() || answer.status == 501;
            assert!(is_refused, "{call:?}: {}", answer.status);
            assert_eq!((world.stored("k").await, world.asked()), (None, 0));
        }
    }
}
