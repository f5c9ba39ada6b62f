"""URLs that are still alive when their job is completed, and many calls at one time: part of
`geolens_dialect.py`, which says how to run."""

import threading
from concurrent.futures import ThreadPoolExecutor

import storages
from geolens_client import COMPLETED, CSV, NOT_UPLOADED, PROCESSED, detail
from powerdrill_client import text_of
from quickstart import SlowUpload
from server import check, send
from store import everything, unknown_keys
from wire import exchange, head

LENGTH = 30_000
CALLERS = 8
RACES = 20
BINARY = "application/octet-stream"


class Frozen:
    """A dataset, and what its newest version has to be."""

    def __init__(self, api, powerdrill, server, tally):
        self.api, self.powerdrill, self.server, self.tally = api, powerdrill, server, tally
        self.dataset, self.versions = api.dataset("frozen"), 0

    def check(self, is_right, *what):
        self.tally.check("frozen jobs", is_right, *what)

    def download(self, name):
        """The newest version; there is one more than before."""
        self.versions += 1
        records = self.powerdrill.records(f"dataset-{self.dataset}")
        self.check(len(records) == self.versions and records[0]["name"] == name, records[:2])
        self.check(self.api.version(self.dataset) == self.versions, "another count of versions")
        return self.powerdrill.download(records[0]).body


def late_puts(frozen, seed):
    """A PUT through the URL of a job that is completed, or committed."""
    api, body, other = frozen.api, text_of(seed, LENGTH), text_of(seed + 1, LENGTH)
    begun = api.uploaded(frozen.dataset, "late.csv", other)
    url, job = begun["urls"][0], begun["job_id"]
    # Until it is completed, another PUT replaces: a client that had no answer tries again.
    frozen.check(api.put(url, body).status == 200, "a second PUT")
    for go_on in (api.complete, api.commit):
        answer = go_on(frozen.dataset, job)
        frozen.check(answer.status in (200, 202), go_on.__name__, answer)
        before = everything(frozen.server)
        for method, sent in [("PUT", other), ("PUT", body), ("PUT", b""), ("GET", None),
                             ("HEAD", None), ("DELETE", None), ("POST", other)]:
            answer = send(url, method, sent, {"Content-Type": CSV})
            is_late = storages.current.is_late(answer, method, sent != b"")
            frozen.check(is_late, method, "after", go_on.__name__, answer)
        nothing_came(frozen, before)
    frozen.check(frozen.download("late.csv") == body, "a late PUT changed what was accepted")


def nothing_came(frozen, before):
    """Late PUTs left nothing; or where their URL lives on, nothing but what is swept."""
    if storages.current.has_gateway:
        frozen.check(everything(frozen.server) == before, "a late PUT left something")
    else:
        frozen.check(everything(frozen.server)[0] == before[0], "a late PUT was recorded")
        frozen.check(not unknown_keys(frozen.server), unknown_keys(frozen.server))


def slow_puts(frozen, seed):
    """A PUT that begins before its job is completed, and ends after it, or after the commit."""
    api = frozen.api
    for number, ends in enumerate([api.complete, api.commit]):
        body, other = [text_of(seed + 10 * number + it, LENGTH) for it in (2, 3)]
        name = f"slow-{number}.csv"
        begun = api.begin(frozen.dataset, name, LENGTH, BINARY)
        url, job = begun["urls"][0], begun["job_id"]
        frozen.check(api.put(url, body, BINARY).status == 200, "PUT")
        slow = SlowUpload(url, other)
        slow.start()
        for go_on in (api.complete, api.commit):
            answer = go_on(frozen.dataset, job)
            frozen.check(answer.status in (200, 202), go_on.__name__, answer)
            if go_on == ends:
                slow.go.set()
                slow.join(20)
                # It was let in when it began; its bytes come to where nobody reads them any more.
                check(slow.answer.startswith(b"HTTP/1.1 "), "no answer:", slow.answer)
        frozen.check(frozen.download(name) == body, "a slow PUT changed what was accepted")
    # What came late is on the list of what is swept.
    frozen.check(not unknown_keys(frozen.server), unknown_keys(frozen.server))


