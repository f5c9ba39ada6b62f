#!/usr/bin/env python3
"""Runs the behaviour suite of the storage crate on SeaweedFS, an S3 store that others wrote.

    python seaweedfs_suite.py target/release/countersign

Needs `weed` on the PATH, as tests/foreign/seaweedfs.py of countersign-cli does, which starts it, and
cargo. Exits 0 when every test of the suite passed on that store and on no other.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.insert(0, str(ROOT / "crates/countersign-cli/tests/foreign"))

import seaweedfs  # noqa: E402

# How many tests the suite has at the least: fewer were filtered out, or ran on nothing.
TESTS_MIN = 23
SUITE_SECONDS = 900


def run_suite(port, words):
    environment = os.environ | {
        "COUNTERSIGN_TEST_S3": f"http://127.0.0.1:{port}",
        "COUNTERSIGN_TEST_S3_BUCKET": seaweedfs.BUCKET,
        "COUNTERSIGN_TEST_S3_KEY": seaweedfs.CREDENTIALS["access_key_id"],
        "COUNTERSIGN_TEST_S3_SECRET": seaweedfs.CREDENTIALS["secret_access_key"],
    }
    command = ["cargo", "test", "--locked", "-p", "countersign-storage", "--test", "behaviour", "--"]
    result = subprocess.run(
        command + words, cwd=ROOT, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=SUITE_SECONDS)
    return result.returncode, result.stdout.decode(errors="replace")


def main():
    parser = argparse.ArgumentParser(description="Runs the behaviour suite on SeaweedFS.")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("words", nargs="*", help="for the test binary, such as the name of a test")
    arguments = parser.parse_args()
    weed = shutil.which("weed")
    if weed is None:
        sys.exit("`weed` is not on the PATH")
    # An end from outside becomes an exception, so that the server ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        with seaweedfs.running(weed, pathlib.Path(folder)) as (server, port):
            signer = seaweedfs.Signer(arguments.binary.resolve(), port)
            seaweedfs.wait_until_writable(server, signer)
            code, output = run_suite(port, arguments.words)
    passed = re.search(r"test result: ok\. (\d+) passed; 0 failed; 0 ignored", output)
    if code or passed is None or (int(passed[1]) < TESTS_MIN and not arguments.words):
        print(output, file=sys.stderr)
        sys.exit("seaweedfs_suite: the suite did not pass")
    print(f"seaweedfs_suite: {passed[1]} tests on SeaweedFS")


if __name__ == "__main__":
    main()
