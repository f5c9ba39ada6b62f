"""Kills while jobs are under way: part of `geolens_dialect.py`, which says how to run.

A job goes through three calls: its bytes are put, it is completed, it is committed. Whatever was
acknowledged is so after the restart; what was on its way is done, or not at all, and asked for
again it is done, or said to be. Nothing partial is ever listed, and what is listed downloads whole.
"""

import dataclasses
import random
import threading
import time

from crash import GONE, START_SECONDS_MAX, check_catalog
from geolens_client import COMPLETED, PROCESSED, SINGLE_MAX, GeoLens, detail
from powerdrill_client import Powerdrill, text_of
from server import MIB, Failure, Server, check, fixed_address, sha256
from store import left, unknown_keys

CLIENTS = 3
LARGE = SINGLE_MAX + 3 * MIB + 1
STEPS = ["begun", "put", "completed", "committed"]
# So many of what earlier rounds left are looked at again in each round; all of it at the end.
AGAIN = 15


@dataclasses.dataclass
class Job:
    """What a client knows of a job: the last step that was acknowledged, and whether it had asked
    for the next one."""

    name: str
    body: bytes
    dataset: str | None
    begun: dict
    done: str = "begun"
    has_asked: bool = False
    is_left: bool = False
    parts: list = dataclasses.field(default_factory=list)

    @property
    def id(self):
        return self.begun["job_id"]


class Worker:
    """The calls of a job, one after the other."""

    def __init__(self, api):
        self.api = api

    def put(self, job):
        if job.begun["part_size"] is None:
            answer = self.api.put(job.begun["urls"][0], job.body)
            check(answer.status == 200, "PUT:", answer)
            return
        for number in range(len(job.parts) + 1, len(job.begun["urls"]) + 1):
            job.parts.append(self.api.put_part(job.begun, number, job.body))

    def complete(self, job):
        return self.api.complete(job.dataset, job.id, job.parts)

    def commit(self, job):
        return self.api.commit(job.dataset, job.id, f"of {job.name}")

    def step(self, job):
        """The next step of a job, which nothing is in the way of."""
        following = STEPS[STEPS.index(job.done) + 1]
        job.has_asked = True
        if following == "put":
            self.put(job)
        else:
            answer = self.complete(job) if following == "completed" else self.commit(job)
            check(answer.status in (200, 202), following, answer)
        job.done, job.has_asked = following, False


class Maker(threading.Thread):
    """Does one job after the other, small ones; some are left where they are."""

    def __init__(self, api, dataset, rng):
        super().__init__(daemon=True)
        self.worker, self.dataset, self.rng = Worker(api), dataset, rng
        self.jobs, self.problem = [], None

    def run(self):
        try:
            while True:
                self.one()
        except GONE:
            pass
        except (Failure, KeyError, ValueError) as error:
            self.problem = error

    def one(self):
        length = self.rng.choice([1, self.rng.randint(1, 100_000), self.rng.randint(1, 2 * MIB)])
        seed = self.rng.getrandbits(48)
        name, body = f"j-{seed}-{length}.csv", text_of(seed, length)
        dataset = self.dataset if self.rng.random() < 0.75 else None
        job = Job(name, body, dataset, self.worker.api.begin(dataset, name, length))
        self.jobs.append(job)
        for _ in STEPS[1:]:
            if self.rng.random() < 0.05:
                job.is_left = True
                return
            self.worker.step(job)


class Heavy(threading.Thread):
    """Goes on with one large job, from a step that was reached before."""

    def __init__(self, api, job):
        super().__init__(daemon=True)
        self.worker, self.jobs, self.problem = Worker(api), [job], None

    def run(self):
        try:
            while self.jobs[0].done != STEPS[-1]:
                self.worker.step(self.jobs[0])
        except GONE:
            pass
        except (Failure, KeyError, ValueError) as error:
            self.problem = error


