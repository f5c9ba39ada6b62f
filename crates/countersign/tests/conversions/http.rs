use countersign::{
    Addressing, Claim, Credentials, Endpoint, Field, Headers, Lifetime, Method, ParseError,
    PresignRequest, PresignedUrl, ReceivedHead, Region, RequestHead, Scope, SecretKey, Service,
    SigningKey, Timestamp, Verifier, VerifyError,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version};

fn now() -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap()
}

fn key() -> SigningKey {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
    let region = Region::new("us-east-1").unwrap();
    SigningKey::derive(&credentials, Scope::new(now().date(), region, Service::S3))
}

/// A URL to upload `a b/ü`, at any endpoint, with these headers.
fn upload(endpoint: &str, headers: &[(&str, &str)]) -> PresignedUrl {
    let endpoint = Endpoint::parse(endpoint, Addressing::VirtualHost).unwrap();
    let bucket = endpoint.bucket("bucket").unwrap();
    let path = bucket.object("a b/ü").unwrap();
    let mut request = PresignRequest::new(Method::PUT, path, Lifetime::MAX);
    for (name, value) in headers {
        request = request.with_signed_header(name, value).unwrap();
    }
    key().at(now()).unwrap().presign(&request).unwrap()
}

fn verdict<B>(request: &Request<B>) -> Result<(), VerifyError> {
    let received = ReceivedHead::from(request);
    let claim = Claim::parse(&received.head())?;
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    verifier.check(&claim, now())?.verify(Some(&key())).map(drop)
}

/// The request as a server gets it by HTTP/2: the host is in the URI.
fn by_http_2(url: &PresignedUrl) -> Request<()> {
    let mut request = Request::put(Uri::try_from(url).unwrap()).version(Version::HTTP_2);
    request.headers_mut().unwrap().extend(HeaderMap::try_from(url).unwrap());
    request.body(()).unwrap()
}

/// And by HTTP/1.1: the target is a path, the host a header.
fn by_http_1(url: &PresignedUrl) -> Request<()> {
    let mut request = by_http_2(url);
    let uri = request.uri().clone();
    let host = uri.authority().unwrap().as_str();
    request.headers_mut().insert("host", host.parse().unwrap());
    *request.uri_mut() = uri.path_and_query().unwrap().as_str().parse().unwrap();
    *request.version_mut() = Version::HTTP_11;
    request
}

const HEADERS: [(&str, &str); 3] =
    [("Content-Type", "text/csv"), ("x-amz-meta-a", "1  2"), ("x-a", "é\t")];

#[test]
fn a_url_goes_out_and_comes_in_through_the_types_of_http() {
    for endpoint in [
        "https://s3.amazonaws.com",
        "http://H.example.:80/b",
        "http://[::1]:9000",
        "http://1.2.3.4",
    ] {
        let url = upload(endpoint, &HEADERS);
        assert_eq!(Uri::try_from(&url).unwrap().to_string(), url.as_str());
        assert_eq!(verdict(&by_http_2(&url)), Ok(()), "{endpoint}");
        assert_eq!(verdict(&by_http_1(&url)), Ok(()), "{endpoint}");
        assert_eq!(verdict(&Request::from_parts(by_http_1(&url).into_parts().0, "body")), Ok(()));
    }
}

#[test]
fn parts_of_a_request_are_read_as_the_request() {
    let (parts, ()) = by_http_2(&upload("https://h.example", &[])).into_parts();
    let received = ReceivedHead::from(&parts);
    assert!(Claim::parse(&received.head()).is_ok());
    let same = ReceivedHead::new(&parts.method, &parts.uri, &parts.headers);
    assert!(same.fields().eq(received.fields()));
    assert_eq!(received.head().method, "PUT");
}

#[test]
fn a_host_that_is_said_twice_has_to_be_one() {
    let url = upload("https://h.example", &[]);
    let with_host = |hosts: &[&str]| {
        let mut request = by_http_2(&url);
        for host in hosts {
            request.headers_mut().append("host", host.parse().unwrap());
        }
        verdict(&request)
    };
    let doubled = Err(VerifyError::Parse(ParseError::Duplicate(Field::Host)));
    assert_eq!(with_host(&[]), Ok(()));
    assert_eq!(with_host(&["bucket.h.example"]), Ok(()));
    assert_eq!(with_host(&["elsewhere.example"]), doubled);
    assert_eq!(with_host(&["bucket.h.example:443"]), doubled);
    assert_eq!(with_host(&[""]), doubled);
    assert_eq!(with_host(&["bucket.h.example", "bucket.h.example"]), doubled);
    assert_eq!(with_host(&["bucket.h.example", "elsewhere.example"]), doubled);
    // One host in two cases: as clients write it, so it was signed.
    assert_eq!(with_host(&["BUCKET.h.example"]), Err(VerifyError::SignatureMismatch));
}

