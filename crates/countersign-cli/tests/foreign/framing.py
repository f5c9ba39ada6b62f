"""Requests whose shape is wrong, or wrong for another server on the way: part of `hostile.py`.

Whatever the answer, nothing wrong is stored: either an object has exactly the bytes that its
request said, or there is none. And no bytes of a body are ever taken for a request: each
connection gives answers only to what an honest reader takes for requests, or it is closed.
"""

import contextlib

from server import check, content, send, target_of
from wire import Connection, exchange, head

BODY = b"hello"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"


def lengths(put):
    """Bodies whose end is said wrongly, or twice."""
    both = ["Content-Length: 5", "Transfer-Encoding: chunked"]
    yield "CL and TE", head("PUT", put, *both) + CHUNKS
    yield "TE and CL", head("PUT", put, *reversed(both)) + CHUNKS
    yield "CL and TE, read by CL", head("PUT", put, *both) + BODY
    for first, second in [("5", "6"), ("6", "5"), ("5", "0"), ("0", "5")]:
        fields = [f"Content-Length: {first}", f"Content-Length: {second}"]
        yield f"two lengths, {first} and {second}", head("PUT", put, *fields) + BODY
    for value in ("+5", "-5", "-1", "0x5", "5.0", "5e0", "5, 5", "5,6", "5 5", "5;", "five", "",
                  "99999999999999999999", "18446744073709551621", "\u00b2", "5\x00"):
        yield f"length {value!r}", head("PUT", put, f"Content-Length: {value}") + BODY
    yield "length after white space", head("PUT", put, "Content-Length : 5") + BODY
    yield "length with tab", head("PUT", put, "Content-Length\t: 5") + BODY
    yield "no length", head("PUT", put) + BODY
    for value in ("chunked", "Chunked", "gzip, chunked", "chunked, chunked", "identity", "xchunked",
                  "chunked, identity", "\x0bchunked", "chunked\x0b", "\"chunked\"", "chunked;a=b"):
        yield f"TE {value!r}", head("PUT", put, f"Transfer-Encoding: {value}") + CHUNKS
        fields = [f"Transfer-Encoding: {value}", "Content-Length: 5"]
        yield f"TE {value!r} and CL", head("PUT", put, *fields) + CHUNKS
    two = ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]
    yield "two TE", head("PUT", put, *two) + CHUNKS
    yield "two TE, turned", head("PUT", put, *reversed(two)) + CHUNKS
    for chunks in (b"5\r\nhello\r\n", b"FFFFFFFFFFFFFFFFF\r\nx", b"-5\r\nhello\r\n0\r\n\r\n",
                   b"5\nhello\n0\n\n", b"+5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
                   b"5;" + b"a" * 70_000 + b"\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n"):
        yield f"chunks {chunks[:12]!r}", head("PUT", put, "Transfer-Encoding: chunked") + chunks


