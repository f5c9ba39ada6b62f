#!/usr/bin/env python3
"""Holds the data plane of the server against boto3, curl and urllib.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python boto3_gateway.py target/release/countersign

boto3 presigns with the key pair and the endpoint that `keys create --s3` prints, as its
documentation says; curl and urllib send what it made. Bodies of all sizes and keys of all kinds go
up and come down; what is signed into a URL is enforced; conditions, ranges and overridden headers
work; each refusal has the status and the code of S3, and is read by botocore's own parser. Every
answer has the headers that keep a browser safe. 64 clients that write and read one key at once
never see two bodies mixed.
"""

import base64
import datetime
import hashlib
import itertools
import re
import subprocess
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import botocore.auth
import botocore.parsers
from botocore.awsrequest import HeadersDict

from server import MIB, Signer, check, content, main, running, send, sha256

SIZES = [0, 1, 5 * MIB + 1, 64 * MIB]
KEYS = [
    "plain.txt", "ü/ñ/日本語", "e\u0301 nfd", "é nfc", "sp ace", " lead and trail ", "plus+plus",
    "pct%41", "pct%2Fslash", "%", "%00", "a?b", "?X-Amz-Signature=0", "a#b", "a//b", "/lead",
    "//two", "/", "//", "trail/", "trail//", ".", "..", "../", "../../etc/passwd", "a/../b",
    "a/./b", "./a", "a/..", "k" * 1024, "é" * 512, "a/" * 512, "/" * 1024, "quo'te\"s",
    "back\\slash",
    "tab\there", "line\nbreak\r", "\x01\x1f\x7f", "😀", "👩\u200d👩\u200d👧", "<xml>&amp;",
    "a&b=c;d:e@f,g$h",
    "[br]{ace}|^`~", "\u202eright to left", "\ufeff", "http://host/path", "CON", "con", "A", "a",
    "*", "lock", "tmp/x", "records",
]
ETAG = re.compile(r'"[0-9a-f]{32}-1"')
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
}
WRITERS = 64


class Gateway:
    """One bucket, and requests to it that are looked at whatever they come to."""

    def __init__(self, signer, tally):
        self.signer, self.tally = signer, tally

    def send(self, url, method="GET", body=None, headers=()):
        answer = send(url, method, body, headers)
        self.check_safe(method, answer)
        return answer

    def check_safe(self, method, answer):
        found = {name: answer.headers.get_all(name, []) for name in ALWAYS}
        is_safe = found == {name: [value] for name, value in ALWAYS.items()}
        is_safe = is_safe and answer.headers["x-amz-request-id"] and not answer.headers["Set-Cookie"]
        self.tally.check("safe answers", is_safe, method, answer, dict(answer.headers))
        exposed = answer.headers["Access-Control-Expose-Headers"] or ""
        self.tally.check("safe answers", "ETag" in exposed.split(", "), exposed)
        if answer.headers["Cache-Control"] != "private, no-store":
            is_asked = answer.status in (200, 304) and "max-age" in answer.headers["Cache-Control"]
            self.tally.check("safe answers", is_asked, answer.headers["Cache-Control"])
        if method == "GET" and answer.status in (200, 206):
            kind = answer.headers["Content-Disposition"].split(";")[0]
            self.tally.check("safe answers", kind in ("attachment", "inline"), kind)

    def put(self, key, body, headers=(), **parameters):
        answer = self.send(self.signer.url("put", key, **parameters), "PUT", body, headers)
        is_right = answer.status == 200 and ETAG.fullmatch(answer.headers["ETag"] or "")
        self.tally.check("uploads", is_right and not answer.body, f"PUT {key!r}", answer)
        return answer.headers["ETag"]

    def get(self, key, body, headers=(), **parameters):
        answer = self.send(self.signer.url("get", key, **parameters), "GET", None, headers)
        is_right = (answer.status, answer.body) == (200, body)
        self.tally.check("downloads", is_right, f"GET {key!r}", answer)
        return answer.headers

    def refuse(self, what, status, code, url, method="GET", body=None, headers=()):
        """What is refused is refused in XML that botocore reads."""
        answer = self.send(url, method, body, headers)
        self.check_refusal(what, status, code, method, answer)

    def check_refusal(self, what, status, code, method, answer):
        if method == "HEAD":
            is_right = answer.status == status and not answer.body
            return self.tally.check("refusals", is_right, what, answer)
        kind = answer.headers["Content-Type"]
        self.tally.check("refusals", kind == "application/xml", what, kind, answer)
        raw = {"body": answer.body, "status_code": answer.status,
               "headers": HeadersDict(answer.headers.items())}
        parsed = botocore.parsers.create_parser("rest-xml").parse(raw, None)
        error, request_id = parsed["Error"], parsed["ResponseMetadata"]["RequestId"]
        is_right = (answer.status, error["Code"]) == (status, code) and error["Message"]
        self.tally.check("refusals", is_right, what, f"is not {status} {code} but", answer)
        is_named = request_id == answer.headers["x-amz-request-id"] and error["Resource"]
        self.tally.check("refusals", is_named, what, error)


