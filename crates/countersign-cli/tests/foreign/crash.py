#!/usr/bin/env python3
"""Holds what the server acknowledged against what it has after it was killed.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python crash.py target/release/countersign [--kills 100]

Threads upload through the Datalab flow and through URLs of boto3, overwrite, delete and download,
while SIGKILL ends the server at a random moment. After each restart on the same folder:

- what was acknowledged, a PUT or a confirmation, downloads with the right SHA-256;
- what was on its way is there whole or not at all;
- what is listed as `completed` downloads whole, with the size that is listed;
- what was deleted, and said to be, stays so;
- the catalog passes `PRAGMA integrity_check`, and the server was ready within 5 s.

The process is killed, not the machine: what the kernel had taken is not lost. So this says nothing
about `fsync`.
"""

import http.client
import json
import random
import shutil
import sqlite3
import subprocess
import threading
import time
import uuid

from server import (
    MIB, Failure, Server, Signer, check, content, fixed_address, main, running, send, sha256)

FLOW_THREADS = 4
S3_THREADS = 3
START_SECONDS_MAX = 5
FIRST_STARTS = 10
# So many of what earlier rounds left are looked at again in each round; all of it at the end.
AGAIN = 20
# The server is gone: the client cannot know what became of its request.
GONE = (OSError, http.client.HTTPException)


def some_length(rng):
    return rng.choice([1, rng.randint(1, 1000), rng.randint(1, 100_000), rng.randint(1, 2 * MIB)])


def body_of(name):
    """The body of a file or an object: its name says it all."""
    seed, length = name.removesuffix(".bin").rsplit("-", 2)[1:]
    return content(int(seed), int(length))


class Flow(threading.Thread):
    """Uploads, confirms, downloads and deletes as a client of Datalab does."""

    def __init__(self, api, rng):
        super().__init__(daemon=True)
        self.api, self.rng = api, rng
        self.put, self.confirmed, self.deleted, self.unsure = {}, {}, {}, set()
        self.problem = None

    def run(self):
        try:
            while True:
                self.one()
        except GONE:
            pass
        except (Failure, json.JSONDecodeError) as error:
            self.problem = error

    def one(self):
        name = f"f-{self.rng.getrandbits(48)}-{some_length(self.rng)}.bin"
        body = body_of(name)
        number, url = self.api.begin(name, "application/octet-stream")
        self.unsure.add(number)
        answer = self.api.put(url, body, "application/octet-stream")
        check(answer.status == 200, "PUT:", answer)
        self.put[number] = name
        if self.rng.random() < 0.1:
            return  # a client that never confirms
        self.api.get(f"/{number}/confirm")
        self.confirmed[number] = name
        if self.rng.random() < 0.2:
            check(self.api.download(number).body == body, "a download is not what went up")
        if self.rng.random() < 0.2:
            self.delete(self.rng.choice(list(self.confirmed)))

    def delete(self, number):
        url = self.api.download_url(number)
        self.put.pop(number)
        del self.confirmed[number]
        # Until it is acknowledged, it may be there or not.
        self.api.get(f"/{number}", "DELETE")
        self.unsure.discard(number)
        self.deleted[number] = url


class Overwriter(threading.Thread):
    """Writes its own keys again and again through URLs of boto3."""

    def __init__(self, signer, rng, keys):
        super().__init__(daemon=True)
        self.signer, self.rng, self.keys = signer, rng, keys
        # By key: what was acknowledged last, and what may have come after.
        self.acknowledged, self.sent = {}, {}
        self.count, self.problem = 0, None

    def run(self):
        try:
            while True:
                key = self.rng.choice(self.keys)
                name = f"o-{self.rng.getrandbits(48)}-{some_length(self.rng)}"
                self.sent[key] = name
                answer = send(self.signer.url("put", key), "PUT", body_of(name))
                check(answer.status == 200, "PUT:", answer)
                self.acknowledged[key] = name
                del self.sent[key]
                self.count += 1
        except GONE:
            pass
        except Failure as error:
            self.problem = error


def octet_length(value):
    return None if value is None else len(value if isinstance(value,
        bytes) else str(value).encode())


