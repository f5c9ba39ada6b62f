#!/usr/bin/env python3
"""Holds the dialect of Powerdrill and MAXIR against its documents and the official clients.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python powerdrill.py target/release/countersign [--kills 5] [--node]

The flow of the documents runs with `curl` and nothing else, under each path (`documented.py`); so
does the first generation (`powerdrill_v1.py`). Datasets go with all that is in them, also where
many are at them at once (`powerdrill_datasets.py`). URLs of parts are good for their part alone,
and large files cost no memory (`parts.py`). Forms that mean harm leave nothing (`forms.py`). What
was acknowledged outlives SIGKILL (`powerdrill_crash.py`). With `--node`, the official clients'
ways to cut a file run in Node.js, and so do the calls that they do not have (`official.mjs`). A
link is dead once its minute is over. No log has a secret, and no trace id of a client breaks its
lines.
"""

import json
import pathlib
import re
import subprocess
import time
import unicodedata

import documented
import forms
import parts
import powerdrill_crash
import powerdrill_datasets
import powerdrill_v1
import storages
from hostile import memory_mib
from powerdrill_client import Powerdrill, text_of
from server import (
    BOTH, MIB, check, main, running, secrets_of, send, sha256, signatures_seen)
from store import object_files
from wire import exchange, head

EXPIRY_SECONDS = 60
EXTERNAL = "x-pd-external-trace-id"


class Expiring:
    """A link of the shortest life, made early and tried late."""

    def __init__(self, api, tally):
        self.api, self.tally, self.body = api, tally, b"1,2\n"
        self.source = api.source("expiring.csv", self.body)
        self.link, self.made = api.link(self.source, EXPIRY_SECONDS), time.monotonic()

    def check_alive(self):
        if time.monotonic() < self.made + EXPIRY_SECONDS - 5:
            self.tally.check("expiring links", send(self.link).body == self.body, "died early")

    def check_dead(self):
        time.sleep(max(0, self.made + EXPIRY_SECONDS + 1 - time.monotonic()))
        for method in ("GET", "HEAD"):
            answer = send(self.link, method)
            is_dead = answer.status == 403
            is_dead = is_dead and (method == "HEAD" or b"Request has expired" in answer.body)
            self.tally.check("expiring links", is_dead, method, answer)
        is_there = self.api.download(self.source).body == self.body
        self.tally.check("expiring links", is_there, "a new link")


class Patient:
    """A download that takes longer than a silent connection is kept."""

    RATE = "300k"

    def __init__(self, api, server, folder, tally):
        self.server, self.tally = server, tally
        self.body, self.path = text_of(7, 36_000_000), folder / "patient"
        link = api.link(api.source("patient.txt", self.body))
        line = ["curl", "-fsS", "--limit-rate", self.RATE, "-o", self.path, link]
        self.curl = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)

    def check(self):
        _, told = self.curl.communicate(timeout=150)
        is_whole = self.curl.returncode == 0 and self.path.read_bytes() == self.body
        ends = [line for line in self.server.err().splitlines() if "connection ended" in line]
        self.tally.check("patient downloads", is_whole, self.curl.returncode, told, ends)


def external_ids(api, server, tally):
    """What a client calls its request is written to the log, in one line, and never answered."""
    before = set(object_files(server)[0])
    lost = api.upload_form("lost.csv", b"1,2\n").json()["data"]["file_object_key"]
    gone, = set(object_files(server)[0]) - before
    gone = storages.current.lose(gone)
    for number, name in enumerate([
        "plain", "😀 ü", "a\u2028b", "\u202egnp.exe", "\ufeff", '" ERROR forged: "',
        "%0a%0d\\n\\r", "\\u001b[31m", "{}", "x" * 128, "\u200b", "\ue000",
        'level=ERROR error="forged"',
    ]):
        asked = {"name": "lost.csv", "type": "FILE", "file_object_key": lost, "user_id": api.user}
        lines = len(server.err().splitlines())
        answer = api.call("POST", "/datasources", asked, {EXTERNAL: name.encode()})
        is_right = (answer.status, answer.json()["code"]) == (500, 9999)
        tally.check("trace ids", is_right and gone.encode() not in answer.body, name, answer)
        told = [line for line in server.err().split("\n")[lines:] if " ERROR " in line]
        is_there = len(told) == 1 and answer.headers["x-pd-trace-id"] in told[0]
        tally.check("trace ids", is_there, number, name, told)
        odd = [it for it in told[0] if unicodedata.category(it) in ("Cc", "Cf", "Zl", "Zp", "Co")]
        tally.check("trace ids", not odd, name, told)
    for name in (b"\x1b[31mred", b"a\rb", b"a\0b", b"a\tb", b"\x7f", b"\xff", b"\xc2\x9b31m",
                 b"x" * 129, "ü".encode() * 129, b"\xed\xa0\x80"):
        fields = f"x-pd-api-key: {api.key}", f"{EXTERNAL}: {name.decode('latin-1')}"
        path = f"{api.base}/datasets?user_id={api.user}"
        answers = exchange(server, head("GET", path, *fields, "Connection: close"))
        is_right = all(answer.status == 400 for answer in answers)
        is_right = is_right and name not in server.err_path.read_bytes()
        tally.check("trace ids", is_right, name, answers)


