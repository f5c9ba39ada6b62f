"""Tokens that were tampered with, and put to other uses than their own: part of `datasnap.py`,
which says how to run. Nothing is ever written by one, and nothing is read by any."""

import json
import random
import re
import time
import urllib.parse

import storages
from datasnap_client import code_of, lines_of, noted, tokens_seen
from datasnap_names import BODY, exact, recorded
from headers import of_data_plane
from quickstart import SlowUpload
from server import Signer, check, send, signatures_seen
from store import body_at, everything

DENIED = 403, "AccessDenied"
HEX = "0123456789abcdef"
OTHERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~%"


def tampered(token, other, rng):
    """Tokens that nobody made, each with what was done."""
    for place, sign in enumerate(token):
        digits = HEX if sign in HEX else OTHERS
        for new in {rng.choice(digits), rng.choice(OTHERS), sign.swapcase()} - {sign}:
            yield f"place {place}: {new}", token[:place] + new + token[place + 1:]
        yield f"without place {place}", token[:place] + token[place + 1:]
        if place % 8 == 0:
            yield f"cut at {place}", token[:place]
            yield f"doubled place {place}", token[:place] + sign + token[place:]
            # There is one spelling of a token.
            yield f"encoded at {place}", f"{token[:place]}%{ord(sign):02X}{token[place + 1:]}"
    for more in ("0", "-", "a", "%00", "%20", ".", "~", "x" * 5000):
        yield f"{more[:9]} after", token + more
        yield f"{more[:9]} before", more + token
    yield "twice", token + token
    yield "twice with a dash", f"{token}-{token}"
    yield "in capitals", token.upper()
    yield "in small letters", token.lower()
    parts, others = token.split("-"), other.split("-")
    for place in range(4):
        mixed = [*parts[:place], others[place], *parts[place + 1:]]
        if mixed not in (parts, others):
            yield f"part {place} of another token", "-".join(mixed)
        yield f"part {place} empty", "-".join([*parts[:place], "", *parts[place + 1:]])
        yield f"without part {place}", "-".join(parts[:place] + parts[place + 1:])
        yield f"part {place} twice", "-".join(parts[:place + 1] + parts[place:])
    for end in ("20991231T235959Z", "99991231T235959Z", "00000101T000000Z", "20261332T256199Z",
                "20261121T120000", "2026-11-21T12:00:00Z", "0"):
        yield f"ends {end}", "-".join([*parts[:2], end, parts[3]])
    for mac in ("0" * 64, "f" * 64, "", parts[3][:32], parts[3][:-1], parts[3].upper()):
        yield f"MAC {mac[:8]}", "-".join([*parts[:3], mac])
    for wrong in ("x", "..", "CS01", "CS02" + token[4:], "%2e%2e", "null", "CS01---"):
        yield wrong[:20], wrong


def forged(server, upload, other, tally, rng):
    """No token but those that were made, and one answer to all that were not."""
    before, told = everything(server), set()
    for what, token in tampered(upload.token, other.token, rng):
        check(token not in (upload.token, other.token), "not tampered with:", what)
        url = upload.url.removesuffix(upload.token) + token
        answer = noted(send(f"{url}/forged.jsonl", "PUT", BODY))
        tally.check("forged tokens", code_of(answer) == DENIED, what, answer)
        told.add(re.sub(rb"<RequestId>\w+", b"", answer.body))
    tally.check("forged tokens", len(told) == 1, "more than one answer:", told)
    # Before the token is known to be right, nothing else is said.
    for rest in ("/..", "/", "", "/forged.jsonl?x=1", "/taken.jsonl"):
        forger = type(upload)({"id": 0, "upload_url": upload.url[:-1] + swapped(upload.url[-1]),
                               "expires_at": "2099-01-01T00:00:00.000000Z", "success": True})
        answer = noted(exact(server, forger, rest))
        tally.check("forged tokens", code_of(answer) == DENIED, rest, answer)
    tally.check("forged tokens", everything(server) == before, "something was written")


def swapped(digit):
    return "0" if digit != "0" else "1"


