//! Ratios that hold where times do not: on a machine that others use, too.
//!
//! The entries of a case take turns, 2 ms of the processor each, in 100 rounds; what is printed is
//! the median of each, and the quotients of these medians. Prints a table for `docs/PERFORMANCE.md`; with
//! `--test`, does each once and prints none.
//!
//! - **× floor**: by the first floor of the case. For one URL that is the day's key kept and nothing
//!   else: a `Presigner` shares one block more with the other URLs of its second, which is not taken
//!   off. For parts it is with that block, and with the blocks that all parts begin with.
//! - **÷ Countersign**: how many times as long as Countersign.
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
    println!("| case | | median, ns | × floor | ÷ Countersign | allocations |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for case in &mut cases {
        let medians_ns = medians_ns(case);
        print_rows(case, &medians_ns, &mut counts);
    }
}

fn allocations() -> Vec<u32> {
    let output = Command::new(env!("CARGO_BIN_EXE_count-allocations")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// The median time of each entry for one URL.
fn medians_ns(case: &mut Case<'_>) -> Vec<f64> {
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
    visits_ns.into_iter().map(median).collect()
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

fn print_rows(case: &mut Case<'_>, medians_ns: &[f64], counts: &mut impl Iterator<Item = u32>) {
    let ours = case.floors.len();
    let ours_ns = medians_ns[ours];
    let floor_ns = if ours == 0 { None } else { Some(medians_ns[0]) };
    let mut name = case.name.clone();
    for (place, (entry, median_ns)) in case.entries_mut().zip(medians_ns).enumerate() {
        let count = f64::from(counts.next().unwrap()) / f64::from(entry.urls_per_call());
        println!(
            "| {} | {} | {median_ns:.0} | {} | {} | {} |",
            mem::take(&mut name),
            entry.name(),
            floor_ns.map(|floor_ns| format!("{:.1}", median_ns / floor_ns)).unwrap_or_default(),
            if place > ours { format!("{:.1}", median_ns / ours_ns) } else { String::new() },
            if place < ours { String::new() } else { per_url(count) },
        );
    }
}

/// With a decimal where a call has a few for many URLs.
fn per_url(count: f64) -> String {
    if count.fract() < 0.05 { format!("{count:.0}") } else { format!("{count:.1}") }
}
