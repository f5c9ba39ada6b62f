//! URLs that lead to places of one's own, in every spelling: Appendix B of the requirements.

use std::sync::atomic::Ordering;

use countersign_import::{FetchError, Fetcher, Guard, PlainHttp, UrlFault};

use crate::server::{Names, limits};

/// Hosts that are addresses. Refused as they are read, by `http` and by `https`.
const ADDRESSES: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0x0.0.01",
    "①②⑦.0.0.1",
    "１２７．０．０．１",
    "127。0。0。1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "0x0",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fd00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[::ffff:169.254.169.254]",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "169.254.0xa9fe",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "100.64.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1",
    "3232235777",
    "192.0.0.192",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "%31%32%37.0.0.1",
    "127.0.0.1%2e",
];

/// Names. Nothing is known of them until they are resolved.
const NAMES: &[&str] = &[
    "localhost",
    "localhost.",
    "LOCALHOST",
    "x.localhost",
    "ip6-localhost",
    "metadata.google.internal",
    "metadata",
    "instance-data",
    "kubernetes.default.svc",
    "127.0.0.1.nip.io",
    "ⓛocalhost",
    "xn--fiqs8s.example",
    "p\u{443}blic.example",
];

/// What is no URL to fetch for another reason.
const OTHERS: &[(&str, UrlFault)] = &[
    ("http://user@127.0.0.1/", UrlFault::Userinfo),
    ("http://public.example@127.0.0.1/", UrlFault::Userinfo),
    ("http://public.example:80@127.0.0.1/", UrlFault::Userinfo),
    ("http://:p@public.example/", UrlFault::Userinfo),
    ("http://127.0.0.1#@public.example/", UrlFault::NotPublic),
    ("http://127.0.0.1?@public.example/", UrlFault::NotPublic),
    ("http://public.example\\@127.0.0.1/", UrlFault::Malformed),
    ("http:\\\\127.0.0.1/", UrlFault::Malformed),
    ("http:/127.0.0.1/", UrlFault::NotPublic),
    ("http:127.0.0.1/", UrlFault::NotPublic),
    ("http:////127.0.0.1/", UrlFault::NotPublic),
    ("ht\ttp://127.0.0.1/", UrlFault::Malformed),
    ("http://127.0.0.1\r\nHost: x/", UrlFault::Malformed),
    ("http://public.example/\n", UrlFault::Malformed),
    ("\u{0}http://public.example/", UrlFault::Malformed),
    ("http://[fe80::1%25eth0]/", UrlFault::Malformed),
    ("http://[::1", UrlFault::Malformed),
    ("http://", UrlFault::Malformed),
    ("http://1.2.3.4.5/", UrlFault::Malformed),
    ("http://256.0.0.1/", UrlFault::Malformed),
    ("http://a b/", UrlFault::Malformed),
    ("//127.0.0.1/", UrlFault::Malformed),
    ("127.0.0.1", UrlFault::Malformed),
    ("", UrlFault::Malformed),
    ("file:///etc/passwd", UrlFault::Scheme),
    ("file://127.0.0.1/etc/passwd", UrlFault::Scheme),
    ("ftp://public.example/", UrlFault::Scheme),
    ("gopher://127.0.0.1:6379/_x", UrlFault::Scheme),
    ("data:text/csv,a", UrlFault::Scheme),
    ("unix:/run/docker.sock", UrlFault::Scheme),
    ("javascript:1", UrlFault::Scheme),
    ("ws://public.example/", UrlFault::Scheme),
    ("jar:http://public.example/!/a", UrlFault::Scheme),
    ("http://public.example:22/", UrlFault::Port),
    ("http://public.example:25/", UrlFault::Port),
    ("http://public.example:6379/", UrlFault::Port),
    ("http://public.example:5432/", UrlFault::Port),
    ("http://public.example:443/", UrlFault::Port),
    ("https://public.example:80/", UrlFault::Port),
    ("https://public.example:0/", UrlFault::Port),
    ("http://public.example:65536/", UrlFault::Malformed),
    ("http://8.8.8.8:8080/", UrlFault::Port),
    ("http://files.example/", UrlFault::OwnHost),
    ("https://FILES.example./x", UrlFault::OwnHost),
    ("https://ｆiles.example/x", UrlFault::OwnHost),
    ("https://data.example/s3/x", UrlFault::OwnHost),
    ("https://9.9.9.9/", UrlFault::OwnHost),
    ("https://0x09.9.9.9/", UrlFault::OwnHost),
    ("https://8.8.4.4/", UrlFault::OwnHost),
];

fn strict(names: std::sync::Arc<Names>) -> Guard {
    Guard::new(names)
        .with_http(PlainHttp::Allowed)
        .with_own_url("https://files.example:8443")
        .and_then(|guard| guard.with_own_url("https://data.example"))
        .and_then(|guard| guard.with_own_url("https://9.9.9.9"))
        .unwrap()
        .with_own_address("8.8.4.4".parse().unwrap())
        .with_own_address("0.0.0.0".parse().unwrap())
}

