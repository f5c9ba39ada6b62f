//! The server as its user meets it: started, asked, killed, started again.

mod common;

use std::{collections::HashMap, path::Path, process::Output, sync::Mutex, thread, time::Duration};

use common::{Server, countersign};
use countersign::{
    Addressing, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region, Scope, SecretKey,
    Service, SigningKey, Timestamp,
};
use serde_json::{Value, json};

const FILES: &str = "/api/v1/files";

/// Uploads a file; its number.
fn upload(server: &Server, key: &str, name: &str, bytes: &[u8]) -> u64 {
    let body = json!({ "filename": name, "content_type": "text/plain" }).to_string();
    let begun = server.call(key, "POST", &format!("{FILES}/upload"), &body).json();
    let url = begun["upload_url"].as_str().unwrap();
    let put = server.send("PUT", url, &[("Content-Type", "text/plain")], bytes);
    assert_eq!(put.status, 200, "{put:?}");
    let number = begun["file_id"].as_u64().unwrap();
    let confirmed = server.call(key, "GET", &format!("{FILES}/{number}/confirm"), "");
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    number
}

fn download_url(server: &Server, key: &str, number: u64, query: &str) -> String {
    let answer = server.call(key, "GET", &format!("{FILES}/{number}/download{query}"), "");
    answer.json()["download_url"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

fn run(arguments: &[&str], data: &Path) -> Output {
    countersign().args(arguments).arg("--data").arg(data).output().unwrap()
}

#[test]
fn a_new_folder_becomes_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&folder.path().join("new"));
    let key = server.first_key();
    assert_eq!(server.send("GET", "/healthz", &[], b"").status, 200);

    let number = upload(&server, &key, "Bücher.txt", b"hello");
    let url = download_url(&server, &key, number, "");
    let answer = server.send("GET", &url, &[], b"");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let disposition = "attachment; filename=\"B_cher.txt\"; filename*=UTF-8''B%C3%BCcher.txt";
    assert_eq!(answer.header("content-disposition"), Some(disposition));
    assert_eq!(answer.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    let range = server.send("GET", &url, &[("Range", "bytes=1-2")], b"");
    assert_eq!((range.status, range.body.as_slice()), (206, &b"el"[..]));

    // The key is shown once, and the files are there the next time.
    server.terminate();
    let server = Server::start(&folder.path().join("new"));
    let url = download_url(&server, &key, number, "");
    assert_eq!(server.send("GET", &url, &[], b"").body, b"hello");
    assert!(!server.terminate().contains("csk_"));
}

#[test]
fn a_url_is_good_for_what_it_was_made_for_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.first_key();
    let (one, other) =
        (upload(&server, &key, "1.txt", b"one"), upload(&server, &key, "2.txt", b"other"));
    let short = download_url(&server, &key, one, "?expires_in=1");
    let url = download_url(&server, &key, one, "");

    let object =
        |url: &str| url.split(['?']).next().unwrap().rsplit('/').next().unwrap().to_owned();
    let swapped = url.replace(&object(&url), &object(&download_url(&server, &key, other, "")));
    assert_eq!(server.send("GET", &swapped, &[], b"").status, 403);
    assert_eq!(server.send("GET", &format!("{url}0"), &[], b"").status, 403);
    assert_eq!(server.send("PUT", &url, &[], b"evil").status, 403);
    let large = vec![0; 1_000_000];
    assert_eq!(server.send("PUT", &url, &[], &large).status, 403, "said before it hangs up");
    assert_eq!(server.send("DELETE", &url, &[], b"").status, 405);
    thread::sleep(Duration::from_millis(2_100));
    let expired = server.send("GET", &short, &[], b"");
    assert_eq!(expired.status, 403);
    assert!(String::from_utf8_lossy(&expired.body).contains("Request has expired"));

    assert_eq!(server.call(&key, "DELETE", &format!("{FILES}/{one}"), "").status, 200);
    assert_eq!(server.send("GET", &url, &[], b"").status, 404, "deleted is deleted");
    assert_eq!(server.call("csk_wrong", "GET", FILES, "").status, 401);
}

#[test]
fn an_upload_url_takes_bytes_until_they_are_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.first_key();
    let body = json!({ "filename": "a.txt", "content_type": "text/plain" }).to_string();
    let begun = server.call(&key, "POST", &format!("{FILES}/upload"), &body).json();
    let url = begun["upload_url"].as_str().unwrap();
    let text = [("Content-Type", "text/plain")];
    assert_eq!(server.send("PUT", url, &[("Content-Type", "text/html")], b"x").status, 403);
    assert_eq!(server.send("PUT", url, &text, b"first").status, 200);
    assert_eq!(server.send("PUT", url, &text, b"second").status, 200, "a retry replaces");
    assert_eq!(server.call(&key, "GET", &format!("{FILES}/1/confirm"), "").status, 200);
    assert_eq!(server.send("PUT", url, &text, b"late").status, 403);
    let url = download_url(&server, &key, 1, "");
    assert_eq!(server.send("GET", &url, &[], b"").body, b"second");
}

