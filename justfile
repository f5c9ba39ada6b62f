# Every recipe is a job of .ci/run, which needs no `just`.

# List the jobs.
default:
    @just --list

# Everything that a change has to pass.
ci:
    .ci/run

# One job, such as `just job clippy`: test, format, clippy, docs, no-std, tree, benches, tampering, foreign, fuzz.
job name:
    .ci/run {{ name }}

# The long checks, before an issue is resolved.
release-checks: ci
    FUZZ_SECS=600 .ci/run fuzz
    .ci/run deny timing proxies reliability

# The table of docs/PERFORMANCE.md.
bench:
    cargo bench --locked -p countersign-benches
