//! Proves, as far as a clock can, that the time of a refusal says nothing (V-11): not where a
//! signature is wrong first, and not whether there is such a key.
//!
//! Welch's t-test on the times of two classes of requests, in random order, after Reparaz, Balasch
//! and Verbauwhede, [Dude, is my code constant time?][paper]. Interrupts make a few times very long,
//! so the test is repeated with the longest ones cut off. Each time it must also find a leak that is
//! there. A measurement on a busy machine is worth little, so it does not run by itself:
//!
//! ```sh
//! cargo test --release -p countersign --test constant_time -- --ignored --nocapture --test-threads=1
//! ```
//!
//! `COUNTERSIGN_SAMPLES` says how many times are taken; a million if nothing does.
//!
//! [paper]: https://eprint.iacr.org/2016/1123

use std::{env, hint::black_box, time::Instant};

use countersign::{
    Addressing, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region,
    RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier,
};
use sha2::{Digest, Sha256};

/// Beyond this, the times of two wrong signatures are not the same.
const T_MAX: f64 = 4.5;

/// How many of a hundred times are kept, the shortest ones.
const KEPT_PERCENT: [usize; 5] = [100, 99, 95, 90, 50];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    A,
    B,
}

#[test]
#[ignore = "a measurement: it wants an optimised build and a quiet machine"]
fn where_a_signature_is_wrong_does_not_show() {
    let mut bench = Bench::new();
    let found = measure(|class| bench.refuse_wrong_at(class, |_, _| {}));
    let leak = measure(|class| bench.refuse_wrong_at(class, stop_at_first_difference));
    println!("wrong at the start or at the end: {found:.2?}; compared as strings are: {leak:.2?}");
    assert!(leak.t > T_MAX, "a leak was not found: the measurement is no good");
    assert!(found.t < T_MAX, "the time says where the signature is wrong");
}

/// Any two ways through a program differ by a nanosecond, which a million times show: so the measure
/// is the least work that could be left out, one block of SHA-256.
#[test]
#[ignore = "a measurement: it wants an optimised build and a quiet machine"]
fn whether_there_is_such_a_key_does_not_show() {
    let mut bench = Bench::new();
    let found = measure(|class| bench.refuse_as_known(class, || {}));
    let leak = measure(|class| {
        bench.refuse_as_known(class, || {
            if class == Class::A {
                black_box(Sha256::digest(black_box(b"one block")));
            }
        })
    });
    println!("a key that is known or not: {found:.2?}; with one more block for it: {leak:.2?}");
    assert!(leak.t > T_MAX, "a leak was not found: the measurement is no good");
    let part = found.difference_ns.abs() / leak.difference_ns;
    assert!(part < 0.1, "{part:.2} of a block says whether there is such a key");
}

/// As `==` compares texts in many languages.
fn stop_at_first_difference(expected: &str, received: &str) {
    for (one, other) in expected.bytes().zip(received.bytes()) {
        if black_box(one) != black_box(other) {
            return;
        }
    }
}

/// One request, in one place of the memory: where it lies must not make a difference either.
struct Bench {
    verifier: Verifier,
    key: SigningKey,
    now: Timestamp,
    target: String,
    signature: String,
    wrong_at_start: String,
    wrong_at_end: String,
}

impl Bench {
    fn new() -> Self {
        let is_optimised = !cfg!(debug_assertions);
        assert!(is_optimised, "measure with --release");
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let now = Timestamp::parse("20130524T000000Z").unwrap();
        let region = Region::new("us-east-1").unwrap();
        let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
        let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
        let bucket = endpoint.bucket("bucket").unwrap();
        let object = bucket.object("test.txt").unwrap();
        let request = PresignRequest::new(Method::GET, object, Lifetime::MAX);
        let url = key.at(now).unwrap().presign(&request).unwrap();
        let signature = url.signature().to_owned();
        let flipped = |digit: &str| if digit == "0" { "1" } else { "0" };
        Self {
            verifier: Verifier::new(region, Service::S3),
            now,
            target: url.as_str().strip_prefix("https://h.example").unwrap().to_owned(),
            wrong_at_start: format!("{}{}", flipped(&signature[..1]), &signature[1..]),
            wrong_at_end: format!("{}{}", &signature[..63], flipped(&signature[63..])),
            signature,
            key,
        }
    }