def foreign(server, theirs, tally):
    """A token of another server, whose master key is another one."""
    before = everything(server)
    url = f"{server.url}/p/{theirs.token}/foreign.jsonl"
    answer = noted(send(url, "PUT", BODY))
    tally.check("foreign tokens", code_of(answer) == DENIED, answer)
    tally.check("foreign tokens", everything(server) == before, "something was written")
    # At home it is good, as far as its own server goes.
    tally.check("foreign tokens", theirs.put("home.jsonl", BODY).status == 200, "at home")


def crossed(server, upload, pair, datalab, tally):
    """Signed URLs are worth nothing where tokens are, and tokens nothing where URLs are. Elsewhere
    a path is no secret, and is logged: so this token is one of those that are not looked for."""
    number, put = datalab.begin("a.csv", "text/csv")
    check(datalab.put(put, BODY).status == 200, "PUT of an object")
    datalab.get(f"/{number}/confirm")
    _, ours = datalab.begin("b.csv", "text/csv")
    get, bucket = datalab.download_url(number), "countersign"
    if storages.current.has_gateway:
        signer = Signer(pair)
        bucket = signer.bucket
        put, get = signer.url("put", "crossed.jsonl"), signer.url("get", "crossed.jsonl")
        check(send(put, "PUT", BODY).status == 200, "PUT of an object")
    before = everything(server)
    origin, token = server.url, upload.token
    path = lambda url: urllib.parse.urlsplit(url).path.removeprefix("/s3/").lstrip("/")
    query = lambda url: urllib.parse.urlsplit(url).query
    for what, method, url in [
        ("a URL below /p", "PUT", f"{origin}/p/{path(put)}?{query(put)}"),
        ("a URL of ours below /p", "PUT", f"{origin}/p/{path(ours)}?{query(ours)}"),
        ("its query for a token", "PUT", f"{origin}/p/{query(put)}/a.jsonl"),
        ("its signature for a token", "PUT", f"{origin}/p/{query(put)[-64:]}/a.jsonl"),
        ("a bucket for a token", "PUT", f"{origin}/p/{bucket}/a.jsonl"),
        ("a token for a bucket", "PUT", f"{origin}/s3/{token}/a.jsonl"),
        ("a token for a key", "PUT", f"{origin}/s3/countersign/{token}/a.jsonl"),
        ("a token for a signature", "PUT", re.sub(r"(?<=Signature=)\w+", token, put)),
        ("its MAC for a signature", "PUT", re.sub(r"(?<=Signature=)\w+", token[-64:], put)),
        ("a token for a key id", "PUT", re.sub(r"(?<=Credential=)[^%]+", token, put)),
        ("reading by a token", "GET", f"{origin}/s3/{token}/a.jsonl"),
        ("a token in the query", "PUT", f"{origin}/s3/{path(put)}?token={token}"),
    ]:
        answer = send(url, method, BODY if method == "PUT" else None,
                      {"Content-Type": "text/csv"})
        if url.startswith(f"{origin}/s3/") and not storages.current.has_gateway:
            tally.check("crossed grants", answer.status == 404, what, answer)
        else:
            is_refused = of_data_plane(answer).status in (400, 403)
            tally.check("crossed grants", is_refused, what, answer)
    # Beside a good token, a signature asks for something else.
    for url in (put, ours, get):
        answer = noted(send(f"{upload.url}/crossed.jsonl?{query(url)}", "PUT", BODY))
        tally.check("crossed grants", code_of(answer) == (501, "NotImplemented"), answer)
    for headers in ({"Authorization": f"Bearer {token}"}, {"X-Api-Key": token}):
        answer = send(f"{origin}/api/v1/files", "GET", None, headers)
        tally.check("crossed grants", answer.status == 401, headers.keys(), answer)
    tally.check("crossed grants", everything(server) == before, "something was written")
    check(send(get).body == BODY, "the object is not what it was")
    tokens_seen.remove(token)
    signatures_seen.remove(token[-64:])


