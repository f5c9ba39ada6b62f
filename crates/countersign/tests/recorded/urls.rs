//! The recorded answers to presigned URLs.

use countersign::{Addressing, Timestamp};

use super::{
    Replay,
    answer::Answer,
    common::{Model, Request, Server},
};

const BUCKET: &str = "examplebucket";
const PATH_HOST: &str = "s3.amazonaws.com";

pub(crate) fn replays() -> Vec<Replay> {
    [put_object(), bad_headers(), expired(), invalid(), missing(), headers(), doubled(), metadata()]
        .into_iter()
        .flatten()
        .collect()
}

/// A URL for an object, as the recorded tests make them.
fn url(method: &str, key: &str) -> Model {
    let path = format!("/{key}");
    Model { method: method.into(), path, expires: "3600".into(), ..Model::documented() }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect()
}

/// With other headers than those that were signed.
fn sending(model: &Model, headers: &[(&str, &str)]) -> Request {
    let mut all = owned(&[("host", &model.host)]);
    all.extend(owned(headers));
    Request { headers: all, ..model.request() }
}

/// What is answered so many seconds after the URL was made.
fn answer(model: &Model, request: &Request, waited_secs: u32) -> Answer {
    let signed_at = Timestamp::parse(&model.date).unwrap();
    let now = signed_at.checked_add_secs(waited_secs).unwrap();
    match Server::documented().answer(request, now) {
        Ok(report) => {
            assert_eq!(report.bucket.as_deref(), Some(BUCKET));
            Answer::Taken
        }
        Err(error) => Answer::of_url(&error, &model.expires),
    }
}

fn put_object() -> Vec<Replay> {
    let plain = url("PUT", "my-key");
    // What the SDK for JavaScript puts into the query, botocore puts into headers.
    let hoisted = Model {
        query: owned(&[
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-meta-foo", "bar-complicated-no-random"),
            ("x-amz-sdk-checksum-algorithm", "CRC32"),
            ("x-amz-storage-class", "STANDARD"),
            ("x-id", "PutObject"),
        ]),
        headers: owned(&[("content-md5", "4QrcOUm6Wau+VuBX8g+IPg==")]),
        ..url("PUT", "temp.txt")
    };
    let double_encoded = url("GET", "foo-key");
    let mut malformed = double_encoded.request();
    malformed.target = malformed.target.replace("%2F", "%252F");
    vec![
        Replay::new("test_put_object", "get_object", answer(&plain, &plain.request(), 1)),
        Replay::new(
            "test_presigned_url_v4_x_amz_in_qs",
            "head-object",
            answer(&hoisted, &hoisted.request(), 1),
        ),
        Replay::new(
            "test_presigned_double_encoded_credentials",
            "error-malformed",
            answer(&double_encoded, &malformed, 1),
        ),
    ]
}

/// The URL signs the type and the MD5 of the body; what else is sent is not signed.
fn bad_headers() -> Vec<Replay> {
    const TEST: &str = "test_put_object_with_md5_and_chunk_signature_bad_headers[s3v4-True]";
    let md5 = ("content-md5", "pX8KKuGXS1f2VTcuJpqjkw==");
    let content_type = ("content-type", "application/octet-stream");
    let signed = [md5, content_type];
    let model = Model { headers: owned(&signed), ..url("PUT", "test-runtime.properties") };
    let sent = [
        md5,
        content_type,
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-date", "20211122T191045Z"),
        ("content-length", "10"),
        ("connection", "Keep-Alive"),
        ("expect", "100-continue"),
        ("x-amz-decoded-content-length", "test"),
    ];
    let with = answer(&model, &sending(&model, &sent), 1);
    let without = answer(&model, &sending(&model, &sent[..7]), 1);
    let streaming = || Answer::Other("Parse(StreamingPayload)".into());
    let why = "streaming is refused by its name, before headers are looked at";
    // Without that header the answer is that of AWS.
    let date = Answer::HeadersNotSigned(vec!["x-amz-date".into()]);
    let plain = [&sent[..2], &sent[3..]].concat();
    for sent in [&plain[..], &plain[..6]] {
        assert_eq!(answer(&model, &sending(&model, sent), 1), date, "{sent:?}");
    }
    vec![
        Replay::new(TEST, "with-decoded-content-length", with).differs(streaming(), why),
        Replay::new(TEST, "without-decoded-content-length", without).differs(streaming(), why),
    ]
}

fn expired() -> Vec<Replay> {
    let after = |lifetime_secs: &str, addressing: Addressing, waited_secs: u32| {
        let model = Model {
            expires: lifetime_secs.into(),
            ..addressed(url("GET", "temp.txt"), addressing)
        };
        assert_eq!(answer(&model, &model.request(), waited_secs - 2), Answer::Taken);
        answer(&model, &model.request(), waited_secs)
    };
    let plain = after("2", Addressing::VirtualHost, 3);
    let mut replays =
        vec![Replay::new("test_s3_presigned_url_expired[s3v4]", "expired-exception", plain)];
    for (test, addressing) in [
        ("test_presigned_url_signature_authentication_expired[s3v4-False]", Addressing::Path),
        ("test_presigned_url_signature_authentication_expired[s3v4-True]", Addressing::VirtualHost),
    ] {
        replays.push(Replay::new(test, "expired", after("1", addressing, 2)));
    }
    replays
}