def curl(*arguments):
    command = ["curl", "--path-as-is", "--globoff", "-fsS", "--max-time", "60", *arguments]
    ended = subprocess.run(command, capture_output=True, timeout=70)
    check(ended.returncode == 0, "curl ended with", ended.returncode, ended.stderr)
    return ended.stdout


def sizes(gateway, folder, seed):
    """Each size goes up by one client and comes down by the other, and the other way round."""
    signer, tally = gateway.signer, gateway.tally
    for number, size in enumerate(SIZES):
        body, file, got = content(seed + number, size), folder / "body", folder / "got"
        file.write_bytes(body)
        curl("-T", file, signer.url("put", f"curl-{size}"))
        request = urllib.request.Request(
            signer.url("put", f"urllib-{size}"), body, method="PUT",
            headers={"Content-Type": "application/octet-stream"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            tally.check("uploads", answer.status == 200, size)
        for key in (f"curl-{size}", f"urllib-{size}"):
            got.unlink(missing_ok=True)
            curl("-o", got, signer.url("get", key))
            is_right = sha256(got.read_bytes() if size else b"") == sha256(body)
            tally.check("downloads", is_right, "curl,", key)
            with urllib.request.urlopen(signer.url("get", key), timeout=60) as answer:
                tally.check("downloads", sha256(answer.read()) == sha256(body), "urllib,", key)
            head = gateway.send(signer.url("head", key), "HEAD")
            is_right = head.status == 200 and head.headers["Content-Length"] == str(size)
            tally.check("heads", is_right, key, head, dict(head.headers))


def odd_keys(gateway):
    """All are written before one is read: two keys that became one would show."""
    signer, tally = gateway.signer, gateway.tally
    bodies = {key: f"content of {key!r}".encode() for key in KEYS}
    for key, body in bodies.items():
        gateway.put(key, body)
    for key, body in bodies.items():
        gateway.get(key, body)
        tally.check("downloads", curl(signer.url("get", key)) == body, "curl,", repr(key))
        with urllib.request.urlopen(signer.url("get", key), timeout=60) as answer:
            tally.check("downloads", answer.read() == body, "urllib,", repr(key))
        for operation in ("head", "get"):
            answer = gateway.send(signer.url(operation, key), "HEAD")
            length = answer.headers["Content-Length"]
            is_right = (answer.status, length, answer.body) == (200, str(len(body)), b"")
            tally.check("heads", is_right, repr(key), answer)
    absent = signer.url("get", "absent")
    gateway.refuse("a key that is not there", 404, "NoSuchKey", absent)
    gateway.refuse("a key that is not there", 404, "NoSuchKey", absent, "HEAD")


def bound_headers(gateway):
    """What was signed is sent as it was signed, or nothing is stored."""
    signer, tally = gateway.signer, gateway.tally
    body, other = b"twelve bytes", b"12 bytes too"
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    typed = {"Content-Type": "text/csv; charset=utf-8"}
    meta = {"x-amz-meta-note": "two words", "x-amz-meta-who": "me"}
    mismatch = (403, "SignatureDoesNotMatch")
    table = [
        ("ContentType", typed["Content-Type"], typed, [
            (mismatch, {"Content-Type": "text/html"}, body), (mismatch, {}, body)]),
        ("ContentLength", len(body), {}, [
            (mismatch, {}, body + b"!"), (mismatch, {}, body[:-1]), (mismatch, {}, b"")]),
        ("ContentMD5", md5, {"Content-MD5": md5}, [
            ((400, "BadDigest"), {"Content-MD5": md5}, other), (mismatch, {}, body),
            (mismatch, {"Content-MD5": base64.b64encode(bytes(16)).decode()}, body)]),
        ("Metadata", {"note": "two words", "who": "me"}, meta, [
            (mismatch, meta | {"x-amz-meta-who": "you"}, body), (mismatch, {}, body),
            ((403, "AccessDenied"), meta | {"x-amz-meta-more": "1"}, body)]),
        ("CacheControl", "no-cache", {"Cache-Control": "no-cache"}, [
            (mismatch, {"Cache-Control": "public"}, body)]),
    ]
    for name, value, headers, wrong in table:
        url = signer.url("put", f"bound-{name}", **{name: value})
        for (status, code), sent, bytes_sent in wrong:
            gateway.refuse(f"{name} {sent}", status, code, url, "PUT", bytes_sent, sent)
        gateway.refuse(f"{name}: nothing was stored", 404, "NoSuchKey",
                       signer.url("get", f"bound-{name}"))
        gateway.put(f"bound-{name}", body, headers, **{name: value})
        gateway.get(f"bound-{name}", body)
    kept = gateway.get("bound-ContentType", body)
    tally.check("kept headers", kept["Content-Type"] == typed["Content-Type"], kept)
    kept = gateway.get("bound-Metadata", body)
    found = {name: kept[name] for name in meta}
    tally.check("kept headers", found == meta, found)
    kept = gateway.get("bound-CacheControl", body)
    tally.check("kept headers", kept["Cache-Control"] == "private, no-store", kept)


def overrides(gateway):
    body, key, signer, tally = b"a,b", "overridden", gateway.signer, gateway.tally
    gateway.put(key, body, {"Content-Type": "text/html"}, ContentType="text/html")
    plain = gateway.get(key, body)
    tally.check("kept headers", plain["Content-Disposition"] == "attachment", plain)
    disposition = "attachment; filename=\"a b+c%d.txt\"; filename*=UTF-8''a%20b%2Bc%25d.txt"
    headers = gateway.get(key, body, ResponseContentDisposition=disposition,
                          ResponseContentType="text/csv; charset=utf-8",
                          ResponseCacheControl="private, max-age=5", ResponseContentLanguage="de")
    for name, value in [("Content-Disposition", disposition), ("Content-Language", "de"),
                        ("Content-Type", "text/csv; charset=utf-8"),
                        ("Cache-Control", "private, max-age=5")]:
        tally.check("overridden headers", headers.get_all(name) == [value], name, headers[name])
    headers = gateway.get(key, body, ResponseContentDisposition="inline",
                          ResponseContentType="text/plain")
    tally.check("overridden headers", headers["Content-Disposition"] == "inline", headers)
    for parameters in [
        {"ResponseContentType": "text/html"}, {"ResponseContentType": "image/svg+xml"},
        {"ResponseContentDisposition": "inline"},
        {"ResponseContentDisposition": "attachment\r\nSet-Cookie: a=b"},
        {"ResponseContentDisposition": "form-data"}, {"ResponseContentType": "text/plain\r\nX: y"},
        {"ResponseCacheControl": "public, max-age=31536000"},
    ]:
        url = signer.url("get", key, **parameters)
        gateway.refuse(parameters, 400, "InvalidArgument", url)
    url = signer.url("get", key)
    for name in ("content-type", "content-disposition"):
        changed = f"{url}&response-{name}=text%2Fplain"
        gateway.refuse("unsigned override", 403, "SignatureDoesNotMatch", changed)


def conditions(gateway):
    body, key, signer, tally = bytes(range(200)), "conditions", gateway.signer, gateway.tally
    etag = gateway.put(key, body)
    url, head = signer.url("get", key), signer.url("head", key)
    modified = gateway.send(url).headers["Last-Modified"]
    other = f'"{"0" * 32}-1"'
    part = {"Range": "bytes=10-19"}
    for status, wanted, headers in [
        (206, body[10:20], part), (206, body[190:], {"Range": "bytes=190-"}),
        (206, body[-5:], {"Range": "bytes=-5"}), (206, body[5:], {"Range": "bytes=5-999"}),
        (200, body, {"Range": "bytes=1-2,5-6"}), (200, body, {"Range": "lines=1-2"}),
        (200, body, {"Range": "bytes=9-1"}), (206, body, {"Range": "bytes=0-"}),
        (304, b"", {"If-None-Match": etag}), (304, b"", {"If-None-Match": "*"}),
        (200, body, {"If-None-Match": other}), (200, body, {"If-Match": etag}),
        (304, b"", {"If-Modified-Since": modified}), (200, body, {"If-Unmodified-Since": modified}),
        (206, body[10:20], part | {"If-Range": etag}), (200, body, part | {"If-Range": other}),
        (206, body[10:20], part | {"If-Range": modified}),
        (200, body, part | {"If-Range": "W/" + etag}),
        (206, body[10:20], part | {"If-Match": etag}),
    ]:
        answer = gateway.send(url, "GET", None, headers)
        is_right = (answer.status, answer.body) == (status, wanted)
        tally.check("conditions", is_right, headers, answer)
        tally.check("conditions", answer.headers["ETag"] == etag, headers, answer.headers["ETag"])
        as_head = gateway.send(head, "HEAD", None, headers)
        tally.check("conditions", (as_head.status, as_head.body) == (status, b""), headers, as_head)
        length = as_head.headers["Content-Length"]
        tally.check("conditions", length == (None if status == 304 else str(len(wanted))), length)
    answer = gateway.send(url, "GET", None, part)
    shown = answer.headers["Content-Range"]
    tally.check("conditions", shown == f"bytes 10-19/{len(body)}", shown)
    for status, code, headers in [
        (412, "PreconditionFailed", {"If-Match": other}),
        (416, "InvalidRange", {"Range": "bytes=200-"}),
        (416, "InvalidRange", {"Range": "bytes=-0"}),
        (412, "PreconditionFailed", {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}),
    ]:
        gateway.refuse(headers, status, code, url, "GET", None, headers)
        gateway.refuse(headers, status, code, head, "HEAD", None, headers)
    create = signer.url("put", key, IfNoneMatch="*")
    gateway.refuse("create", 412, "PreconditionFailed", create, "PUT", b"x", {"If-None-Match": "*"})
    new = gateway.put(key, b"second")
    tally.check("conditions", new != etag, "the tag is that of the first body")
    gateway.get(key, b"second")
    stale = signer.url("put", key)
    gateway.refuse("update", 412, "PreconditionFailed", stale, "PUT", b"x", {"If-Match": etag})
    gateway.put(key, b"third", {"If-Match": new})
    gateway.get(key, b"third")


def at(seconds):
    """Makes botocore sign at another time."""
    real = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda: real() + datetime.timedelta(seconds=seconds)
    return lambda: setattr(botocore.auth, "get_current_datetime", real)


def refusals(gateway, pair, other_pair):
    """Who may not, what is not there, and what is not done here."""
    signer = gateway.signer
    gateway.put("kept", b"kept")
    get, put = signer.url("get", "kept"), signer.url("put", "kept")
    mismatch, denied = (403, "SignatureDoesNotMatch"), (403, "AccessDenied")
    query_error = (400, "AuthorizationQueryParametersError")
    for seconds, refused in [(-3600, denied), (3600, denied), (-8 * 86400, denied)]:
        back = at(seconds)
        urls = [signer.url("get", "kept", expires=60), signer.url("put", "kept", expires=60)]
        back()
        gateway.refuse(f"signed {seconds} s from now", *refused, urls[0])
        gateway.refuse(f"signed {seconds} s from now", *refused, urls[0], "HEAD")
        gateway.refuse(f"signed {seconds} s from now", *refused, urls[1], "PUT", b"x")

    for name, change in [
        ("a wrong secret", {"secret_access_key": "0" * 40}),
        ("no such key", {"access_key_id": "AKIA0"}),
        ("a key of another team", {"access_key_id": other_pair["access_key_id"]}),
    ]:
        gateway.refuse(name, *mismatch, Signer(pair | change).url("get", "kept"))
        gateway.refuse(name, *mismatch, Signer(pair | change).url("put", "kept"), "PUT", b"x")
    for name, bucket in [("another team's", other_pair["bucket"]),
        ("the platform's", "countersign"),
                         ("nobody's", "nobodys-bucket")]:
        foreign = Signer(pair | {"bucket": bucket})
        for key in ("kept", "objects/00000000-0000-0000-0000-000000000000"):
            gateway.refuse(f"{name} bucket", *denied, foreign.url("get", key))
            gateway.refuse(f"{name} bucket", *denied, foreign.url("put", key), "PUT", b"x")
    gateway.refuse("region", *query_error, Signer(pair | {"region": "eu-west-1"}).url("get",
        "kept"))
    gateway.refuse("too long", *query_error, signer.url("get", "kept", expires=604801))
    gateway.refuse("no query", *denied, get.partition("?")[0])
    gateway.refuse("no query", *denied, put.partition("?")[0], "PUT", b"x")
    gateway.refuse("no signature", *query_error, get.rpartition("&")[0])
    twice = f"{get}&X-Amz-Expires=600"
    gateway.refuse("a parameter twice", *query_error, twice)
    for url, method in [(get, "PUT"), (put, "GET"), (put, "HEAD"),
        (signer.url("head", "kept"), "GET")]:
        body = b"x" if method == "PUT" else None
        gateway.refuse(f"a URL for {method}", *mismatch, url, method, body)
    gateway.refuse("another key", *mismatch, put.replace("/kept?", "/kept2?"), "PUT", b"x")
    for method in ("POST", "DELETE", "PATCH"):
        gateway.refuse(method, 405, "MethodNotAllowed", get, method, b"")
    gateway.refuse("delete", 405, "MethodNotAllowed", signer.url("delete", "kept"), "DELETE")
    raw = {"Bucket": signer.bucket}
    listing = signer.client.generate_presigned_url("list_objects_v2", raw)
    gateway.refuse("a listing", 501, "NotImplemented", listing)
    not_done = [("ACL", "public-read"), ("Tagging", "a=b"), ("ServerSideEncryption", "AES256"),
                ("StorageClass", "GLACIER"), ("ChecksumCRC32", "AAAAAA==")]
    names = {"ACL": "x-amz-acl", "Tagging": "x-amz-tagging", "StorageClass": "x-amz-storage-class",
             "ServerSideEncryption": "x-amz-server-side-encryption",
             "ChecksumCRC32": "x-amz-checksum-crc32"}
    for name, value in not_done:
        url = signer.url("put", "kept", **{name: value})
        gateway.refuse(name, 501, "NotImplemented", url, "PUT", b"x", {names[name]: value})
        gateway.refuse(f"unsigned {name}", *denied, put, "PUT", b"x", {names[name]: value})
    gateway.refuse("chunks", 501, "NotImplemented", put, "PUT", b"x",
        {"Content-Encoding": "aws-chunked"})
    chunked = {"Transfer-Encoding": "chunked"}
    gateway.refuse("no length", 411, "MissingContentLength", put, "PUT", b"1\r\nx\r\n0\r\n\r\n",
        chunked)
    large = {"Content-Length": str(5 * 1024 ** 3 + 1)}
    gateway.refuse("too large", 400, "EntityTooLarge", put, "PUT", b"", large)
    gateway.get("kept", b"kept")


def preflight(gateway):
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT",
             "Access-Control-Request-Headers": "content-type,x-amz-meta-a"}
    for url in (gateway.signer.url("put", "k"), gateway.signer.url("get", "k").partition("?")[0]):
        answer = gateway.send(url, "OPTIONS", None, asked)
        allowed = answer.headers["Access-Control-Allow-Methods"].split(", ")
        is_right = answer.status == 204 and {"GET", "HEAD", "PUT"} <= set(allowed)
        is_right = is_right and answer.headers["Access-Control-Allow-Headers"] == "*"
        is_right = is_right and not answer.headers["Access-Control-Allow-Credentials"]
        gateway.tally.check("preflights", is_right, answer, dict(answer.headers))


def described(number):
    """A body that says which it is, and whose digest says whether it is whole."""
    body = number.to_bytes(8, "big") + content(number, 20_000 + 7_919 * (number % 40))
    return body + hashlib.sha256(body).digest()


def one_key_for_all(gateway, tally):
    """Nobody sees two bodies mixed, and after its own write nobody sees an older one for ever."""
    put, get = gateway.signer.url("put", "shared"), gateway.signer.url("get", "shared")
    check(send(put, "PUT", described(0)).status == 200, "the first PUT")
    numbers, barrier = itertools.count(1), threading.Barrier(WRITERS)

    def client(index):
        barrier.wait()
        for _ in range(6):
            if index % 2:
                answer = send(put, "PUT", described(next(numbers)))
                is_right = answer.status == 200
            else:
                answer = send(get)
                body = answer.body
                is_right = answer.status == 200 and body == described(int.from_bytes(body[:8],
                    "big"))
            check(is_right, "a mixed or missing body:", answer)
        return 6

    with ThreadPoolExecutor(WRITERS) as pool:
        for count in pool.map(client, range(WRITERS)):
            tally.counts["concurrent requests"] = tally.counts.get("concurrent requests", 0) + count


def default_checksums(gateway, pair):
    """What boto3 does when nobody tells it what to do about checksums, or to do nothing."""
    for when in ("when_supported", "when_required"):
        signer = Signer(pair, request_checksum_calculation=when, response_checksum_validation=when)
        other = Gateway(signer, gateway.tally)
        other.put(f"checksum-{when}", b"body")
        other.get(f"checksum-{when}", b"body")


def step(options, folder, tally):
    with running(options.binary, folder) as server:
        pair, other_pair = server.keys("acme", "ann"), server.keys("evil", "eve")
        gateway = Gateway(Signer(pair), tally)
        sizes(gateway, folder, options.seed)
        odd_keys(gateway)
        bound_headers(gateway)
        overrides(gateway)
        conditions(gateway)
        refusals(gateway, pair, other_pair)
        preflight(gateway)
        one_key_for_all(gateway, tally)
        default_checksums(gateway, pair)
        tally.check("ends", server.stop() == 0, "did not end well")
    return ""


if __name__ == "__main__":
    main("boto3_gateway", __doc__, step)
