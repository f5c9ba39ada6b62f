#!/usr/bin/env python3
"""Proves that `countersign` takes what botocore signed in the `Authorization` header, and no more.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python header_diff.py target/debug/countersign [--cases 2000] [--seed 20251101]

Random requests are signed by botocore's `S3SigV4Auth` at a frozen second and go through
`verify --batch`: as they are and harmlessly re-spelled they have to be `ok`; changed, each has to
be refused with the very verdict that its change deserves. Garbage between the lines gets an error
line each, and no secret comes up in the output.

One difference is by choice: a request whose caller gave a `Date` header has no `x-amz-date` from
botocore, and is refused.

Prints counts and exits 0, or prints what differs, as input lines to run again, and exits 1.
"""

import argparse
import random
import re
import sys
import types
from urllib.parse import urlsplit

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode, percent_encode_sequence

sys.dont_write_bytecode = True  # nothing is left behind beside the sources
from botocore_diff import report, run_batch
from cases import auth_case, credential_pool
from header_mutations import Signed, harmless, refusals
from mutations import MALFORMED, SECOND, basic, moment

BODIES = [b"", b"", b"text", b"\0\xff" * 1000]


def place_of(case):
    """URL and target of a case, as botocore's client writes them."""
    endpoint = urlsplit(case["endpoint"])
    is_virtual = case["addressing"] == "virtual"
    path = endpoint.path.rstrip("/") + ("" if is_virtual else "/" + case["bucket"])
    if case["key"] is not None:
        path += "/" + percent_encode(case["key"], safe="/~")
    host = f"{case['bucket']}." * is_virtual + endpoint.netloc
    query = percent_encode_sequence(dict(case["query"]))
    return f"{endpoint.scheme}://{host}{path or '/'}" + (f"?{query}" if query else "")


def sign(case, headers, rng):
    """The request that botocore makes, as a server receives it, at a second at which it holds."""
    url, keys = place_of(case), case["credentials"]
    request = AWSRequest(case["method"], url, headers=headers, data=rng.choice(BODIES))
    if rng.random() < 0.3:
        config = types.SimpleNamespace(s3={"payload_signing_enabled": False})
        request.context["client_config"] = config
    signer = botocore.auth.S3SigV4Auth(
        Credentials(keys["access_key_id"], keys["secret_access_key"], keys["session_token"]),
        case["service"], case["region"])
    at = moment(case["time"])
    botocore.auth.get_current_datetime = lambda: at
    signer.add_auth(request)
    path, _, query = re.sub(r"^https?://[^/?]*", "", url).partition("?")
    return Signed(
        credentials=keys,
        region=case["region"],
        service=case["service"],
        method=case["method"],
        path=path or "/",
        pairs=[tuple(pair.split("=")) for pair in query.split("&") if pair],
        headers={"Host": botocore.auth._host_from_url(url)} | dict(request.headers.items()),
        now=at + SECOND * rng.randrange(-900, 901))


def check_verdict(number, allowed, request):
    beside = {"access_key_id": request.credentials["access_key_id"]}
    if allowed == "ok":
        beside["expires_at"] = basic(request.date + SECOND * 901)

    def check(answer):
        if answer.get("id") != number:
            return f"wanted the answer to {number}"
        if answer.get("verdict") not in allowed.split():
            return f"{answer.get('verdict')} instead of {allowed}"
        if allowed == "ok" and not beside.items() <= answer.items():
            return f"wanted {beside}"
        return ""
    return check


def verify_lines(rng, pool, count):
    for index in range(count):
        case = auth_case(rng, pool, index)
        ours = {"date", "x-amz-date", "x-amz-content-sha256"}
        headers = {name: value for name, value in case["signed_headers"].items()
                   if name.lower() not in ours}
        request = sign(case, headers, rng)
        good = [(f"ok: {label}", changed, "ok") for label, changed in harmless(request, rng)]
        bad = list(refusals(request, rng))
        if index % 10:
            good, bad = good[:1] + rng.sample(good[1:], 2), rng.sample(bad, 8)
        dated = sign(case, headers | {"Date": "now"}, rng)
        bad.append(("only a Date header", dated, MALFORMED))
        for place, (label, changed, allowed) in enumerate(good + bad):
            number = f"{index}.{place}"
            yield label, changed.line(number), check_verdict(number, allowed, request)


def main():
    parser = argparse.ArgumentParser(description="Verifies what botocore signs in the header.")
    parser.add_argument("binary")
    parser.add_argument("--cases", type=int, default=2000, help="at least 500")
    parser.add_argument("--seed", type=int, default=20251101)
    arguments = parser.parse_args()
    if arguments.cases < 500:
        parser.error("with fewer than 500 cases this proves too little")
    print(f"botocore {botocore.__version__}, {arguments.cases} cases, seed {arguments.seed}",
          flush=True)
    rng = random.Random(arguments.seed)
    pool = credential_pool(rng)
    lines = verify_lines(rng, pool, arguments.cases)
    verified, failures = run_batch(arguments.binary, "verify", lines, pool, rng)
    if failures:
        report(failures)
        sys.exit(1)

    garbage = verified.pop("garbage")
    ways = [label for label in verified if label.startswith("ok: ")]
    accepted = sum(verified.pop(label) for label in ways)
    refused = verified.total()
    counts = (f"verify {accepted} ok, {refused} refused as expected ({len(ways)} spellings, "
              f"{len(verified)} reasons; {garbage} bad lines got an error)")
    # A generator that went dry shows here.
    is_enough = (garbage >= 30 and accepted >= 3 * arguments.cases and len(ways) >= 16
                 and refused >= 12 * arguments.cases and len(verified) >= 85)
    if not is_enough:
        sys.exit(f"botocore: suspiciously few: {counts}")
    print(f"botocore: {counts}")


if __name__ == "__main__":
    main()
