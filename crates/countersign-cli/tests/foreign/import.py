#!/usr/bin/env python3
"""Walks data sources made of URLs from beginning to end, also where the server does not see it.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python import.py target/release/countersign [--storage s3]

A server of files runs beside ours, at the one address of this machine that ours may import from.
Files of right and wrong types come from it, over redirects and not at all; large ones cost no
memory; deleted ones stop. SIGKILL and SIGTERM in the middle leave a data source that says that it
was interrupted, and no bytes. The signature in the URLs is in no file, no log and no answer.
"""

import contextlib
import http.server
import threading
import time

from hostile import memory_mib
from powerdrill_client import MOUNTS, Powerdrill, text_of
from server import BOTH, MIB, Server, check, fixed_address, main, running
from store import everything, files_with, keys, left, rows, unknown_keys

ORIGIN = "127.0.0.2"
CANARY = "9ca0c58d508926a5811818041d557ffb"
OPTIONS = ["--import", "--import-allow-http", "--import-danger-allow-private-addresses", ORIGIN,
           "--import-max-bytes", str(80 * MIB)]
SETTLE_SECONDS = 30
# A lease lasts a minute, and is looked for every quarter of one.
LAPSE_SECONDS = 60 + 15 + 15
BIG = 64 * MIB
MEMORY_MIB_MAX = 40

CSV = text_of(1, 5_000)
PDF = b"%PDF-1.7\n" + text_of(2, 5_000)


