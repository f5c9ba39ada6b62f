#!/usr/bin/env python3
"""Holds the dialect of DataSnap against its document, and against the way of the vendor's client.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python datasnap.py target/release/countersign [--kills 10]

The two commands of the document run with `curl`, as pasted. The vendor's client comes with
`requests`, and with headers of its own; what it lists is what was put. Names that are none are refused, and one that is is good
once (`datasnap_names.py`). Tokens that were tampered with, of another server, or over are worth
nothing, and none reads (`datasnap_tokens.py`). What was acknowledged outlives SIGKILL
(`datasnap_crash.py`). No token is in a log, in an error or in the data folder, though it stands in
a path.
"""

import hashlib
import json
import subprocess
import time

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

import datasnap_crash
import datasnap_names
import datasnap_tokens
import secrecy
from datasnap_client import MOUNTS, DataSnap, Upload, lines_of, told, tokens_seen
from datasnap_names import recorded
from hostile import memory_mib
from server import BOTH, MIB, check, main, running, secrets_of, send, signatures_seen
from store import body_at, everything, files_with, object_files
from wire import head, received

MEMORY_MIB_MAX = 100
LARGE = 40 * MIB
# That of the document.
SLUG = "seu-schema"
MINUTES = [
    None, 0, 61, -1, 1.5, 15.0, "15", True, False, [], {}, [15], 2 ** 63, 10 ** 30, "", " 15"]
NO_OBJECTS = [b"", b"{", b"[]", b"null", b"15", b'"x"', b"{}{}", b"\xff{}", b"minutes=15",
              b'{"minutes":NaN}', b'{"minutes":15', b'{"a":' * 100 + b"1" + b"}" * 100]


def pasted(command):
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    check(ended.returncode == 0, command, "ended with", ended)
    return ended.stdout


def documented(server, key, folder, seed, tally):
    """The two commands of the document. One token, and as many files as one likes."""
    for number, mount in enumerate(MOUNTS):
        asked = f"""curl -sS -X POST \\
          "{server.url}{mount}/schemas/{SLUG}/generate-upload-token" \\
          -H "Authorization: Bearer {key}" \\
          -H "Content-Type: application/json" \\
          -d '{{"minutes": 15}}'"""
        upload = Upload(json.loads(pasted(asked)))
        tokens_seen.add(upload.token)
        signatures_seen.add(upload.token[-64:])
        is_right = upload.id == number + 1 and 890 < upload.ends - time.time() <= 900
        tally.check("documented calls", is_right, upload.id, upload.ends)
        for name in (f"dados-{number}.jsonl", f"outros dados-{number}.jsonl"):
            body, path = lines_of(seed + len(name) + number, 3000), folder / name
            path.write_bytes(body)
            put = f"""cd "{folder}" && curl -sS -w "%{{http_code}}" -X PUT \\
              "{upload.url}/{name.replace(' ', '%20')}" \\
              -H "Content-Type: application/octet-stream" \\
              --data-binary "@{name}" """
            tally.check("documented calls", pasted(put) == "200", put)
            path.unlink()
            found = files_with(server, body)
            is_right = len(found) == 1 and name.split(".")[0] not in str(found[0])
            tally.check("documented calls", is_right, name, found)
            is_right = body_at(server, recorded(server, SLUG)[name]) == body
            tally.check("documented calls", is_right, name, "has other bytes")


