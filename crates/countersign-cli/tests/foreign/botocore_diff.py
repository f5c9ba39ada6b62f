#!/usr/bin/env python3
"""Proves that `countersign` signs as botocore does, and takes what botocore signed, and only that.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python botocore_diff.py target/debug/countersign [--cases 3000] [--seed 20251101]

- Random requests go through `presign --batch`, and through botocore at the same frozen second:
  most through `S3SigV4QueryAuth`, every fourth through `client.generate_presigned_url`.
  Signatures and URLs have to be equal.
- botocore's URLs go through `verify --batch`: as they are and harmlessly re-spelled they have to
  be `ok`; changed, each has to be refused with the very verdict that its change deserves.
- Bad requests and garbage between the good lines get one error line each.
- No secret comes up in the output.

Prints counts and exits 0, or prints what differs, as input lines to run again, and exits 1.
"""

import argparse
import collections
import json
import random
import re
import subprocess
import sys
from urllib.parse import quote, unquote_to_bytes, urlsplit

import botocore
import botocore.auth

sys.dont_write_bytecode = True  # nothing is left behind beside the sources
from cases import credential_pool, signed_cases
from mutations import SECOND, Request, basic, harmless, moment, refusals


def dissect(url):
    parts = urlsplit(url)
    port = None if parts.port == {"http": 80, "https": 443}[parts.scheme] else parts.port
    pairs = [pair.partition("=")[::2] for pair in parts.query.split("&")]
    decoded = sorted(tuple(map(unquote_to_bytes, pair)) for pair in pairs)
    return parts.scheme, parts.hostname, port, parts.path, decoded


def folded(headers):
    return {name.lower(): re.sub(" +", " ", value).strip() for name, value in headers.items()}


def check_presigned(case, url, answer):
    """What differs between an answer and botocore's URL, or nothing."""
    ours = answer.get("url") or "http://none/?"
    expires_at = moment(case["time"]) + SECOND * case["expires"]
    compared = {
        "signature": (answer.get("signature"), url.rpartition("&X-Amz-Signature=")[2]),
        "url": (dissect(ours), dissect(url)),
        "expires_at": (answer.get("expires_at"), basic(expires_at)),
        "headers": (folded(answer.get("required_headers") or {}), folded(case["signed_headers"])),
        "ASCII, without a fragment": (bool(re.fullmatch(r"[!-\"$-~]+", ours)), True),
    }
    return "; ".join(
        f"{what}: {got!r}, not {wanted!r}"
        for what, (got, wanted) in compared.items() if got != wanted)


def error_of(answer, number):
    """What is wrong with an answer that has to be an error, or nothing."""
    error = answer.get("error")
    if not isinstance(error, dict) or set(answer) - {"id", "error"}:
        return "has to be an error, and nothing but"
    if not error.get("code") or not isinstance(error.get("message"), str):
        return "an error needs a code and a message"
    # A line that is no JSON has no id that could be given back.
    return "" if answer.get("id") in (number, None) else "another id"