def methods(server, upload, tally):
    """A token puts. It reads nothing, lists nothing and removes nothing."""
    check(upload.put("taken.jsonl", BODY).status == 200, "PUT")
    before = everything(server)
    for name in ("/taken.jsonl", "/absent.jsonl", "", "/", "/.."):
        for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "put"):
            answer = noted(send(f"{upload.url}{name}", method, b"" if method == "POST" else None))
            is_right = answer.status == 405 and answer.headers["Allow"] == "PUT, OPTIONS"
            tally.check("methods", is_right, method, name, answer, dict(answer.headers))
    for fields in (["X-HTTP-Method-Override: DELETE"], ["X-HTTP-Method: GET"]):
        answer = noted(exact(server, upload, "/taken.jsonl", "PUT", BODY, *fields))
        tally.check("methods", answer.status == 412, fields, answer)
    tally.check("methods", everything(server) == before, "something has changed")


def browsers(upload, seed, tally):
    """A page of any origin puts by its token: what a browser asks before, and sees after."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT",
             "Access-Control-Request-Headers": "content-type,x-checksum,x-upload-id"}
    for url in (f"{upload.url}/page.jsonl", f"{upload.url}/", upload.url):
        answer = noted(send(url, "OPTIONS", None, asked))
        headers = answer.headers
        is_right = answer.status == 204 and not answer.body
        is_right = is_right and headers["Access-Control-Allow-Origin"] == "*"
        is_right = is_right and headers["Access-Control-Allow-Methods"] == "PUT"
        # A star is for every header but `Authorization`, which no token needs.
        is_right = is_right and headers["Access-Control-Allow-Headers"] == "*"
        tally.check("browsers", is_right, answer, dict(headers))
    origin = {"Origin": "https://app.example", "X-Upload-ID": "1", "X-Checksum": "x"}
    for status in (200, 412):
        answer = upload.put("page.jsonl", lines_of(seed, 100), origin)
        is_right = answer.status == status and (status != 200 or answer.headers["ETag"])
        tally.check("browsers", is_right, status, answer)


class Expiring:
    """A token of the shortest life, made early and tried late."""

    def __init__(self, api, server, tally):
        self.upload, self.server, self.tally = api.token("orders", 1), server, tally
        self.check("early", 200)

    def check(self, name, status):
        answer = self.upload.put(f"{name}.jsonl", BODY)
        self.tally.check("expiring tokens", answer.status == status, name, answer)
        return answer

    def check_dead(self):
        """It is good until the second that was said, and then no more."""
        time.sleep(max(0, self.upload.ends - time.time() - 3))
        self.check("late", 200)
        # Whoever is let in may finish, as with a signed URL.
        slow = SlowUpload(f"{self.upload.url}/slow.jsonl", lines_of(1, 5000))
        slow.start()
        while True:
            asked = time.time()
            answer = self.upload.put(f"at-{asked}.jsonl", BODY)
            if answer.status != 200:
                break
            self.tally.check("expiring tokens", asked < self.upload.ends, "lives on", asked)
            time.sleep(0.1)
        self.tally.check("expiring tokens", time.time() >= self.upload.ends, "died early", answer)
        for name in ("after.jsonl", "early.jsonl"):
            answer = self.upload.put(name, BODY)
            is_right = code_of(answer) == DENIED and b"Request has expired" in answer.body
            self.tally.check("expiring tokens", is_right, name, answer)
        slow.go.set()
        slow.join(20)
        is_right = slow.answer.startswith(b"HTTP/1.1 200 ")
        self.tally.check("expiring tokens", is_right, "was let in:", slow.answer)
        found = recorded(self.server)
        self.tally.check("expiring tokens", "after.jsonl" not in found, "something was written")
        is_whole = body_at(self.server, found["slow.jsonl"]) == slow.body
        self.tally.check("expiring tokens", is_whole, "other bytes", json.dumps(len(slow.body)))


def run(server, upload, other, seed, tally):
    methods(server, upload, tally)
    browsers(upload, seed, tally)
    forged(server, upload, other, tally, random.Random(seed))