#[test]
fn one_folder_has_one_server_and_other_commands_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let early = run(&["keys", "create", "--team", "t", "--user", "u", "--s3"], folder.path());
    assert!(!early.status.success(), "nobody knows the endpoint yet");
    let server = Server::start(folder.path());
    let second = run(&["serve", "--listen", "127.0.0.1:0"], folder.path());
    assert_eq!(second.status.code(), Some(2));
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("another server uses the data folder"), "{message}");

    let arguments = ["keys", "create", "--team", "new team", "--user", "ü", "--json", "--s3"];
    let created = run(&arguments, folder.path());
    assert!(created.status.success(), "{created:?}");
    let created: Value = serde_json::from_slice(&created.stdout).unwrap();
    let key = created["api_key"].as_str().unwrap();
    assert_eq!((&created["team"], &created["user_id"]), (&json!("new team"), &json!("ü")));
    assert_eq!(server.call(key, "GET", FILES, "").json()["total"], 0, "good at once");
    check_key_pair(&server, &created);

    let schema = ["schemas", "create", "--team", "new team", "sales-2026"];
    assert!(run(&schema, folder.path()).status.success());
    assert!(!run(&schema, folder.path()).status.success(), "there is one already");
    let nobodys = ["schemas", "create", "--team", "nobody", "sales"];
    assert!(!run(&nobodys, folder.path()).status.success());
}

/// A key pair for S3 clients: good for the bucket of its team, and for no other.
fn check_key_pair(server: &Server, pair: &Value) {
    let text = |name: &str| pair[name].as_str().unwrap();
    let secret = SecretKey::new(text("secret_access_key")).unwrap();
    let credentials = Credentials::new(text("access_key_id"), secret).unwrap();
    let endpoint = Endpoint::parse(text("endpoint"), Addressing::Path).unwrap();
    let url = |method: Method<'_>, bucket: &str, key: &str| {
        let seconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let now = Timestamp::from_unix_secs(seconds.try_into().unwrap()).unwrap();
        let scope = Scope::new(now.date(), Region::new(text("region")).unwrap(), Service::S3);
        let bucket = endpoint.bucket(bucket).unwrap();
        let path = bucket.object(key).unwrap();
        let request = PresignRequest::new(method, path, Lifetime::from_secs(60).unwrap());
        let key = SigningKey::derive(&credentials, scope);
        key.at(now).unwrap().presign(&request).unwrap().into_string()
    };
    for key in ["a", "a//b/../c d+é?#%", "trail/"] {
        let put = server.send("PUT", &url(Method::PUT, text("bucket"), key), &[], key.as_bytes());
        assert_eq!(put.status, 200, "{put:?}");
        assert!(put.header("etag").unwrap().ends_with("-1\""));
        let got = server.send("GET", &url(Method::GET, text("bucket"), key), &[], b"");
        assert_eq!(got.body, key.as_bytes());
    }
    for bucket in ["countersign", "team-1", "nobodys"] {
        let refused = server.send("GET", &url(Method::GET, bucket, "a"), &[], b"");
        let is_own = bucket == text("bucket");
        assert_eq!(refused.status, if is_own { 200 } else { 403 }, "{bucket}");
    }
}

#[test]
fn a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.first_key();
    let acknowledged = Mutex::new(HashMap::new());
    for round in 0..3_u8 {
        let before = acknowledged.lock().unwrap().len();
        thread::scope(|scope| {
            let (server, key, acknowledged) = (&server, &key, &acknowledged);
            for worker in 0..4_usize {
                scope.spawn(move || {
                    for size in [1, 70_000, 300_000] {
                        let bytes = vec![b'a' + round; size * (worker + 1)];
                        let number = upload(server, key, "a.txt", &bytes);
                        acknowledged.lock().unwrap().insert(number, bytes);
                    }
                });
            }
        });
        assert_eq!(acknowledged.lock().unwrap().len(), before + 12);
        server.kill();
        server = Server::start(folder.path());
        for (number, bytes) in acknowledged.lock().unwrap().iter() {
            let url = download_url(&server, &key, *number, "");
            assert!(server.send("GET", &url, &[], b"").body == *bytes, "{number}");
        }
    }
}