class Bridge:
    """The vendor's client, as far as sending files goes: a session that tries again, with headers
    of its own."""

    def __init__(self, server, key, tally):
        self.base, self.key, self.tally = f"{server.url}/v1", key, tally
        self.server, self.session = server, requests.Session()
        # Nothing of this machine's environment, such as a proxy.
        self.session.trust_env = False
        again = Retry(total=3, status_forcelist=[429, 500, 502, 503, 504], backoff_factor=1,
                      allowed_methods=["HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE", "POST"])
        self.session.mount("http://", HTTPAdapter(max_retries=again))

    def token(self):
        headers = {"User-Agent": "insomnia/11.1.0", "Accept": "application/json",
                   "Authorization": f"Bearer {self.key}"}
        asked = {"mapping_name": "pedidos", "timestamp": int(time.time()), "minutes": 30}
        url = f"{self.base}/schemas/{SLUG}/generate-upload-token"
        answer = self.session.post(url, json=asked, headers=headers, timeout=(3, 10))
        self.tally.check("calls of the bridge", answer.status_code == 200, answer.text)
        upload = Upload(answer.json())
        tokens_seen.add(upload.token)
        signatures_seen.add(upload.token[-64:])
        return upload

    def put(self, upload, name, body, status=200):
        headers = {
            "Content-Type": "application/octet-stream", "Content-Length": str(len(body)),
            "X-Upload-ID": str(upload.id), "X-Checksum": hashlib.md5(body).hexdigest()}
        url = upload.url + ("" if upload.url.endswith("/") else "/") + name
        answer = self.session.put(url, data=body, headers=headers, timeout=300)
        is_right = answer.status_code == status
        self.tally.check("calls of the bridge", is_right, name, answer, answer.text)
        if status == 200:
            is_right = body_at(self.server, recorded(self.server, SLUG)[name]) == body
            self.tally.check("calls of the bridge", is_right, name, "has other bytes")