class Origin(http.server.ThreadingHTTPServer):
    """A server of files, of which some never end."""

    daemon_threads = True

    def __init__(self):
        super().__init__((ORIGIN, 0), Handler)
        self.asked, self.of_ours = [], None
        self.slow_begun, self.slow_left = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Connections that are left are what this is for."""

    def url(self, path):
        return f"http://{ORIGIN}:{self.server_port}/{path}?X-Amz-Signature={CANARY}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        name, _, _ = self.path.lstrip("/").partition("?")
        self.server.asked.append((self.path, dict(self.headers)))
        getattr(self, name.replace(".", "_").replace("-", "_"), self.missing)()

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for field, value in headers.items():
            self.send_header(field.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def missing(self):
        self.answer(404, b"a secret page")

    def a_csv(self):
        self.answer(200, CSV)

    def a_pdf(self):
        self.answer(200, PDF)

    def login(self):
        self.answer(200, b"<html>Please log in</html>", Content_Type="text/html")

    def empty(self):
        self.answer(200)

    def gzip(self):
        self.answer(200, b"\x1f\x8b\x08", Content_Encoding="gzip")

    def moved(self):
        self.answer(302, Location="/a.csv")

    def circle(self):
        self.answer(302, Location="/circle")

    def private(self):
        self.answer(302, Location="http://10.0.0.1/")

    def to_us(self):
        self.answer(302, Location=f"http://127.0.0.1:{self.server.of_ours}/healthz")

    def chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CSV), CSV))

    def cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"abc")
        self.close_connection = True

    def endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")

    def big(self):
        self.answer(200, text_of(3, BIG))

    def slow(self):
        """Half of a file, and the rest never, until nobody listens."""
        self.send_response(200)
        self.send_header("Content-Length", str(2 * MIB))
        self.end_headers()
        self.wfile.write(b"a" * MIB)
        self.server.slow_begun.set()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"a")
                time.sleep(0.02)
        self.server.slow_left.set()


class Importer(Powerdrill):
    def ask(self, url, name, dataset=None):
        asked = {"name": name, "type": "FILE", "url": url, "user_id": self.user}
        place = f"/datasets/{dataset}" if dataset else ""
        answer = self.call("POST", f"{place}/datasources", asked)
        check(CANARY.encode() not in answer.body, "the URL is in an answer:", answer)
        return answer

    def begin(self, url, name, dataset=None):
        told = self.ask(url, name, dataset).json()
        check(told["code"] == 0 and told["data"]["status"] == "synching", told)
        check(told["data"]["size"] is None and "reason" not in told["data"], told)
        return told["data"]

    def settled(self, source, seconds=SETTLE_SECONDS):
        ends_at = time.monotonic() + seconds
        while True:
            found = self.get(source).json()["data"]
            if found["status"] != "synching":
                return found
            check(time.monotonic() < ends_at, "it is on its way for ever:", found)
            time.sleep(0.05)


def files(server, origin, key, tally):
    """Files as they should be, over every mount, and as they should not."""
    for mount in MOUNTS:
        api = Importer(server.url, key, "admin", mount)
        dataset = api.dataset()
        for path, name, body in [("a.csv", "a.csv", CSV), ("a.pdf", "b.PDF", PDF),
                                 ("moved", "c.csv", CSV), ("chunked", "d.txt", CSV)]:
            for place in (dataset, None):
                source = api.begin(origin.url(path), name, place)
                found = api.settled(source)
                is_there = found["status"] == "synched" and found["size"] == len(body)
                is_there = is_there and api.download(found).body == body
                tally.check("files", is_there, path, found)
    api = Importer(server.url, key, "admin")
    before = everything(server)[1:]
    for path, name, reason in [
        ("login", "a.pdf", "the content is not what the extension says"),
        ("a.csv", "a.xlsx", "the content is not what the extension says"),
        ("gzip", "a.csv", "the server sends an encoded file, though it was asked for a plain one"),
        ("empty", "a.csv", "the file is empty"),
        ("nowhere", "a.csv", "the server answered with status 404"),
        ("cut", "a.csv", "the file broke off"),
        ("endless", "a.csv", f"the file has more than {80 * MIB} bytes"),
        ("circle", "a.csv", "there are more than 3 redirects"),
        ("private", "a.csv", "the server redirects to a url that is not fetched: "
                             "its host has no public address"),
        ("to-us", "a.csv", "the server redirects to a url that is not fetched: "
                           "it leads to this server"),
    ]:
        found = api.settled(api.begin(origin.url(path), name))
        is_refused = found["status"] == "invalid" and found["reason"] == reason
        tally.check("refused files", is_refused and found["size"] is None, path, found)
    tally.check("refused files", everything(server)[1:] == before, "they left something")
    for url, code in [("http://127.0.0.1/", 300001), (server.url, 300001),
                      ("http://169.254.169.254/", 300001), ("file:///etc/passwd", 300001),
                      (origin.url("a.csv").replace("//", "//user@"), 300001)]:
        told = api.ask(url, "a.csv").json()
        tally.check("refused urls", told["code"] == code, url, told)
    tally.check("refused urls", api.ask(origin.url("a.csv"), "a.exe").json()["code"] == 300004)
    heads = [headers for _, headers in origin.asked]
    is_plain = all(it["accept-encoding"] == "identity" and "referer" not in it for it in heads)
    tally.check("requests", is_plain and not any("cookie" in it for it in heads), heads[0])


def large(server, origin, api, tally):
    before = memory_mib(server)
    found = api.settled(api.begin(origin.url("big"), "big.csv"), 120)
    grown = memory_mib(server) - before
    tally.check("large files", found["status"] == "synched" and found["size"] == BIG, found)
    tally.check("large files", api.download(found).body == text_of(3, BIG), "other bytes")
    tally.check("large files", grown < MEMORY_MIB_MAX, f"{grown} MiB more")
    return grown


def deleted(server, origin, api, tally):
    """What is deleted on its way stops."""
    before = everything(server)[1:]
    origin.slow_begun.clear()
    origin.slow_left.clear()
    source = api.begin(origin.url("slow"), "slow.csv")
    check(origin.slow_begun.wait(10), "it does not begin")
    time.sleep(0.5)
    told = api.delete(source).json()
    tally.check("deletions", told["code"] == 0, told)
    tally.check("deletions", origin.slow_left.wait(10), "it goes on")
    tally.check("deletions", api.get(source).json()["code"] == 300003, "it is there")
    time.sleep(1)
    tally.check("deletions", everything(server)[1:] == before, "it left something")


def interrupted(options, folder, origin, server, key, end, tally):
    """Ends the server in the middle, and starts it again."""
    api = Importer(server.url, key, "admin")
    ready = api.settled(api.begin(origin.url("a.csv"), "stays.csv"))
    known = keys(server)
    origin.slow_begun.clear()
    source = api.begin(origin.url("slow"), "slow.csv")
    waits = api.begin(origin.url("slow").replace("?", "?a&"), "waits.csv")
    queued = api.begin(origin.url("slow").replace("?", "?b&"), "queued.csv")
    check(origin.slow_begun.wait(10), "it does not begin")
    time.sleep(0.5)
    end(server)
    begun = time.monotonic()
    again = Server(options.binary, folder, *OPTIONS, "--log", "trace",
                   listen=f"127.0.0.1:{server.port}")
    api = Importer(again.url, key, "admin")
    for interrupted in (source, waits, queued):
        found = api.settled(interrupted, LAPSE_SECONDS)
        is_right = (found["status"], found.get("reason")) == ("invalid", "interrupted")
        tally.check("interruptions", is_right, found)
    seconds = time.monotonic() - begun
    tally.check("interruptions", keys(again) == known, "bytes were left")
    tally.check("interruptions", not unknown_keys(again) and not left(again), "bytes were left")
    tally.check("interruptions", api.download(ready).body == CSV, "what was there is gone")
    found = api.settled(api.begin(origin.url("slow").replace("slow", "a.csv"), "slow.csv"))
    tally.check("interruptions", found["status"] == "synched", "asked again:", found)
    whole = rows(again, "PRAGMA integrity_check") == [("ok",)]
    tally.check("interruptions", whole, "the catalog is damaged")
    return again, seconds


def search(folder, server, tally):
    """Nowhere is what may be a credential."""
    tally.check("searches", not files_with(server, CANARY.encode()), "in the data folder")
    for log in [*folder.rglob("run-*.err"), *folder.rglob("run-*.out")]:
        text = log.read_text(errors="replace")
        tally.check("searches", CANARY not in text and "panicked" not in text, log.name)
    traced = (folder / "run-0.err").read_text(errors="replace")
    check(traced.count(" DEBUG ") + traced.count(" TRACE ") > 200, "the log says nothing")
    check("a file was imported" in traced, "the log says nothing of imports")


def step(options, folder, tally):
    origin = Origin()
    with running(options.binary, folder, *OPTIONS, "--log", "trace",
                 listen=fixed_address()) as server:
        origin.of_ours = server.port
        key = server.api_key
        api = Importer(server.url, key, "admin")
        grown = large(server, origin, api, tally)
        files(server, origin, key, tally)
        deleted(server, origin, api, tally)
        stopped, _ = interrupted(options, folder, origin, server, key, Server.stop, tally)
    with contextlib.ExitStack() as stack:
        stack.callback(stopped.kill)
        killed, seconds = interrupted(options, folder, origin, stopped, key, Server.kill, tally)
        stack.callback(killed.kill)
        search(folder, killed, tally)
    off = folder / "off"
    off.mkdir()
    with running(options.binary, off, "--import=false") as server:
        told = Importer(server.url, server.api_key, "admin").ask(origin.url("a.csv"), "a.csv").json()
        tally.check("refused urls", told["code"] == 300011, told)
    return f"{grown} MiB for {BIG // MIB} MiB, {seconds:.0f} s until a killed import said so"


if __name__ == "__main__":
    main("import.py", __doc__, step, storages_known=BOTH)
