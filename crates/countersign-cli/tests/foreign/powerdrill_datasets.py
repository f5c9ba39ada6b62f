"""Datasets that are changed, counted and deleted, by one and by many at once: part of
`powerdrill.py`, which says how to run."""

import concurrent.futures
import json
import time

import storages
from powerdrill_client import Powerdrill, text_of
from server import check, send
from store import object_files

DELETERS = 64
# Of the others that are at a dataset while it goes.
OTHERS = 16
DEAD_SECONDS_MAX = 1


def calls(api, mate, tally):
    """Each call of the documents, and what its owner alone may do."""
    dataset = api.dataset("before")
    place = f"/datasets/{dataset}"
    changed = api.data("POST", place, {"name": "after", "user_id": api.user})
    tally.check("datasets", changed == {}, changed)
    api.data("POST", place, {"description": "needle 7", "user_id": api.user})
    page = api.data("GET", f"/datasets?search=NEEDLE+7&user_id={mate.user}")
    record = {"id": dataset, "name": "after", "description": "needle 7"}
    tally.check("datasets", page["records"] == [record], page)
    empty = {"summary": "", "exploration_questions": [], "keywords": []}
    seen = mate.data("GET", f"{place}/overview?user_id={mate.user}")
    tally.check("datasets", seen == record | empty, seen)
    api.source("a.csv", b"1,2\n", dataset)
    wrong = api.upload_form("b.csv", b"a\0b").json()["data"]["file_object_key"]
    api.create(wrong, "b.csv", dataset)
    counts = {"synched_count": 1, "invalid_count": 1, "synching_count": 0}
    seen = mate.data("GET", f"{place}/status?user_id={mate.user}")
    tally.check("datasets", seen == counts, seen)
    for client, body, code in [(mate, {"name": "his"}, 300002), (api, {}, 300001),
                               (api, {"name": "", "description": ""}, 300001)]:
        told = client.call("POST", place, body | {"user_id": client.user}).json()
        tally.check("datasets", told["code"] == code, told)
    told = mate.delete_dataset(dataset).json()
    tally.check("datasets", told["code"] == 300002, told)
    for path in ("/sessions", "/sessions/x", "/jobs"):
        answer = api.call("POST", path, {"user_id": api.user})
        is_right = (answer.status, answer.json()["code"]) == (200, 300002)
        tally.check("datasets", is_right and "not provided" in answer.json()["msg"], answer)
    gone = api.data("DELETE", f"{place}?user_id={api.user}")
    tally.check("datasets", gone == {}, gone)


def deletion(api, server, seed, tally):
    """All links of a dataset are dead within a second, and its bytes are gone."""
    before = object_files(server)[0]
    dataset = api.dataset()
    sources = [api.source(f"{number}.csv", text_of(seed + number, 20_000), dataset)
               for number in range(20)]
    body = text_of(seed, 6_000_000)
    handle = api.upload("large.csv", body)
    sources.append(api.create(handle, "large.csv", dataset).json()["data"])
    links = [api.link(source) for source in sources]
    for link in links:
        tally.check("links", send(link).status == 200, "before the deletion")
    begun = time.monotonic()
    gone = api.delete_dataset(dataset).json()
    ended = time.monotonic()
    tally.check("datasets", gone == {"code": 0, "data": {}}, gone)
    for link in links:
        answer = send(link)
        tally.check("dead links", storages.current.is_gone(answer), answer)
    seconds = time.monotonic() - ended
    tally.check("dead links", seconds < DEAD_SECONDS_MAX or storages.current.name != "file",
                f"{seconds:.2f} s, {ended - begun:.2f} s to delete")
    for source in sources:
        tally.check("dead links", api.get(source).json()["code"] == 300003, source)
    left = object_files(server)[0]
    tally.check("dead links", left == before, set(left) ^ set(before))


def late(api, tally):
    """The URL of a version that is on its way ends with its dataset, and so does its job."""
    dataset, key = api.dataset(), {"X-Api-Key": api.key}
    asked = {"filename": "a.csv", "file_size": 4, "content_type": "text/csv"}
    place = f"{api.origin}/api/datasets/{dataset.removeprefix('dataset-')}/reupload/presigned"
    job = send(place, "POST", json.dumps(asked).encode(), key).json()
    check(api.delete_dataset(dataset).json()["code"] == 0, "a dataset with a job")
    answer = send(job["urls"][0], "PUT", b"1,2\n", {"Content-Type": "text/csv"})
    tally.check("late uploads", storages.current.is_late(answer), answer)
    answer = send(f"{api.origin}/api/jobs/{job['job_id']}", headers=key)
    tally.check("late uploads", answer.status == 404, answer)
    answer = send(f"{place}/{job['job_id']}/complete", "POST", b"{}", key)
    tally.check("late uploads", answer.status == 404, answer)


def racing(api, server, seed, tally):
    """Many delete a dataset at once, and others are at it: one deletes it, and nothing is left."""
    before = object_files(server)[0]
    dataset = api.dataset()
    body = text_of(seed, 3_000)
    sources = [api.source(f"{number}.csv", body, dataset) for number in range(10)]
    handles = [api.upload_form("late.csv", body).json()["data"]["file_object_key"]
               for _ in range(OTHERS)]

    def delete(_):
        client = Powerdrill(api.origin, api.key, api.user)
        return client.delete_dataset(dataset).json()["code"]

    def other(number):
        client = Powerdrill(api.origin, api.key, api.user)
        source = sources[number % len(sources)]
        return [client.create(handles[number], "late.csv", dataset).json(),
                client.presign(source).json(), client.delete(source).json()]

    with concurrent.futures.ThreadPoolExecutor(DELETERS + OTHERS) as pool:
        others = [pool.submit(other, number) for number in range(OTHERS)]
        codes = list(pool.map(delete, range(DELETERS)))
        told = [answer for each in others for answer in each.result()]
    is_one = sorted(codes) == [0] + [300003] * (DELETERS - 1)
    tally.check("deletions at once", is_one, codes)
    strange = [answer for answer in told if answer["code"] not in (0, 300003)]
    tally.check("deletions at once", not strange, strange)
    # A file that came too late is good for another dataset, and goes with it.
    elsewhere = api.dataset()
    for handle in handles:
        code = api.create(handle, "late.csv", elsewhere).json()["code"]
        tally.check("deletions at once", code in (0, 300003), code)
    check(api.delete_dataset(elsewhere).json()["code"] == 0, "another dataset")
    left = object_files(server)[0]
    tally.check("deletions at once", left == before, set(left) ^ set(before))
    check(api.dataset(), "the server goes on")


def run(server, api, mate, seed, tally):
    calls(api, mate, tally)
    deletion(api, server, seed, tally)
    late(api, tally)
    for number in range(3):
        racing(api, server, seed + number, tally)