    fn refuse_wrong_at(&mut self, class: Class, then: fn(&str, &str)) -> f64 {
        let wrong = match class {
            Class::A => &self.wrong_at_start,
            Class::B => &self.wrong_at_end,
        };
        let start = self.target.len() - 64;
        self.target.replace_range(start.., wrong);
        let received = &self.target[start..];
        self.time(Some(&self.key), || then(&self.signature, received))
    }

    fn refuse_as_known(&mut self, class: Class, then: impl Fn()) -> f64 {
        let start = self.target.len() - 64;
        self.target.replace_range(start.., &self.wrong_at_start);
        let key = match class {
            Class::A => Some(&self.key),
            Class::B => None,
        };
        self.time(black_box(key), then)
    }

    /// The nanoseconds of a refusal, and of something more.
    fn time(&self, key: Option<&SigningKey>, then: impl Fn()) -> f64 {
        let headers = [("host", "h.example")];
        let head = RequestHead { method: "GET", target: &self.target, headers: &headers };
        let claim = Claim::parse(&head).unwrap();
        let checked = self.verifier.check(&claim, self.now).unwrap();
        let start = Instant::now();
        let verdict = black_box(checked.verify(key));
        then();
        let elapsed = start.elapsed();
        assert!(verdict.is_err());
        elapsed.as_secs_f64() * 1e9
    }
}

/// What two classes of times differ by.
#[derive(Debug)]
struct Finding {
    /// The largest |t| over all cuts.
    t: f64,
    /// How much longer class A takes, in nine tenths of all times.
    difference_ns: f64,
}

fn measure(mut sample: impl FnMut(Class) -> f64) -> Finding {
    let count = env::var("COUNTERSIGN_SAMPLES").map_or(1_000_000, |count| count.parse().unwrap());
    // A generator of Marsaglia's: which class comes next must not follow from what came before.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut times = Vec::with_capacity(count);
    for round in 0..count + count / 10 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let class = if state >> 63 == 0 { Class::A } else { Class::B };
        let time = sample(class);
        // The first tenth warms up the machine.
        if round >= count / 10 {
            times.push((time, class));
        }
    }
    times.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let kept = |percent: usize| &times[..times.len() * percent / 100];
    let t = KEPT_PERCENT.map(|percent| welch(kept(percent))).into_iter().fold(0.0, f64::max);
    Finding { t, difference_ns: difference(kept(90)) }
}

/// How many a class has, their mean and variance.
fn moments(times: &[(f64, Class)], wanted: Class) -> (f64, f64, f64) {
    let of_class = || times.iter().filter(|(_, class)| *class == wanted).map(|(time, _)| *time);
    let count = of_class().fold(0.0, |count, _| count + 1.0);
    let mean = of_class().sum::<f64>() / count;
    let variance = of_class().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (count, mean, variance)
}

/// How much longer class A takes.
fn difference(times: &[(f64, Class)]) -> f64 {
    moments(times, Class::A).1 - moments(times, Class::B).1
}

/// Welch's t between the two classes, without its sign. Where nearly none of the shortest times is of
/// one of them, on a quiet machine, there is nothing more to ask.
fn welch(times: &[(f64, Class)]) -> f64 {
    const COUNT_MIN: f64 = 1000.0;
    let [a, b] = [Class::A, Class::B].map(|class| moments(times, class));
    if a.0 < COUNT_MIN || b.0 < COUNT_MIN {
        return f64::INFINITY;
    }
    difference(times).abs() / (a.2 / a.0 + b.2 / b.0).sqrt()
}

/// A statistic by hand: means 2 and 3, variances 1 and 1 of a thousand and more.
#[test]
fn the_statistic_is_welchs() {
    let of = |class: Class, times: [f64; 2]| times.map(|time| (time, class));
    let pairs = [of(Class::A, [1.0, 3.0]), of(Class::B, [2.0, 4.0])].concat();
    let times: Vec<_> = pairs.iter().copied().cycle().take(4 * 1000).collect();
    // 2,000 of each: a variance of 2000 / 1999, and so t = 1 / sqrt(2 / 1999).
    assert!((welch(&times) - (1999.0_f64 / 2.0).sqrt()).abs() < 1e-9);
}
