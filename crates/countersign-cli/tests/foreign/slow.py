"""Clients that keep connections: part of `hostile.py`, which says how to run.

300 connections at once say nothing, drip a head, stall in a body, or take nothing of an answer. The
first two are closed within 15 s of their opening, the others once they have stood still for longer
than the server allows; and who is honest is served quickly all the while.
"""

import random
import selectors
import socket
import threading
import time

from server import MIB, check, content, send
from wire import head

HEAD_SECONDS = 15
# The gateway gives up a body that stands still for 30 s, the server an answer that nobody takes.
STALL_SECONDS = 40
KINDS = {"silent": 90, "drip": 90, "half head": 30, "body": 80, "reader": 10}
LARGE = 32 * MIB
GOOD_REQUESTS = 200
P99_SECONDS = 1


class Client:
    def __init__(self, server, kind, opening, number):
        self.kind, self.opened, self.closed, self.heard = kind, time.monotonic(), None, b""
        self.socket = socket.socket()
        if kind == "reader":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect((server.host, server.port))
        # Each one stops at another place of its head.
        self.rest = opening[number % len(opening):] if kind == "drip" else b""
        self.socket.sendall(opening[:number % len(opening)] if kind == "drip" else opening)
        self.socket.setblocking(False)

    def drip(self):
        try:
            # The last byte of a head is never sent.
            if len(self.rest) > 1:
                self.socket.send(self.rest[:1])
                self.rest = self.rest[1:]
        except OSError:
            pass

    def hear(self):
        try:
            piece = self.socket.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            self.closed = time.monotonic() - self.opened
        self.heard += piece


class Siege(threading.Thread):
    """Opens them all, and notes when each is closed."""

    def __init__(self, server, signer, seed):
        super().__init__(daemon=True)
        large = content(seed, LARGE)
        check(send(signer.url("put", "large"), "PUT", large).status == 200, "the large object")
        get = head("GET", signer.url("get", "large"))
        openings = {"silent": lambda number: b"", "half head": lambda number: get[:40],
                    "drip": lambda number: get[:-2] + b"X-Long: " + b"x" * 4000 + b"\r\n\r\n",
                    "reader": lambda number: get, "body": lambda number: self.half(signer, number)}
        self.clients = [Client(server, kind, openings[kind](number), number)
                        for kind, count in KINDS.items() for number in range(count)]
        self.ended = threading.Event()

    def half(self, signer, number):
        """An upload that is signed, and stops in its middle."""
        url = signer.url("put", f"stalled/{number}")
        return head("PUT", url, "Content-Length: 100000") + b"x" * (number % 5 * 1000)

    def run(self):
        with selectors.DefaultSelector() as selector:
            for client in self.clients:
                if client.kind != "reader":
                    selector.register(client.socket, selectors.EVENT_READ, client)
            deadline, next_drip = time.monotonic() + STALL_SECONDS, time.monotonic() + 1
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(0.1):
                    key.data.hear()
                    if key.data.closed is not None:
                        selector.unregister(key.fileobj)
                if time.monotonic() > next_drip:
                    next_drip += 1
                    for client in self.clients:
                        client.drip()
        while time.monotonic() < deadline:
            time.sleep(0.1)
        self.read_what_is_left()
        self.ended.set()

    def read_what_is_left(self):
        """Who took nothing finds an answer that was broken off."""
        for client in self.clients:
            if client.kind == "reader":
                client.socket.settimeout(3)
                while client.closed is None:
                    client.hear()

    def check(self, tally):
        self.join(STALL_SECONDS + 60)
        check(self.ended.is_set(), "the siege did not end")
        slowest = {}
        for client in self.clients:
            limit = STALL_SECONDS if client.kind == "body" else HEAD_SECONDS
            if client.kind == "reader":
                is_right = len(client.heard) < LARGE
            else:
                is_right = client.closed is not None and client.closed < limit
                slowest[client.kind] = max(slowest.get(client.kind, 0), client.closed or 999)
            tally.check("slow clients", is_right, client.kind, client.closed, client.heard[:200])
            is_ok = client.kind != "reader" and b" 200 " in client.heard[:20]
            tally.check("slow clients", not is_ok, client.kind, client.heard[:200])
            if client.kind == "body" and client.heard:
                tally.check("slow clients", b"RequestTimeout" in client.heard, client.heard[:400])
            client.socket.close()
        return ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in slowest.items())


def honest(server, api, signer, seed):
    """How long honest requests take meanwhile, in seconds, sorted."""
    rng, taken = random.Random(seed), []
    body = content(seed, 1000)
    put, get = signer.url("put", "honest"), signer.url("get", "honest")
    check(send(put, "PUT", body).status == 200, "the honest object")
    for _ in range(GOOD_REQUESTS):
        begun = time.monotonic()
        which = rng.randrange(4)
        if which == 0:
            is_right = send(put, "PUT", body).status == 200
        elif which == 1:
            is_right = send(get).body == body
        elif which == 2:
            is_right = api.call("").status == 200
        else:
            is_right = send(f"{server.url}/healthz").status == 200
        taken.append(time.monotonic() - begun)
        check(is_right, "an honest request failed")
        time.sleep(0.02)
    return sorted(taken)


def check_honest(server, api, signer, seed, tally):
    taken = honest(server, api, signer, seed)
    p99 = taken[len(taken) * 99 // 100]
    tally.check("honest requests", p99 < P99_SECONDS, f"p99 is {p99:.2f} s")
    tally.counts["honest requests"] = len(taken)
    return f"p99 of honest requests {p99 * 1000:.0f} ms"
