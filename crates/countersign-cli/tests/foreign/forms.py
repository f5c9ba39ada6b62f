"""Forms that mean harm, straight on the socket: part of `powerdrill.py`, which says how to run.

Whatever is refused or breaks off leaves no file, costs no memory, and the next form is taken.
"""

import contextlib
import socket
import struct
import time

from hostile import memory_mib
from powerdrill_client import FORM_TYPE, form, noted, text_of
from server import MIB, Answer, check, send
from store import object_files
from wire import Connection, exchange, head

MEMORY_MIB_MAX = 150
ENDLESS = 256 * MIB
# How much of something endless may go out before it is refused: what the server reads, and what the
# sockets hold.
TAKEN_MAX = 40 * MIB
SETTLE_SECONDS = 3
STALLED_SECONDS = 60
TYPE, = FORM_TYPE.items()
BOUNDARY = TYPE[1].partition("=")[2]


class Forms:
    def __init__(self, server, api, tally):
        self.server, self.api, self.tally = server, api, tally
        self.url = f"{api.base}/file/upload-datasource"
        self.whole = form("a.csv", text_of(1, 100_000), api.user)

    def head(self, *fields, content_type=TYPE[1]):
        lines = [f"x-pd-api-key: {self.api.key}", "Connection: close", *fields]
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        return head("POST", self.url, *lines)

    def sized(self, body, **options):
        return self.head(f"Content-Length: {len(body)}", **options) + body

    def nothing_is_left(self, what, before):
        """Who broke off is noticed a moment later."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (left := object_files(self.server)) != before and time.monotonic() < deadline:
            time.sleep(0.01)
        self.tally.check("hostile forms", left == before, what, "left", left)

    def refused(self, what, status, code, data, **options):
        before = object_files(self.server)
        answers = exchange(self.server, data, **options)
        check(answers, what, "has no answer")
        self.is_refusal(what, status, code, answers[0])
        self.nothing_is_left(what, before)

    def is_refusal(self, what, status, code, answer):
        answer = Answer(answer.status, as_message(answer.headers), answer.body)
        is_right = (answer.status, noted(answer).json()["code"]) == (status, code)
        self.tally.check("hostile forms", is_right, what, answer)

    def taken(self, what, data, body):
        """It is a form after all, and what was in it comes back."""
        before = object_files(self.server)
        answers = exchange(self.server, data)
        is_right = len(answers) == 1 and answers[0].json()["code"] == 0
        self.tally.check("hostile forms", is_right, what, answers)
        source = self.api.create(answers[0].json()["data"]["file_object_key"], "a.csv")
        source = source.json()["data"]
        self.tally.check("hostile forms", self.api.download(source).body == body, what)
        check(self.api.delete(source).json()["code"] == 0, "delete")
        self.nothing_is_left(what, before)

    def endless(self, what, start, piece, *, chunked=False, statuses=(400, 413)):
        """It is refused before much of it was read."""
        before = object_files(self.server)
        piece = piece * max(1, 65536 // len(piece))
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {ENDLESS}"
        wrap = (lambda it: b"%x\r\n%b\r\n" % (len(it), it)) if chunked else bytes
        taken = 0
        with Connection(self.server) as connection:
            connection.send(self.head(length) + (wrap(start) if start else b""))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while taken < ENDLESS:
                    connection.socket.sendall(wrap(piece))
                    taken += len(piece)
            answers = connection.answers()
        self.tally.check("hostile forms", taken < TAKEN_MAX, what, f"went on for {taken} bytes")
        if answers:
            self.tally.check("hostile forms", answers[0].status in statuses, what, answers[0])
        self.nothing_is_left(what, before)

    def broken_off(self, what, data, reset):
        before = object_files(self.server)
        connection = Connection(self.server)
        connection.send(data)
        time.sleep(0.15)
        if reset:
            linger = struct.pack("ii", 1, 0)
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.socket.close()
        self.nothing_is_left(what, before)


def as_message(headers):
    """The names of `wire.py` are in lower case."""
    names = ("x-pd-trace-id", "Content-Type", "Cache-Control")
    return {name: headers[name.lower()] for name in names if name.lower() in headers}


def endless(forms):
    first = b"--" + BOUNDARY.encode() + b"\r\n"
    file = first + b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    for chunked in (False, True):
        for what, start, piece in [
            ("a preamble", b"", b"x"), ("a preamble of lines", b"", b"\r\n"),
            ("a preamble like a boundary", b"", b"\r\n--" + BOUNDARY.encode()[:-1]),
            ("the head of a part", first + b"X: ", b"x"), ("lines of a head", first, b"X: y\r\n"),
            ("a head that has a file", file, b"X: y\r\n"), ("the name of a file", file[:-6], b"x"),
            ("a text", first + b'Content-Disposition: form-data; name="user_id"\r\n\r\n', b"x"),
            ("a text of nobody", first + b"\r\n", b"x"),
            ("parts", first, b"\r\n\r\n" + first),
            ("named parts", first,
             b'Content-Disposition: form-data; name="a"\r\n\r\nb\r\n' + first),
            ("files", b"", file.replace(b"a.csv", b"a.exe") + b"\r\nx\r\n"),
            ("a file of another type", file.replace(b"a.csv", b"a.exe") + b"\r\n", b"x"),
        ]:
            forms.endless(f"endless: {what}", start, piece, chunked=chunked,
                          statuses=(200, 400, 413))


def cut(forms):
    """Forms that end too early, by what was announced or by a client that goes away."""
    whole, user = forms.whole, forms.api.user
    text = text_of(1, 100_000)
    closing = len(f"--{BOUNDARY}--\r\n")
    text_first = form("a.csv", text, user, file_first=False)
    for what, body in [
        ("no closing boundary", whole[:-closing]), ("no end of it", whole[:-4]),
        ("nothing of the text", whole[:whole.rindex(b"\r\n\r\n")]), ("half a file", whole[:50_000]),
        ("half a file, the text first", text_first[:50_000]),
        ("no closing boundary, the text first", text_first[:-closing]),
        ("no end of the file", text_first[:-closing - 2]), ("a head", whole[:60]), ("nothing", b""),
        ("an end alone", whole[-closing:]),
    ]:
        is_empty = what == "an end alone"
        forms.refused(what, 400, 300001, forms.sized(body))
        if not is_empty:
            chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
            forms.refused(what, 400, 300001, forms.head("Transfer-Encoding: chunked") + chunks)
    more = forms.head(f"Content-Length: {len(whole) + 100}")
    for what, data in [
        ("half a body", forms.sized(whole)[:60_000]), ("all but the end", forms.sized(whole)[:-3]),
        ("all of the file", forms.sized(whole)[:-closing]),
        ("all of the file, more announced", more + whole[:-20]),
        ("an announced head", forms.sized(whole)[:400]),
        ("half a chunk", forms.head("Transfer-Encoding: chunked") + b"ffff\r\n" + whole[:2000]),
        ("no last chunk", forms.head("Transfer-Encoding: chunked")
         + b"%x\r\n%b\r\n" % (len(whole) - 30, whole[:-30])),
    ]:
        for reset in (False, True):
            forms.broken_off(f"broken off: {what}", data, reset)
        before = object_files(forms.server)
        answers = exchange(forms.server, data, half_close=True)
        is_right = all(answer.status in (400, 413) for answer in answers)
        forms.tally.check("hostile forms", is_right, what, answers)
        forms.nothing_is_left(f"half closed: {what}", before)


def disguised(forms):
    """What is no form, or not the form that it says."""
    whole, api, text = forms.whole, forms.api, text_of(1, 100_000)
    for content_type in [
        None, "", "text/csv", "application/json", "multipart/mixed; boundary=" + BOUNDARY,
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x",
        'multipart/form-data; boundary=""', "multipart/form-data; boundary=" + "x" * 20_000,
        "multipart/form-data; boundary=x; boundary=" + BOUNDARY,
    ]:
        data = forms.sized(whole, content_type=content_type)
        forms.refused(f"Content-Type: {content_type}", 400, 300001, data)
    for what, status, code, body in [
        ("two files", 400, 300001, form("a.csv", text)[:-len(BOUNDARY) - 6] + whole),
        ("no file", 400, 300001, whole.replace(b'"file"', b'"elif"')),
        ("a file without a name", 413, 300001, whole.replace(b'; filename="a.csv"', b"")),
        ("an empty name", 400, 300001, whole.replace(b'"a.csv"', b'""')),
        ("a long name", 400, 300001, whole.replace(b'"a.csv"', b'"' + b"a" * 1025 + b'.csv"')),
        ("a control in a name", 400, 300001, whole.replace(b'"a.csv"', b'"a\x01.csv"')),
        ("another extension", 200, 300004, whole.replace(b'"a.csv"', b'"a.csv.sh"')),
        ("no user", 400, 300001, form("a.csv", text)),
        ("two users", 400, 300001, form("x", b"", "bob").replace(b'"file"', b'"x"')
         [:-len(BOUNDARY) - 6] + whole),
        ("nobody", 200, 300003, form("a.csv", text, "nobody")),
        ("a stranger", 200, 300003, form("a.csv", text, "eve")),
        ("a long user", 413, 300001, form("a.csv", text, "x" * 70_000)),
        ("a user of bytes", 400, 300001, whole.replace(b"\r\nann\r\n", b"\r\n\xff\r\n")),
        ("an empty file", 200, 300005, form("a.csv", b"", api.user)),
    ]:
        check(body != whole, what)
        forms.refused(what, status, code, forms.sized(body))
    for query in ("?user_id=bob", "?user_id=ann&user_id=ann", "?user_id="):
        before = object_files(forms.server)
        fields = FORM_TYPE | {"x-pd-api-key": api.key}
        answer = noted(send(forms.url + query, "POST", whole, fields))
        is_right = answer.json()["code"] == 300001
        forms.tally.check("hostile forms", is_right, query, answer)
        forms.nothing_is_left(query, before)


def unusual(forms):
    """Odd, and right."""
    whole, text, user = forms.whole, text_of(1, 100_000), forms.api.user
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(whole[at:at + 777]), whole[at:at + 777])
                      for at in range(0, len(whole), 777))
    forms.taken("chunks", forms.head("Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n", text)
    # Both lengths: the chunks count, and nothing that follows is a request (RFC 9112, section 6.3).
    lines = f"x-pd-api-key: {forms.api.key}", f"Content-Type: {TYPE[1]}", "Content-Length: 9"
    both = head("POST", forms.url, *lines, "Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n"
    more = head("DELETE", f"{forms.api.base}/datasets", lines[0])
    check(len(exchange(forms.server, forms.sized(b"") + more)) == 1, "a request after the last one")
    forms.taken("both lengths", both + more, text)
    for what, body in [
        ("a preamble", b"This is a form.\r\n" + whole), ("an epilogue", whole + b"The end.\r\n"),
        ("other fields", form("x", b"", "y").replace(b'"file"', b'"x"').replace(
            b'"user_id"', b'"y"')[:-len(BOUNDARY) - 6] + whole),
        ("a path", whole.replace(b'"a.csv"', b'"../../../../etc/a.csv"')),
        ("no type", whole.replace(b"Content-Type: text/csv\r\n", b"")),
        ("bytes like a boundary", form("a.csv", text + b"\r\n--" + BOUNDARY.encode()[:-1] + text,
                                       user)),
    ]:
        wanted = text + b"\r\n--" + BOUNDARY.encode()[:-1] + text if "bytes" in what else text
        forms.taken(what, forms.sized(body), wanted)
    quoted = form("a.csv", text, user, boundary="a b'()+_,-./:=?")
    content_type = "multipart/form-data; boundary=\"a b'()+_,-./:=?\"; charset=utf-8"
    forms.taken("a quoted boundary", forms.sized(quoted, content_type=content_type), text)


class Stalled:
    """Clients that stop in the middle: they are closed, if late, and leave nothing."""

    def __init__(self, server, api, tally):
        self.forms, self.opened, self.connections = Forms(server, api, tally), time.monotonic(), []
        for length in (300, 60_000, len(self.forms.whole) - 3):
            connection = Connection(server)
            connection.send(self.forms.sized(self.forms.whole)[:length])
            self.connections.append(connection)

    def check(self):
        time.sleep(max(0, self.opened + STALLED_SECONDS + 1 - time.monotonic()))
        for connection in self.connections:
            answers = connection.answers()
            is_right = all(answer.status in (400, 408) for answer in answers)
            self.forms.tally.check("stalled forms", is_right, answers)
            self.forms.tally.check("stalled forms", connection.is_closed(), "is still open")
            connection.socket.close()


def run(server, api, tally):
    forms = Forms(server, api, tally)
    for attack in (endless, cut, disguised, unusual):
        attack(forms)
        answer = api.upload_form("next.csv", b"1,2\n")
        tally.check("hostile forms", answer.json()["code"] == 0, "the next one:", answer)
        source = api.create(answer.json()["data"]["file_object_key"], "next.csv").json()["data"]
        check(api.delete(source).json()["code"] == 0, "delete")
    tally.check("memory", memory_mib(server) < MEMORY_MIB_MAX, f"{memory_mib(server)} MiB")