def bad_presign_cases(good):
    """Requests that nobody may sign."""
    good = good | {"id": "bad", "key": "k", "query": [], "signed_headers": {}, "expires": 60}
    keys = good["credentials"]
    secret = keys["secret_access_key"]
    bad = {
        "key": ["", "a\0b", "\0", "a" * 1025, "é" * 513, 7, ["k"], {}],
        "bucket": ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "ü", "a\n", "a" * 256, 7],
        "endpoint": [
            "", "h.example", "ftp://h", "https://", "https://u@h", "https://u:p@h", "https://h?x",
            "https://h#x", "https://h:0", "https://h:65536", "https://h:x", "https://h h",
            "https://[::1", "https://h/\n", "https://h/%", "https://h/%ff", "https://h\\@x", None,
            7],
        "addressing": ["", "PATH", "auto", None, 7],
        "region": ["", "a/b", "a\nb", "ü", None, 7],
        "method": ["", "GET\n", "GET /", "GÉT", None, 7],
        "service": ["", "s3/x", "s3\n", 7],
        "time": [
            "", "2025-11-01T04:27:18Z", "20251301T000000Z", "20250229T000000Z", "20251101T042718",
            "20251101T042760Z", "99991231T235930Z", None, 1761971238],
        "expires": [0, 604801, -1, 1.5, "60", None, 2**64, True, 1e300],
        "query": [
            [["X-Amz-Signature", "x"]], [["x-amz-date", "x"]], [["X-Amz-Expires", "1"]],
            [["", "x"]], [["a", "b\0"]], [["a", "1"], ["a", "2"]], [["a"]], [["a", "b", "c"]],
            [["a", 1]], {"a": "b"}, "a=b", 7],
        "signed_headers": [
            {"a b": "c"}, {"": "c"}, {"a:b": "c"}, {"ü": "c"}, {"a": "b\r\nx: y"}, {"a": "b\n"},
            {"a": "\0"}, {"host": "evil"}, {"authorization": "x"}, {"a": "1", "A": "2"}, {"a": 1},
            [["a", "b"]], "a"],
        "credentials": [
            None, 7, [], {}, secret, keys | {"access_key_id": "a/b"}, keys | {"access_key_id": ""},
            keys | {"secret_access_key": ""}, keys | {"secret_access_key": [secret]},
            keys | {"session_token": ""}, keys | {"session_token": "a b"}],
    }
    for field, values in bad.items():
        yield from (good | {field: value} for value in values)
    for field in sorted(bad.keys() - {"service", "query", "signed_headers"}):
        yield {name: value for name, value in good.items() if name != field}


