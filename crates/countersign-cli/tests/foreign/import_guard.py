#!/usr/bin/env python3
"""Tries to have the server fetch what is not public, in a network where everything answers.

    python import_guard.py target/release/countersign [--trials 1000]

Runs in a network namespace of its own (`unshare` and `ip`, on Linux): every address there is, of
IPv4 and of IPv6, leads to canaries on this machine, and every name to a name server of ours. So a
connection to a private address is seen, whatever it is and however it was brought about: by its
spelling, by a name, by a name with two addresses, by one that leads elsewhere the second time it
is looked up, by a redirect to any of these. Public addresses answer with a file, or else nothing
would be proven; and a server that may import from everywhere reaches the canaries, as does a fetch
without any guard.

Which addresses are public is Python's `ipaddress` to say, but for what we refuse beyond it.
"""

import collections
import ipaddress
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from urllib.parse import quote, unquote

from powerdrill_client import Powerdrill
from server import check, main, running

MARK = "COUNTERSIGN_IN_NAMESPACE"
OPTIONS = ["--import", "--import-allow-http"]
PORTS = [22, 25, 80, 443, 5432, 6379, 8080]
FILE = b"a,b\n1,2\n"
PUBLIC = "203.0.114.1"
PUBLIC_V6 = "2a00:1450:4001::1"
SETTLE_SECONDS = 20

PRIVATE = ["127.0.0.1", "127.255.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.0.1",
           "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "198.18.0.1",
           "192.0.0.192", "168.63.129.16", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255",
           "192.0.2.1", "203.0.113.1", "::1", "::", "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
           "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
           "64:ff9b::a00:1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
           "2a00::5efe:a00:1"]
SPELLED = ["127.1", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "①②⑦.0.0.1", "127.0.0.1.",
           "0", "0xa9fea9fe", "2852039166", "169.254.43518", "[::ffff:7f00:1]", "[::127.0.0.1]",
           "[0:0:0:0:0:0:0:1]", "[fe80::1%25lo]", "%31%32%37.0.0.1", "127。0。0。1", "012.0.0.1"]
OTHERS = ["http://user@127.0.0.1/", "http://public.test@127.0.0.1/", "http://public.test#@127.0.0.1/",
          "http://public.test\\@127.0.0.1/", "http:\\\\127.0.0.1/", "http:127.0.0.1", "//127.0.0.1/",
          "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:6379/_x", "data:text/csv,a",
          "unix:/run/docker.sock", "http://public.test:22/", "http://public.test:25/",
          "http://public.test:6379/", "http://public.test:5432/", "http://public.test:8080/",
          f"http://{PUBLIC}:8080/", f"https://{PUBLIC}:80/"]
NAMES = ["localhost", "localhost.", "x.localhost", "metadata.google.internal", "both.test",
         "both6.test", "v6.test", "alias.test", "mapped.test", "nobody.test"]


def in_namespace():
    """Runs this script again, where nobody else is."""
    flags = "-mn" if os.geteuid() == 0 else "-rmn"
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])


def prepare(folder):
    for line in ["link set lo up", "route add local 0.0.0.0/0 dev lo", "-6 route add local ::/0 dev lo",
                 "addr add 10.0.0.1/32 dev lo", "addr add 169.254.169.254/32 dev lo",
                 "addr add 100.64.0.1/32 dev lo", "addr add 198.18.0.1/32 dev lo",
                 "-6 addr add fd00::1/128 dev lo", "-6 addr add fe80::1/128 dev lo"]:
        subprocess.run(["ip", *line.split()], check=True)
    files = {"/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
             "/etc/hosts": "127.0.0.1 localhost\n", "/etc/nsswitch.conf": "hosts: files dns\n"}
    for path, text in files.items():
        ours = folder / pathlib.Path(path).name
        ours.write_text(text)
        subprocess.run(["mount", "--bind", ours, os.path.realpath(path)], check=True)


