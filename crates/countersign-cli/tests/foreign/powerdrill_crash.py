"""Kills while data sources are made: part of `powerdrill.py`, which says how to run.

What was acknowledged, a handle, a data source or its deletion, is kept; of what was on its way
nothing partial is served, and asked for again it is done, or clearly refused. A dataset goes with all
that is in it, or stays with all of it.
"""

import random
import threading
import time

import storages
from crash import GONE, START_SECONDS_MAX, check_catalog
from powerdrill_client import Powerdrill, text_of
from server import MIB, Failure, Server, check, fixed_address, send, sha256
from store import left, unknown_keys

CLIENTS = 4
# So many of what earlier rounds left are looked at again in each round; all of it at the end.
AGAIN = 15
# How long a store may serve what a sweep at the start is deleting.
SWEPT_SECONDS_MAX = 5
# Data sources of a dataset that goes as a whole.
INSIDE = 3


def body_of(name):
    """The bytes of a file: its name says them all."""
    seed, length = name.removesuffix(".csv").split("-")[1:]
    return text_of(int(seed), int(length))


def is_dead(link):
    """Whether a link leads nowhere; on a store of its own, once the server has swept there."""
    give_up_at = time.monotonic() + SWEPT_SECONDS_MAX
    while not storages.current.is_gone(send(link)):
        if storages.current.has_gateway or time.monotonic() > give_up_at:
            return False
        time.sleep(0.1)
    return True


class Maker(threading.Thread):
    """Uploads in both ways, makes data sources, downloads and deletes them."""

    def __init__(self, api, dataset, rng):
        super().__init__(daemon=True)
        self.api, self.dataset, self.rng = api, dataset, rng
        # What was acknowledged: handles and sources with their names, links of what is deleted.
        self.handles, self.sources, self.deleted, self.emptied = {}, {}, [], []
        # What was on its way at the end; a deletion, with its link, or links.
        self.part = self.completing = self.creating = self.deleting = self.problem = None
        self.emptying = None

    def run(self):
        try:
            while True:
                self.one()
        except GONE:
            pass
        except (Failure, KeyError, ValueError) as error:
            self.problem = error

    def one(self):
        if self.rng.random() < 0.3:
            self.whole_dataset()
            return
        some, more = self.rng.randint(1, 100_000), 5 * MIB + self.rng.randint(1, MIB)
        length = self.rng.choice([1, some, more])
        name = f"s-{self.rng.getrandbits(48)}-{length}.csv"
        body = body_of(name)
        if self.rng.random() < 0.4:
            told = self.api.upload_form(name, body).json()
            check(told["code"] == 0, told)
            handle = told["data"]["file_object_key"]
        else:
            handle = self.by_parts(name, body)
        self.handles[handle] = name
        if self.rng.random() < 0.15:
            return  # a client that never comes back for it
        self.creating = handle, name
        told = self.api.create(handle, name, self.dataset).json()
        check(told["code"] == 0 and told["data"]["status"] == "synched", told)
        self.creating = None
        del self.handles[handle]
        self.sources[told["data"]["id"]] = name
        if self.rng.random() < 0.3:
            self.delete(self.rng.choice(list(self.sources)))

    def whole_dataset(self):
        """From its beginning to its end."""
        dataset, body = self.api.dataset(), text_of(self.rng.getrandbits(32), 10_000)
        sources = [self.api.source("w.csv", body, dataset) for _ in range(INSIDE)]
        self.emptying = dataset, [self.api.link(source) for source in sources]
        told = self.api.delete_dataset(dataset).json()
        check(told["code"] == 0, told)
        self.emptied.append(self.emptying)
        self.emptying = None

    def by_parts(self, name, body):
        begun = self.api.begin(name, len(body))
        etags = []
        for part in begun["part_items"]:
            self.part = part, body, begun
            etags.append(self.api.put_part(part, body))
        self.part, self.completing = None, (begun, etags, name)
        told = self.api.complete(begun, etags).json()
        check(told["code"] == 0, told)
        self.completing = None
        return told["data"]["file_object_key"]

    def source(self, number):
        return {"dataset_id": self.dataset, "id": number}

    def delete(self, number):
        link = self.api.link(self.source(number))
        self.deleting = number, self.sources.pop(number), link
        told = self.api.delete(self.source(number)).json()
        check(told["code"] == 0, told)
        self.deleted.append((number, link))
        self.deleting = None


