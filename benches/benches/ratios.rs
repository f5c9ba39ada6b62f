//! Ratios that hold where times do not: on a machine that others use, too.
//!
//! The entries of a case take turns, 2 ms of the processor each, in 100 rounds. Prints a table for
//! `docs/PERFORMANCE.md`; with `--test`, does each once and prints none.
//!
//! The processor's time stands still while others have it. But what runs on the same core slows
//! text more than it slows SHA-256: where the medians are far from the least, the machine was not
//! quiet, and the quotient of the least says more.
//!
//! - **× floor**: of the best visits, and of the medians, by the first floor of the case. For one
//!   URL that is the day's key kept and nothing else: a `Presigner` shares one block more with the
//!   other URLs of its second, which is not taken off. For parts it is with that block, and with the
//!   blocks that all parts begin with. For a form it is its policy, with the key kept; for Oracle
//!   Cloud one RSA operation on the text that is signed.
//! - **÷ Countersign**: how many times as long as Countersign, by the medians.
//! - **allocations**: of Rust's allocator, for one URL, counted by another process, for counting
//!   costs time.

use std::{env, mem, process::Command, time::Duration};

use countersign_benches::{Case, Entry, Ours, cases};

const ROUNDS: usize = 100;
const VISIT: Duration = Duration::from_millis(2);

fn main() {
    let ours = Ours::new();
    let mut cases = cases(&ours);
    let counts = allocations();
    let entries: usize = cases.iter_mut().map(|case| case.entries_mut().count()).sum();
    assert_eq!(counts.len(), entries, "one count for each entry");
    if env::args().any(|argument| argument == "--test") {
        cases.iter_mut().flat_map(Case::entries_mut).for_each(Entry::call);
        println!("ratios: {entries} entries, each once");
        return;
    }
    let mut counts = counts.into_iter();
    println!(
        "| case | | least, ns | × floor | median, ns | × floor | ÷ Countersign | allocations |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for case in &mut cases {
        let times = measure(case);
        print_rows(case, &times, &mut counts);
    }
}

fn allocations() -> Vec<u32> {
    let output = Command::new(env!("CARGO_BIN_EXE_count-allocations")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// What an entry takes for one URL.
struct Times {
    /// Of its best visit.
    least_ns: f64,
    median_ns: f64,
}

impl Times {
    fn new(mut visits_ns: Vec<f64>) -> Self {
        visits_ns.sort_by(f64::total_cmp);
        let middle = [(visits_ns.len() - 1) / 2, visits_ns.len() / 2].map(|at| visits_ns[at]);
        Self { least_ns: visits_ns[0], median_ns: f64::midpoint(middle[0], middle[1]) }
    }
}

fn measure(case: &mut Case<'_>) -> Vec<Times> {
    let mut entries: Vec<_> = case.entries_mut().collect();
    let calls: Vec<_> = entries.iter_mut().map(|entry| calls_per_visit(entry)).collect();
    let mut visits_ns = vec![Vec::with_capacity(ROUNDS); entries.len()];
    for round in 0..ROUNDS {
        for turn in 0..entries.len() {
            // Another one begins in each round, so that nobody always comes after the same.
            let who = (round + turn) % entries.len();
            let urls = f64::from(calls[who]) * f64::from(entries[who].urls_per_call());
            visits_ns[who].push(entries[who].time(calls[who]).as_secs_f64() * 1e9 / urls);
        }
    }
    visits_ns.into_iter().map(Times::new).collect()
}

/// How many calls fill a visit, at least one.
fn calls_per_visit(entry: &mut Entry<'_>) -> u32 {
    entry.call();
    let mut calls = 1;
    loop {
        let elapsed = entry.time(calls);
        if elapsed >= VISIT / 4 {
            let wanted = u128::from(calls) * VISIT.as_nanos() / elapsed.as_nanos();
            return u32::try_from(wanted).unwrap().max(1);
        }
        calls *= 2;
    }
}

fn print_rows(case: &mut Case<'_>, times: &[Times], counts: &mut impl Iterator<Item = u32>) {
    let ours = case.floors.len();
    let floor = if ours == 0 { None } else { Some(&times[0]) };
    let mut name = case.name.clone();
    for (place, (entry, times_of)) in case.entries_mut().zip(times).enumerate() {
        let Times { least_ns, median_ns } = times_of;
        let count = f64::from(counts.next().unwrap()) / f64::from(entry.urls_per_call());
        let by_ours = median_ns / times[ours].median_ns;
        println!(
            "| {} | {} | {least_ns:.0} | {} | {median_ns:.0} | {} | {} | {} |",
            mem::take(&mut name),
            entry.name(),
            floor.map(|floor| format!("{:.1}", least_ns / floor.least_ns)).unwrap_or_default(),
            floor.map(|floor| format!("{:.1}", median_ns / floor.median_ns)).unwrap_or_default(),
            if place > ours { format!("{by_ours:.1}") } else { String::new() },
            if place < ours { String::new() } else { per_url(count) },
        );
    }
}

/// With a decimal where a call has a few for many URLs.
fn per_url(count: f64) -> String {
    if count.fract() < 0.05 { format!("{count:.0}") } else { format!("{count:.1}") }
}
