//! A process that is killed at any moment: what it acknowledged is there, and nothing partial.
//!
//! `COUNTERSIGN_KILLS` says how often; 10 times if nothing does.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use countersign_storage::{
    FileStore, ObjectKey, Objects, PutRequest, StoreError, bytes_of, collect,
};
use futures_util::future::join_all;
use object_store::{ObjectStore, PutMultipartOptions, PutPayload};

use self::{bodies::body_of, layout::wrong_in, rng::Rng};

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/layout.rs"]
mod layout;
#[path = "support/rng.rs"]
mod rng;

const SEED: u64 = 0xf02;

const WORKERS: u64 = 4;

const LEN_MAX: usize = 2 * 1024 * 1024;

#[expect(clippy::disallowed_methods, reason = "how a test is told what to do")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

/// A body is named by its seed: that gives its length too, mostly short.
fn body(seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(!seed);
    let len = match rng.below(4) {
        0 => 1 + rng.below(10),
        1 => 1 + rng.below(1_000),
        2 => 1 + rng.below(140_000),
        _ => 1 + rng.below(LEN_MAX),
    };
    body_of(seed, len)
}

/// One line in one write: what is in the pipe was said, whatever becomes of the process.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@ {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

async fn put_in_parts(store: &FileStore, key: &str, body: Vec<u8>) {
    let options = PutMultipartOptions::default();
    let mut upload = store.put_multipart_opts(&key.into(), options).await.unwrap();
    for part in body.chunks(body.len().div_ceil(3)) {
        upload.put_part(PutPayload::from(part.to_vec())).await.unwrap();
    }
    upload.complete().await.unwrap();
}