class Lab:
    def __init__(self, options, folder, tally):
        self.options, self.folder, self.tally = options, folder / "crash", tally
        self.folder.mkdir()
        self.rng = random.Random(options.seed)
        # The host is signed: so that URLs survive, each run listens where the first did.
        self.address = fixed_address()
        self.server = self.start()
        pair = self.server.keys("acme", "ann", s3=False)
        self.api = Powerdrill(self.server.url, pair["api_key"], pair["user_id"])
        self.dataset = self.api.dataset()
        self.sources, self.deleted, self.emptied, self.acknowledged = {}, [], [], 0

    def start(self):
        return Server(self.options.binary, self.folder, listen=self.address)

    def source(self, number):
        return {"dataset_id": self.dataset, "id": number}

    def round(self):
        rngs = [random.Random(self.rng.random()) for _ in range(CLIENTS)]
        makers = [Maker(self.api, self.dataset, rng) for rng in rngs]
        for maker in makers:
            maker.start()
        time.sleep(self.rng.choice([self.rng.uniform(0, 0.2), self.rng.uniform(0.2, 1.5)]))
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
        for maker in makers:
            self.settle(maker)
        some = lambda all_of_them: self.rng.sample(all_of_them, min(AGAIN, len(all_of_them)))
        self.look(some(sorted(self.sources)), some(self.deleted), some(self.emptied))

    def settle(self, maker):
        """Asks again for what was on its way."""
        self.acknowledged += len(maker.sources) + len(maker.handles) + len(maker.deleted)
        self.acknowledged += len(maker.emptied)
        self.sources |= maker.sources
        self.deleted += maker.deleted
        self.emptied += maker.emptied
        if maker.part:
            self.part_again(*maker.part)
        handles = dict(maker.handles)
        if maker.completing:
            begun, etags, name = maker.completing
            for _ in range(2):
                answer = self.api.complete(begun, etags)
                self.tally.check("asked again", answer.json()["code"] == 0, "complete:", answer)
            handles[begun["file_object_key"]] = name
        if maker.creating:
            handle, name = maker.creating
            check(handles.get(handle) == name, "a handle is missing")
        for handle, name in handles.items():
            self.create_again(handle, name)
        if maker.deleting:
            self.delete_again(*maker.deleting)
        if maker.emptying:
            self.empty_again(*maker.emptying)

    def part_again(self, part, body, begun):
        """A part that broke off: its upload is still there, and so is its URL."""
        etags = [self.api.put_part(part, body) for part in begun["part_items"]]
        answer = self.api.complete(begun, etags)
        self.tally.check("asked again", answer.json()["code"] == 0, "a part:", answer)
        source = self.api.create(begun["file_object_key"], "p.csv").json()["data"]
        is_right = self.api.download(source).body == body
        self.tally.check("asked again", is_right, "other bytes than the parts'")
        check(self.api.delete(source).json()["code"] == 0, "delete")

    def create_again(self, handle, name):
        told = [self.api.create(handle, name, self.dataset).json() for _ in range(2)]
        is_right = told[0] == told[1] and told[0]["code"] == 0
        is_right = is_right and told[0]["data"]["status"] == "synched"
        self.tally.check("asked again", is_right, "create:", *told)
        self.sources[told[0]["data"]["id"]] = name

    def delete_again(self, number, name, link):
        """It is done, or it is not at all."""
        told = self.api.get(self.source(number)).json()
        if told["code"] == 0:
            is_whole = self.api.download(self.source(number)).body == body_of(name)
            self.tally.check("asked again", is_whole, "a deletion did half of it:", told)
            told = self.api.delete(self.source(number)).json()
            self.tally.check("asked again", told["code"] == 0, "delete:", told)
        else:
            self.tally.check("asked again", told["code"] == 300003, "a deletion:", told)
        self.deleted.append((number, link))

    def status(self, dataset):
        path = f"/datasets/{dataset}/status?user_id={self.api.user}"
        return self.api.call("GET", path).json()

    def empty_again(self, dataset, links):
        """Of a dataset all is there, or nothing is."""
        told = self.status(dataset)
        if told["code"] == 0:
            is_whole = told["data"]["synched_count"] == INSIDE
            is_whole = is_whole and all(send(link).status == 200 for link in links)
            self.tally.check("asked again", is_whole, "half a dataset:", told)
            told = self.api.delete_dataset(dataset).json()
            self.tally.check("asked again", told["code"] == 0, "delete a dataset:", told)
        else:
            self.tally.check("asked again", told["code"] == 300003, "a dataset:", told)
        self.emptied.append((dataset, links))

    def look(self, sources, deleted, emptied):
        for number in sources:
            name = self.sources[number]
            answer = self.api.download(self.source(number))
            is_right = answer.status == 200 and sha256(answer.body) == sha256(body_of(name))
            self.tally.check("data sources kept", is_right, number, name, answer)
        for number, link in deleted:
            told = self.api.get(self.source(number)).json()
            self.tally.check("data sources gone", told["code"] == 300003, number, told)
            answer = send(link)
            is_gone = storages.current.is_gone(answer)
            self.tally.check("data sources gone", is_gone, number, answer)
        for dataset, links in emptied:
            told = self.status(dataset)
            self.tally.check("datasets gone", told["code"] == 300003, dataset, told)
            for link in links:
                self.tally.check("datasets gone", is_dead(link), dataset, link)
        listed = {it["id"]: it["name"] for it in self.api.records(self.dataset)}
        self.tally.check("kills", listed == self.sources, set(listed) ^ set(self.sources))

    def end(self):
        """After an end in peace, and a start: everything is there, and nothing is left over."""
        for number in list(self.sources)[::2]:
            link = self.api.link(self.source(number))
            check(self.api.delete(self.source(number)).json()["code"] == 0, "delete")
            del self.sources[number]
            self.deleted.append((number, link))
        check(self.server.stop() == 0, "it did not end well")
        check_catalog(self.server.data, self.folder)
        self.server = self.start()
        self.look(sorted(self.sources), self.deleted, self.emptied)
        unknown = unknown_keys(self.server)
        self.tally.check("kills", not unknown, "nobody knows the bytes of", unknown)
        self.tally.check("kills", not left(self.server), "staging is left:", left(self.server))


def run(options, folder, tally):
    lab = Lab(options, folder, tally)
    try:
        for _ in range(options.kills):
            lab.round()
        lab.end()
    finally:
        lab.server.kill()
    return f"{lab.acknowledged} acknowledged over {options.kills} kills, 0 lost"