class NameServer(threading.Thread):
    """Answers for every name below `test`, and says of some what is not true for long (RFC 1035)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.asked = collections.Counter()
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            name, kind, end = self.question(query)
            answers = self.answers(name, kind)
            head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(answers), 0, 0)
            body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", of, 1, 0, len(data)) + data
                            for of, data in answers)
            self.socket.sendto(head + query[12:end] + body, peer)

    def question(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        return ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0], at + 5

    def answers(self, name, kind):
        self.asked[name, kind] += 1
        turn = self.asked[name, kind] % 2
        fours, sixes = {
            "public.test": ([PUBLIC], []),
            "public6.test": ([], [PUBLIC_V6]),
            "rebind.test": ([PUBLIC if turn else "127.0.0.1"], []),
            "rebind6.test": ([PUBLIC], [] if turn else ["::1"]),
            "both.test": ([PUBLIC, "10.0.0.1"], []),
            "both6.test": ([PUBLIC], ["fd00::1"]),
            "v6.test": ([], ["fd00::1"]),
            "alias.test": (["169.254.169.254"], []),
            "mapped.test": ([], ["::ffff:10.0.0.1"]),
            "metadata.google.internal": (["169.254.169.254"], []),
            "x.localhost": (["127.0.0.1"], ["::1"]),
        }.get(name, ([], []))
        packed = [(1, socket.inet_aton(it)) for it in fours if kind == 1]
        if name == "alias.test" and kind == 1:
            # A name that is another's, which is a network's own.
            inner = b"\x05inner\x04test\x00"
            return [(5, inner)] + [(1, data) for _, data in packed]
        return packed + [(28, socket.inet_pton(socket.AF_INET6, it)) for it in sixes if kind == 28]


class Canary(threading.Thread):
    """Every address at one port. It notes which one was meant, and serves files at port 80."""

    def __init__(self, family, port, heard):
        super().__init__(daemon=True)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
        self.socket.listen(128)
        self.port, self.heard = port, heard
        self.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            self.heard[connection.getsockname()[0].partition("%")[0], self.port] += 1
            try:
                connection.settimeout(2)
                if self.port == 80:
                    connection.sendall(self.answer(connection.recv(65536).decode()))
            except OSError:
                pass
            connection.close()

    def answer(self, head):
        path = head.split(" ")[1] if " " in head else "/"
        if path.startswith("/to/"):
            place = unquote(path[4:])
            return (f"HTTP/1.1 302 X\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n").encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(FILE), FILE)


def is_leak(place):
    """Whether a canary that heard something is at an address that is nobody's to reach."""
    address, port = place
    return address not in (PUBLIC, PUBLIC_V6) and not is_public(address) or port not in (80, 443)


def is_public(address):
    """As Python says, and as little as we allow."""
    address = ipaddress.ip_address(address)
    if address.version == 6:
        beyond = ["2002::/16", "2001::/23", "3ffe::/16", "3fff::/20", "2620:4f:8000::/48"]
        isatap = (int(address) >> 32) & 0xfdffffff == 0x5efe
        is_unicast = address in ipaddress.ip_network("2000::/3") and not isatap
    else:
        beyond = ["168.63.129.16/32", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24",
                  "192.88.99.0/24", "192.175.48.0/24"]
        is_unicast = not address.is_multicast
    is_beyond = any(address in ipaddress.ip_network(it) for it in beyond)
    return address.is_global and is_unicast and not is_beyond


class Importer(Powerdrill):
    """Asks for one file after the other."""

    def outcome(self, url):
        """What becomes of a URL: `refused` at once, or the status and the reason in the end."""
        asked = {"name": "a.csv", "type": "FILE", "url": url, "user_id": self.user}
        told = self.call("POST", f"/datasets/{self.dataset_id}/datasources", asked).json()
        if told["code"] != 0:
            check(told["code"] == 300001 and "url" in told["msg"], url, told)
            return "refused", told["msg"]
        ends_at = time.monotonic() + SETTLE_SECONDS
        while True:
            found = self.get(told["data"]).json()["data"]
            if found["status"] != "synching":
                check(self.delete(found).json()["code"] == 0, found)
                return found["status"], found.get("reason")
            check(time.monotonic() < ends_at, "it is on its way for ever:", url)
            time.sleep(0.003)


def importer(server):
    api = Importer(server.url, server.api_key, "admin")
    api.dataset_id = api.dataset()
    return api


def literal(address):
    return f"[{address}]" if ":" in address else address


def no_leak(heard, tally, what):
    leaks = {place: count for place, count in heard.items() if is_leak(place)}
    tally.check("silent canaries", not leaks, what, leaks)


def spelled(api, heard, tally):
    hosts = [literal(it) for it in PRIVATE] + SPELLED
    urls = [f"{scheme}://{host}/" for host in hosts for scheme in ("http", "https")] + OTHERS
    for url in urls:
        found, reason = api.outcome(url)
        # What is behind a `#` is no host: the name before it is public.
        is_right = found == ("synched" if "#@" in url else "refused")
        tally.check("urls", is_right, url, found, reason)
        no_leak(heard, tally, url)
    for name in NAMES:
        for scheme in ("http", "https"):
            found = api.outcome(f"{scheme}://{name}/")
            is_right = found == ("invalid", "the host has no public address")
            tally.check("names", is_right, name, found)
            no_leak(heard, tally, name)