def official(options, server, pair, folder, seed, tally):
    """The official clients, as far as cutting and sending a file goes."""
    if not options.node:
        return
    for number, length in enumerate([12 * MIB, 10 * MIB, 5 * MIB + 1, 4_000_001]):
        path, body = folder / "official.csv", text_of(seed + number, length)
        path.write_bytes(body)
        line = ["node", pathlib.Path(__file__).parent / "official.mjs", server.url,
                pair["api_key"], pair["user_id"], path]
        ended = subprocess.run(line, capture_output=True, text=True, timeout=120)
        check(ended.returncode == 0, "node:", ended.stderr or ended)
        for name, link in json.loads(ended.stdout).items():
            is_same = sha256(send(link).body) == sha256(body)
            tally.check("official clients", is_same, name, length, "came back as another")


def no_secrets(folder, tally, secrets):
    """Looks through all that any server wrote for what nobody may read there."""
    check(len(signatures_seen) > 500, "hardly any URL was made")
    for log in sorted(folder.rglob("run-*.err")):
        text = log.read_text(errors="replace")
        for secret in secrets:
            tally.check("log searches", secret not in text, f"{log.name} has {secret[:8]}…")
        found = set(re.findall(r"[0-9a-f]{64}", text)) & signatures_seen
        tally.check("log searches", not found, log.name, found)
        found = re.search(r"(X-Amz-(Signature|Credential)|x-(pd-)?api-key|csk_)\S*", text, re.I)
        tally.check("log searches", not found, log.name, found)
        tally.check("log searches", "panicked" not in text, log.name)
    traced = (folder / "run-0.err").read_text(errors="replace").count(" DEBUG ")
    check(traced > 1000, "the log says nothing that could have a secret")


def step(options, folder, tally):
    with running(options.binary, folder, "--log", "trace") as server:
        pair, mate, other = [server.keys(*it) for it in [("acme", "ann"), ("acme", "bob"),
                                                         ("evil", "eve")]]
        api, by_mate, by_other = [Powerdrill(server.url, it["api_key"], it["user_id"])
                                  for it in (pair, mate, other)]
        expiring, stalled = Expiring(api, tally), forms.Stalled(server, api, tally)
        patient = Patient(api, server, folder, tally) if options.patient else None
        official(options, server, pair, folder, options.seed, tally)
        documented.run(server, pair, folder, options.seed, tally)
        documented.refusals(server, pair, other, tally)
        powerdrill_v1.run(server, pair, folder, options.seed, tally)
        powerdrill_datasets.run(server, api, by_mate, options.seed, tally)
        parts.run(server, api, by_mate, by_other, options.seed, tally)
        forms.run(server, api, tally)
        external_ids(api, server, tally)
        parts.refused_early(api, folder, tally)
        parts.heavy(api, server, folder, tally)
        expiring.check_alive()
        crash = powerdrill_crash.run(options, folder, tally)
        expiring.check_dead()
        stalled.check()
        if patient:
            patient.check()
        check(server.is_alive(), "the server is not well")
        memory = memory_mib(server)
        tally.check("memory", memory < parts.memory_mib_max(), f"{memory} MiB")
        left = object_files(server)[1]
        tally.check("ends", server.stop() == 0 and not left, "did not end well", left)
    secrets = [*secrets_of(pair, mate, other), *storages.current.secrets]
    secrets.append((folder / "data/master.key").read_text().strip())
    no_secrets(folder, tally, secrets)
    return f"{memory} MiB; {crash}"


def arguments(parser):
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--patient", action="store_true", help="a download of 100 s")
    parser.add_argument("--node", action="store_true", help="needs Node.js from 18 on")


if __name__ == "__main__":
    main("powerdrill", __doc__, step, arguments, BOTH)
