#!/usr/bin/env python3
"""Holds the server against clients that mean harm, over raw sockets.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python hostile.py target/release/countersign

Slow clients keep 300 connections while honest ones are served (`slow.py`). Wrong, doubled and
smuggled framing never stores anything wrong and never makes a request of a body (`framing.py`).
Tampered URLs are never served (`tamper.py`). What is wrong on the API is answered in its own shape,
and writes nothing. Names of files come back in `Content-Disposition` so that two independent
readers find the same name. A disk that gets full refuses uploads in due form, goes on serving, and
mends once there is room (`disk_full.py`).
"""

import email.message
import email.policy
import json
import pathlib
import re
import time
from urllib.parse import quote, unquote_to_bytes

import disk_full
import framing
import slow
import tamper
from server import MIB, Signer, check, main, running, send
from wire import exchange, head

# Names, and the name under which a browser saves the file where that is another one.
NAMES = {
    'quo"te\'s.bin': None, "semi;colon=x, y.bin": None, "%00.bin": None, "a%22b.bin": None,
    # The second looks like an encoded word of mail (RFC 2047), which some readers look for.
    "100%.bin": None, "=?utf-8?q?x?=.bin": None, "Bücher & Söhne.bin": None, "日本語.bin": None,
    "😀👩\u200d👩\u200d👧.bin": None, "e\u0301.bin": None, "a  b.bin": None,
    "filename*=UTF-8''x.bin": None,
    ".hidden": None, "no extension": None, "x" * 251 + ".bin": None, "~!@#$^&()_+{}|<>?.bin": None,
    "CON.bin": None, "a\u00a0b.bin": None, "<script>alert(1).bin": None, "\U0010ffff.bin": None,
    # Marks that turn the direction of text, or are seen by nobody.
    "gpj.\u202exe.bin": "gpj.xe.bin", "\u2066a\u2069.bin": "a.bin", "\ufeffa.bin": "a.bin",
    "a\u2028b.bin": "ab.bin", "\u200fa.bin": "a.bin",
    " lead.bin ": "lead.bin",
    # 255 bytes of UTF-8 and the extension kept.
    "ü" * 251 + ".bin": "ü" * 125 + ".bin", "😀" * 251 + ".bin": "😀" * 62 + ".bin",
}
REFUSED_NAMES = [
    "", " ", ".", "..", "a/b", "/etc/passwd", "a\\b", "..\\x", "a\r\nSet-Cookie: x=y", "a\nb",
    "a\0b",
    "\x7f", "a\x85b", "\x1b[31m", "x" * 256, "ü" * 256, "x" * 10_000, 5, None, True, [], {}, ["a"],
]
REFUSED_TYPES = [
    "", "text", "text/", "/csv", "text/csv\r\nX-Evil: 1", "te xt/csv", "text/csv\n", "a/ü", "a/b/c",
    "text/csv ", "a" * 300 + "/b", 5, None, [], {"a": 1},
]
# With 300 connections, and bodies of up to 32 MiB.
MEMORY_MIB_MAX = 256
GOOD = {"filename": "a.csv", "content_type": "text/csv"}


def unquoted(text):
    """The text of a quoted string, and what comes after it (RFC 9110, section 5.6.4)."""
    found = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    check(found, "no quoted string:", text)
    return re.sub(r"\\(.)", r"\1", found[1]), text[found.end():]


