"""Names of files that come by a token: part of `datasnap.py`, which says how to run.

What is no plain name of one segment is refused, whatever it looks like to somebody else who reads
it; and what is one is kept to the letter, and is no path on the disk.
"""

import json
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from datasnap_client import code_of, lines_of, noted
from powerdrill_client import Curl
from server import check
from store import body_at, everything, files_with, keys, rows, unknown_keys
from wire import exchange, head

BODY = b'{"a": 1}\n'
CALLERS = 64
EMPTY_SHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
INVALID = 400, "InvalidArgument"

# As they go on the wire, below the token.
NO_NAMES = [
    "", "/", ".", "..", "/.", "/..", "/a.jsonl", "a.jsonl/", "a/b.jsonl", "../a.jsonl", "./a.jsonl",
    "../../a.jsonl", "x/../a.jsonl", "%2e", "%2E%2e", "%2e%2e/a.jsonl", "..%2fa.jsonl",
    "%2e%2e%2fa.jsonl", "a%2Fb.jsonl", "%2Fetc%2Fpasswd.jsonl", "/etc/passwd.jsonl",
    "..\\a.jsonl", "a\\b.jsonl", "..%5Ca.jsonl", "%5C%5Chost%5Ca.jsonl", "C:%5Ca.jsonl",
    "%00", "%00.jsonl", "a%00.jsonl", "a.jsonl%00", "a%0A.jsonl", "a%0d%0aX-Evil:%20y.jsonl",
    "%1b[31m.jsonl", "%7F.jsonl", "%C2%85.jsonl", "%09.jsonl", "%C0%AF.jsonl", "%C0%AE.jsonl",
    "%ff.jsonl", "%ED%A0%80.jsonl", "%F4%90%80%80.jsonl", "%", "%.jsonl", "%2.jsonl", "%zz.jsonl",
    "a%.jsonl", "%u002e.jsonl",
    "x" * 250 + ".jsonl", "%78" * 250 + ".jsonl", "%C3%BC" * 125 + ".jsonl", "x" * 5000 + ".jsonl",
    "a", "a.", "a.json", "a.JSONL", "a.Jsonl", "a.jsonl.", "a.jsonl%20", "a.jsonl.gz", "a.jsonlx",
    ".jsonl", "jsonl",
    "a.html", "a.jsonl;x=y", "a.jsonl:stream", "a.jsonl~", "a.js%00onl", "a.jsonl%3F", "a.jsonl%23",
    "a.json\u200bl",
]
QUERIES = ["x", "x=1", "a=b&c=d", "partNumber=1&uploadId=x", "uploads", "acl", "delete", "=", "&",
           "versionId=null", "response-content-type=text/html", "X-Amz-Signature=x", "%00"]
# The names themselves. The longest ones have 255 bytes.
NAMES = [
    "a.jsonl", "A.jsonl", "x" * 249 + ".jsonl", "ü" * 124 + "x.jsonl",
    "日本語.jsonl", "😀👩\u200d👩.jsonl", unicodedata.normalize("NFC", "é.jsonl"),
    unicodedata.normalize("NFD", "é.jsonl"), "a b.jsonl", " a.jsonl", "a+b.jsonl", "100%.jsonl",
    "%2e%2e%2fa.jsonl", "%00.jsonl", "..a.jsonl", "...jsonl", "a..jsonl", "CON.jsonl", "C:.jsonl",
    "#1.jsonl", "a?b=c.jsonl", "a;b.jsonl", "-rf.jsonl", "~.jsonl", "$(reboot).jsonl", "`x`.jsonl",
    "'; DROP TABLE schema_files; --.jsonl", '"<script>.jsonl', "a\u2028b.jsonl",
    "\u202egnp.jsonl", "a.tar.jsonl", "{}.jsonl", "a&b|c.jsonl", "*.jsonl",
]


def recorded(server, slug="orders"):
    """The names that are taken in a schema, with the keys of their bytes."""
    query = ("SELECT f.name, o.object_key FROM schema_files f JOIN schemas s ON s.id = f.schema_id "
             "JOIN objects o ON o.upload_id = f.upload_id WHERE s.slug = ?1")
    return dict(rows(server, query, slug))


def exact(server, upload, rest, method="PUT", body=BODY, *fields):
    """One request on a raw connection: what stands after the token goes out as it is."""
    lines = [f"Content-Length: {len(body)}", "Connection: close", *fields]
    target = f"{upload.url}{rest}".encode().decode("latin-1")
    answers = exchange(server, head(method, target, *lines) + body)
    check(len(answers) == 1, "answers to", rest, answers)
    return answers[0]


def refused(server, upload, folder, tally):
    before = everything(server)
    for name in NO_NAMES:
        answer = noted(exact(server, upload, f"/{name}"))
        tally.check("names refused", code_of(answer) == INVALID, name[:80], answer)
        tally.check("names refused", b"X-Evil" not in answer.body, name, answer)
    for query in QUERIES:
        for name in ("a.jsonl", "..", ""):
            answer = noted(exact(server, upload, f"/{name}?{query}"))
            wanted = (501, "NotImplemented") if name == "a.jsonl" else INVALID
            tally.check("names refused", code_of(answer) == wanted, name, query, answer)
    # These are no targets at all.
    for name in ("a b.jsonl", "a\0.jsonl", "a\r.jsonl", "a\n.jsonl", "\x7f.jsonl", "a\t.jsonl"):
        answer = exact(server, upload, f"/{name}")
        tally.check("names refused", answer.status == 400, name, answer)
    # No name at all; and the token alone, with what a client may think stands before it.
    for rest in ("", "?", "?x"):
        answer = noted(exact(server, upload, rest))
        tally.check("names refused", code_of(answer) == INVALID, rest, answer)
    by_curl(upload, folder, tally)
    tally.check("names refused", everything(server) == before, "something was written")