def heads(put):
    """Heads that are wrong; the body would be right."""
    length = "Content-Length: 5"
    yield "obs-fold", head("PUT", put, length, "X-A: 1\r\n folded") + BODY
    yield "fold at once", head("PUT", put, " X-A: 1", length) + BODY
    yield "a field without a name", head("PUT", put, length, ": x") + BODY
    yield "a line without a colon", head("PUT", put, length, "nothing") + BODY
    yield "NUL in a value", head("PUT", put, length, "X-A: a\x00b") + BODY
    yield "CR in a value", head("PUT", put, length, "X-A: a\rX-B: b") + BODY
    yield "CR in a name", head("PUT", put, length, "X-A\r: b") + BODY
    many = [f"X-{number}: 1" for number in range(99)]
    yield "101 fields", head("PUT", put, length, *many) + BODY
    yield "1000 fields", head("PUT", put, length, *many * 10) + BODY
    yield "a head of 40 KiB", head("PUT", put, length, "X-Long: " + "x" * 40_960) + BODY
    line = head("PUT", put, length)
    target = target_of(put).encode()
    path, _, query = target.partition(b"?")
    for name, wrong in [
        ("NUL", path + b"\x00?" + query), ("CR", path + b"\r?" + query),
        ("a space", path + b" ?" + query),
        ("LF", path + b"\n?" + query), ("a tab", path + b"\t?" + query),
        ("raw bytes", path + b"\xff?" + query),
        ("40 KiB", target + b"&x=" + b"y" * 40_960), ("nothing", b""), ("*", b"*"),
        ("an authority", b"127.0.0.1:80"), ("absolute", b"http://127.0.0.1" + target),
        ("absolute, other host", b"http://evil.example" + target), ("no slash", target[1:]),
    ]:
        yield f"target with {name}", line.replace(target, wrong, 1) + BODY
    for method in ("put", "Put", "PUT ", " PUT", "P\x00UT", "PUTX", "CONNECT"):
        yield f"method {method!r}", line.replace(b"PUT", method.encode(), 1) + BODY
    for version in ("HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "HTTP/11", "http/1.1", "HTTP/1.1 x", ""):
        yield f"version {version!r}", head("PUT", put, length, version=version) + BODY
    yield "HTTP/1.0 without a host", head("PUT", put, length, version="HTTP/1.0", host=False) + BODY
    yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)
    yield "HTTP/0.9", b"GET " + target + b"\r\n"
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)
    yield "no empty line", line[:-2] + BODY
    yield "garbage", bytes(range(256)) * 8


def early_ends(put):
    yield "half of the body", head("PUT", put, "Content-Length: 10") + BODY
    yield "no body", head("PUT", put, "Content-Length: 10")
    yield "half of a large body", head("PUT", put, "Content-Length: 3000000") + content(1,
        2_000_000)
    yield "half of the head", head("PUT", put, "Content-Length: 5")[:-9]


def check_shapes(server, signer, tally):
    """The second thing that each case is held against is the store itself: nothing is in it."""
    records = lambda: sorted(server.data.glob("objects/*/records/**/*.record"))
    before = records()
    put = signer.url("put", "shape")
    for name, data in [*lengths(put), *heads(put)]:
        answers = exchange(server, data)
        statuses = [answer.status for answer in answers]
        is_refused = all(400 <= status < 600 and status not in (500, 502,
            503) for status in statuses)
        tally.check("wrong shapes", is_refused and len(answers) < 2, name, [*map(str, answers)])
        tally.check("wrong shapes", records() == before, name, "something was stored")
    for name, data in early_ends(put):
        answers = exchange(server, data, half_close=True)
        is_refused = all(400 <= answer.status < 500 for answer in answers)
        tally.check("wrong shapes", is_refused, name, [*map(str, answers)])
        with Connection(server) as connection:
            connection.send(data)
        tally.check("wrong shapes", records() == before, name, "something was stored")
    check(server.is_alive(), "the server is gone")


def unusual(server, signer, tally):
    """What is unusual and right is served right."""
    put, get = signer.url("put", "unusual"), signer.url("get", "unusual")
    length = "Content-Length: 5"
    for name, data in [
        ("HTTP/1.0", head("PUT", put, length, version="HTTP/1.0") + BODY),
        ("white space around a value", head("PUT", put, "Content-Length:\t 5 \t") + BODY),
        ("an empty line before", b"\r\n" + head("PUT", put, length) + BODY),
        ("one length, twice", head("PUT", put, length, length) + BODY),
        # The HTTP library drops it, as a browser would.
        ("a fragment", head("PUT", f"{put}#x", length) + BODY),
        ("lower-case names", head("PUT", put, length).replace(b"Host", b"hOST") + BODY),
        ("no HTTP/2 but HTTP/1.1", head("PUT", put, length, "Connection: Upgrade, HTTP2-Settings",
                                        "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__") + BODY),
    ]:
        answers = exchange(server, data)
        tally.check("unusual shapes", [it.status for it in answers] == [200], name,
            [*map(str, answers)])
        tally.check("unusual shapes", send(get).body == BODY, name)
        other = send(put, "PUT", b"other")
        tally.check("unusual shapes", other.status == 200, other)