def broken_off(frozen, seed):
    """A body that ends before its time is none: the job has no bytes, and takes them later."""
    api, body = frozen.api, text_of(seed + 30, LENGTH)
    begun = api.begin(frozen.dataset, "broken.csv", LENGTH)
    url, job, before = begun["urls"][0], begun["job_id"], everything(frozen.server)
    for cut in (0, 1, LENGTH // 2, LENGTH - 1):
        data = head("PUT", url, f"Content-Type: {CSV}", f"Content-Length: {LENGTH}") + body[:cut]
        place = storages.current.data_plane(frozen.server)
        answers = exchange(place, data, half_close=True)
        frozen.check(storages.current.is_broken_off(answers), cut, answers)
        frozen.check(everything(frozen.server) == before, "half an upload is there", cut)
        told = detail(api.complete(frozen.dataset, job))
        frozen.check(told == (400, NOT_UPLOADED), cut, told)
    frozen.check(api.put(url, body).status == 200, "whole at last")
    for go_on in (api.complete, api.commit):
        check(go_on(frozen.dataset, job).status in (200, 202), go_on.__name__)
    frozen.check(frozen.download("broken.csv") == body, "came back as another")


def races(frozen, seed):
    """A PUT and a completion at one time: one of two bodies is accepted, whole, and for good."""
    api = frozen.api
    for number in range(RACES):
        bodies = [text_of(seed + 100 * number + it, LENGTH) for it in (4, 5)]
        name = f"race-{number}.csv"
        begun = api.uploaded(frozen.dataset, name, bodies[0])
        with ThreadPoolExecutor(2) as pool:
            put = pool.submit(api.put, begun["urls"][0], bodies[1])
            completed = pool.submit(api.complete, frozen.dataset, begun["job_id"])
        is_right = put.result().status in (200, 403) and completed.result().status == 200
        frozen.check(is_right, put.result(), completed.result())
        answer = api.commit(frozen.dataset, begun["job_id"])
        frozen.check(answer.status == 202, answer)
        frozen.check(frozen.download(name) in bodies, "a mix of two bodies")


def at_one_time(call):
    """What the callers were told who called in the same moment."""
    barrier = threading.Barrier(CALLERS)

    def wait_and_call(_):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(wait_and_call, range(CALLERS)))


def many_callers(frozen, seed):
    """Of many calls that complete or commit a job at one time, one does."""
    api = frozen.api
    for number in range(3):
        name, body = f"many-{number}.csv", text_of(seed + number, LENGTH)
        job = api.uploaded(frozen.dataset, name, body)["job_id"]
        for go_on, status, late in [(api.complete, 200, COMPLETED), (api.commit, 202, PROCESSED)]:
            answers = at_one_time(lambda: go_on(frozen.dataset, job))
            others = [answer for answer in answers if answer.status != status]
            frozen.check(len(others) == CALLERS - 1, *answers)
            told = {detail(answer) for answer in others}
            frozen.check(told == {(400, late)}, go_on.__name__, told)
        frozen.check(frozen.download(name) == body, "came back as another")


def refused_bytes(frozen):
    """Bytes that are no CSV: the job has failed, and they are gone."""
    api = frozen.api
    for what, body in [("NUL", b"a,b\n1,\0\n"), ("no UTF-8", b"a,b\n\xff,1\n")]:
        begun = api.uploaded(frozen.dataset, "wrong.csv", body)
        job, before = begun["job_id"], everything(frozen.server)[1]
        for status, begins in [(422, "File refused: "), (400, "This job has already failed ")]:
            told = detail(api.complete(frozen.dataset, job))
            frozen.check(told[0] == status and told[1].startswith(begins), what, told)
        found = api.job(job)
        is_right = found["status"] == "failed" and found["error_message"]
        frozen.check(is_right and not found["can_retry"], found)
        frozen.check(detail(api.commit(frozen.dataset, job)) == (400, PROCESSED), what)
        after = everything(frozen.server)[1]
        frozen.check(len(after[0]) == len(before[0]) - 1, "refused bytes are kept", what)
        answer = api.put(begun["urls"][0], body)
        frozen.check(storages.current.is_late(answer), what, answer)
    absent = api.begin(frozen.dataset, "absent.csv", 1)["job_id"]
    frozen.check(detail(api.complete(frozen.dataset, absent)) == (400, NOT_UPLOADED), "no bytes")


def run(server, api, powerdrill, seed, tally):
    frozen = Frozen(api, powerdrill, server, tally)
    late_puts(frozen, seed)
    slow_puts(frozen, seed)
    broken_off(frozen, seed)
    races(frozen, seed)
    many_callers(frozen, seed)
    refused_bytes(frozen)
