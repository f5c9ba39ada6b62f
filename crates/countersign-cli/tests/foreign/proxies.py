#!/usr/bin/env python3
"""Holds the server against paths that two readers read differently (V-06): directly, and behind
nginx and haproxy, which tidy paths up or do not.

    apt-get install nginx-light haproxy
    pip install --require-hashes --only-binary :all: -r requirements.txt
    python proxies.py target/release/countersign

Each spelling stands in the place of a path that was signed, for GET and for PUT, beside hundreds of
objects that it might mean. What is served has to be the object that was signed, and what is
written too; nothing else in the data folder may change. Then URLs are signed by boto3 for the
spellings themselves: whatever the key is, no file outside of the store is read or written.

The part of `.ci/run` is `proxies`; without the two servers it fails.
"""

import contextlib
import itertools
import shutil
import socket
import subprocess
import time
from types import SimpleNamespace

from server import Signer, check, fixed_address, main, running, send, sha256
from wire import Connection

KEY = "folder/sub/object.csv"
# What may stand for a piece of a path: nothing, dots and slashes in every spelling, what ends a
# path for some readers.
PIECES = [
    "/", "//", "/./", "/../", "/.../", "/%2e/", "/%2e%2e/", "/%2E%2E/", "/.%2e/", "/%252e%252e/",
    "%2F", "%2f", "%2F..%2F", "%2f..%2f", "%252F..%252F", "\\", "/..\\", "%5C", "%5C..%5C",
    "/..;/", "/;x=y/", "/%00/", "%00", "/%0a/", "/%0d%0a/", "/%7f/", "/ /", "/%20/", "/+/",
    "/%c0%af/", "/%c0%ae%c0%ae/", "/%e0%80%af/", "/%ff/", "/%u002e%u002e/", "/\uff0e\uff0e/",
    "/%EF%BC%8E%EF%BC%8E/", "/%", "/%2", "/%zz/", "#/", "/~/", "/%7E/", "/.%00/", "/..%00/",
    "/.%0d./", "/::$DATA/", "/..%2f", "/..%5c", "/%2e%2e%2f", "/%2e%2e%5c",
]
CLIMBS = [
    "../../../../../../etc/passwd", "/etc/passwd", "//etc/passwd", "..", ".", "../", "./", "a/..",
    "a/../../master.key", "../master.key", "../../master.key", "../../../master.key",
    "..\\..\\master.key", "C:\\windows\\win.ini", "CON", "a//b", "a/", "/lead", "a/./b",
    "%2e%2e%2fmaster.key", "..%2f..%2fmaster.key", "a\u0301", "\u00e1", "~root", "a\tb", "a;b",
    "objects/countersign", ".countersign", "records/../data", "x" * 255 + "/" + "y" * 255,
]

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{
    access_log off; client_max_body_size 0; merge_slashes {merge};
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen {listen};
        location / {{ proxy_pass http://{upstream}{path}; proxy_http_version 1.1;
                      proxy_set_header Host $http_host; }}
    }}
}}
"""
HAPROXY = """
global
    expose-experimental-directives
    stats socket {folder}/haproxy.sock
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend in
    bind {listen}
    {normalize}
    default_backend out
backend out
    server countersign {upstream}