def pipelined(server, signer, tally):
    """Several requests at once get their own answers, in order."""
    bodies = {f"pipe-{number}": content(number, 3000 + number) for number in range(4)}
    puts = b"".join(head("PUT", signer.url("put", key), f"Content-Length: {len(body)}") + body
                    for key, body in bodies.items())
    gets = b"".join(head("GET", signer.url("get", key)) for key in bodies)
    with Connection(server) as connection:
        connection.send(puts + gets)
        answers = [connection.answer() for _ in range(2 * len(bodies))]
    tally.check("pipelined requests", None not in answers, [*map(str, answers)])
    tally.check("pipelined requests", [it.status for it in answers] == [200] * 8,
        [*map(str, answers)])
    tally.check("pipelined requests", [it.body for it in answers[4:]] == list(bodies.values()))


def expectations(server, signer, tally):
    put = signer.url("put", "expected")
    fields = ["Content-Length: 5", "Expect: 100-continue"]
    for name, url in [("a bad signature", put[:-1] + ("0" if put[-1] != "0" else "1")),
                      ("no signature", put.partition("?")[0])]:
        with Connection(server) as connection:
            connection.send(head("PUT", url, *fields))
            connection.fill()
            is_final = connection.received.startswith(b"HTTP/1.1 403 ")
            tally.check("expectations", is_final, name, connection.received[:300])
            answer = connection.answer()
            tally.check("expectations", answer.status == 403 and connection.is_closed(), name)
    with Connection(server) as connection:
        connection.send(head("PUT", put, *fields))
        connection.fill()
        is_asked = connection.received.startswith(b"HTTP/1.1 100 ")
        tally.check("expectations", is_asked, connection.received[:300])
        connection.answer()
        connection.send(BODY)
        answer = connection.answer()
        tally.check("expectations", answer and answer.status == 200, answer)
    tally.check("expectations", send(signer.url("get", "expected")).body == BODY)


