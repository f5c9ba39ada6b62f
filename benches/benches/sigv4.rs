//! URLs, forms and requests for Oracle Cloud, signed and verified beside the peers and the floor, by
//! criterion: its statistics, and a comparison with the last run. Its entries are minutes apart;
//! `ratios` interleaves them.

use std::time::Duration;

use countersign_benches::{Ours, cases};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn sigv4(criterion: &mut Criterion) {
    let ours = Ours::new();
    for mut case in cases(&ours) {
        let mut group = criterion.benchmark_group(&case.name);
        for entry in case.entries_mut() {
            group.throughput(Throughput::Elements(entry.urls_per_call().into()));
            group.bench_function(entry.name().to_owned(), |bencher| bencher.iter(|| entry.call()));
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = sigv4
}
criterion_main!(benches);