def read_disposition(value):
    """The type and the file name of a header value, as RFC 6266 and RFC 8187 have it."""
    kind, rest = re.match(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(.*)", value).groups()
    parameters = {}
    while rest:
        name, rest = re.match(r"\s*;\s*([^=\s]+)\s*=\s*(.*)", rest).groups()
        if rest.startswith('"'):
            text, rest = unquoted(rest)
        else:
            text, rest = re.match(r"([^\s;]+)(.*)", rest).groups()
        check(name.lower() not in parameters, "a parameter twice:", value)
        parameters[name.lower()] = text
    if "filename*" in parameters:
        charset, _, encoded = parameters["filename*"].split("'", 2)
        is_right = re.fullmatch(r"(?:[!#$&+.^_`|~0-9A-Za-z-]|%[0-9A-F]{2})*", encoded)
        check(charset == "UTF-8" and is_right, "no ext-value:", value)
        return kind, unquote_to_bytes(encoded).decode("utf-8")
    return kind, parameters["filename"]


def read_by_email(value):
    """The same by Python's library for mail, which knows the extended form by another RFC, 2231. It
    takes the plain form where there are two: so of two it is shown the better one alone."""
    if "filename*=" in value:
        value = re.sub(r' filename="[^"]*";', "", value, count=1)
    message = email.message.EmailMessage(policy=email.policy.HTTP)
    message["Content-Disposition"] = value
    return message["Content-Disposition"].content_disposition, message.get_filename()


def file_names(api, tally):
    for name, saved_as in NAMES.items():
        number = api.upload(name, b"x")
        known = api.get(f"/{number}")["original_filename"]
        tally.check("file names", known == name, repr(name), repr(known))
        answer = api.download(number)
        value, = answer.headers.get_all("Content-Disposition")
        wanted = ("attachment", saved_as or name)
        tally.check("file names", read_disposition(value) == wanted, wanted, value)
        tally.check("file names", read_by_email(value) == wanted, wanted, value)
        tally.check("file names", len(answer.headers.get_all("Content-Type")) == 1, answer.headers)


def check_detail(what, statuses, answer, tally):
    """An error as the API has it: a text, or a list of what is not valid."""
    tally.check("API refusals", answer.status in statuses, what, statuses, answer)
    tally.check("API refusals", answer.headers["Content-Type"] == "application/json", what, answer)
    told = answer.json()
    detail = told["detail"]
    is_list = isinstance(detail, list) and all({"type", "loc", "msg"} <= set(it) for it in detail)
    is_right = set(told) == {"detail"} and detail and (isinstance(detail, str) or is_list)
    tally.check("API refusals", is_right, what, answer)
    is_kept_by_none = answer.headers["Cache-Control"] == "no-store"
    tally.check("API refusals", is_kept_by_none, what, answer.headers["Cache-Control"])
    is_listed = set(answer.headers) & {"Set-Cookie", "X-Evil", "Access-Control-Allow-Origin"}
    tally.check("API refusals", not is_listed, what, is_listed)


def wrong_bodies():
    """What is no JSON object of a bearable size, and with what it is refused."""
    nested = lambda depth: b'{"filename":' + b"[" * depth + b"]" * depth + b"}"
    good = json.dumps(GOOD).encode()
    yield (413,), b'{"filename":"' + b"x" * (65 * 1024) + b'"}'
    yield (413,), nested(100_000)
    yield (413,), good + b" " * (65 * 1024)
    yield (413,), b"x" * MIB
    for body in [
        nested(30_000), nested(33), b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"", b"{", b"[]",
        b"1",
        b"null", b'"x"', b"{}{}", good + b"x", good[:-1], b"\xef\xbb\xbf" + good, b"\xff" + good,
        good.decode().encode("utf-16"), b'{"filename":"\xff","content_type":"a/b"}',
        b'{"filename":"\\ud800","content_type":"a/b"}', b"{'filename':'a'}", b"filename=a.csv",
        b'{"filename":"a\nb","content_type":"a/b"}', b'{"filename":NaN}', b"<a/>", bytes(100),
        b'{"filename":1e999,"content_type":"a/b"}', good.replace(b"filename", b"Filename"),
    ]:
        yield (422,), body
    for name in REFUSED_NAMES:
        yield (422,), json.dumps(GOOD | {"filename": name}).encode()
    for content_type in REFUSED_TYPES:
        yield (422,), json.dumps(GOOD | {"content_type": content_type}).encode()


def api_refusals(server, api, tally):
    """Nothing that is refused leaves a trace in the list of files."""
    before = api.files()
    for statuses, body in wrong_bodies():
        answer = api.call("/upload", "POST", body)
        check_detail(body[:80], statuses, answer, tally)
        is_hidden = b"Traceback" not in answer.body and len(answer.body) < 2000
        tally.check("API refusals", is_hidden, answer)
    large = b"10400\r\n" + b"x" * 0x10400 + b"\r\n0\r\n\r\n"
    fields = ["Transfer-Encoding: chunked", f"X-API-Key: {api.key}"]
    answer, *more = exchange(server, head("POST", f"{api.files_url}/upload", *fields) + large)
    tally.check("API refusals", answer.status == 413 and not more, answer)
    good = json.dumps(GOOD).encode()
    for key in ("", "csk_" + "0" * 48, api.key.upper(), api.key + "x", api.key[:-1], "x" * 5000,
        "'"):
        for method, path in [("POST", "/upload"), ("GET", ""), ("GET", "/1"), ("DELETE", "/1")]:
            answer = api.call(path, method, good if method == "POST" else None, {"X-API-Key": key})
            check_detail(key[:60], (401,), answer, tally)
    for identifier in ("0", "-1", "99999999999999999999", "1.0", "%2e%2e", "a%2Fb", "%00", "%ff",
        "'--",
                       "1%20OR%201=1", "é".encode().hex(), quote("😀")):
        for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/confirm"),
            ("GET", "/download")]:
            answer = api.call(f"/{identifier}{path}", method)
            check_detail(identifier, (404,), answer, tally)
    for method, path in [("PUT", "/1"), ("PATCH", "/1"), ("POST", "/1/confirm"), ("DELETE", ""),
                         ("TRACE", ""), ("OPTIONS", ""), ("PUT", "/upload"), ("BREW", "")]:
        check_detail(f"{method} {path}", (405,), api.call(path, method), tally)
    for query in ("limit=0", "limit=101", "limit=x", "limit=1&limit=2", "offset=-1", "limit=1e1",
                  "limit=%00", "limit=", f"offset={2 ** 63}"):
        check_detail(query, (422,), api.call(f"?{query}"), tally)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        api.call("/1", "GET", None, {name: "DELETE"})
    tally.check("API refusals", api.files() == before, "the list of files has changed")