def by_curl(upload, folder, tally):
    """The same by `curl`, which takes dots out of a path unless it is told not to."""
    curl, path = Curl(folder), folder / "dados.jsonl"
    path.write_bytes(BODY)
    sent = ["-X", "PUT", "-H", "Content-Type: application/octet-stream", "--data-binary",
            f"@{path}"]
    for name in ("../dados.jsonl", "x/../dados.jsonl", "..", "%2e%2e/dados.jsonl", "./dados.jsonl"):
        answer = noted(curl(f"{upload.url}/{name}", "--path-as-is", *sent))
        tally.check("names refused", code_of(answer) == INVALID, name, answer)
    # Without, what was the token is the name, and there is no token.
    answer = noted(curl(f"{upload.url}/../dados.jsonl", *sent))
    tally.check("names refused", code_of(answer) == (403, "AccessDenied"), answer)


def taken(server, upload, seed, tally):
    """Names that are right: kept to the letter, once each, and on the disk as nothing."""
    before = set(recorded(server))
    for number, name in enumerate(NAMES):
        body = lines_of(seed + number, 2000)
        answer = upload.put(name, body)
        tally.check("names taken", answer.status == 200, name, answer)
        again = upload.put(name, lines_of(seed - number - 1, 3000))
        is_right = code_of(again) == (412, "PreconditionFailed")
        tally.check("names taken", is_right, name, again)
        key = recorded(server)[name]
        tally.check("names taken", body_at(server, key) == body, name, "has other bytes")
    found = set(recorded(server)) - before
    tally.check("names taken", found == set(NAMES), found ^ set(NAMES))
    texts = [unicodedata.normalize(form, name).removesuffix(".jsonl")
             for name in NAMES for form in ("NFC", "NFD")]
    texts = {text for text in texts if len(text) > 5}
    files = {str(path.relative_to(server.data)) for path in server.data.rglob("*")}
    for place in files | keys(server):
        is_free = not any(text in place or text.encode().hex() in place for text in texts)
        tally.check("names taken", is_free, "a name is in", place)
    # One spelling or another: the name is taken.
    for spelled in ("%61.jsonl", "a%2Ejsonl", "a.%6a%73%6F%6e%6C", "a.jsonl?"):
        answer = noted(exact(server, upload, f"/{spelled}"))
        tally.check("names taken", code_of(answer)[0] == 412, spelled, answer)
    raw = noted(exact(server, upload, f"/{quote('日本語.jsonl')}"))
    tally.check("names taken", raw.status == 412, raw)


def once(server, uploads, seed, tally):
    """Many PUTs of one name at one time, by two tokens: one is taken, and its bytes are kept."""
    bodies = [lines_of(seed + number, 20_000) for number in range(CALLERS)]
    barrier = threading.Barrier(CALLERS)

    def put(number):
        barrier.wait()
        return uploads[number % len(uploads)].put("one.jsonl", bodies[number])

    stored = keys(server)
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(put, range(CALLERS)))
    winners = [number for number, answer in enumerate(answers) if answer.status == 200]
    tally.check("one of many", len(winners) == 1, winners, *answers)
    for number, answer in enumerate(answers):
        is_right = number in winners or code_of(answer) == (412, "PreconditionFailed")
        tally.check("one of many", is_right, number, answer)
    key = recorded(server)["one.jsonl"]
    is_right = body_at(server, key) == bodies[winners[0]]
    tally.check("one of many", is_right, "the bytes of another one")
    tally.check("one of many", keys(server) - stored == {key}, "more than one is stored")
    tally.check("one of many", not unknown_keys(server), unknown_keys(server))
    for number, body in enumerate(bodies):
        found = files_with(server, body[:4000])
        tally.check("one of many", len(found) == (number in winners), number, found)


def broken_off(server, upload, seed, tally):
    """A body that breaks off takes no name, and a wrong one takes none either."""
    body = lines_of(seed, 200_000)
    before = everything(server)[1:], set(recorded(server))
    for cut in (0, 1, len(body) // 2, len(body) - 1):
        url = f"{upload.url}/broken.jsonl"
        data = head("PUT", url, f"Content-Length: {len(body)}") + body[:cut]
        answers = exchange(server, data, half_close=True)
        is_right = all(answer.status == 400 for answer in answers)
        tally.check("broken bodies", is_right, cut, answers)
    for what, fields, status in [
        ("another MD5", {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, 400),
        ("another SHA-256", {"x-amz-checksum-sha256": EMPTY_SHA256}, 400),
        ("a coding", {"Content-Encoding": "gzip"}, 501), ("metadata", {"x-amz-meta-a": "b"}, 501),
        ("metadata of Oracle's", {"opc-meta-a": "b"}, 501), ("If-Match", {"If-Match": "*"}, 501),
        ("a range", {"Content-Range": "bytes 0-1/2"}, 501),
        ("an ACL", {"x-amz-acl": "private"}, 501),
        ("no length", {"Transfer-Encoding": "chunked"}, 411),
    ]:
        answer = upload.put("broken.jsonl", b"0\r\n\r\n" if status == 411 else body, fields)
        tally.check("broken bodies", answer.status == status, what, answer)
    after = everything(server)[1:], set(recorded(server))
    tally.check("broken bodies", after == before, "half an upload is there")
    answer = upload.put("broken.jsonl", body, {"If-None-Match": "*"})
    tally.check("broken bodies", answer.status == 200, "whole at last:", answer)
    is_right = body_at(server, recorded(server)["broken.jsonl"]) == body
    tally.check("broken bodies", is_right, json.dumps(len(body)))