def redirects(api, heard, tally):
    places = [f"http://{literal(it)}/" for it in PRIVATE] + [f"http://{it}/" for it in SPELLED if it.isascii()]
    places += [f"http://{it}/" for it in NAMES] + ["//127.0.0.1/", "file:///etc/passwd",
                                                  "http://public.test:22/"]
    for place in places:
        for hops in (1, 2):
            url = place
            for _ in range(hops):
                url = f"http://public.test/to/{quote(url, safe='')}"
            found, reason = api.outcome(url)
            is_right = found == "invalid" and ("redirect" in reason or "public address" in reason)
            tally.check("redirects", is_right, url, found, reason)
            no_leak(heard, tally, url)
    for name in ("public.test", "public6.test"):
        url = f"http://public.test/to/{quote(f'http://{name}/')}"
        tally.check("redirects", api.outcome(url)[0] == "synched", name)


def rebinding(api, heard, names, trials, tally):
    outcomes = collections.Counter()
    for trial in range(trials):
        name = "rebind6.test" if trial % 4 == 3 else "rebind.test"
        # Over a redirect to itself, too: that is a second look-up, and it has to be looked at.
        path = "to/" + quote(f"http://{name}/", safe="") if trial % 5 == 4 else ""
        outcomes[api.outcome(f"http://{name}/{path}")[0]] += 1
        no_leak(heard, tally, name)
    tally.counts["rebinding trials"] = trials
    check(min(outcomes["synched"], outcomes["invalid"]) > trials // 10, outcomes)


def random_addresses(api, heard, rng, count, tally):
    """Who is public, according to somebody else."""
    seen = collections.Counter()
    for _ in range(count):
        near = ipaddress.ip_address(rng.choice(PRIVATE + [PUBLIC, PUBLIC_V6]))
        bits = rng.randint(1, near.max_prefixlen)
        address = type(near)(int(near) ^ rng.getrandbits(bits))
        found, reason = api.outcome(f"http://{literal(str(address))}/")
        seen[found] += 1
        # To some that are public nothing leads from here: what counts is that it was tried.
        is_right = (found != "refused") == is_public(str(address))
        tally.check("random addresses", is_right, address, found, reason)
    no_leak(heard, tally, "random addresses")
    check(min(seen["refused"], seen["synched"]) > count // 10, seen)


def controls(options, folder, heard, tally):
    """What is not guarded reaches the canaries."""
    heard.clear()
    for address in ("10.0.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "fd00::1", "127.0.0.1"):
        with urllib.request.urlopen(f"http://{literal(address)}/", timeout=5) as answer:
            check(answer.read() == FILE, "the canary does not answer")
        tally.check("controls", heard[address, 80] == 1, address, heard)
    everything = ["--import-danger-allow-private-addresses", "0.0.0.0/0,::/0"]
    open_folder = folder / "open"
    open_folder.mkdir()
    heard.clear()
    with running(options.binary, open_folder, *OPTIONS, *everything) as server:
        api = importer(server)
        for address in ("10.0.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "fd00::1"):
            tally.check("controls", api.outcome(f"http://{literal(address)}/")[0] == "synched")
            tally.check("controls", heard[address, 80] == 1, address, heard)
        tally.check("controls", api.outcome("http://both.test/")[0] == "synched")


def step(options, folder, tally):
    prepare(folder)
    heard, names = collections.Counter(), NameServer()
    for port in PORTS:
        for family in (socket.AF_INET, socket.AF_INET6):
            Canary(family, port, heard)
    # A proxy that the environment names would be another way out.
    proxy = {name: "http://10.0.0.1:8080" for name in ("http_proxy", "https_proxy", "ALL_PROXY")}
    own = "http://own.test:8080"
    with running(options.binary, folder, *OPTIONS, "--public-url", own, "--single-origin",
                 environment=proxy, listen="127.0.0.1:9090") as server:
        server.url = "http://127.0.0.1:9090"
        api = importer(server)
        for host in (PUBLIC, literal(PUBLIC_V6), "public.test", "public6.test"):
            found = api.outcome(f"http://{host}/")
            tally.check("public hosts", found[0] == "synched", host, found)
        tally.check("urls", api.outcome("http://own.test/")[0] == "refused")
        spelled(api, heard, tally)
        redirects(api, heard, tally)
        random_addresses(api, heard, random.Random(options.seed), options.addresses, tally)
        rebinding(api, heard, names, options.trials, tally)
        reached = sum(heard.values())
        check(reached > options.trials // 2, "the public canary was not reached:", heard)
        check(not any(is_leak(place) for place in heard), heard)
    controls(options, folder, heard, tally)
    return f"{reached} connections to public addresses, 0 to others"


def arguments(parser):
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--addresses", type=int, default=500)


if __name__ == "__main__":
    if MARK not in os.environ:
        in_namespace()
    main("import_guard.py", __doc__, step, arguments)