def bridged(server, key, folder, seed, tally):
    bridge = Bridge(server, key, tally)
    upload = bridge.token()
    for number, length in enumerate([1, 30_000, LARGE]):
        body = lines_of(seed + number, 30_000) * (length // 30_000 or 1)
        bridge.put(upload, f"pedidos_{number}.jsonl", body)
    bridge.put(upload, "empty.jsonl", b"")
    # A client that never got its answer tries again, and learns that the file is there.
    bridge.put(upload, "pedidos_1.jsonl", lines_of(seed + 1, 30_000), 412)
    # Its other way: a file that is read while it is sent, under another type.
    path = folder / "stream.jsonl"
    path.write_bytes(lines_of(seed, 200_000))
    with open(path, "rb") as file:
        answer = bridge.session.put(f"{upload.url}/stream.jsonl", data=file,
                                    headers={"Content-Type": "application/x-ndjson"})
    is_right = answer.status_code == 200
    key = recorded(server, SLUG)["stream.jsonl"]
    is_right = is_right and body_at(server, key) == path.read_bytes()
    tally.check("calls of the bridge", is_right, answer)
    # To a session that is kept, a refusal is an answer like any other.
    answer = bridge.session.put(f"{upload.url}x/a.jsonl", data=b"{}")
    tally.check("calls of the bridge", answer.status_code == 403, answer)
    bridge.put(upload, "after.jsonl", lines_of(seed + 9, 100))


def api_refusals(server, api, tally):
    """What the API refuses, it says in the shape of the dialect; and no token is made."""
    before = everything(server)

    def refused(status, answer, *what):
        tally.check("refusals", answer.status == status, *what, answer)
        return answer.json()

    for value in MINUTES:
        said = refused(422, api.call("orders", {"minutes": value}), value)
        is_right = said["errors"] == {"minutes": [said["message"]]}
        tally.check("refusals", is_right, value, said)
    for body in NO_OBJECTS:
        refused(422, api.call("orders", body), body[:40])
    refused(413, api.call("orders", b" " * 65_537), "a large body")
    for slug in ("ORDERS", "orders%00", "orders%20", "%2e%2e", "orders%2f..", "%ff", "'--",
                 "x" * 65, "or%64ersx", "none"):
        refused(404, api.call(slug, {"minutes": 15}), slug)
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        refused(405, api.call("orders", None, method=method), method)
    for key in ("", "Bearer", "Basic x", "Bearer csk_" + "0" * 48, f"Bearer {api.key}x", api.key,
                "Bearer " + "x" * 5000):
        for slug, body in [("orders", {"minutes": 15}), ("none", {"minutes": 0})]:
            refused(401, api.call(slug, body, {"Authorization": key}), key[:30])
    refused(401, api.call("orders", {"minutes": 15}, {"X-Api-Key": "csk_1"}), "two keys")
    for path in ("/", "/orders/", "/orders/generate-upload-token/", "/orders/files/1"):
        answer = send(f"{api.base}{path}", "GET", None, {"Authorization": f"Bearer {api.key}"})
        told(answer)
        refused(404, answer, path)
    tally.check("refusals", everything(server) == before, "something was written")


def lists(server, pair, other, seed, tally):
    """What is listed is what was put, page by page, to its team alone; as the vendor's client asks."""
    session = requests.Session()
    session.trust_env = False

    def ask(key, path, status=200, method="GET", **options):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        url = f"{server.url}{path}"
        answer = session.request(method, url, headers=headers, timeout=(3, 10), **options)
        tally.check("lists", answer.status_code == status, method, path, answer.text)
        return answer.json()

    key, stranger = pair["api_key"], other["api_key"]
    check(server.run("schemas", "create", "--team", "acme", "listed").returncode == 0, "schema")
    upload = DataSnap(server.url, key).token("listed")
    bodies = {f"{seed}-{number:02}.jsonl": lines_of(seed + number, 500 * (number % 5 + 1))
              for number in range(23)}
    for name, body in bodies.items():
        check(upload.put(name, body).status == 200, name)
    for mount in MOUNTS:
        found = ask(key, f"{mount}/schemas")["data"]
        mine = [schema for schema in found if schema["slug"] == "listed"]
        tally.check("lists", len(mine) == 1 and mine[0] == ask(key, f"{mount}/schemas/listed"), found)
        names, page = [], 1
        while True:
            query = {"page": page, "per_page": 7, "sort_by": "size_bytes", "sort_direction": "asc"}
            answer = ask(key, f"{mount}/schemas/listed/files", params=query)
            tally.check("lists", (answer["total"], answer["last_page"]) == (23, 4), answer)
            names += [(file["size_bytes"], file["file_name"]) for file in answer["data"]]
            if page == answer["last_page"]:
                break
            page += 1
        wanted = sorted((len(body), name) for name, body in bodies.items())
        tally.check("lists", names == wanted, names)
        answer = ask(key, f"{mount}/schemas/listed/files", params={"search": "-01.", "page": 1})
        tally.check("lists", [it["file_name"] for it in answer["data"]] == [f"{seed}-01.jsonl"], answer)
        answer = ask(key, f"{mount}/schemas/listed/uploads", params={"limit": 3})
        tally.check("lists", len(answer["data"]) == 3 and answer["total"] == 23, answer)
        token = ask(key, f"{mount}/upload-tokens/{upload.id}/validate")
        tally.check("lists", token["valid"] is True and 0 < token["expires_in"] <= 900, token)
        for path in ("schemas/listed", "schemas/listed/files", "schemas/listed/uploads",
                     "upload-tokens/999999/validate"):
            ask(stranger, f"{mount}/{path}", 404)
            ask("csk_0", f"{mount}/{path}", 401)
        ask(key, f"{mount}/schemas/listed/query", 501, "POST", json={"select": ["a"]})
        ask(key, f"{mount}/bridge/healthcheck", 200, "POST", json={"status": "success"})
    ask(key, "/auth/me")
    ask("invalid_token_for_test", "/auth/me", 401)
    for path in ("/health", "/status"):
        ask("", path)


def schemas(server, pair, other, tally):
    """A schema is made while the server runs, and is good at once, for its team."""
    api = DataSnap(server.url, pair["api_key"])
    check(api.call("late", {"minutes": 1}).status == 404, "it is there too early")
    made = server.run("schemas", "create", "--team", "evil", "theirs")
    check(made.returncode == 0, made)
    answers = []
    for slug in ("theirs", "nobody", "LATE", "late"):
        sent = json.dumps({"minutes": 15}).encode()
        fields = [f"Authorization: Bearer {api.key}", "Content-Type: application/json",
                  f"Content-Length: {len(sent)}", "Connection: close"]
        url = f"{api.base}/{slug}/generate-upload-token"
        answers.append(received(server, head("POST", url, *fields) + sent))
    is_same = len(set(answers)) == 1 and answers[0].startswith(b"HTTP/1.1 404 ")
    tally.check("schemas", is_same, *answers)
    made = server.run("schemas", "create", "--team", "acme", "late")
    tally.check("schemas", (made.returncode, made.stdout) == (0, "late\n"), made)
    upload = api.token("late")
    tally.check("schemas", upload.put("a.jsonl", b"{}\n").status == 200, "at once")
    # What is taken in one schema is free in another, and in another team's of this name.
    check(server.run("schemas", "create", "--team", "evil", "late").returncode == 0, "evil's")
    theirs = DataSnap(server.url, other["api_key"])
    for upload in (theirs.token("theirs"), theirs.token("late"), api.token("orders")):
        answer = upload.put("free.jsonl", b"{}\n")
        tally.check("schemas", answer.status == 200, answer)
    answer = api.token("orders", 60).put("free.jsonl", b"{}\n")
    tally.check("schemas", answer.status == 412, "by another token of the schema:", answer)


def beside(options, folder, tally, step):
    """Another server with the same team and schema, and another master key."""
    with running(options.binary, folder, data=folder / "other") as server:
        pair = server.keys("acme", "ann", s3=False)
        check(server.run("schemas", "create", "--team", "acme", "orders").returncode == 0, "schema")
        step(DataSnap(server.url, pair["api_key"]).token("orders"))


def step(options, folder, tally):
    seed = options.seed
    with running(options.binary, folder, "--log", "trace") as server:
        pair, other = server.keys("acme", "ann"), server.keys("evil", "eve")
        for slug in (SLUG, "orders"):
            made = server.run("schemas", "create", "--team", "acme", slug)
            check(made.returncode == 0, made)
        documented(server, pair["api_key"], folder, seed, tally)
        api = DataSnap(server.url, pair["api_key"])
        upload, second = api.token("orders"), api.token("orders", 1)
        expiring = datasnap_tokens.Expiring(api, server, tally)
        datasnap_names.refused(server, upload, folder, tally)
        datasnap_names.taken(server, upload, seed, tally)
        datasnap_names.once(server, [upload, second], seed, tally)
        datasnap_names.broken_off(server, upload, seed, tally)
        datasnap_tokens.run(server, upload, second, seed, tally)
        datalab = server.datalab(pair["api_key"])
        datasnap_tokens.crossed(server, api.token("orders"), pair, datalab, tally)
        beside(options, folder, tally, lambda it: datasnap_tokens.foreign(server, it, tally))
        bridged(server, pair["api_key"], folder, seed, tally)
        api_refusals(server, api, tally)
        schemas(server, pair, other, tally)
        lists(server, pair, other, seed, tally)
        expiring.check_dead()
        # After it, for many kills take longer than the token lives.
        crash = datasnap_crash.run(options, folder, tally)
        check(server.is_alive(), "the server is not well")
        memory = memory_mib(server)
        tally.check("memory", memory < MEMORY_MIB_MAX, f"{memory} MiB")
        left = object_files(server)[1]
        secrets = [*tokens_seen, *(token[-64:] for token in tokens_seen)]
        # While it runs, the write-ahead log is there as well.
        check((server.data / "catalog.sqlite-wal").exists(), "there is no write-ahead log")
        secrecy.search_folder(server.data, tally, secrets)
        tally.check("ends", server.stop() == 0 and not left, "did not end well", left)
    keys = secrets_of(pair, other)
    check(len(tokens_seen) > 10, "hardly any token was made")
    secrecy.search_logs(folder, tally, [*secrets, *keys])
    secrecy.search_folder(folder / "data", tally, [*secrets, *keys])
    return f"{memory} MiB; {crash}"


def arguments(parser):
    parser.add_argument("--kills", type=int, default=10)


if __name__ == "__main__":
    main("datasnap", __doc__, step, arguments, BOTH)
