#!/usr/bin/env python3
"""Proves that `countersign` signs requests for Oracle Cloud as Oracle's own SDK signs them.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python oci_sdk.py target/debug/countersign [--cases 1000] [--seed 20261121] [--vectors FILE]

- Random requests are signed by the SDK, and with the same key and the same list of headers by
  `oci-sign --batch`: text, signature and header have to be equal. RSASSA-PKCS1-v1_5 has no random
  part.
- So are the requests of the SDK's client for Object Storage, held just before they would be sent.
- The SDK's verifier has to take what `countersign` signed.
- Each list without one of the headers that Oracle requires is refused, and so is what is no request.
- No line of the key comes up in the output.

Prints counts and exits 0, or prints what differs, as input lines to run again, and exits 1. With
`--vectors` it writes requests that the SDK signed, for the tests of the core.
"""

import argparse
import json
import random
import sys

sys.dont_write_bytecode = True  # nothing is left behind beside the sources
from botocore_diff import error_of, report, run_batch
from oci_requests import PEMS, PUBLIC_PEM, SDK_VERSION, client_requests, random_request, vector

from oci._vendor.httpsig_cffi.verify import HeaderVerifier

# Of these, the first three always; the others where there is a body.
ALWAYS = ["(request-target)", "host"]
CONTENT = ["content-length", "content-type", "x-content-sha256"]


def line_of(signed, rng, number):
    return {
        "id": number, "key_id": signed.key_id, "private_key_pem": rng.choice(PEMS),
        "method": signed.method, "target": signed.target, "headers": signed.listed,
    }


def check_signed(signed, number):
    def check(answer):
        compared = {
            "id": number, "signing_string": signed.text, "signature": signed.signature,
            "authorization": signed.authorization,
        }
        problem = "; ".join(
            f"{what}: {answer.get(what)!r}, not {wanted!r}"
            for what, wanted in compared.items() if answer.get(what) != wanted)
        if problem:
            return problem
        headers = dict(signed.listed) | {"authorization": answer["authorization"]}
        verifier = HeaderVerifier(
            headers, PUBLIC_PEM, required_headers=[name for name, _ in signed.listed],
            method=signed.method, path=signed.target, host=headers["host"])
        return "" if verifier.verify() else "the SDK does not take it"
    return check


def check_error(code):
    def check(answer):
        problem = error_of(answer, "bad")
        found = (answer.get("error") or {}).get("code")
        return problem or ("" if found == code else f"{found}, not {code}")
    return check


def lacking(signed):
    """The lists that lack one header that is required."""
    listed = [name for name, _ in signed.listed]
    dates = [name for name in ["date", "x-date"] if name in listed]
    has_content = signed.method in ["PATCH", "POST", "PUT"] and not signed.is_upload
    for names in [dates, *([name] for name in ALWAYS + (CONTENT if has_content else []))]:
        yield names[0], [pair for pair in signed.listed if pair[0] not in names]


def bad_lines(line):
    """Requests that nobody may sign, each with the code of its error."""
    pem, headers = line["private_key_pem"], line["headers"]
    bad = {
        "key_id": {"": "invalid_key_id", "a/b": "invalid_key_id", 'a/b/"c': "invalid_key_id"},
        "private_key_pem": {
            "": "invalid_private_key", PUBLIC_PEM: "invalid_private_key",
            pem[:800]: "invalid_private_key", pem.replace("MII", "M!I"): "invalid_private_key",
            pem.replace("BEGIN ", "BEGIN ENCRYPTED ").replace("ENCRYPTED RSA ", "ENCRYPTED "):
                "encrypted_private_key"},
        "method": {
            "": "invalid_method", "OPTIONS": "invalid_method", "get": "invalid_method",
            "GET\n": "invalid_method"},
        "target": {
            "": "invalid_target", "a": "invalid_target", "/a b": "invalid_target",
            "/a\n": "invalid_target", "/é": "invalid_target", "/a#b": "invalid_target"},
    }
    for field, values in bad.items():
        yield from ((line | {field: value}, code) for value, code in values.items())
    for field in ["key_id", "private_key_pem", "method", "target", "headers"]:
        yield {name: value for name, value in line.items() if name != field}, "missing_field"
        for value in [7, True, {"a": "b"}, [["a"]], [["a", 1]]]:
            yield line | {field: value}, "invalid_field"
    for pair, code in [
        (["x-a", "b\nhost: evil"], "invalid_header"), (["x-a", "b\r"], "invalid_header"),
        (["x-a", "é"], "invalid_header"), (["x-a", "\0"], "invalid_header"),
        (["x a", "b"], "invalid_header"), (["", "b"], "invalid_header"),
        (["(created)", ""], "invalid_header"), (["(request-target)", "x"], "invalid_header"),
        (["authorization", "b"], "reserved_name"), (["Host", "b"], "duplicate_name"),
    ]:
        yield line | {"headers": headers + [pair]}, code
    many = [[f"x-{number}", "1"] for number in range(50)]
    yield line | {"headers": headers + many}, "too_many"


