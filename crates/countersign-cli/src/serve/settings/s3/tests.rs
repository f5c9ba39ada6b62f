use std::io::Write as _;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn resolve_with(
    aws: &AwsEnvironment,
    place: &str,
    arguments: &[&str],
    table: &str,
) -> anyhow::Result<S3Place> {
    let line = Line::try_parse_from(["serve"].iter().chain(arguments))?;
    S3Place::resolve(place, &line.options, toml::from_str(table)?, aws)
}

/// With a key out of the environment.
fn resolve(place: &str, arguments: &[&str], table: &str) -> anyhow::Result<S3Place> {
    resolve_with(&environment(), place, arguments, table)
}

fn environment() -> AwsEnvironment {
    AwsEnvironment {
        access_key_id: Some("AKIAENVIRONMENT".into()),
        secret_access_key: Some(Zeroizing::new("secret of the environment".into())),
        ..AwsEnvironment::default()
    }
}

fn file_with(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn bucket_url(place: &S3Place) -> String {
    let endpoint = Endpoint::parse(&place.public_endpoint, place.addressing).unwrap();
    let bucket = endpoint.bucket(&place.bucket).unwrap();
    format!("{}{}", bucket.origin(), bucket.root())
}

#[test]
fn at_aws_a_region_is_all_that_has_to_be_said() {
    let table = "region = \"eu-central-1\"";
    let place = resolve("my-bucket/countersign/1/", &[], table).unwrap();
    assert_eq!(bucket_url(&place), "https://my-bucket.s3.eu-central-1.amazonaws.com/");
    assert_eq!((&*place.region, &*place.prefix), ("eu-central-1", "countersign/1"));
    let place = resolve("my-bucket", &["--s3-region", "cn-north-1"], table).unwrap();
    assert_eq!(bucket_url(&place), "https://my-bucket.s3.cn-north-1.amazonaws.com.cn/");
    // A name with dots has no certificate.
    let place = resolve("my.bucket", &[], table).unwrap();
    assert_eq!(bucket_url(&place), "https://s3.eu-central-1.amazonaws.com/my.bucket");
    let error = resolve("my-bucket", &[], "").unwrap_err().to_string();
    assert!(error.contains("--s3-region"), "{error}");
}

#[test]
fn elsewhere_the_bucket_is_in_the_path_unless_it_is_said_otherwise() {
    let table = "endpoint = \"http://10.0.0.7:9000/\"\npublic_endpoint = \"https://S3.example\"";
    let place = resolve("data", &[], table).unwrap();
    assert_eq!(bucket_url(&place), "https://s3.example/data");
    assert_eq!((&*place.endpoint, &*place.region), ("http://10.0.0.7:9000", "us-east-1"));
    for style in ["virtual", "virtual-host"] {
        let place = resolve("data", &["--s3-addressing", style], table).unwrap();
        assert_eq!(bucket_url(&place), "https://data.s3.example/");
        let place = resolve("data", &[], &format!("{table}\naddressing = \"{style}\"")).unwrap();
        assert_eq!(bucket_url(&place), "https://data.s3.example/");
    }
    let place = resolve("data", &["--s3-endpoint", "http://localhost:1"], "").unwrap();
    assert_eq!(bucket_url(&place), "http://localhost:1/data");
}

#[test]
fn an_option_goes_before_the_file_and_the_file_before_the_environment() {
    let aws = AwsEnvironment {
        region: Some("of-environment".into()),
        endpoint: Some("http://environment".into()),
        ..environment()
    };
    let region = |arguments: &[&str], table: &str| {
        let place = resolve_with(&aws, "data", arguments, table).unwrap();
        (place.region, place.endpoint)
    };
    let table = "region = \"of-file\"\nendpoint = \"http://file\"";
    let options = ["--s3-region", "of-option", "--s3-endpoint", "http://option"];
    assert_eq!(region(&options, table), ("of-option".into(), "http://option".into()));
    assert_eq!(region(&[], table), ("of-file".into(), "http://file".into()));
    assert_eq!(region(&[], ""), ("of-environment".into(), "http://environment".into()));
}

#[test]
fn the_key_comes_from_one_place_whole() {
    let secret = file_with("secret of a file\n");
    let path = secret.path().to_str().unwrap();
    let start = "endpoint = \"http://s3\"\n";
    let of_file = format!("access_key_id = \"FILE\"\nsecret_access_key_file = \"{path}\"\n");
    let in_clear = "access_key_id = \"CLEAR\"\nsecret_access_key = \"in clear\"\n";
    for (arguments, table, id) in [
        (&[][..], "", "AKIAENVIRONMENT"),
        (&[], &*of_file, "FILE"),
        (&[], in_clear, "CLEAR"),
        (&["--s3-access-key-id", "OPTION"], in_clear, "OPTION"),
        (&["--s3-access-key-id", "O", "--s3-secret-access-key-file", path], "", "O"),
    ] {
        let place = resolve("data", arguments, &format!("{start}{table}")).unwrap();
        assert_eq!(place.credentials.access_key_id(), id);
    }
    for (table, told) in [
        ("access_key_id = \"HALF\"", "secret_access_key"),
        ("secret_access_key = \"half\"", "access_key_id"),
        ("session_token = \"alone\"", "no key"),
        ("credentials_expire_at = \"2026-11-22T12:00:00Z\"", "no key"),
    ] {
        let error = resolve("data", &[], &format!("{start}{table}")).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let none = AwsEnvironment::default();
    let error = resolve_with(&none, "data", &[], start).unwrap_err().to_string();
    assert!(error.contains("AWS_ACCESS_KEY_ID"), "{error}");
    let half = AwsEnvironment { secret_access_key: None, ..environment() };
    let error = resolve_with(&half, "data", &[], start).unwrap_err().to_string();
    assert!(error.contains("AWS_SECRET_ACCESS_KEY"), "{error}");
}

#[test]
fn a_key_that_ends_says_when() {
    let table = "endpoint = \"http://s3\"\naccess_key_id = \"A\"\nsecret_access_key = \"s\"\n\
                 session_token = \"t\"\n";
    let ends = |more: &str| {
        let place = resolve("data", &[], &format!("{table}{more}"))?;
        anyhow::Ok(place.credentials.expires_at().map(|ends| ends.to_string()))
    };
    assert!(ends("").unwrap_err().to_string().contains("say when"));
    for text in ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", "2026-11-22T12:00:00.5Z"] {
        let found = ends(&format!("credentials_expire_at = \"{text}\"")).unwrap();
        assert_eq!(found.as_deref(), Some("20261122T120000Z"));
    }
    for text in ["", "soon", "2026-11-22", "2026-11-22T12:00:00"] {
        assert!(ends(&format!("credentials_expire_at = \"{text}\"")).is_err(), "{text}");
    }
    let aws = AwsEnvironment {
        session_token: Some(Zeroizing::new("t".into())),
        credential_expiration: Some("2026-11-22T12:00:00+00:00".into()),
        ..environment()
    };
    let place = resolve_with(&aws, "data", &["--s3-endpoint", "http://s3"], "").unwrap();
    let ends = place.credentials.expires_at().unwrap();
    assert_eq!(ends.to_string(), "20261122T120000Z");
}

#[test]
fn what_is_wrong_is_refused_and_no_secret_is_shown() {
    let long = file_with(&"x".repeat(20_000));
    let long =
        format!("access_key_id = \"A\"\nsecret_access_key_file = \"{}\"", long.path().display());
    let key = "access_key_id = \"A\"\nsecret_access_key = \"hunter2\"\n";
    for (place, table) in [
        ("", ""),
        ("/prefix", ""),
        ("UP/\u{fc}", ""),
        ("data//a", ""),
        ("data/../a", ""),
        ("data/a b", ""),
        ("data/%2e", ""),
        ("data?versions", ""),
        ("data", "region = \"a/b\""),
        ("data", "endpoint = \"ftp://s3\""),
        ("data", "endpoint = \"http://u:hunter2@s3\""),
        ("data", "public_endpoint = \"s3.example\""),
        ("data", "addressing = \"dns\""),
        ("data", "bucket = \"x\""),
        ("data", "secret_access_key_file = \"/absent\""),
        ("data", "ca_bundle = \"/absent\""),
        ("data", &*long),
        ("data", &*format!("{key}secret_access_key_file = \"/absent\"")),
        ("data", "access_key_id = \"a/b\"\nsecret_access_key = \"hunter2\""),
        ("data", "access_key_id = \"A\"\nsecret_access_key = \"\""),
    ] {
        let table = if table.contains("endpoint =") || table.contains("bucket =") {
            table.into()
        } else {
            format!("endpoint = \"http://s3\"\n{table}")
        };
        let error = resolve(place, &[], &table).unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let table: Table =
        toml::from_str("secret_access_key = \"hunter2\"\nsession_token = \"hunter2\"").unwrap();
    let secret = AwsEnvironment {
        secret_access_key: Some(Zeroizing::new("hunter2".into())),
        session_token: Some(Zeroizing::new("hunter2".into())),
        credential_expiration: Some("2026-11-22T12:00:00Z".into()),
        ..environment()
    };
    let table_of_place = "endpoint = \"http://s3\"";
    let place = resolve_with(&secret, "data", &[], table_of_place).unwrap();
    let shown = format!("{table:?} {secret:?} {place:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