def smuggled(server, signer, api, tally):
    """A request inside the body of another one is never served."""
    for key, body in (("secret", b"SECRET"), ("own", b"OWN")):
        check(send(signer.url("put", key), "PUT", body).status == 200, key)
    secret, own = head("GET", signer.url("get", "secret")), head("GET", signer.url("get", "own"))
    put = signer.url("put", "carrier")
    forged = put[:-1] + ("0" if put[-1] != "0" else "1")
    get, length = signer.url("get", "own"), f"Content-Length: {len(secret)}"
    chunked = "Transfer-Encoding: chunked"
    in_chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(secret), secret)
    api_key = f"X-API-Key: {api.key}"
    cases = {f"{method} {name}": head(method, url, length, *more) + secret for method, name, url,
        more in [
        ("PUT", "forged", forged, []), ("PUT", "no query", put.partition("?")[0], []),
        ("GET", "with a body", get, []), ("HEAD", "with a body", get, []),
        ("GET", "forged", get[:-1] + "Z", []), ("OPTIONS", "with a body", put, []),
        ("POST", "not allowed", put, []), ("DELETE", "not allowed", put, []),
        ("PUT", "another type", signer.url("put", "carrier", ContentType="a/b"), []),
        ("POST", "no API key", f"{api.files_url}/upload", []),
        ("POST", "wrong JSON", f"{api.files_url}/upload", [api_key]),
        ("GET", "API", api.files_url, [api_key]), ("POST", "no such path", f"{server.url}/x", []),
        ("PUT", "not on the API", api.files_url, [api_key]),
        ("GET", "health", f"{server.url}/healthz", []),
    ]}
    cases |= {
        "CL and TE, TE shorter": head("PUT", put, length, chunked) + b"0\r\n\r\n" + secret,
        "TE and CL, CL shorter": head("PUT", put, chunked, "Content-Length: 4") + in_chunks,
        "CL 0 and body": head("PUT", forged, "Content-Length: 0", length) + secret,
        "forged, in chunks": head("PUT", forged, chunked) + in_chunks,
        "GET in chunks": head("GET", get, chunked) + in_chunks,
        "API in chunks": head("GET", api.files_url, chunked, api_key) + in_chunks,
        "TE hidden": head("PUT", put, length,
        "Transfer-Encoding: xchunked") + b"0\r\n\r\n" + secret,
        "TE after white space": head("PUT", put, length, "Transfer-Encoding : chunked") + secret,
        "length in a fold": head("PUT", put, "X-A: 1\r\n Content-Length: 5") + secret,
        "refused, and a large body": head("PUT", forged, "Content-Length: 2000000")
                                     + secret * (2_000_000 // len(secret) + 1),
    }
    for name, data in cases.items():
        answers = exchange_split(server, data, own)
        bodies = [answer.body for answer in answers]
        tally.check("smuggled requests", b"SECRET" not in bodies, name, bodies)
        is_own = len(answers) < 2 or (len(answers) == 2 and bodies[1] == b"OWN")
        tally.check("smuggled requests", is_own, name, [*map(str, answers)])
    stored = send(signer.url("get", "carrier"))
    tally.check("smuggled requests", stored.status == 404, "something was stored:", stored)


def exchange_split(server, data, after):
    """Sends a request, and another one once the first was answered."""
    with Connection(server) as connection:
        connection.send(data)
        is_head = data.startswith(b"HEAD ")
        connection.socket.settimeout(3)
        first = connection.answer(is_head)
        connection.send(after)
        with contextlib.suppress(ValueError):
            return [it for it in [first] if it] + connection.answers()


def hosts(server, signer, api, tally):
    """The host is signed, so any other one is refused; the API mints URLs for its own only."""
    check(send(signer.url("put", "hosted"), "PUT", BODY).status == 200, "the object")
    get, port = signer.url("get", "hosted"), server.port
    right = f"Host: {server.host}:{port}"
    for fields in [
        [], [right, right], [right, "Host: evil.example"], ["Host: evil.example", right],
        ["Host: evil.example"], [f"Host: {server.host}"], [f"Host: {server.host}:80"], ["Host:"],
        [f"Host: localhost:{port}"], [f"Host: a@{server.host}:{port}"],
        [f"Host: {server.host}:{port}/"],
        [f"Host: {server.host}:0{port}"], [f"Host: {server.host} :{port}"], ["Host: a b"],
        [f"Host: evil.example, {server.host}:{port}"],
    ]:
        answers = exchange(server, head("GET", get, *fields, host=False))
        is_refused = all(400 <= answer.status < 500 for answer in answers) and len(answers) < 2
        tally.check("hosts", is_refused, fields, [*map(str, answers)])
    for fields in ([], ["Host:"], ["Host: a", "Host: b"], ["Host: a@b"], ["Host: a, b"]):
        request = head("GET", api.files_url, f"X-API-Key: {api.key}", *fields, host=False)
        answer, = exchange(server, request)
        tally.check("hosts", answer.status == 400, fields, answer)
    asked = b'{"filename":"a.csv","content_type":"text/csv"}'
    fields = [f"X-API-Key: {api.key}", f"Content-Length: {len(asked)}"]
    for more in (["X-Forwarded-Host: evil.example"], ["Forwarded: host=evil.example"],
                 ["X-Forwarded-Proto: https"], ["X-Forwarded-Port: 1"], ["X-Forwarded-Prefix: /x"]):
        answer, = exchange(server, head("POST", f"{api.files_url}/upload", *fields, *more) + asked)
        url = answer.json()["upload_url"]
        tally.check("hosts", url.startswith(f"{server.url}/s3/"), more, url)
    for authority in ("evil.example", f"localhost:{port}"):
        request = head("POST", f"{api.files_url}/upload", *fields, authority=authority) + asked
        for answer in exchange(server, request):
            is_own = answer.status >= 400 or answer.json()["upload_url"].startswith(server.url)
            tally.check("hosts", is_own, authority, answer)