def lines(requests, rng):
    """Lines, each with a label before it and behind it a check of its answer."""
    for number, signed in enumerate(requests):
        line = line_of(signed, rng, number)
        label = "client" if signed.is_of_client else "signed"
        yield label, json.dumps(line).encode(), check_signed(signed, number)
        for name, headers in lacking(signed):
            bad = line | {"id": "bad", "headers": headers}
            yield f"without {name}", json.dumps(bad).encode(), check_error("missing_header")
    for bad, code in bad_lines(line_of(requests[0], rng, "bad")):
        yield f"bad: {code}", json.dumps(bad).encode(), check_error(code)


def write_vectors(path, requests):
    cases = ",\n".join(json.dumps(vector(signed)) for signed in requests)
    with open(path, "w", encoding="ascii") as file:
        file.write(f'{{"sdk": "oci {SDK_VERSION}", "cases": [\n{cases}\n]}}\n')


def main():
    parser = argparse.ArgumentParser(description="Compares countersign with Oracle's SDK.")
    parser.add_argument("binary")
    parser.add_argument("--cases", type=int, default=1000, help="at least 500")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--vectors", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.cases < 500:
        parser.error("with fewer than 500 cases this proves too little")
    print(f"oci {SDK_VERSION}, {arguments.cases} cases, seed {arguments.seed}", flush=True)
    rng = random.Random(arguments.seed)
    requests = [random_request(rng) for _ in range(arguments.cases)]
    of_client = client_requests()
    if arguments.vectors:
        write_vectors(arguments.vectors, of_client + requests[:40])
    # Every line of the key is a secret, not only the whole.
    pool = [
        {"secret_access_key": part} for pem in PEMS
        for part in [*(row for row in pem.splitlines() if len(row) == 64), pem]]
    everything = list(lines(requests + of_client, rng))
    counts, failures = run_batch(arguments.binary, "oci-sign", everything, pool, rng)
    if failures:
        report(failures)
        sys.exit(1)

    signed, client, garbage = counts.pop("signed"), counts.pop("client"), counts.pop("garbage")
    without = {name: counts.pop(name) for name in list(counts) if name.startswith("without ")}
    bodies = sum(signed.method in ["PATCH", "POST", "PUT"] for signed in requests)
    uploads = sum(signed.is_upload for signed in requests)
    # A generator that went dry shows here.
    is_enough = (
        signed == arguments.cases and client >= 12 and bodies >= signed // 3
        and uploads >= signed // 50 and len(without) == 7 and min(without.values()) >= 50
        and sum(counts.values()) >= 50 and len(counts) >= 11 and garbage >= 20)
    summary = (
        f"{signed} equal ({bodies} with a body, {uploads} uploads), {client} of the client equal, "
        f"{sum(without.values())} refused for a header that is not there, "
        f"{sum(counts.values())} bad requests and {garbage} other lines got an error")
    if not is_enough:
        sys.exit(f"oci: suspiciously few: {summary}, {without}, {dict(counts)}")
    print(f"oci: {summary}")


if __name__ == "__main__":
    main()
