#!/usr/bin/env python3
"""Proves that `countersign explain` names the cause of what a real server refuses.

    pip install --require-hashes --only-binary :all: -r requirements.txt    # brings `weed`
    python explain.py target/debug/countersign

Starts SeaweedFS, presigns with botocore, spoils the request as clients, proxies and people do, and
sends it. What the server takes has to be a request that holds; what it refuses has to be explained
by what was done to it, as a proof. Then the same with S3's own answer, which has the canonical
request: SeaweedFS leaves it out, so it is written here in S3's form, of what the server received, by
botocore's own signer. Neither the secret nor a signature may be in any output.

Prints counts and exits 0, or prints what went wrong and exits 1.
"""

import argparse
import contextlib
import copy
import datetime
import http.client
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import seaweedfs
from weed import BUCKET, CREDENTIALS, find, running

ID, SECRET = CREDENTIALS["access_key_id"], CREDENTIALS["secret_access_key"]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
KEY = "fold er/a+b/caf\u00e9.txt"


class Request:
    """A request as it goes over the wire."""

    def __init__(self, method, url, headers, port):
        self.method = method
        parts = urlsplit(url)
        self.host = parts.netloc
        self.port = port
        self.target = url[len(f"{parts.scheme}://{parts.netloc}"):]
        self.headers = dict(headers)

    def spoiled(self, method=None, host=None, target=None, headers=()):
        other = copy.copy(self)
        other.method, other.host = method or self.method, host or self.host
        other.target = target or self.target
        changed = {**self.headers, **dict(headers)}
        other.headers = {name: value for name, value in changed.items() if value is not None}
        return other

    def send(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        # The library refuses to send some of what people send all the same.
        connection._validate_path = lambda _: None
        with contextlib.closing(connection):
            connection.putrequest(
                self.method, self.target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self.host, **self.headers}.items():
                connection.putheader(name, value)
            if self.method in ("PUT", "POST") and "Content-Length" not in self.headers:
                connection.putheader("Content-Length", "1")
            connection.endheaders(b"x" if self.method in ("PUT", "POST") else None)
            response = connection.getresponse()
            return response.status, response.read()


class Lab:
    def __init__(self, binary, port):
        self.binary = binary
        self.base = f"http://127.0.0.1:{port}"
        self.port = port
        self.ok = self.refused = self.told = 0
        self.problems = []

    def sign(self, method="GET", key=KEY, base=None, headers=(), query=(), secret=SECRET, age=0,
             expires=600, region="us-east-1", token=None, path=None, signer=None):
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
        botocore.auth.get_current_datetime = lambda *_, **__: now.replace(tzinfo=None)
        path = path or f"/{BUCKET}/" + quote(key, safe="/~")
        request = AWSRequest(
            method, (base or self.base) + path, headers=dict(headers), params=dict(query))
        signer = signer or botocore.auth.S3SigV4QueryAuth
        signer(Credentials(ID, secret, token), "s3", region, expires).add_auth(request)
        return Request(method, request.url, headers, self.port)

    def sign_header(self, age=0, secret=SECRET, query=""):
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
        botocore.auth.get_current_datetime = lambda *_, **__: now.replace(tzinfo=None)
        url = f"{self.base}/{BUCKET}/{quote(KEY, safe='/~')}{query}"
        request = AWSRequest("GET", url)
        request.context["client_config"] = None
        botocore.auth.S3SigV4Auth(Credentials(ID, secret), "s3", "us-east-1").add_auth(request)
        return Request("GET", url, dict(request.headers.items()), self.port)

    def explain(self, request, *arguments, secret=SECRET):
        command = [self.binary, "explain", "--json", "-X", request.method, request.target]
        for name, value in {"Host": request.host, **request.headers}.items():
            command += ["-H", f"{name}: {value}"]
        environment = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": secret} if secret else {}
        result = subprocess.run(
            [*command, *arguments], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60)
        output = result.stdout.decode()
        carrier = request.headers.get("Authorization", request.target)
        signature = carrier.rpartition("ignature=")[2][:64]
        for canary in (SECRET, len(signature) == 64 and signature):
            if canary and canary in output:
                self.problems.append(f"{canary} is shown in {output}")
        report = json.loads(output)
        if (result.returncode == 0) != (report["verdict"] == "holds"):
            self.problems.append(f"exit {result.returncode} for {output}")
        return report

    def good(self, what, request, *arguments):
        status, body = request.send()
        report = self.explain(request, *arguments)
        if status in (200, 206) and report["verdict"] == "holds":
            self.ok += 1
        else:
            self.problems.append(f"{what}: {status} {body[:200]!r}, {report}")

    def bad(self, what, request, causes, *arguments, evidence="proven", **more):
        """A request that the server refuses, and whose causes are exactly these."""
        status, body = request.send()
        report = self.explain(request, *arguments, **more)
        found = [(it["cause"], it["evidence"]) for it in report["findings"]]
        expected = [(cause, evidence) for cause in causes.split()]
        if status not in (400, 403, 404):
            self.problems.append(f"{what}: the server does not refuse it: {status} {body[:200]!r}")
        elif found != expected:
            self.problems.append(f"{what}: {status}, {found} instead of {expected}: {report}")
        else:
            self.refused += 1


class TwiceEncoded(botocore.auth.S3SigV4QueryAuth):
    """Signs the path as for other services than S3."""

    def _normalize_url_path(self, path):
        return quote(path, safe="/~")


class HashesEmptyBody(botocore.auth.S3SigV4QueryAuth):
    def payload(self, request):
        return EMPTY


def good_ones(lab):
    lab.good("PUT", lab.sign("PUT"))
    lab.good("GET", lab.sign())
    lab.good("HEAD", lab.sign("HEAD"))
    csv = {"Content-Type": "text/csv"}
    lab.good("PUT with a type", lab.sign("PUT", headers=csv))
    lab.good("a parameter", lab.sign(query={"response-content-type": "text/plain; a=b+c"}))
    lab.good("a range", lab.sign().spoiled(headers={"Range": "bytes=0-0"}))
    plain = lab.sign()
    lab.good("a raw plus", plain.spoiled(target=plain.target.replace("%2B", "+", 1)))


def hosts_and_methods(lab):
    good = lab.sign()
    lab.bad("HEAD by a URL for GET", good.spoiled(method="HEAD"), "method")
    lab.bad("PUT by a URL for GET", good.spoiled(method="PUT"), "method")
    here = ("--also-host", f"127.0.0.1:{lab.port}")
    lab.bad("the port dropped", good.spoiled(host="127.0.0.1"), "host_port", *here)
    default = lab.sign(base="http://files.example.com")
    lab.bad("a port more", default.spoiled(host="files.example.com:8080"), "host_port")
    lab.bad("another name", good.spoiled(host=f"localhost:{lab.port}"), "host_alias")
    named = lab.sign(base=f"http://localhost:{lab.port}")
    lab.bad("upper case", named.spoiled(host=f"LOCALHOST:{lab.port}"), "host_case")
    away = lab.sign(base="http://files.example.com")
    # SeaweedFS believes X-Forwarded-Host, whoever sends it, and takes such a request.
    lab.bad("behind a proxy that tells", away.spoiled(
        host="inner:8080", headers={"X-Original-Host": "files.example.com"}), "host_forwarded")
    lab.bad("a name that is given", away.spoiled(host="inner:8080"), "host_alias",
            "--also-host", "files.example.com")


def paths(lab):
    good = lab.sign()
    swap = lambda old, new: good.spoiled(target=good.target.replace(old, new, 1))
    path, _, query = good.target.partition("?")
    again = path.replace("%", "%25")
    lab.bad("encoded again", good.spoiled(target=f"{again}?{query}"), "path_encoded_twice")
    lab.bad("a plus for a space", swap("fold%20er", "fold+er"), "path_plus")
    lab.bad("a space for a plus", swap("a%2Bb", "a%20b"), "path_plus")
    lab.bad("decomposed", swap("%C3%A9", "e%CC%81"), "path_normalisation")
    lab.bad("a slash more", swap("/a%2Bb", "//a%2Bb"), "path_slashes")
    lab.bad("a slash at the end", swap(".txt?", ".txt/?"), "path_trailing_slash")
    lab.bad("a prefix more", swap(f"/{BUCKET}/", f"/proxy/{BUCKET}/"), "path_prefix_added")
    cut = lab.sign(path=f"/storage/v1/s3/{BUCKET}/plain")
    lab.bad("a prefix less", cut.spoiled(
        target=cut.target.replace("/storage/v1/s3", "")), "path_prefix_cut")
    dots = lab.sign(path=f"/{BUCKET}/x/./y")
    lab.bad("dot segments taken out", dots.spoiled(
        target=dots.target.replace("/x/./y", "/x/y")), "path_dot_segments")
    lab.bad("signed encoded twice", lab.sign(key="a b", signer=TwiceEncoded), "path_signed_twice")


def queries_and_headers(lab):
    good = lab.sign(query={"response-content-type": "a b+c"})
    swap = lambda old, new: good.spoiled(target=good.target.replace(old, new, 1))
    lab.bad("a parameter more", swap("&X-Amz-Signature", "&utm_source=x&X-Amz-Signature"),
            "parameter_added")
    lab.bad("a longer life", swap("Expires=600", "Expires=3600"), "parameter_changed")
    lab.bad("a plus that is none", swap("%2Bc", "+c"), "parameter_encoding")
    lost = lab.sign(query={"x-id": "GetObject"})
    lab.bad("a parameter less", lost.spoiled(
        target=lost.target.replace("&x-id=GetObject", "").replace("x-id=GetObject&", "")),
        "parameter_removed")
    csv = {"Content-Type": "text/csv"}
    typed = lab.sign("PUT", headers=csv)
    lab.bad("a charset more", typed.spoiled(
        headers={"Content-Type": "text/csv; charset=utf-8"}), "header_changed")
    lab.bad("the type not sent", typed.spoiled(headers={"Content-Type": None}), "header_absent")
    listed = lab.sign("PUT", headers={"x-amz-meta-a": "one,two"})
    lab.bad("a list written anew", listed.spoiled(
        headers={"x-amz-meta-a": "one, two"}), "header_folded")
    lab.bad("a header not signed", lab.sign("PUT").spoiled(headers={"x-amz-acl": "private"}),
            "header_not_signed", evidence="seen")
    lab.bad("the hash of an empty body", lab.sign(signer=HashesEmptyBody), "payload")


def keys_and_times(lab):
    lab.bad("expired", lab.sign(age=3600, expires=60), "expired", evidence="seen")
    lab.bad("a line break behind the secret", lab.sign(secret=SECRET + "\n"), "secret_white_space")
    lab.bad("a secret that is encoded", lab.sign(
        secret=quote(SECRET, safe="")), "secret_encoded")
    lab.bad("a token of nobody", lab.sign(token="FwoGZXIvYXdzEXAMPLETOKEN"), "token_unexpected",
            evidence="seen")
    other = lab.sign(secret="another secret altogether")
    report = lab.explain(other)
    if report["findings"][-1]["cause"] != "not_found":
        lab.problems.append(f"another secret: {report}")
    both = lab.sign(base="http://files.example.com").spoiled(
        host="files.example.com:8080", method="HEAD")
    lab.bad("two things at once", both, "host_port method")


def urls(lab):
    good = lab.sign()
    for what, target, causes, evidence in [
        ("escaped for HTML", good.target.replace("&", "&amp;"), "url_html_escaped", "proven"),
        ("encoded twice", good.target.replace("%", "%25"), "url_encoded_twice", "proven"),
        ("a mail's source", good.target.replace("=", "=3D"), "url_quoted_printable", "proven"),
        ("a full stop behind it", good.target + ".", "url_appended", "proven"),
        ("no quotes in the shell", good.target.partition("&")[0], "cut_off", "seen"),
        ("the end lost", good.target[:-20], "cut_off", "seen"),
    ]:
        lab.bad(what, good.spoiled(target=target), causes, evidence=evidence)


def in_headers(lab):
    """Requests that botocore signs in their Authorization header."""
    good = lab.sign_header()
    lab.good("signed in the header", good)
    lab.good("with a parameter", lab.sign_header(query="?response-content-type=text%2Fplain"))
    lab.bad("another name, header", good.spoiled(host=f"localhost:{lab.port}"), "host_alias")
    lab.bad("HEAD for GET, header", good.spoiled(method="HEAD"), "method")
    lab.bad("a prefix more, header", good.spoiled(target="/proxy" + good.target),
            "path_prefix_added")
    lab.bad("a parameter more, header", good.spoiled(target=good.target + "?utm_source=x"),
            "parameter_added")
    lab.bad("too late", lab.sign_header(age=3600), "signed_behind", evidence="seen")
    lab.bad("too early", lab.sign_header(age=-3600), "signed_ahead", evidence="seen")
    lab.bad("a line break behind the secret, header", lab.sign_header(secret=SECRET + "\n"),
            "secret_white_space")


def error_of_s3(lab, received):
    """S3's answer to a request, with what botocore computes of what the server received."""
    path, _, query = received.target.partition("?")
    query = "&".join(piece for piece in query.split("&") if "X-Amz-Signature" not in piece)
    url = f"http://{received.host}{path}?{query}"
    request = AWSRequest(received.method, url, headers={"Host": received.host, **{
        name: value for name, value in received.headers.items() if name.lower() != "range"}})
    request.context["timestamp"] = query.partition("X-Amz-Date=")[2][:16]
    signer = botocore.auth.S3SigV4QueryAuth(Credentials(ID, SECRET), "s3", "us-east-1", 600)
    canonical = signer.canonical_request(request)
    string = signer.string_to_sign(request, canonical)
    as_bytes = lambda text: text.encode().hex(" ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SignatureDoesNotMatch</Code>'
        f"<AWSAccessKeyId>{ID}</AWSAccessKeyId><StringToSign>{escape(string)}</StringToSign>"
        f"<StringToSignBytes>{as_bytes(string)}</StringToSignBytes>"
        f"<CanonicalRequest>{escape(canonical)}</CanonicalRequest>"
        f"<CanonicalRequestBytes>{as_bytes(canonical)}</CanonicalRequestBytes></Error>")


def answers(lab, folder):
    """Without the secret, with what S3 would answer to what came through."""
    good = lab.sign("PUT", headers={"Content-Type": "text/csv"}, query={"partNumber": "1"})
    for what, received, cause in [
        ("the same", good, "secret"),
        ("the host", good.spoiled(host="elsewhere.example"), "host"),
        ("the port", good.spoiled(host="127.0.0.1"), "host_port"),
        ("the method", good.spoiled(method="POST"), "method"),
        ("the path", good.spoiled(target="/base" + good.target), "path_prefix_added"),
        ("a parameter", good.spoiled(target=good.target + "&a=b"), "parameter_added"),
        ("a value", good.spoiled(
            target=good.target.replace("partNumber=1", "partNumber=2")), "parameter_changed"),
        ("a type", good.spoiled(headers={"Content-Type": "text/html"}), "header_changed"),
    ]:
        file = folder / "answer.xml"
        file.write_text(error_of_s3(lab, received))
        report = lab.explain(good, "--server-answer", str(file), secret=None)
        found = [(it["cause"], it["evidence"]) for it in report["findings"]]
        if found == [(cause, "compared")]:
            lab.told += 1
        else:
            lab.problems.append(f"S3's answer, {what}: {report}")


def run(binary, weed, folder):
    with running(weed, folder) as (server, port):
        seaweedfs.wait_until_writable(server, seaweedfs.Signer(binary, port))
        lab = Lab(binary, port)
        steps = [good_ones, hosts_and_methods, paths, queries_and_headers, keys_and_times, urls,
                 in_headers]
        for step in steps:
            step(lab)
        answers(lab, folder)
        return lab


def main():
    parser = argparse.ArgumentParser(description="Tries `countersign explain` on SeaweedFS.")
    parser.add_argument("binary", type=pathlib.Path)
    binary = parser.parse_args().binary.resolve()
    weed = find()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        lab = run(binary, weed, pathlib.Path(folder))
    counts = f"{lab.ok} hold, {lab.refused} refused and explained, {lab.told} told by S3's answer"
    if lab.problems:
        print(*lab.problems, sep="\n", file=sys.stderr)
        sys.exit(f"explain: {len(lab.problems)} problems, {counts}")
    if lab.ok < 9 or lab.refused < 45 or lab.told < 8:
        sys.exit(f"explain: suspiciously few: {counts}")
    print(f"explain: {counts}")


if __name__ == "__main__":
    main()