#[test]
fn an_address_of_ones_own_is_refused_in_every_spelling() {
    assert!(ADDRESSES.len() + NAMES.len() + OTHERS.len() >= 80);
    let guard = strict(Names::none());
    for host in ADDRESSES {
        for url in [format!("http://{host}/"), format!("https://{host}:443/x?y#z")] {
            let found = guard.parse(&url).map(|_| ());
            assert!(
                matches!(found, Err(UrlFault::NotPublic | UrlFault::Malformed)),
                "{url}: {found:?}"
            );
        }
    }
    for (url, fault) in OTHERS {
        assert_eq!(guard.parse(url).map(|_| ()), Err(*fault), "{url}");
    }
}

#[tokio::test]
async fn a_name_is_refused_for_what_it_leads_to() {
    // One address alone that is not public is enough, first or last, of either kind.
    for answer in [
        &["127.0.0.1"][..],
        &["8.8.8.8", "127.0.0.1"],
        &["10.0.0.1", "8.8.8.8"],
        &["8.8.8.8", "fd00::1"],
        &["::1"],
        &["::ffff:8.8.8.8"],
        &["2606:4700::1", "::ffff:127.0.0.1"],
        &["8.8.8.8", "8.8.4.4"],
        &["169.254.169.254"],
        &[],
    ] {
        let names = Names::new(&[answer]);
        let fetcher = Fetcher::new(strict(names.clone()), limits()).unwrap();
        for (nth, name) in NAMES.iter().enumerate() {
            let url = fetcher.guard().parse(&format!("http://{name}/")).unwrap();
            let found = fetcher.fetch(&url).await.map(|_| ());
            assert!(matches!(found, Err(FetchError::NotPublic)), "{name} {answer:?}: {found:?}");
            assert_eq!(names.calls.load(Ordering::SeqCst), nth + 1);
        }
    }
    // So does one with more addresses than anybody looks at.
    let many = vec!["8.8.8.8"; 65];
    let fetcher = Fetcher::new(strict(Names::new(&[&many])), limits()).unwrap();
    let url = fetcher.guard().parse("http://many.example/").unwrap();
    assert!(matches!(fetcher.fetch(&url).await, Err(FetchError::NotPublic)));
}

#[test]
fn what_is_public_is_taken() {
    let guard = strict(Names::none());
    let long = format!("https://public.example/{}", "a".repeat(8_192 - 23));
    assert_eq!(long.len(), 8_192);
    for url in [
        "https://public.example",
        "http://public.example/a.csv?X-Amz-Signature=00#x",
        "HTTPS://PUBLIC.example:443/",
        "http://public.example:80/",
        "http://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://bücher.example/ü",
        "https://a_b.example/",
        "https://xfiles.example/",
        "https://files.example.evil.example/",
        "https://@public.example/",
        &long,
    ] {
        assert!(guard.parse(url).is_ok(), "{url}: {:?}", guard.parse(url));
    }
    assert_eq!(
        guard.parse(&format!("{long}a")).map(|_| ()),
        Err(UrlFault::TooLong { len_max: 8_192 })
    );
    let https_only = Guard::new(Names::none());
    assert_eq!(https_only.parse("http://public.example/").map(|_| ()), Err(UrlFault::Scheme));
    assert!(https_only.parse("https://public.example/").is_ok());
}

#[test]
fn a_network_that_is_allowed_is_allowed_alone() {
    let networks = ["10.1.0.0/16", "fd00::/8"].map(|it| it.parse().unwrap());
    let guard = Guard::new(Names::none())
        .danger_allow_private_addresses(&networks)
        .with_own_address("10.1.0.1".parse().unwrap());
    for right in ["https://10.1.2.3/", "https://10.1.2.3:9000/", "https://[fd12::1]:8443/"] {
        assert!(guard.parse(right).is_ok(), "{right}");
    }
    for (wrong, fault) in [
        ("https://10.2.0.1/", UrlFault::NotPublic),
        ("https://127.0.0.1/", UrlFault::NotPublic),
        ("https://[::ffff:10.1.2.3]/", UrlFault::NotPublic),
        ("https://10.1.0.1/", UrlFault::OwnHost),
        ("https://8.8.8.8:9000/", UrlFault::Port),
        ("http://10.1.2.3/", UrlFault::Scheme),
    ] {
        assert_eq!(guard.parse(wrong).map(|_| ()), Err(fault), "{wrong}");
    }
}

#[test]
fn a_url_shows_no_more_than_its_host() {
    let guard = strict(Names::none());
    let url = guard.parse("https://public.example/secret-path?X-Amz-Signature=canary#c").unwrap();
    assert_eq!(format!("{url:?}"), r#"ImportUrl { host: "public.example", .. }"#);
}
