"""Presigned requests that were tampered with, over a real socket: part of `hostile.py`, which says
how to run.

The classes are those of the project's threat model: of the signature, of the parameters, of the
path, of the request. Each is tried on each URL, and none may be served. Where the server reads two
spellings as one (an unreserved byte escaped, the case of an escape, `%2F` in a key), the answer has
to be that of the URL as it was signed.
"""

import base64
import contextlib
import dataclasses
import hashlib
import re
import unicodedata

from server import check, send
from wire import Connection

STREAMING = [
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"]
AMZ_HEADERS = """
acl bypass-governance-retention checksum-crc32 checksum-crc32c checksum-sha1 checksum-sha256
checksum-type content-sha256 copy-source copy-source-if-match copy-source-range date
decoded-content-length expected-bucket-owner grant-full-control grant-read grant-write
if-match-size metadata-directive meta-a mfa object-lock-legal-hold object-lock-mode
object-lock-retain-until-date optional-object-attributes range-get request-payer security-token
sdk-checksum-algorithm server-side-encryption server-side-encryption-aws-kms-key-id
server-side-encryption-customer-algorithm server-side-encryption-customer-key
source-expected-bucket-owner storage-class tagging tagging-directive target-object trailer
website-redirect-location write-offset-bytes x
""".split()


@dataclasses.dataclass
class Sent:
    """A request, as it goes on the wire."""

    method: str
    target: str
    headers: list
    body: bytes = b""

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def path(self, change):
        path, _, query = self.target.partition("?")
        return self.but(target=f"{change(path)}?{query}")

    def put(self, name, change):
        """Changes the value of a parameter."""
        pattern = rf"(?<=[?&]){name}=([^&]*)"
        check(re.search(pattern, self.target), f"{name} is not in {self.target}")
        value = lambda found: f"{name}={change(found[1])}"
        return self.but(target=re.sub(pattern, value, self.target))

    def drop(self, name):
        path, _, query = self.target.partition("?")
        kept = [pair for pair in query.split("&") if not pair.startswith(f"{name}=")]
        return self.but(target=f"{path}?{'&'.join(kept)}")

    def rename(self, old, new):
        return self.but(target=re.sub(rf"(?<=[?&]){old}=", f"{new}=", self.target))

    def add(self, pair, first=False):
        path, _, query = self.target.partition("?")
        return self.but(target=f"{path}?{pair}&{query}" if first else f"{self.target}&{pair}")

    def send(self, *headers):
        return self.but(headers=[*self.headers, *headers])

    def as_bytes(self):
        has_body = self.method in ("PUT", "POST", "PATCH")
        length = [f"Content-Length: {len(self.body)}"] if has_body else []
        lines = [f"{self.method} {self.target} HTTP/1.1", *self.headers, *length, "", ""]
        return "\r\n".join(lines).encode("utf-8") + self.body


def signature_classes(sent, other):
    name = "X-Amz-Signature"
    yield "1 one digit", sent.put(name, lambda it: it[:-1] + ("0" if it[-1] != "0" else "1"))
    yield "1 first digit", sent.put(name, lambda it: ("0" if it[0] != "0" else "1") + it[1:])
    yield "2 upper case", sent.put(name, str.upper)
    yield "3 truncated", sent.put(name, lambda it: it[:-1])
    yield "3 truncated by half", sent.put(name, lambda it: it[:32])
    yield "4 extended", sent.put(name, lambda it: it + "0")
    yield "5 empty", sent.put(name, lambda it: "")
    yield "6 missing", sent.drop(name)
    value = re.search(rf"{name}=(\w+)", sent.target)[1]
    yield "7 twice", sent.add(f"{name}={value}")
    yield "7 twice, the first one wrong", sent.add(f"{name}={'0' * 64}", first=True)
    foreign = re.search(rf"{name}=(\w+)", other.target)[1]
    yield "8 of another URL", sent.put(name, lambda it: foreign)
    yield "10 SigV2 added", sent.add("AWSAccessKeyId=x&Signature=x&Expires=9999999999")
    yield "10 SigV2 alone", sent.but(
        target=sent.target.partition("?")[0] + "?AWSAccessKeyId=x&Signature=x&Expires=9999999999")


def parameter_classes(sent):
    for value in ("AWS4-HMAC-SHA512", "none", "", "aws4-hmac-sha256", "AWS4-ECDSA-P256-SHA256"):
        yield f"11 algorithm {value}", sent.put("X-Amz-Algorithm", lambda it: value)
    yield "11 no algorithm", sent.drop("X-Amz-Algorithm")
    for place, name, value in [
        (0, "12 key id", "CS01COUNTERSIGNSERVE"), (0, "12 key id", "x"), (1, "13 date", "20200101"),
        (2, "14 region", "eu-west-1"), (2, "14 region", ""), (3, "15 service", "sts"),
        (4, "16 terminator", "aws5_request"), (4, "17 extra slash", "aws4_request%2F"),
    ]:
        def change(credential):
            parts = credential.split("%2F")
            parts[place] = value
            return "%2F".join(parts)
        yield f"{name} {value}", sent.put("X-Amz-Credential", change)
    other_second = lambda it: it[:-2] + ("1Z" if it[-2] != "1" else "2Z")
    yield "18 date some seconds off", sent.put("X-Amz-Date", other_second)
    for value in ("", "2026-11-21T00:00:00Z", "20261121", "20261301T000000Z"):
        yield f"19 date {value}", sent.put("X-Amz-Date", lambda it: value)
    for value in ("601", "599", "0", "-1", "+600", "0600", "604801", "1e9", "600%20", "", "600.0"):
        yield f"20 expires {value}", sent.put("X-Amz-Expires", lambda it: value)
    yield "21 no expires", sent.drop("X-Amz-Expires")
    yield "22 expires before", sent.add("X-Amz-Expires=604800", first=True)
    yield "22 expires after", sent.add("X-Amz-Expires=604800")
    names = "X-Amz-SignedHeaders"
    for value in ("", "date", "host%3Bx-absent", "x-absent%3Bhost", "host%3B", "%3Bhost", "Host",
                  "host%3Bhost", "host,date"):
        yield f"23-25 signed headers {value}", sent.put(names, lambda it: value)
    yield "23-25 a list the other way round", sent.put(names, lambda it: "host%3Bcontent-type")
    yield "26 token", sent.add("X-Amz-Security-Token=x")
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"):
        yield f"27 case of {name}", sent.rename(f"X-Amz-{name}", f"x-amz-{name.lower()}")
        yield f"28 escaped {name}", sent.rename(f"X-Amz-{name}", f"X%2DAmz-{name}")
    for pair in ("x=y", "x", "=", "a;b", "X-Amz-Zz=1", "%00=1", "x-id=GetObject"):
        yield f"29 parameter {pair}", sent.add(pair)
        yield f"29 parameter {pair} first", sent.add(pair, first=True)
    for pair in ("response-content-type=text%2Fhtml", "response-content-disposition=inline",
                 "response-cache-control=public", "versionId=1", "versionId=null", "partNumber=1",
                 "uploadId=x", "partNumber=1&uploadId=x", "uploads", "acl", "tagging", "delete",
                 "x-amz-acl=public-read", "x-amz-copy-source=%2Fa%2Fb", "x-amz-tagging=a%3Db"):
        yield f"30-32 {pair}", sent.add(pair)


def path_classes(sent, bucket, other_bucket):
    cut = sent.target.partition("?")[0].rindex("/")
    tail = lambda change: sent.path(lambda path: path[:cut + 1] + change(path[cut + 1:]))
    yield "33 one byte", tail(lambda it: it[:-1] + ("x" if it[-1] != "x" else "y"))
    yield "33 one more", tail(lambda it: it + "x")
    yield "33 one less", tail(lambda it: it[:-1])
    yield "35 escaped twice", tail(lambda it: it.replace("%", "%25") if "%" in it else f"%25{it}")
    for name, step in [("37 /./", "./"), ("38 /x/../", "x/../"), ("39 %2e%2e", "x/%2e%2e/"),
                       ("39 %2E", "%2E/"), ("40 //", "/"), ("42 \\", "x\\..\\"),
                       ("42 %5C", "x%5C..%5C"), ("43 %00 first", "%00"), ("47 ;", ";x=y/")]:
        yield name, tail(lambda it: step + it)
    for name, end in [("41 trailing /", "/"), ("41 trailing %2F", "%2F"), ("41 /.", "/."),
                      ("42 %5C last", "%5C"), ("43 %00", "%00"), ("43 %00.txt", "%00.txt"),
                      ("47 ;x=y", ";x=y"), ("46 space", "%20"), ("46 +", "+"), ("46 %2B", "%2B"),
                      ("43 bad UTF-8", "%FF"), ("43 overlong", "%C0%AF"), ("43 dangling", "%"),
                      ("43 dangling digit", "%4"), ("43 no digit", "%zz")]:
        yield name, tail(lambda it: it + end)
    if "%C3%BC" in sent.target:
        yield "44 NFD", tail(lambda it: it.replace("%C3%BC", "u%CC%88"))
    yield "45 case", tail(lambda it: re.sub(r"(?<!%)(?<!%.)[a-z]", lambda at: at[0].upper(), it))
    for name in (other_bucket, bucket.upper(), "countersign", f"{bucket}%00", f"./{bucket}", ""):
        yield f"48 bucket {name}", sent.path(lambda path: path.replace(f"/{bucket}/", f"/{name}/"))
    yield "48 no base path", sent.path(lambda path: path.removeprefix("/s3"))
    yield "48 base path twice", sent.path(lambda path: "/s3" + path)
    yield "48 base path, other case", sent.path(lambda path: "/S3" + path.removeprefix("/s3"))
    authority = sent.headers[0].removeprefix("Host: ")
    yield "48 absolute", sent.but(target=f"http://{authority}{sent.target}")
    yield "48 absolute, elsewhere", sent.but(target=f"http://evil.example{sent.target}")
    yield "48 two slashes", sent.but(target="/" + sent.target)


def request_classes(sent):
    for method in {"GET", "PUT", "HEAD", "POST", "DELETE", "PATCH", "TRACE"} - {sent.method}:
        if (sent.method, method) != ("GET", "HEAD"):  # as S3, the server takes HEAD by it
            yield f"49 {method}", sent.but(method=method)
    host, *rest = sent.headers
    port = host.rpartition(":")[2]
    for value in ("evil.example", f"localhost:{port}", f"127.0.0.1:{port}.", "127.0.0.1",
                  "127.0.0.1:80", f"127.0.0.1:0{port}", f"user@127.0.0.1:{port}", "",
                  f"127.0.0.2:{port}", f"127.0.0.1:{port}, evil.example"):
        yield f"50 host {value}", sent.but(headers=[f"Host: {value}", *rest])
    yield "50 host twice", sent.send(host)
    yield "50 host twice, the last one other", sent.send("Host: evil.example")
    yield "50 host twice, the first one other", sent.but(headers=["Host: evil.example",
        *sent.headers])
    yield "50 no host", sent.but(headers=rest)
    for name in AMZ_HEADERS:
        yield f"51 x-amz-{name}", sent.send(f"x-amz-{name}: 1")
    yield "51 Authorization", sent.send("Authorization: AWS4-HMAC-SHA256 Credential=x")
    for value in STREAMING:
        yield f"55 {value}", sent.send(f"x-amz-content-sha256: {value}")
    for header in rest:
        name, value = header.split(": ", 1)
        others = [kept for kept in sent.headers if kept != header]
        yield f"52 {name} absent", sent.but(headers=others)
        yield f"52 {name} changed", sent.but(headers=[*others, f"{name}: {value}x"])
        yield f"52 {name} twice", sent.send(header)
        yield f"52 {name} empty", sent.but(headers=[*others, f"{name}:"])
    if any("Content-MD5" in header for header in rest):
        yield "53 other bytes", sent.but(body=sent.body[:-1] + b"?")
        yield "53 one byte more", sent.but(body=sent.body + b"?")
        yield "53 one byte less", sent.but(body=sent.body[:-1])


def same_classes(sent):
    """Other spellings of the same request, and headers that nobody may obey."""
    cut = sent.target.partition("?")[0].rindex("/")
    tail = lambda change: sent.path(lambda path: path[:cut + 1] + change(path[cut + 1:]))
    yield "34 escaped", tail(lambda it: f"%{ord(it[0]):02X}{it[1:]}" if it[0] != "%" else it)
    yield "34 lower-case escapes", tail(lambda it: re.sub("%..", lambda at: at[0].lower(), it))
    yield "34 in a value", sent.put("X-Amz-SignedHeaders", lambda it: it.replace("host", "%68ost"))
    yield "36 %2F", sent.path(lambda path: path[:cut] + "%2F" + path[cut + 1:])
    for header in ("X-HTTP-Method-Override: DELETE", "X-Original-URL: /s3/a/b", "X-Rewrite-URL: /",
                   "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https",
                   "X-Forwarded-Prefix: /x", "Forwarded: host=evil.example", "X-Method: DELETE"):
        yield f"54 {header}", sent.send(header)


def exchange(server, sent):
    with Connection(server) as connection:
        connection.send(sent.as_bytes())
        with contextlib.suppress(ValueError):
            return connection.answer(is_head=sent.method == "HEAD")


def run(server, signer, other_pair, tally):
    """Tries everything on every URL; what is stored stays as it is."""
    body = b"signed body"
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    host = f"Host: {server.host}:{server.port}"
    keys = ["plain.txt", unicodedata.normalize("NFC", "a b+c/ü~x.csv"), "d/d/deep"]
    for key in keys:
        check(send(signer.url("put", key), "PUT", b"kept").status == 200, key)
    urls = []
    for key in keys:
        urls += [Sent("GET", signer.url("get", key), [host]),
                 Sent("HEAD", signer.url("head", key), [host]),
                 Sent("PUT", signer.url("put", f"new/{key}"), [host], body)]
    bound = signer.url("put", "new/bound", ContentType="text/csv", ContentMD5=digest)
    urls.append(Sent("PUT", bound, [host, "Content-Type: text/csv", f"Content-MD5: {digest}"],
        body))
    urls = [sent.but(target=sent.target.removeprefix(server.url)) for sent in urls]
    records = lambda: sorted(server.data.glob("objects/*/records/**/*.record"))
    before = records()
    for number, sent in enumerate(urls):
        tampered = [
            *signature_classes(sent, urls[number - 2]), *parameter_classes(sent),
            *path_classes(sent, signer.bucket, other_pair["bucket"]), *request_classes(sent)]
        for name, wrong in tampered:
            if wrong == sent:
                continue
            answer = exchange(server, wrong)
            is_refused = answer is None or 400 <= answer.status < 500 or answer.status == 501
            tally.check("tampered requests", is_refused, sent.method, name, answer, wrong.target)
        tally.check("tampered requests", records() == before, sent.method, "something was stored")
    for key in keys:
        kept = send(signer.url("get", key)).body
        tally.check("tampered requests", kept == b"kept", key, kept)
    same(server, urls, tally)


def same(server, urls, tally):
    for sent in urls:
        signed = exchange(server, sent)
        check(signed is not None and signed.status == 200, "as signed:", sent, signed)
        for name, other in same_classes(sent):
            answer = exchange(server, other)
            is_same = answer and (answer.status, answer.body) == (200, signed.body)
            tally.check("other spellings", is_same, sent.method, name, answer, other.target)