async fn work(store: FileStore, worker: u64, mut rng: Rng) {
    for round in 0.. {
        let (one, seed) = (format!("{worker}/{}", rng.below(3)), rng.next());
        match rng.below(8) {
            0..4 => {
                say(&format!("begin {worker} put {one} {seed}"));
                let body = body(seed);
                let put = PutRequest::new(body.len() as u64);
                store.put(&key(&one), bytes_of(body), put).await.unwrap();
            }
            4 | 5 => {
                say(&format!("begin {worker} put {one} {seed}"));
                put_in_parts(&store, &one, body(seed)).await;
            }
            6 => {
                say(&format!("begin {worker} delete {one} {round}"));
                Objects::delete(&store, &key(&one)).await.unwrap();
            }
            _ => {
                let other = format!("{worker}/frozen");
                say(&format!("begin {worker} freeze {one} {other}"));
                match store.freeze(&key(&one), &key(&other)).await {
                    Ok(_) | Err(StoreError::NotFound) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        say(&format!("done {worker}"));
    }
}

/// The process that gets killed.
#[test]
#[ignore = "started by the test below, which kills it"]
fn works_until_it_is_killed() {
    let (root, seed) = (setting("COUNTERSIGN_ROOT").unwrap(), setting("COUNTERSIGN_SEED").unwrap());
    let seed: u64 = seed.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = FileStore::open(root).unwrap();
        say("ready");
        let workers = (0..WORKERS).map(|worker| {
            tokio::spawn(work(store.clone(), worker, Rng::new(seed.wrapping_mul(31) + worker)))
        });
        for worker in join_all(workers).await {
            worker.unwrap();
        }
    });
}

fn start(root: &Path, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "works_until_it_is_killed", "--ignored", "--nocapture"])
        .env("COUNTERSIGN_ROOT", root)
        .env("COUNTERSIGN_SEED", seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What may be at each key: one body or none when the last call ended, more while it did not.
#[derive(Default)]
struct Expected {
    objects: BTreeMap<String, Vec<Option<u64>>>,
    /// The calls that have begun, by worker.
    begun: BTreeMap<String, Vec<String>>,
    acknowledged: u64,
}

impl Expected {
    fn at(&mut self, key: &str) -> &mut Vec<Option<u64>> {
        self.objects.entry(key.into()).or_insert_with(|| vec![None])
    }

    fn hear(&mut self, line: &str) {
        let words: Vec<String> = line.split(' ').map(Into::into).collect();
        if words[0] == "begin" {
            self.begun.insert(words[1].clone(), words[2..].to_vec());
        } else if words[0] == "done" {
            let call = self.begun.remove(&words[1]).unwrap();
            self.acknowledged += 1;
            let after = self.after(&call);
            self.objects.extend(after.into_iter().map(|(key, value)| (key, vec![value])));
        }
    }

    /// What a call makes of the keys that it touches.
    fn after(&mut self, call: &[String]) -> Vec<(String, Option<u64>)> {
        let now = |expected: &mut Self, key: &str| expected.at(key)[0];
        match call[0].as_str() {
            "put" => vec![(call[1].clone(), Some(call[2].parse().unwrap()))],
            "delete" => vec![(call[1].clone(), None)],
            _ => match (now(self, &call[1]), now(self, &call[2])) {
                (Some(moved), None) => {
                    vec![(call[1].clone(), None), (call[2].clone(), Some(moved))]
                }
                _ => Vec::new(),
            },
        }
    }

    /// What was begun and not acknowledged has happened or has not.
    fn allow_what_had_begun(&mut self) {
        for call in std::mem::take(&mut self.begun).into_values() {
            for (key, value) in self.after(&call) {
                self.at(&key).push(value);
            }
        }
    }
}

async fn check(store: &FileStore, expected: &mut Expected, context: &str) {
    expected.allow_what_had_begun();
    let before = expected.objects.clone();
    for (name, allowed) in &mut expected.objects {
        let found = match store.open(&key(name)).await {
            Ok(object) => Some(collect(object.read(0..u64::MAX)).await.unwrap()),
            Err(StoreError::NotFound) => None,
            Err(error) => panic!("{context}: {name}: {error}"),
        };
        let is_it = |seed: &Option<u64>| match (seed, &found) {
            (Some(seed), Some(found)) => body(*seed) == *found,
            (seed, found) => seed.is_none() && found.is_none(),
        };
        let place = allowed.iter().position(is_it);
        let len = found.as_ref().map(bytes::Bytes::len);
        let place = place.unwrap_or_else(|| panic!("{context}: {name}: {len:?} of {allowed:?}"));
        *allowed = vec![allowed[place]];
    }
    for worker in 0..WORKERS {
        // A freeze that was cut short has moved the object or has not: it is at one key, not at none.
        let of = |objects: &BTreeMap<String, Vec<Option<u64>>>| {
            let prefix = format!("{worker}/");
            let own = objects.iter().filter(|(name, _)| name.starts_with(&prefix));
            own.filter(|(_, values)| values[0].is_some()).count()
        };
        let frozen = format!("{worker}/frozen");
        if before.get(&frozen).is_some_and(|values| values.len() == 2) {
            assert_eq!(of(&before), of(&expected.objects), "{context}: {frozen}");
        }
    }
}

/// Starts a process, kills it after a while, and hears what it said.
fn kill_one(root: &Path, rng: &mut Rng, expected: &mut Expected) {
    let mut child = start(root, rng.next() >> 8);
    let out = BufReader::new(child.stdout.take().unwrap());
    let (ready, is_ready) = mpsc::channel();
    let ears = thread::spawn(move || {
        let mut heard = Vec::new();
        for line in out.lines().map_while(Result::ok) {
            if let Some(line) = line.strip_prefix("@ ") {
                let _ = ready.send(());
                heard.push(line.to_owned());
            }
        }
        heard
    });
    // One in four dies while it starts, perhaps in the middle of clearing up.
    if rng.below(4) == 0 {
        thread::sleep(Duration::from_micros(rng.next() % 40_000));
    } else {
        is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
        thread::sleep(Duration::from_micros(rng.next() % 400_000));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in ears.join().unwrap() {
        expected.hear(&line);
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill() {
    let kills = setting("COUNTERSIGN_KILLS").map_or(10, |kills| kills.parse().unwrap());
    println!("seed {SEED}");
    let mut rng = Rng::new(SEED);
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Expected::default();
    for kill in 0..kills {
        kill_one(folder.path(), &mut rng, &mut expected);
        let context = format!("kill {kill}");
        let store = FileStore::open(folder.path()).unwrap();
        assert_eq!(wrong_in(folder.path()), None, "{context}");
        check(&store, &mut expected, &context).await;
        drop(store);
    }
    println!("{kills} kills, {} calls acknowledged", expected.acknowledged);
    assert!(expected.acknowledged > kills, "the processes came to nothing");
}