class Lab:
    def __init__(self, options, folder, tally, large):
        self.options, self.folder, self.tally = options, folder / "crash", tally
        self.folder.mkdir()
        self.rng, self.large = random.Random(options.seed), large
        # The host is signed: so that URLs survive, each run listens where the first did.
        self.address = fixed_address()
        self.server = self.start()
        pair = self.server.keys("acme", "ann", s3=False)
        self.api = GeoLens(self.server.url, pair["api_key"])
        self.powerdrill = Powerdrill(self.server.url, pair["api_key"], pair["user_id"])
        self.worker, self.dataset = Worker(self.api), self.api.dataset("crash")
        # By the names of their files: versions of the dataset, and datasets with one.
        self.versions, self.made, self.left = {}, {}, []
        self.count, self.acknowledged, self.settled = 0, 0, {}

    def start(self):
        return Server(self.options.binary, self.folder, listen=self.address)

    def heavy(self, number):
        """Every step of a large job has its turn to be under way when the server is killed."""
        name, steps = f"large-{number}.csv", STEPS[:-1]
        job = Job(name, self.large, self.dataset,
                  self.api.begin(self.dataset, name, len(self.large)))
        for _ in range(number % len(steps)):
            self.worker.step(job)
        return Heavy(self.api, job)

    def round(self, number):
        rngs = [random.Random(self.rng.random()) for _ in range(CLIENTS)]
        makers = [Maker(self.api, self.dataset, rng) for rng in rngs]
        heavy = self.heavy(number)
        for thread in [*makers, heavy]:
            thread.start()
        time.sleep(self.rng.choice([self.rng.uniform(0, 0.15), self.rng.uniform(0.1, 1.2)]))
        for maker in makers:
            check(maker.is_alive(), "a client ended before the kill:", maker.problem)
        self.server.kill()
        for thread in [*makers, heavy]:
            thread.join(30)
            check(not thread.is_alive() and not thread.problem, thread.problem)
        check_catalog(self.server.data, self.folder)
        self.server = self.start()
        seconds = self.server.start_seconds
        self.tally.check("kills", seconds < START_SECONDS_MAX, "slow start:", seconds)
        for thread in [*makers, heavy]:
            for job in thread.jobs:
                self.settle(job)
        self.look(self.rng.sample(sorted(self.versions), min(AGAIN, len(self.versions))))
        self.remove_large(heavy.jobs[0])

    def settle(self, job):
        """Holds a job against what its client knows, and goes on with it."""
        self.acknowledged += STEPS.index(job.done)
        status = self.api.job(job.id)["status"]
        steps = job.done, job.has_asked
        self.settled[steps] = self.settled.get(steps, 0) + 1
        is_unsure = steps == ("completed", True)
        wanted = {"complete"} if job.done == "committed" else {"pending"}
        wanted |= {"complete"} if is_unsure else set()
        self.check(status in wanted, "is", status, job)
        if job.is_left:
            self.left.append(job.id)
            return
        if job.done == "begun":
            self.worker.put(job)
        self.complete_again(job)
        self.commit_again(job, status)
        for call, told in [(self.worker.complete, COMPLETED), (self.worker.commit, PROCESSED)]:
            answer = call(job)
            self.check(detail(answer) == (400, told), call.__name__, answer, job)
        found = self.api.job(job.id)
        self.check(found["status"] == "complete", found, job)
        if job.dataset:
            self.versions[job.name] = job.body
            self.count += 1
        else:
            self.made[job.name] = found["dataset_id"]

    def complete_again(self, job):
        """What was acknowledged is done already; what was asked for may be; the rest is not."""
        answer = self.worker.complete(job)
        is_done = detail(answer) == (400, COMPLETED)
        if job.done in ("completed", "committed"):
            self.check(is_done, "a completion is lost:", answer, job)
        elif job.done == "put" and job.has_asked:
            self.check(is_done or answer.status == 200, "a completion is neither:", answer, job)
        else:
            self.check(answer.status == 200, "a completion is refused:", answer, job)

    def commit_again(self, job, status):
        answer = self.worker.commit(job)
        if status == "complete":
            self.check(detail(answer) == (400, PROCESSED), "a commit is lost:", answer, job)
        else:
            self.check(answer.status == 202, "a commit is refused:", answer, job)

    def check(self, is_right, *what):
        brief = lambda job: dataclasses.replace(job, body=b"", begun={"job_id": job.id}, parts=[])
        shown = [brief(it) if isinstance(it, Job) else it for it in what]
        self.tally.check("jobs settled", is_right, *shown)

    def look(self, names):
        records = {it["name"]: it for it in self.powerdrill.records(f"dataset-{self.dataset}")}
        sizes = {name: it["size"] for name, it in records.items() if it["status"] == "synched"}
        wanted = {name: len(body) for name, body in self.versions.items()}
        self.tally.check("kills", sizes == wanted, set(sizes) ^ set(wanted))
        for name in names:
            answer = self.powerdrill.download(records[name])
            is_right = answer.status == 200 and sha256(answer.body) == sha256(self.versions[name])
            self.tally.check("versions kept", is_right, name, answer)
        datasets = {it["id"]: it for it in self.api.datasets()}
        mine = datasets.pop(self.dataset)
        self.tally.check("kills", mine["current_version"] == self.count, self.count, mine)
        found = {it["source_filename"]: number for number, it in datasets.items()}
        self.tally.check("kills", found == self.made, set(found) ^ set(self.made))
        is_right = all(it["current_version"] == 1 for it in datasets.values())
        self.tally.check("kills", is_right and len(found) == len(datasets), "datasets are doubled")

    def remove_large(self, job):
        """It was looked at; the next one needs the space."""
        records = self.powerdrill.records(f"dataset-{self.dataset}")
        record, = [it for it in records if it["name"] == job.name]
        is_same = sha256(self.powerdrill.download(record).body) == sha256(self.large)
        self.tally.check("versions kept", is_same, job.name, "came back as another")
        check(self.powerdrill.delete(record).json()["code"] == 0, "delete")
        del self.versions[job.name]

    def end(self):
        """After an end in peace, and a start: everything is there, and nothing is left over."""
        check(self.server.stop() == 0, "it did not end well")
        check_catalog(self.server.data, self.folder)
        self.server = self.start()
        self.look(sorted(self.versions))
        for name, dataset in self.made.items():
            record, = self.powerdrill.records(f"dataset-{dataset}")
            seed, length = name.removesuffix(".csv").split("-")[1:]
            body = self.powerdrill.download(record).body
            is_same = body == text_of(int(seed), int(length))
            self.tally.check("versions kept", is_same, name, "came back as another")
        for job in self.left:
            self.tally.check("kills", self.api.job(job)["status"] == "pending", job)
        unknown = unknown_keys(self.server)
        self.tally.check("kills", not unknown, "nobody knows the bytes of", unknown)
        self.tally.check("kills", not left(self.server), "staging is left:", left(self.server))


def run(options, folder, tally, body):
    lab = Lab(options, folder, tally, body[:LARGE])
    try:
        for number in range(options.kills):
            lab.round(number)
        lab.end()
    finally:
        lab.server.kill()
    interrupted = sum(count for (_, has_asked), count in lab.settled.items() if has_asked)
    return (f"{lab.acknowledged} acknowledged over {options.kills} kills, 0 lost; "
            f"{interrupted} calls were cut off")