fn addressed(model: Model, addressing: Addressing) -> Model {
    match addressing {
        Addressing::Path => {
            Model { host: PATH_HOST.into(), path: format!("/{BUCKET}{}", model.path), ..model }
        }
        Addressing::VirtualHost => model,
    }
}

/// The signature of a URL that signs more, in a URL that says that it signs less.
fn invalid() -> Vec<Replay> {
    let with_overrides = Model {
        query: owned(&[
            ("response-content-disposition", "attachment;  filename=test.txt"),
            ("response-content-type", "text/plain"),
        ]),
        ..url("GET", "temp.txt")
    };
    let content_type = owned(&[("content-type", "text/plain")]);
    let with_type = Model { headers: content_type, ..url("PUT", "temp.txt") };
    let mut replays = Vec::new();
    for (test, addressing) in [
        ("test_presigned_url_signature_authentication[s3v4-False]", Addressing::Path),
        ("test_presigned_url_signature_authentication[s3v4-True]", Addressing::VirtualHost),
    ] {
        for (response, full) in [("invalid-get-1", &with_overrides), ("invalid-put-1", &with_type)]
        {
            let full = addressed(full.clone(), addressing);
            assert_eq!(answer(&full, &full.request(), 1), Answer::Taken);
            let bare = Model { query: Vec::new(), headers: Vec::new(), ..full.clone() };
            let mut request = sending(&bare, &[("content-type", "my-fake-content/type")]);
            request.target = request.target.replace(&bare.signature(), &full.signature());
            replays.push(Replay::new(test, response, answer(&bare, &request, 1)));
        }
    }
    replays
}

fn missing() -> Vec<Replay> {
    let model = url("GET", "key-missing-param");
    let mut request = model.request();
    request.target = request.target.replace("&X-Amz-Date=20130524T000000Z", "");
    let ours = answer(&model, &request, 1);
    vec![Replay::new(
        "test_s3_put_presigned_url_missing_sig_param[s3v4]",
        "missing-param-exception",
        ours,
    )]
}

fn headers() -> Vec<Replay> {
    const TEST: &str = "test_s3_put_presigned_url_with_different_headers[s3v4]";
    let signing =
        |header| Model { headers: owned(&[header]), ..url("PUT", "key-double-header-param") };
    let (plain, xml) = (("content-type", "text/plain"), ("content-type", "text/xml"));
    let (identity, gzip) = (("content-encoding", "identity"), ("content-encoding", "gzip"));
    let (typed, encoded) = (signing(plain), signing(identity));
    for model in [&typed, &encoded] {
        assert_eq!(answer(model, &model.request(), 1), Answer::Taken);
    }
    vec![
        Replay::new(TEST, "content-type-exception", answer(&typed, &sending(&typed, &[xml]), 1)),
        Replay::new(
            TEST,
            "content-type-response",
            answer(&encoded, &sending(&encoded, &[identity, xml]), 1),
        ),
        Replay::new(
            TEST,
            "wrong-content-encoding-response",
            answer(&encoded, &sending(&encoded, &[gzip]), 1),
        ),
    ]
}

fn doubled() -> Vec<Replay> {
    const TEST: &str = "test_s3_put_presigned_url_same_header_and_qs_parameter";
    let payer = ("x-amz-request-payer", "requester");
    let model = Model { headers: owned(&[payer]), ..url("PUT", "key-double-header-param") };
    let mut in_query_too = model.request();
    in_query_too.target = in_query_too.target.replacen('?', "?x-amz-request-payer=non-valid&", 1);
    let overriding = sending(&model, &[("x-amz-expires", "5")]);
    vec![
        Replay::new(TEST, "double-header-query-string", answer(&model, &in_query_too, 1)),
        Replay::new(TEST, "override-signed-qs", answer(&model, &overriding, 1)),
    ]
}

fn metadata() -> Vec<Replay> {
    const BOTH: [&str; 2] =
        ["test_put_url_metadata_with_sig_s3v4[True]", "test_put_url_metadata_with_sig_s3v4[False]"];
    let signed = ("x-amz-meta-foo", "bar");
    let model = Model { headers: owned(&[signed]), ..url("PUT", "key-by-hostname") };
    let mut replays = Vec::new();
    for test in BOTH {
        for (response, sent) in [
            ("no-meta-headers", [].as_slice()),
            ("head_object", &[signed]),
            ("wrong-meta-headers", &[("x-amz-meta-wrong", "wrong")]),
        ] {
            replays.push(Replay::new(test, response, answer(&model, &sending(&model, sent), 1)));
        }
    }
    replays
}