def check_catalog(data, folder):
    """Opens a copy: what is looked at shall not change by it."""
    copy = folder / f"catalog-{uuid.uuid4()}"
    copy.mkdir()
    for path in data.glob("catalog.sqlite*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, copy)
    catalog = sqlite3.connect(copy / "catalog.sqlite")
    # The schema checks with it, and SQLite has it only since 3.43.
    catalog.create_function("octet_length", 1, octet_length, deterministic=True)
    try:
        found = catalog.execute("PRAGMA integrity_check").fetchall()
        check(found == [("ok",)], "integrity_check:", found)
        check(not catalog.execute("PRAGMA foreign_key_check").fetchall(), "foreign_key_check")
    finally:
        catalog.close()
        shutil.rmtree(copy)


class Memory:
    """What the clients were told, over all rounds."""

    def __init__(self, tally):
        self.tally = tally
        self.files, self.deleted, self.objects = {}, {}, {}

    def check_files(self, api, numbers):
        for number in numbers:
            name = self.files[number]
            answer = api.download(number)
            is_right = answer.status == 200 and sha256(answer.body) == sha256(body_of(name))
            self.tally.check("acknowledged files", is_right, number, name, answer)

    def check_deleted(self, api, numbers):
        for number in numbers:
            answer = api.call(f"/{number}")
            self.tally.check("deleted files", answer.status == 404, number, answer)
            answer = send(self.deleted[number])
            is_gone = answer.status == 404 and b"NoSuchKey" in answer.body
            self.tally.check("deleted files", is_gone, number, answer)

    def check_objects(self, signer, keys):
        for key in keys:
            answer = send(signer.url("get", key))
            is_right = answer.status == 200 and answer.body == body_of(self.objects[key])
            self.tally.check("acknowledged objects", is_right, key, self.objects[key], answer)


def settle_flow(flow, api, memory):
    """Looks at what one client did in the last round, and at what it cannot know."""
    tally = memory.tally
    for number in sorted(flow.unsure):
        found = api.call(f"/{number}")
        if found.status == 404:
            is_right = number not in flow.confirmed and number not in flow.put
            tally.check("unsure files", is_right, "a file is lost:", number, found)
            continue
        file = found.json()
        body = body_of(file["original_filename"])
        if number in flow.confirmed:
            tally.check("unsure files", file["upload_status"] == "completed", file)
        confirmed = api.call(f"/{number}/confirm")
        if confirmed.status == 200:
            answer = api.download(number)
            is_whole = answer.status == 200 and answer.body == body
            tally.check("unsure files", is_whole, "a part is visible:", file, answer)
            memory.files[number] = file["original_filename"]
        else:
            is_right = confirmed.status == 404 and number not in flow.put
            tally.check("unsure files", is_right, "an upload is lost:", number, file, confirmed)
    memory.files |= flow.confirmed
    memory.deleted |= flow.deleted
    for number in flow.deleted:
        memory.files.pop(number, None)


def settle_overwriter(writer, signer, memory):
    for key, name in writer.sent.items():
        answer = send(signer.url("get", key))
        before = writer.acknowledged.get(key) or memory.objects.get(key)
        if answer.status == 404:
            memory.tally.check("unsure objects", before is None, "an object is lost:", key, before)
            continue
        is_new = answer.status == 200 and answer.body == body_of(name)
        is_old = before and answer.body == body_of(before)
        memory.tally.check("unsure objects", is_new or is_old, "a part is visible:", key, answer)
        writer.acknowledged[key] = name if is_new else before
    memory.objects |= writer.acknowledged


def check_listing(api, memory):
    """Whatever is listed as completed is whole, whoever was told so."""
    for file in api.files():
        if file["upload_status"] == "completed" and file["file_id"] not in memory.files:
            body = api.download(file["file_id"]).body
            is_whole = body == body_of(file["original_filename"])
            memory.tally.check("listed files", is_whole and len(body) == file["file_size"], file)


def some(rng, numbers):
    return rng.sample(sorted(numbers), min(AGAIN, len(numbers)))


class Lab:
    def __init__(self, options, folder, tally):
        self.options, self.folder, self.tally = options, folder, tally
        self.rng, self.memory = random.Random(options.seed), Memory(tally)
        self.starts, self.uploads, self.puts = [], 0, 0
        # The host is signed: so that URLs survive, each run listens where the first did.
        self.address = fixed_address()
        self.server = self.start()
        self.key, self.pair = self.server.api_key, self.server.keys("acme", "ann")

    def start(self):
        return Server(self.options.binary, self.folder, listen=self.address)

    def clients(self):
        return self.server.datalab(self.key), Signer(self.pair)

    def round(self, number):
        """Works, kills, restarts, looks."""
        api, signer = self.clients()
        flows = [Flow(api, random.Random(self.rng.random())) for _ in range(FLOW_THREADS)]
        writers = [Overwriter(signer, random.Random(self.rng.random()),
                              [f"{writer}/{key}" for key in range(8)])
                   for writer in range(S3_THREADS)]
        for thread in [*flows, *writers]:
            thread.start()
        time.sleep(self.rng.choice([self.rng.uniform(0, 0.1), self.rng.uniform(0.1, 1.2)]))
        for thread in [*flows, *writers]:
            check(thread.is_alive(), "a client ended before the kill:", thread.problem)
        self.server.kill()
        for thread in [*flows, *writers]:
            thread.join(30)
            check(not thread.is_alive() and not thread.problem, thread.problem)
        self.uploads += sum(len(flow.put) + len(flow.deleted) for flow in flows)
        self.puts += sum(writer.count for writer in writers)
        check_catalog(self.server.data, self.folder)
        self.restart(flows, writers)

    def restart(self, flows, writers):
        self.server = self.start()
        self.starts.append(self.server.start_seconds)
        is_quick = self.server.start_seconds < START_SECONDS_MAX
        self.tally.check("kills", is_quick, "slow start:", self.server.start_seconds)
        api, signer = self.clients()
        for flow in flows:
            settle_flow(flow, api, self.memory)
        for writer in writers:
            settle_overwriter(writer, signer, self.memory)
        check_listing(api, self.memory)
        self.memory.check_files(api, some(self.rng, self.memory.files))
        self.memory.check_deleted(api, some(self.rng, self.memory.deleted))
        self.memory.check_objects(signer, self.memory.objects)

    def end(self):
        """Everything once more, after an end in peace."""
        check(self.server.stop() == 0, "it did not end well")
        check_catalog(self.server.data, self.folder)
        self.server = self.start()
        api, signer = self.clients()
        self.memory.check_files(api, sorted(self.memory.files))
        self.memory.check_deleted(api, sorted(self.memory.deleted))
        self.memory.check_objects(signer, sorted(self.memory.objects))
        completed = {file["file_id"] for file in api.files() if file["upload_status"] == "completed"}
        self.tally.check("listings", completed == set(self.memory.files),
                         completed ^ set(self.memory.files))
        left = list(self.server.data.glob("objects/*/tmp/*"))
        self.tally.check("clean folders", not left, "staging is left:", left)


def first_starts(options, folder, tally, rng):
    """A first start that is killed leaves a folder that a second one can use."""
    for number in range(FIRST_STARTS):
        data = folder / f"first-{number}"
        command = [options.binary, "serve", "--data", data, "--listen", "127.0.0.1:0"]
        begun = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.12))
        begun.kill()
        begun.wait()
        with running(options.binary, folder, data=data) as server:
            # The one that was killed may have made the first key, and not shown it.
            api = server.datalab(server.keys(s3=False)["api_key"])
            number = api.upload("a.bin", b"first")
            tally.check("first starts killed", api.download(number).body == b"first")
            tally.check("first starts killed", not (data / "unfinished").exists(), "a secret is left")


def step(options, folder, tally):
    first_starts(options, folder, tally, random.Random(options.seed))
    lab = Lab(options, folder, tally)
    try:
        for number in range(options.kills):
            lab.round(number)
        lab.end()
    finally:
        lab.server.kill()
    return (f"{lab.uploads} uploads and {lab.puts} PUTs by boto3 acknowledged, 0 lost; "
            f"slowest start {max(lab.starts):.2f} s")


def arguments(parser):
    parser.add_argument("--kills", type=int, default=10)


if __name__ == "__main__":
    main("crash", __doc__, step, arguments)
