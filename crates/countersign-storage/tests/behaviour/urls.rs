//! What the URLs to an S3 store allow, and what they do not. Those to our gateway are its own tests'.

use countersign::{Lifetime, PresignedUrl, Timestamp};
use countersign_storage::{Attributes, Bound, Download, Existing, PartNumber};
use reqwest::{Client, Method, StatusCode};
use sha2::{Digest, Sha256};

use super::{
    is_absent, key, read,
    stores::{now, s3},
};

fn client() -> Client {
    // Whoever was first has set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

fn lifetime() -> Lifetime {
    Lifetime::from_secs(600).unwrap()
}

/// Sends what the URL says has to be sent, but for what is changed.
async fn send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> (StatusCode, String) {
    let mut request = client().request(method, url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn headers_of(url: &PresignedUrl) -> Vec<(&str, &str)> {
    url.required_headers().collect()
}

#[tokio::test]
async fn a_url_does_one_thing() {
    let store = s3().await;
    let (signer, now) = (store.s3.as_ref().unwrap().url_signer(now()), now());
    let at = key("ü ñ/a+b%41.csv");
    let put = signer.put(&at, &Bound::default(), lifetime(), now).unwrap();
    let get = signer.get(&at, &Download::default(), lifetime(), now).unwrap();
    let head = signer.head(&at, lifetime(), now).unwrap();
    let delete = signer.delete(&at, lifetime(), now).unwrap();
    let urls = [&put, &get, &head, &delete].map(PresignedUrl::as_str);
    let methods = [Method::PUT, Method::GET, Method::HEAD, Method::DELETE];

    assert_eq!(send(Method::GET, get.as_str(), &[], "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(Method::PUT, put.as_str(), &[], "a,b\n").await.0, StatusCode::OK);
    assert_eq!(read(&store.backend, &at).await.unwrap(), "a,b\n");
    assert_eq!(send(Method::GET, get.as_str(), &[], "").await, (StatusCode::OK, "a,b\n".into()));
    assert_eq!(send(Method::HEAD, head.as_str(), &[], "").await.0, StatusCode::OK);
    for (url, allowed) in std::iter::zip(urls, &methods) {
        for method in methods.iter().filter(|method| *method != allowed) {
            let (status, _) = send(method.clone(), url, &[], "x").await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} by a URL for {allowed}");
        }
    }
    let changed = [
        get.as_str().replace(".csv?", ".csw?"),
        get.as_str().replace("X-Amz-Expires=600", "X-Amz-Expires=601"),
        format!("{}&response-content-type=text%2Fhtml", get.as_str()),
        format!("{}0", get.as_str().strip_suffix(|_| true).unwrap()),
        get.as_str().replace("/suite/", "/other/"),
    ];
    for url in changed {
        // The last digit may be the one already.
        if url != get.as_str() {
            assert_eq!(send(Method::GET, &url, &[], "").await.0, StatusCode::FORBIDDEN, "{url}");
        }
    }
    let old = Timestamp::from_unix_secs(now.unix_secs() - 1_200).unwrap();
    let expired = signer.get(&at, &Download::default(), lifetime(), old).unwrap();
    assert_eq!(send(Method::GET, expired.as_str(), &[], "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(read(&store.backend, &at).await.unwrap(), "a,b\n");
    assert_eq!(send(Method::DELETE, delete.as_str(), &[], "").await.0, StatusCode::NO_CONTENT);
    assert!(is_absent(&store.backend, &at).await);
}

#[tokio::test]
async fn an_upload_is_held_to_what_was_bound() {
    let store = s3().await;
    let (signer, now) = (store.s3.as_ref().unwrap().url_signer(now()), now());
    let at = key("bound");
    let body = "a,b\n";
    let bound = Bound {
        content_type: Some("text/csv"),
        content_length: Some(4),
        sha256: Some(Sha256::digest(body).into()),
        existing: Existing::Keep,
    };
    let url = signer.put(&at, &bound, lifetime(), now).unwrap();
    let headers = headers_of(&url);
    assert_eq!(headers.len(), 4);
    assert!(!url.as_str().to_ascii_lowercase().contains("checksum-sha256="), "S-04");
    let url = url.as_str();

    let refused = |status: StatusCode| status.is_client_error();
    for name in ["content-type", "if-none-match", "x-amz-checksum-sha256"] {
        let without: Vec<_> = headers.iter().copied().filter(|it| it.0 != name).collect();
        let (status, _) = send(Method::PUT, url, &without, body).await;
        assert!(refused(status), "without {name}: {status}");
        let other = match name {
            "content-type" => "text/html",
            "if-none-match" => "\"x\"",
            _ => "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        };
        let changed: Vec<_> =
            headers.iter().map(|it| if it.0 == name { (name, other) } else { *it }).collect();
        let (status, _) = send(Method::PUT, url, &changed, body).await;
        assert!(refused(status), "another {name}: {status}");
    }
    let no_length: Vec<_> = headers.iter().copied().filter(|it| it.0 != "content-length").collect();
    for wrong in ["a,b", "a,b\n1", ""] {
        let (status, _) = send(Method::PUT, url, &no_length, wrong).await;
        assert!(refused(status), "{wrong:?}: {status}");
    }
    // As long, and not the one.
    let (status, text) = send(Method::PUT, url, &no_length, "a;b\n").await;
    assert!(refused(status), "{status} {text}");
    assert!(is_absent(&store.backend, &at).await);

    assert_eq!(send(Method::PUT, url, &no_length, body).await.0, StatusCode::OK);
    let (status, _) = send(Method::PUT, url, &no_length, body).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED, "a second time");
    let info = store.backend.objects().open(&at).await.unwrap().info().clone();
    assert_eq!(info.size, 4);
}

#[tokio::test]
async fn a_part_goes_where_its_url_says() {
    let store = s3().await;
    let (signer, now) = (store.s3.as_ref().unwrap().url_signer(now()), now());
    let (at, parts) = (key("in/parts"), store.backend.parts());
    let id = parts.create(&at, Attributes::new()).await.unwrap();
    let number = PartNumber::new(7).unwrap();
    let bound = Bound { content_length: Some(5), ..Bound::default() };
    let url = signer.put_part(&at, (&id, number), &bound, lifetime(), now).unwrap();
    let url = url.as_str();
    for wrong in ["1234", "123456", ""] {
        let (status, _) = send(Method::PUT, url, &[], wrong).await;
        assert!(status.is_client_error(), "{wrong:?}: {status}");
    }
    let other = url.replace("partNumber=7", "partNumber=8");
    assert_eq!(send(Method::PUT, &other, &[], "12345").await.0, StatusCode::FORBIDDEN);
    assert_eq!(parts.list(&at, &id).await.unwrap(), []);
    assert_eq!(send(Method::PUT, url, &[], "12345").await.0, StatusCode::OK);
    let listed = parts.list(&at, &id).await.unwrap();
    assert_eq!(
        listed.iter().map(|part| (part.number, part.size)).collect::<Vec<_>>(),
        [(number, 5)]
    );
    parts.abort(&at, &id).await.unwrap();
    let (status, _) = send(Method::PUT, url, &[], "12345").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "the upload is over");
}

/// s3s-fs obeys what was added to a URL; `SeaweedFS` refuses it, as AWS does.
#[tokio::test]
async fn a_store_that_obeys_headers_that_nobody_signed_is_found_out() {
    let store = s3().await;
    let refuses = store.s3.as_ref().unwrap().refuses_unsigned_headers().await.unwrap();
    assert_eq!(refuses, store.server.is_none());
    assert!(is_absent(&store.backend, &key("countersign-probe")).await);
}