#[test]
fn a_user_name_in_the_target_is_not_overlooked() {
    let url = upload("https://h.example", &[]);
    let mut request = by_http_2(&url);
    let uri = request.uri().to_string().replace("https://", "https://user@");
    *request.uri_mut() = uri.parse().unwrap();
    assert_eq!(verdict(&request), Err(VerifyError::SignatureMismatch));
}

#[test]
fn a_target_that_is_no_path_carries_no_claim() {
    for (method, target) in [("CONNECT", "h.example:443"), ("OPTIONS", "*")] {
        let request = Request::builder().method(method).uri(target).body(()).unwrap();
        let malformed = Err(VerifyError::Parse(ParseError::Malformed(Field::Target)));
        assert_eq!(verdict(&request), malformed, "{target}");
    }
}

#[test]
fn every_field_comes_up_as_often_as_it_came() {
    let mut map = HeaderMap::new();
    for (name, value) in [("a", &b"1"[..]), ("b", b"\xff"), ("a", b"2"), ("a", b"1")] {
        map.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let mut fields: Vec<_> = map.fields().collect();
    fields.sort_unstable();
    assert_eq!(fields, [("a", &b"1"[..]), ("a", b"1"), ("a", b"2"), ("b", b"\xff")]);
}

/// Of which an attacker would otherwise choose the one that counts.
#[test]
fn a_signed_header_that_comes_twice_is_refused() {
    let url = upload("https://h.example", &[("content-type", "text/csv")]);
    let mut request = by_http_1(&url);
    request.headers_mut().append("content-type", HeaderValue::from_static("text/html"));
    let doubled = Err(VerifyError::Parse(ParseError::Duplicate(Field::Header)));
    assert_eq!(verdict(&request), doubled);
}

#[test]
fn methods_go_both_ways() {
    let all: String =
        ('!'..='~').filter(|letter| Method::new(&letter.to_string()).is_ok()).collect();
    // RFC 9110, section 5.6.2: 77 characters make a token.
    assert_eq!(all.len(), 77);
    let (first, rest) = all.split_at(32);
    let (second, third) = rest.split_at(32);
    for text in ["GET", "HEAD", "PUT", "get", "M-SEARCH", first, second, third] {
        let method = Method::new(text).unwrap();
        let of_http = http::Method::try_from(method).unwrap();
        assert_eq!(of_http.as_str(), text);
        assert_eq!(Method::try_from(&of_http), Ok(method));
    }
    let long = http::Method::from_bytes("A".repeat(33).as_bytes()).unwrap();
    assert!(Method::try_from(&long).is_err());
}

#[test]
fn secrets_among_the_headers_are_marked() {
    let key_header = "x-amz-server-side-encryption-customer-key";
    let headers = [
        ("x-amz-security-token", "token"),
        (key_header, "a2V5"),
        ("x-amz-server-side-encryption-customer-key-md5", "bWQ1"),
        ("content-type", "text/csv"),
    ];
    let map = HeaderMap::try_from(&upload("https://h.example", &headers)).unwrap();
    assert_eq!(map.len(), 4);
    for (name, value) in headers {
        assert_eq!(map[name], value);
        let is_secret = name == key_header || name == "x-amz-security-token";
        assert_eq!(map[name].is_sensitive(), is_secret, "{name}");
    }
    assert!(!format!("{map:?}").contains("a2V5"));
}

#[test]
fn debug_shows_neither_query_nor_headers() {
    let url = upload("https://h.example", &[("x-amz-security-token", "CANARY")]);
    let request = by_http_2(&url);
    let received = ReceivedHead::from(&request);
    for shown in [format!("{received:?}"), format!("{:?}", received.head())] {
        assert!(shown.contains("/a%20b/%C3%BC"), "{shown}");
        assert!(!shown.contains("CANARY") && !shown.contains("X-Amz"), "{shown}");
    }
}

/// What any header map may hold, a claim is refused for or read from, and nothing in between.
#[test]
fn a_header_that_is_no_text_is_only_read_where_it_is_signed() {
    let url = upload("https://h.example", &[("x-a", "1")]);
    let mut request = by_http_1(&url);
    let odd = HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    request.headers_mut().insert(HeaderName::from_static("x-b"), odd.clone());
    assert_eq!(verdict(&request), Ok(()));
    request.headers_mut().insert(HeaderName::from_static("x-a"), odd);
    assert_eq!(verdict(&request), Err(VerifyError::SignatureMismatch));
    let head = RequestHead { method: "PUT", target: "/", headers: request.headers() };
    assert!(Claim::parse(&head).is_err());
}
