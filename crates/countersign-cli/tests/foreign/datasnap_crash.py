"""Kills while files come by tokens: part of `datasnap.py`, which says how to run.

What was acknowledged has its name taken and its bytes on the disk. What was on its way has either
both, or can be put again. Nothing can be read by a token, so the disk and the catalog are looked
at.
"""

import random
import threading
import time

from crash import GONE, START_SECONDS_MAX, check_catalog
from datasnap_client import DataSnap, lines_of
from datasnap_names import recorded
from server import MIB, Failure, Server, check, fixed_address
from store import body_at, is_whole, keys, left, unknown_keys

CLIENTS = 4
TOKEN_MINUTES = 60


def body_of(name):
    """The bytes of a file: its name says them all."""
    seed, length = name.removesuffix(".jsonl").split("-")[1:]
    return lines_of(int(seed), int(length))


class Maker(threading.Thread):
    """Puts one file after the other, and some a second time."""

    def __init__(self, upload, rng):
        super().__init__(daemon=True)
        self.upload, self.rng = upload, rng
        self.acknowledged, self.under_way, self.problem = [], None, None

    def run(self):
        try:
            while True:
                self.one()
        except GONE:
            pass
        except Failure as error:
            self.problem = error

    def one(self):
        some, more = self.rng.randint(1, 50_000), self.rng.randint(1, 3 * MIB)
        length = self.rng.choice([1, some, some, more])
        name = f"s-{self.rng.getrandbits(48)}-{length}.jsonl"
        body = body_of(name)
        self.under_way = name
        answer = self.upload.put(name, body)
        check(answer.status == 200, "PUT:", answer)
        self.acknowledged.append(name)
        self.under_way = None
        if self.rng.random() < 0.2:
            answer = self.upload.put(self.rng.choice(self.acknowledged), b"{}\n")
            check(answer.status == 412, "a name is taken twice:", answer)


class Lab:
    def __init__(self, options, folder, tally):
        self.options, self.folder, self.tally = options, folder / "crash", tally
        self.folder.mkdir()
        self.rng = random.Random(options.seed)
        # So that URLs survive, each run listens where the first did.
        self.address = fixed_address()
        self.server = self.start()
        pair = self.server.keys("acme", "ann", s3=False)
        made = self.server.run("schemas", "create", "--team", "acme", "orders")
        check(made.returncode == 0, "schemas create:", made)
        api = DataSnap(self.server.url, pair["api_key"])
        self.uploads = [api.token("orders", TOKEN_MINUTES) for _ in range(2)]
        self.names, self.seen = set(), set()
        self.acknowledged, self.outcomes = 0, {"done": 0, "put again": 0}

    def start(self):
        return Server(self.options.binary, self.folder, listen=self.address)

    def round(self):
        makers = [Maker(self.uploads[number % 2], random.Random(self.rng.random()))
                  for number in range(CLIENTS)]
        for maker in makers:
            maker.start()
        time.sleep(self.rng.choice([self.rng.uniform(0, 0.2), self.rng.uniform(0.1, 1.0)]))
        for maker in makers:
            check(maker.is_alive(), "a client ended before the kill:", maker.problem)
        self.server.kill()
        for maker in makers:
            maker.join(30)
            check(not maker.is_alive() and not maker.problem, maker.problem)
        check_catalog(self.server.data, self.folder)
        self.server = self.start()
        seconds = self.server.start_seconds
        self.tally.check("kills", seconds < START_SECONDS_MAX, "slow start:", seconds)
        self.nothing_partial()
        for maker in makers:
            self.settle(maker)
        self.nothing_partial()
        found = set(recorded(self.server))
        self.tally.check("kills", found == self.names, found ^ self.names)

    def settle(self, maker):
        """Holds what is there against what a client was told."""
        found = recorded(self.server)
        for name in maker.acknowledged:
            is_right = name in found and body_at(self.server, found[name]) == body_of(name)
            self.tally.check("files kept", is_right, "a file is lost:", name)
            answer = self.uploads[0].put(name, b"{}\n")
            self.tally.check("files kept", answer.status == 412, "a name is free:", name, answer)
        self.acknowledged += len(maker.acknowledged)
        self.names |= set(maker.acknowledged)
        name = maker.under_way
        if name is None:
            return
        was_done = name in found
        answer = self.uploads[0].put(name, body_of(name))
        wanted = 412 if was_done else 200
        self.tally.check("asked again", answer.status == wanted, name, was_done, answer)
        is_right = body_at(self.server, recorded(self.server)[name]) == body_of(name)
        self.tally.check("asked again", is_right, "other bytes than were put:", name)
        self.outcomes["done" if was_done else "put again"] += 1
        self.names.add(name)

    def nothing_partial(self):
        """Whatever is stored is whole, and somebody's, or the sweep's."""
        stored = keys(self.server)
        for key in stored - self.seen:
            self.tally.check("kills", is_whole(self.server, key), "a part is stored:", key)
        self.seen |= stored
        unknown = unknown_keys(self.server)
        self.tally.check("kills", not unknown, "nobody knows the bytes of", unknown)
        self.tally.check("kills", not left(self.server), "staging is left:", left(self.server))

    def end(self):
        """After an end in peace, and a start: everything is there, once."""
        check(self.server.stop() == 0, "it did not end well")
        check_catalog(self.server.data, self.folder)
        self.server = self.start()
        found = recorded(self.server)
        self.tally.check("kills", set(found) == self.names, set(found) ^ self.names)
        self.tally.check("kills", len(set(found.values())) == len(found), "two names, one object")
        for name, key in found.items():
            is_right = body_at(self.server, key) == body_of(name)
            self.tally.check("files kept", is_right, name)


def run(options, folder, tally):
    lab = Lab(options, folder, tally)
    try:
        for _ in range(options.kills):
            lab.round()
        lab.end()
    finally:
        lab.server.kill()
    return (f"{lab.acknowledged} acknowledged over {options.kills} kills, 0 lost; of those cut "
            f"off, {lab.outcomes['done']} were done and {lab.outcomes['put again']} put again")
