//! Keys that a file system would mix up: each is an object of its own.

use countersign_storage::{
    FileStore, ObjectKey, Objects, PutRequest, StoreError, bytes_of, collect,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;

use self::{folder::quick_folder, rng::Rng};

#[path = "support/folder.rs"]
mod folder;
#[path = "support/rng.rs"]
mod rng;

const SEED: u64 = 0xf09;

const PAIRS: usize = 10_000;

fn quick_store() -> (tempfile::TempDir, FileStore) {
    let folder = quick_folder();
    let store = FileStore::open(folder.path().join("bucket")).unwrap();
    (folder, store)
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

async fn put(store: &FileStore, key: &ObjectKey, body: &str) {
    let put = PutRequest::new(body.len() as u64);
    store.put(key, bytes_of(body.to_owned()), put).await.unwrap();
}

async fn read(store: &FileStore, key: &ObjectKey) -> Option<String> {
    match store.open(key).await {
        Ok(object) => {
            let bytes = collect(object.read(0..u64::MAX)).await.unwrap();
            Some(String::from_utf8(bytes.to_vec()).unwrap())
        }
        Err(StoreError::NotFound) => None,
        Err(error) => panic!("{key:?}: {error}"),
    }
}

/// Keys that have something to do with each other.
fn hand_list() -> Vec<String> {
    let mut keys: Vec<String> = [
        "a",
        "A",
        "a/",
        "a//",
        "a/b",
        "a/B",
        "a//b",
        "a/./b",
        "a/../b",
        "/",
        "//",
        "/a",
        "//a",
        ".",
        "..",
        "./",
        "../",
        "../x",
        "../../x",
        "/../x",
        "../../../etc/passwd",
        "#1",
        "a#1",
        "a#2",
        "CON",
        "con",
        "CON.txt",
        "nul.txt",
        "NUL",
        "AUX",
        "a.",
        "a ",
        " a",
        " ",
        "  ",
        "~",
        "-rf",
        "*",
        "?",
        "a\\b",
        "\\",
        "..\\x",
        "C:",
        "C:\\x",
        "a:b",
        "a\tb",
        "a\nb",
        "a\rb",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{1b}[31m",
        "\u{e9}",
        "e\u{301}",
        "\u{c5}",
        "\u{212b}",
        "A\u{30a}",
        "\u{fb01}",
        "fi",
        "\u{df}",
        "ss",
        "SS",
        "\u{130}",
        "i\u{307}",
        "I",
        "\u{131}",
        "\u{1f600}",
        "\u{1f468}\u{200d}\u{1f469}",
        "\u{1f468}\u{1f469}",
        "\u{202e}a",
        "\u{feff}a",
        "\u{ffff}",
        "\u{10ffff}",
        "%2e%2e",
        "%2F",
        "a%00b",
        "61.record",
        "61",
        "lock",
        "data",
        "tmp",
        "a.record",
        "a/b.record",
    ]
    .map(String::from)
    .into();
    // Around the ends of the folders into which a long key is cut, and the longest there is.
    for len in [119, 120, 121, 239, 240, 241, 360, 361, 1023, 1024] {
        keys.push("k".repeat(len));
        keys.push("k".repeat(len - 1) + "/");
    }
    keys.push("\u{1f600}".repeat(256));
    keys.push("..".to_owned() + &"/..".repeat(340));
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_look_alike_are_objects_of_their_own() {
    let (_folder, store) = quick_store();
    let keys = hand_list();
    for text in &keys {
        put(&store, &key(text), text).await;
    }
    for (gone, text) in keys.iter().enumerate() {
        assert_eq!(read(&store, &key(text)).await.as_ref(), Some(text));
        store.delete(&key(text)).await.unwrap();
        for (place, text) in keys.iter().enumerate() {
            let expected = (place > gone).then_some(text);
            assert_eq!(read(&store, &key(text)).await.as_ref(), expected, "{text:?}");
        }
    }
}

#[tokio::test]
async fn a_listing_has_every_key_that_is_a_path() {
    let (_folder, store) = quick_store();
    let is_path = |text: &&String| {
        object_store::path::Path::parse(text).is_ok_and(|path| path.as_ref() == text.as_str())
    };
    let keys = hand_list();
    for text in &keys {
        put(&store, &key(text), text).await;
    }
    let mut expected: Vec<_> = keys.iter().filter(is_path).cloned().collect();
    expected.sort();
    assert!(expected.len() > 40);
    let listed: Vec<_> = ObjectStore::list(&store, None).try_collect().await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|meta| meta.location.to_string()).collect();
    assert_eq!(listed, expected);
}

/// A key of random pieces, many of which mean something to some file system.
fn random_key(rng: &mut Rng) -> String {
    const PIECES: [&str; 28] = [
        "a",
        "A",
        "b",
        "/",
        "//",
        "/./",
        "/../",
        ".",
        "..",
        " ",
        "#1",
        "CON",
        "\\",
        ":",
        "*",
        "\n",
        "\u{1}",
        "\u{e9}",
        "e\u{301}",
        "\u{c5}",
        "\u{212b}",
        "\u{df}",
        "ss",
        "\u{1f600}",
        "\u{200d}",
        "%2f",
        ".record",
        "~",
    ];
    let mut text = String::new();
    for _ in 0..=rng.below(8) {
        text.push_str(PIECES[rng.below(PIECES.len())]);
    }
    if rng.below(8) == 0 {
        // A whole folder or more, with a beginning that many others have.
        text = "p".repeat([115, 118, 119, 120, 121, 240, 960][rng.below(7)]) + &text;
    }
    text
}

/// Another key that is as near to it as can be.
fn neighbour(text: &str, rng: &mut Rng) -> String {
    let swapped = || {
        let swap = |c: char| {
            if c.is_lowercase() { c.to_uppercase().collect() } else { c.to_lowercase().collect() }
        };
        text.chars().map(swap).collect::<Vec<String>>().concat()
    };
    let near = match rng.below(10) {
        0 => text.to_owned() + "/",
        1 => text.to_owned() + "/b",
        2 => "/".to_owned() + text,
        3 => swapped(),
        4 => text.replace('\u{e9}', "e\u{301}").replace('\u{212b}', "\u{c5}"),
        5 => text.replace("//", "/").replace("/./", "/"),
        6 => text.to_owned() + "#1",
        7 => "../".to_owned() + text,
        8 => text.trim_end().to_owned() + " ",
        _ => text.chars().rev().collect(),
    };
    let near = if near == text { near + "x" } else { near };
    if near.len() > ObjectKey::LEN_MAX { "x".into() } else { near }
}

async fn check_pair(store: FileStore, one: String, other: String) {
    put(&store, &key(&one), &one).await;
    put(&store, &key(&other), &other).await;
    assert_eq!(read(&store, &key(&one)).await.as_ref(), Some(&one));
    assert_eq!(read(&store, &key(&other)).await.as_ref(), Some(&other));
    store.delete(&key(&one)).await.unwrap();
    assert_eq!(read(&store, &key(&one)).await, None, "{one:?}, {other:?}");
    assert_eq!(read(&store, &key(&other)).await.as_ref(), Some(&other), "{one:?}");
    store.delete(&key(&other)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_pairs_of_neighbours_are_two_objects_each() {
    println!("seed {SEED}");
    let mut rng = Rng::new(SEED);
    // Four stores, for the same key may be in several pairs that are checked at the same time.
    let checks = (0..4).map(|_| {
        let (folder, store) = quick_store();
        let pairs: Vec<_> = (0..PAIRS / 4)
            .map(|_| {
                let one = random_key(&mut rng);
                let other = neighbour(&one, &mut rng);
                (one, other)
            })
            .collect();
        tokio::spawn(async move {
            for (one, other) in pairs {
                check_pair(store.clone(), one, other).await;
            }
            drop(folder);
        })
    });
    let checks: Vec<_> = checks.collect();
    stream::iter(checks).for_each(|check| async { check.await.unwrap() }).await;
}