def open_files(server):
    """Sockets that were closed a moment ago may still be there, so it is asked twice."""
    folder = pathlib.Path("/proc", str(server.process.pid), "fd")
    counts = []
    for _ in range(2):
        counts.append(len(list(folder.iterdir())))
        time.sleep(0.5)
    return min(counts)


def memory_mib(server):
    status = pathlib.Path("/proc", str(server.process.pid), "status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024


def step(options, folder, tally):
    with running(options.binary, folder) as server:
        api, pair, other = server.datalab(), server.keys("acme", "ann"), server.keys("evil", "eve")
        signer, opened = Signer(pair), open_files(server)
        siege = slow.Siege(server, signer, options.seed)
        siege.start()
        honest = slow.check_honest(server, api, signer, options.seed, tally)
        file_names(api, tally)
        api_refusals(server, api, tally)
        tamper.run(server, Signer(server.keys("tampered", "tim")), other, tally)
        slowest = siege.check(tally)
        # These count what is in the store, so nobody else may be writing.
        framing.check_shapes(server, signer, tally)
        framing.unusual(server, signer, tally)
        framing.pipelined(server, signer, tally)
        framing.expectations(server, signer, tally)
        framing.smuggled(server, signer, api, tally)
        framing.hosts(server, signer, api, tally)
        absent = [send(signer.url("head", f"stalled/{number}"),
            "HEAD").status for number in range(80)]
        tally.check("slow clients", set(absent) == {404}, "half an upload was stored:", absent)
        more = open_files(server) - opened
        tally.check("ends", more < 20, f"{more} more files are open than at the start")
        memory = memory_mib(server)
        tally.check("ends", memory < MEMORY_MIB_MAX, f"{memory} MiB were used")
        check(server.is_alive() and "panicked" not in server.err(), "the server is not well")
        tally.check("ends", server.stop() == 0, "did not end well")
    disk = disk_full.run(options, folder, tally)
    return f"{honest}; closed after: {slowest}; {memory} MiB; {disk}"


if __name__ == "__main__":
    main("hostile", __doc__, step)