def garbage(good_line, secret):
    """Lines that are no request at all."""
    hidden = json.dumps(secret).encode()
    return [
        b"", b" ", b"\t\r", b"garbage", b"null", b"true", b"42", b'"text"', b"[]", b"[{}]", b"{}",
        b'{"id": 1}', b'{"id": "a"', b"\xff", b'{"id": "\xff\xfe"}', b'{"id": "\\ud800"}', b"\0",
        b"'", b"\xef\xbb\xbf" + good_line, good_line[:-1], good_line + b"}", good_line * 2,
        good_line[:len(good_line) // 2], hidden, hidden[:-1], b"[" + hidden, secret.encode(),
        b'{"credentials": ' + hidden + b"}", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 1000,
        b"1e999", b"{" + b" " * 5000, b"x" * (1 << 20), b'"' + b"x" * (1 << 22),
    ]


def presign_lines(cases, rng):
    """Lines, each with a label before it and behind it a check of its answer."""
    for case, url in cases:
        line = json.dumps(case, ensure_ascii=rng.random() < 0.5).encode()
        check = lambda answer, case=case, url=url: check_presigned(case, url, answer)
        yield "presign", line + rng.choice([b"", b" ", b"\r"]), check
    for case in bad_presign_cases(cases[-1][0]):
        yield "bad request", json.dumps(case).encode(), lambda answer: error_of(answer, "bad")


def check_verdict(number, allowed, case):
    expires_at = basic(moment(case["time"]) + SECOND * case["expires"])
    beside = {"expires_at": expires_at, "access_key_id": case["credentials"]["access_key_id"]}

    def check(answer):
        if answer.get("id") != number:
            return f"wanted the answer to {number}"
        if answer.get("verdict") not in allowed.split():
            return f"{answer.get('verdict')} instead of {allowed}"
        if allowed == "ok" and not beside.items() <= answer.items():
            return f"wanted {beside}"
        return ""
    return check


def received(case, url, rng):
    """botocore's URL as a server receives it, at some time at which it is valid."""
    path, _, query = re.sub(r"^https?://[^/?]*", "", url).partition("?")
    return Request(
        credentials=case["credentials"],
        region=case["region"],
        service=case["service"],
        method=case["method"],
        path=path or "/",
        pairs=[tuple(pair.split("=")) for pair in query.split("&")],
        headers={"Host": botocore.auth._host_from_url(url)} | case["signed_headers"],
        now=moment(case["time"]) + SECOND * rng.randrange(-900, case["expires"]))


def verify_lines(cases, rng):
    number = 0
    for index, (case, url) in enumerate(cases):
        request = received(case, url, rng)
        good = [(f"ok: {label}", changed, "ok") for label, changed in harmless(request, rng)]
        bad = list(refusals(request, rng))
        if index % 10:
            good, bad = good[:1] + rng.sample(good[1:], 2), rng.sample(bad, 6)
        for label, changed, allowed in good + bad:
            number += 1
            yield label, changed.line(f"v{number}"), check_verdict(f"v{number}", allowed, case)
    for field in ["credentials", "region", "method", "target", "now"]:
        for value in [None, 7, [], {"a": 1}]:
            line = json.loads(request.line("bad")) | {field: value}
            yield "bad request", json.dumps(line).encode(), lambda answer: error_of(answer, "bad")


def check_secrecy(command, output, pool):
    for secret in (keys["secret_access_key"] for keys in pool):
        escaped = [json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
        for spelling in [secret, quote(secret), *escaped]:
            if spelling.encode() in output:
                sys.exit(f"{command} printed a secret, spelled {spelling}")


def run_batch(binary, command, lines, pool, rng):
    """Runs lines, with garbage strewn between them, and checks each answer. Returns counts by
    label, and failures."""
    lines = list(lines)
    for line in garbage(lines[0][1].strip(), pool[0]["secret_access_key"]):
        place = rng.randrange(len(lines))
        lines.insert(place, ("garbage", line, lambda answer: error_of(answer, 1)))
    text = b"\n".join(line for _, line, _ in lines)
    result = subprocess.run(
        [binary, command, "--batch"], input=text, capture_output=True, timeout=600, check=False)
    check_secrecy(command, result.stdout + result.stderr, pool)
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{command}: exit {result.returncode}, {result.stderr[-2000:]!r}")
    answers = result.stdout.split(b"\n")
    if answers.pop() != b"" or len(answers) != len(lines):
        sys.exit(f"{command}: {len(lines)} lines in, {len(answers)} out")
    counts, failures = collections.Counter(), []
    for (label, line, check), text in zip(lines, answers):
        problem = check(json.loads(text))
        counts[label] += not problem
        if problem:
            failures.append((label, problem, line, text))
    return counts, failures


def report(failures):
    """Prints how many failures there are of each kind, and the shortest of each, for a dozen."""
    counts = collections.Counter(label for label, *_ in failures)
    print(f"{len(failures)} failures:", dict(counts), file=sys.stderr)
    shortest = {}
    for failure in sorted(failures, key=lambda failure: len(failure[2])):
        shortest.setdefault(failure[0], failure)
    for label, problem, line, answer in list(shortest.values())[:12]:
        for text in (f"{label}: {problem}", f"in:  {line.decode(errors='replace')}",
                     f"out: {answer.decode(errors='replace')}"):
            print(text[:3000], file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description="Compares countersign with botocore.")
    parser.add_argument("binary")
    parser.add_argument("--cases", type=int, default=3000, help="at least 500")
    parser.add_argument("--seed", type=int, default=20251101)
    arguments = parser.parse_args()
    if arguments.cases < 500:
        parser.error("with fewer than 500 cases this proves too little")
    binary, seed = arguments.binary, arguments.seed
    print(f"botocore {botocore.__version__}, {arguments.cases} cases, seed {seed}", flush=True)
    rng = random.Random(seed)
    pool = credential_pool(rng)
    cases = signed_cases(rng, pool, arguments.cases)
    signed, failures = run_batch(binary, "presign", presign_lines(cases, rng), pool, rng)
    verified, more = run_batch(binary, "verify", verify_lines(cases, rng), pool, rng)
    if failures + more:
        report(failures + more)
        sys.exit(1)

    presigned = signed.pop("presign")
    errors = signed.total() + verified.pop("bad request") + verified.pop("garbage")
    ways = [label for label in verified if label.startswith("ok: ")]
    accepted = sum(verified.pop(label) for label in ways)
    refused = verified.total()
    # A generator that went dry shows here.
    is_enough = (
        presigned == arguments.cases and errors >= 200
        and accepted >= 4 * presigned and len(ways) >= 18
        and refused >= 20 * presigned and len(verified) >= 130)
    counts = (
        f"presign {presigned} equal, verify {accepted} ok, {refused} refused as expected "
        f"({len(ways)} spellings, {len(verified)} reasons; {errors} bad lines got an error)")
    if not is_enough:
        sys.exit(f"botocore: suspiciously few: {counts}")
    print(f"botocore: {counts}")


if __name__ == "__main__":
    main()