"""
NORMALIZERS = [
    "fragment-strip", "path-merge-slashes", "path-strip-dot", "path-strip-dotdot full",
    "percent-decode-unreserved", "percent-to-uppercase",
]


def spellings():
    """Paths that some reader takes for that of the object, or for that of another."""
    segments = ["s3", "BUCKET", *KEY.split("/")]
    found = {}
    for place, piece in itertools.product(range(len(segments)), PIECES):
        before, behind = "/".join(segments[:place]), "/".join(segments[place:])
        found[f"/{before}{piece}{behind}"] = None
        # Up again by as many as were gone down.
        found[f"/{before}/x{piece}../{behind}"] = None
    for climb in CLIMBS:
        found[f"/s3/BUCKET/{climb}"] = None
        found[f"/s3/BUCKET/{KEY}/{climb}"] = None
    return [path for path in found if "\n" not in path]


@contextlib.contextmanager
def proxy(name, command, listen):
    """Another server, for as long as it is wanted."""
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    host, port = listen.split(":")
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
                break
            check(process.poll() is None, f"{name} ended with {process.returncode}")
            time.sleep(0.01)
        else:
            check(False, f"{name} does not answer")
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def proxies(folder, upstream):
    """The ways to the server: none between, and two proxies that change the path or do not."""
    with contextlib.ExitStack() as stack:
        ways = {"directly": upstream}
        for merge, path in (("off", ""), ("on", "/")):
            listen, own = fixed_address(), folder / f"nginx-{merge}"
            own.mkdir()
            (own / "nginx.conf").write_text(NGINX.format(
                folder=own, listen=listen, upstream=upstream, merge=merge, path=path))
            stack.enter_context(proxy("nginx", ["nginx", "-p", own, "-c", own / "nginx.conf"],
                                      listen))
            ways[f"nginx, {'tidying up' if path else 'as it came'}"] = listen
        for rules in ([], NORMALIZERS):
            listen, own = fixed_address(), folder / f"haproxy-{len(rules)}"
            own.mkdir()
            lines = "\n    ".join(f"http-request normalize-uri {rule}" for rule in rules)
            (own / "haproxy.cfg").write_text(HAPROXY.format(
                folder=own, listen=listen, upstream=upstream, normalize=lines))
            stack.enter_context(proxy(
                "haproxy", ["haproxy", "-db", "-f", own / "haproxy.cfg"], listen))
            ways[f"haproxy, {'tidying up' if rules else 'as it came'}"] = listen
        yield ways


def ask(way, authority, method, target, body=b""):
    """One request with this very target; None where there is no answer that could be read."""
    fields = [f"{method} {target} HTTP/1.1", f"Host: {authority}", "Connection: close"]
    if method == "PUT":
        fields.append(f"Content-Length: {len(body)}")
    host, port = way.split(":")
    with Connection(SimpleNamespace(host=host, port=int(port))) as connection:
        connection.send("\r\n".join([*fields, "", ""]).encode() + body)
        return connection.answer()


def outside(server):
    """All that the data folder has beside the records and the bytes of objects, as it is."""
    paths = [path for path in server.data.rglob("*") if path.is_file()]
    kept = [path for path in paths if not path.is_relative_to(server.data / "objects")
            # The catalog writes down what it is asked for.
            and not path.name.startswith("catalog.sqlite")]
    return {path: (path.stat().st_mtime_ns, sha256(path.read_bytes())) for path in kept}


def records(server):
    return set(server.data.glob("objects/*/records/**/*.record"))


def try_spellings(server, signer, ways, tally):
    """A path in the place of the one that was signed."""
    mine, other = b"what was signed", b"somebody else's"
    neighbours = ["object.csv", "folder/object.csv", "folder/sub/object.csvx", "x", "a/b",
                  "folder/sub/", "etc/passwd", "master.key", "folder//sub/object.csv"]
    for key in neighbours:
        put = send(signer.url("put", key), "PUT", other)
        check(put.status == 200, f"PUT {key}:", put)
    send(signer.url("put", KEY), "PUT", mine)
    stored, around = records(server), outside(server)
    authority = f"{server.host}:{server.port}"
    for method in ("GET", "PUT"):
        _, query = signer.url(method.lower(), KEY, 3600).split("?")
        for path, (name, way) in itertools.product(spellings(), ways.items()):
            target = f"{path.replace('BUCKET', signer.bucket)}?{query}"
            answer = ask(way, authority, method, target, mine)
            if answer is None:
                tally.check(f"{method} refused by closing", name != "directly", target)
            elif answer.status == 200:
                tally.check(f"{method} of what was signed", method == "PUT" or answer.body == mine,
                            name, target, answer)
            else:
                tally.check(f"{method} refused", 400 <= answer.status < 500, name, target, answer)
                tally.check("answers without bytes", other not in answer.body, name, target)
    check(records(server) == stored, "objects that nobody wrote:", records(server) ^ stored)
    check(outside(server) == around, "a file of the server has changed")
    for key in neighbours:
        tally.check("neighbours whole", send(signer.url("get", key)).body == other, key)
    tally.check("neighbours whole", send(signer.url("get", KEY)).body == mine, KEY)


def try_signed_climbs(server, signer, ways, tally):
    """A key that would lead somewhere else, if keys were paths."""
    around = outside(server)
    authority = f"{server.host}:{server.port}"
    secret = (server.data / "master.key").read_bytes()
    bodies = {}
    for key in CLIMBS:
        target = signer.url("put", key).split(authority, 1)[1]
        bodies[key] = f"bytes of {key}".encode()
        answer = ask(ways["directly"], authority, "PUT", target, bodies[key])
        tally.check("keys that climb, put", answer.status == 200, key, answer)
    for key, (name, way) in itertools.product(CLIMBS, ways.items()):
        target = signer.url("get", key).split(authority, 1)[1]
        answer = ask(way, authority, "GET", target)
        is_own = answer.status == 200 and answer.body == bodies[key]
        is_refused = 400 <= answer.status < 500 and name != "directly"
        tally.check("keys that climb, got", is_own or is_refused, name, key, answer)
        tally.check("answers without bytes", secret not in answer.body, name, key)
    check(outside(server) == around, "a file of the server has changed")


def step(options, folder, tally):
    for program in ("nginx", "haproxy"):
        check(shutil.which(program), f"{program} is not there: apt-get install nginx-light haproxy")
    with running(options.binary, folder) as server:
        signer = Signer(server.keys())
        with proxies(folder, f"{server.host}:{server.port}") as ways:
            try_spellings(server, signer, ways, tally)
            try_signed_climbs(server, signer, ways, tally)
        check(server.is_alive(), "the server is gone")
    return f"{len(spellings())} spellings, {len(CLIMBS)} keys, {len(ways)} ways"


if __name__ == "__main__":
    main("proxies", __doc__, step)
