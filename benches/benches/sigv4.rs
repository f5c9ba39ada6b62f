//! Presigning and verifying, beside the AWS SDK's signer and the floor, in one run.
//!
//! Before anything is timed, both are shown to make the same URLs, and both to refuse a bad one.

use std::hint::black_box;

use countersign_benches::{AwsSigV4, CASES, Ours, floor, floor_blocks, signature};
use criterion::{Criterion, criterion_group, criterion_main};

fn presign(c: &mut Criterion) {
    let (ours, aws) = (Ours::new(), AwsSigV4::new());
    let presigner = ours.presigner();
    for case in CASES {
        let url = ours.presign(&presigner, case.key);
        assert_eq!(signature(&url), signature(&aws.presign(ours.origin(), case.key)));

        let floor_blocks = floor_blocks(&url);
        let mut group = c.benchmark_group(format!("presign, {}", case.name));
        group.bench_function("floor", |b| b.iter(|| floor(black_box(floor_blocks))));
        group.bench_function("countersign", |b| {
            b.iter(|| ours.presign(&presigner, black_box(case.key)));
        });
        group.bench_function("aws-sigv4", |b| {
            b.iter(|| aws.presign(ours.origin(), black_box(case.key)));
        });
        group.finish();
    }
}

fn verify(c: &mut Criterion) {
    let (ours, aws) = (Ours::new(), AwsSigV4::new());
    for case in CASES {
        let url = ours.presign(&ours.presigner(), case.key);
        let good = url.strip_prefix(ours.origin()).unwrap_or_default();
        let (kept, last) = good.split_at(good.len() - 1);
        let bad = format!("{kept}{}", if last == "0" { "1" } else { "0" });
        assert!(ours.verify(good).is_ok() && aws.verify(ours.origin(), good));
        assert!(ours.verify(&bad).is_err() && !aws.verify(ours.origin(), &bad));

        let floor_blocks = floor_blocks(&url);
        let mut group = c.benchmark_group(format!("verify, {}", case.name));
        group.bench_function("floor", |b| b.iter(|| floor(black_box(floor_blocks))));
        group.bench_function("countersign", |b| b.iter(|| ours.verify(black_box(good))));
        group.bench_function("countersign, bad signature", |b| {
            b.iter(|| ours.verify(black_box(&bad)));
        });
        group.bench_function("aws-sigv4, signing again", |b| {
            b.iter(|| aws.verify(ours.origin(), black_box(good)));
        });
        group.finish();
    }
}

criterion_group!(benches, presign, verify);
criterion_main!(benches);
