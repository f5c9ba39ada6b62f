"""URLs of parts, put to other uses than their own, and files that are large or many: part of
`powerdrill.py`, which says how to run."""

import contextlib
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import storages
from hostile import memory_mib
from powerdrill_client import Curl, noted, query_of, text_of
from server import MIB, check, content, send, sha256
from store import object_files
from wire import exchange, head

SIZE = 5 * MIB + 1000
HUGE = 2 ** 31
LARGE = 200 * MIB
MANY, MANY_SIZE = 20, 20 * MIB
# Of an upload that is refused, so much is read for the sake of clients that send it all first.
REFUSED = 8 * MIB
# Uploads of up to 10,000 parts that begin at once.
WIDE = 30
MEMORY_MIB_MAX = 150
CALLERS = 8


def refuse(tally, what, status, code, answer):
    is_right = answer.status == status and f"<Code>{code}</Code>".encode() in answer.body
    tally.check("part URLs", is_right, what, answer)


def refuse_api(tally, what, code, answer, status=200):
    is_right = (answer.status, answer.json()["code"]) == (status, code)
    tally.check("completions", is_right, what, answer)


def misused(api, server, tally, seed):
    """What is signed into the URL of a part is what it is good for. Nothing of it is stored."""
    body = text_of(seed, SIZE)
    begun, other = api.begin("a.csv", SIZE), api.begin("b.csv", SIZE)
    before = object_files(server)
    first, last = begun["part_items"]
    whole, rest = body[:5 * MIB], body[5 * MIB:]
    url, last_url = first["upload_url"], last["upload_url"]
    mismatch = 403, "SignatureDoesNotMatch"

    def changed(pattern, new):
        found = re.subn(pattern, new, url, count=1)
        check(found[1] == 1, pattern, url)
        return found[0]

    for what, target, sent in [
        ("a byte less", url, whole[:-1]), ("a byte more", url, whole + b"x"), ("nothing", url, b""),
        ("the last, a byte less", last_url, rest[:-1]), ("the last, more", last_url, rest + b"x"),
        ("the last by the first's", url, rest), ("the first by the last's", last_url, whole),
        ("another number", changed("partNumber=1", "partNumber=2"), rest),
        ("another number", changed("partNumber=1", "partNumber=3"), whole),
        ("no number", changed("&partNumber=1", ""), whole),
        ("another upload", changed(r"uploadId=\w+", f"uploadId={other['upload_id']}"), whole),
        ("no upload", changed(r"&uploadId=\w+", ""), whole),
        ("neither", changed(r"&partNumber=1&uploadId=\w+", ""), whole),
        ("another key", url.replace(begun["file_object_key"], other["file_object_key"]), whole),
        ("a later end", changed("X-Amz-Expires=86400", "X-Amz-Expires=604800"), whole),
        ("unsigned length", changed("content-length%3Bhost", "host"), whole[:-1]),
    ]:
        refuse(tally, what, *mismatch, api.put(target, sent))
    for method in ("GET", "HEAD"):
        answer = send(url, method)
        tally.check("part URLs", answer.status == 403, method, answer)
    for method in ("POST", "DELETE", "PATCH"):
        answer = send(url, method, b"")
        tally.check("part URLs", storages.current.is_other_method(answer), method, answer)
    for name, value in [
        ("x-amz-copy-source", "/countersign/objects/x"), ("x-amz-acl", "public-read"),
        ("x-amz-meta-a", "b"), ("If-None-Match", "*"), ("Content-Range", "bytes 0-9/9"),
    ]:
        if name in storages.current.refused_headers:
            answer = api.put(url, whole, {name: value})
            tally.check("part URLs", answer.status in (403, 501), name, answer)
    fields = "Transfer-Encoding: chunked", "Content-Type: application/octet-stream"
    place = storages.current.data_plane(server)
    answer, = exchange(place, head("PUT", url, *fields) + b"3\r\nabc\r\n0\r\n\r\n")
    tally.check("part URLs", answer.status in (403, 411), "chunks:", answer)
    broken = head("PUT", url, f"Content-Length: {5 * MIB}") + whole[:MIB]
    answers = exchange(place, broken, half_close=True)
    tally.check("part URLs", all(it.status >= 400 for it in answers), "half a part:", answers)
    tally.check("part URLs", object_files(server) == before, "something of it was stored")
    claimed = [{"number": part["number"], "etag": "0" * 32} for part in begun["part_items"]]
    refuse_api(tally, "no part is there", 300001, api.complete(begun, claimed), 400)


def honest(api, tally, seed):
    """Types that clients send, parts that are sent again, tags of those that are gone."""
    begun = api.begin("a.csv", SIZE)
    first, last = begun["part_items"]
    bodies = [text_of(seed + number, 5 * MIB) for number in range(4)]
    types = [{"Content-Type": "application/octet-stream"}, {"Content-Type": "text/csv"}, {},
             {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://app.example"}]
    tags = []
    for sent, headers in zip(bodies, types, strict=True):
        if sent is bodies[-1]:
            storages.current.await_next_second()
        answer = api.put(first["upload_url"], sent, headers)
        tally.check("part URLs", answer.status == 200, headers, answer)
        if storages.current.has_gateway:
            exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
            is_right = answer.headers["Access-Control-Allow-Origin"] == "*" and "ETag" in exposed
            tally.check("part URLs", is_right, headers, answer)
        tags.append(answer.headers["ETag"])
    check(len(set(tags)) == len(tags), "two bodies have one tag:", tags)
    if storages.current.has_gateway:
        preflight(first["upload_url"], tally)
    rest = text_of(seed, SIZE - 5 * MIB)
    end = api.put(last["upload_url"], rest).headers["ETag"]
    return begun, tags, end, bodies[-1] + rest


def preflight(url, tally):
    """What a browser asks before it puts a part."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT",
             "Access-Control-Request-Headers": "content-type"}
    answer = send(url, "OPTIONS", None, asked)
    is_right = answer.status in (200, 204) and answer.headers["Access-Control-Allow-Origin"] == "*"
    is_right = is_right and "PUT" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    is_right = is_right and answer.headers["Access-Control-Allow-Headers"] == "*"
    tally.check("part URLs", is_right, answer, dict(answer.headers))


def completed(api, mate, stranger, tally, seed):
    """What completes an upload and what does not; afterwards its URLs are worth nothing."""
    begun, tags, end, body = honest(api, tally, seed)
    one, two = {"number": 1, "etag": tags[-1]}, {"number": 2, "etag": end.strip('"')}
    part = begun["part_items"][0]
    for what, named in [
        ("a tag that was replaced", [one | {"etag": tags[0]}, two]), ("no part", []),
        ("tags of each other", [one | {"etag": end}, two | {"etag": tags[-1]}]),
        ("one part", [one]), ("the other", [two]), ("a part twice", [one, one, two]),
        ("one that is not", [one, two, {"number": 3, "etag": end}]), ("text", ["a", "b"]),
        ("number 0", [one | {"number": 0}, two]), ("number 10001", [one, two | {"number": 10001}]),
        ("a number as text", [one | {"number": "1"}, two]), ("no tag", [{"number": 1}, two]),
        ("another number", [one | {"part_number": 2}, two]), ("no list", {"1": tags[-1]}),
        ("an empty tag", [one | {"etag": ""}, two]), ("a wild tag", [one | {"etag": "*"}, two]),
    ]:
        refuse_api(tally, what, 300001, api.complete(begun, named), 400)
    good = [two, {"part_number": 1, "etag": tags[-1]}]
    refuse_api(tally, "by a mate", 300003, mate.complete(begun, good))
    refuse_api(tally, "by a stranger", 300003, stranger.complete(begun, good))
    other = api.begin("b.csv", SIZE)
    for upload_id in (other["upload_id"], "0" * 32, "", "x"):
        answer = api.complete(begun | {"upload_id": upload_id}, good)
        refuse_api(tally, f"upload id {upload_id!r}", 300003, answer)
    refuse_api(tally, "not completed", 300003, api.create(begun["file_object_key"], "a.csv"))

    with ThreadPoolExecutor(CALLERS) as pool:
        for answer in pool.map(lambda _: api.complete(begun, good), range(CALLERS)):
            is_right = answer.json() == {"code": 0, "data": {
                "file_object_key": begun["file_object_key"]}}
            tally.check("completions", is_right, "at once:", answer)
        handle = begun["file_object_key"]
        made = list(pool.map(lambda _: api.create(handle, "ü.csv"), range(CALLERS)))
    for answer in made:
        tally.check("completions", answer.json() == made[0].json(), "at once:", answer, made[0])
    source = made[0].json()["data"]
    for sent in (body[:5 * MIB], text_of(seed, 5 * MIB)):
        refuse(tally, "after its end", 404, "NoSuchUpload", api.put(part["upload_url"], sent))
    answer = api.download(source)
    tally.check("completions", sha256(answer.body) == sha256(body), "not the last parts")
    check(api.delete(source).json()["code"] == 0, "delete")
    refuse(tally, "deleted", 404, "NoSuchUpload", api.put(part["upload_url"], body[:5 * MIB]))
    answer = api.complete(begun, good)
    is_clear = answer.status == 200 and answer.json()["code"] in (300003, 300007)
    tally.check("completions", is_clear, "a deleted one:", answer)
    again = api.create(begun["file_object_key"], "ü.csv")
    tally.check("completions", again.json()["code"] != 0, "a deleted one lives again:", again)


def raced(api, tally, seed):
    """A part is replaced while it is completed: what is served is what was named, or nothing is."""
    for number in range(6):
        begun, ended = api.begin("a.csv", 5 * MIB), threading.Event()
        url = begun["part_items"][0]["upload_url"]
        mine, others = text_of(seed + number, 5 * MIB), text_of(seed - number - 1, 5 * MIB)
        tag = api.put(url, mine).headers["ETag"]

        def replace():
            with contextlib.suppress(OSError):
                while api.put(url, others).status == 200 and not ended.is_set():
                    pass

        thread = threading.Thread(target=replace, daemon=True)
        thread.start()
        answer = api.complete(begun, [{"number": 1, "etag": tag}])
        ended.set()
        thread.join(30)
        told = answer.json()["code"]
        tally.check("completions", told in (0, 300001), answer)
        if told == 0:
            source = api.create(begun["file_object_key"], "a.csv").json()["data"]
            tally.check("completions", api.download(source).body == mine, "not what was named")


def sparse(api, tally, seed):
    """2 GiB: each part is announced, the first and the last are taken, two are not all."""
    begun = api.begin("huge.csv", HUGE)
    parts = begun["part_items"]
    count = -(-HUGE // (5 * MIB))
    tally.check("large files", [it["number"] for it in parts] == list(range(1, count + 1)), count)
    sizes = {it["size"] for it in parts}
    tally.check("large files", sizes == {5 * MIB} and count == 410, sizes)
    signatures = set()
    for part in parts:
        query = query_of(part["upload_url"])
        wanted = str(part["number"]), begun["upload_id"]
        is_right = (query["partNumber"], query["uploadId"]) == wanted
        tally.check("large files", is_right and query["X-Amz-Expires"] == "86400", query)
        signatures.add(query["X-Amz-Signature"])
    check(len(signatures) == count, "signatures are the same")
    etags = []
    for part, length in [(parts[0], 5 * MIB), (parts[-1], HUGE % (5 * MIB))]:
        answer = api.put(part["upload_url"], content(seed, length))
        tally.check("large files", answer.status == 200, answer)
        etags.append({"number": part["number"], "etag": answer.headers["ETag"]})
    all_of_them = [etags[0] | {"number": number + 1} for number in range(count)]
    for named in (etags, all_of_them):
        answer = api.complete(begun, named)
        is_right = (answer.status, answer.json()["code"]) == (400, 300001)
        tally.check("large files", is_right, answer)


def widest(api, tally):
    """As many parts as an upload can have, of files so large that only their sizes are there."""
    asked = [50_000 * MIB, 50_000 * MIB + 1, 50_000 * 1024 * MIB]
    with ThreadPoolExecutor(WIDE) as pool:
        begun = list(pool.map(lambda it: api.begin("wide.csv", it), asked * (WIDE // len(asked))))
    for length, told in zip(asked * (WIDE // len(asked)), begun, strict=True):
        parts = told["part_items"]
        size, count = parts[0]["size"], len(parts)
        is_right = size % MIB == 0 and size >= 5 * MIB and count <= 10_000
        is_right = is_right and {it["size"] for it in parts} == {size}
        is_right = is_right and (count - 1) * size < length <= count * size
        is_right = is_right and [it["number"] for it in parts] == list(range(1, count + 1))
        tally.check("large files", is_right, length, size, count)
        end = text_of(count, length - (count - 1) * size) if length < asked[2] else b""
        answer = api.put(parts[-1]["upload_url"], end)
        tally.check("large files", answer.status == (200 if end else 403), length, answer)


def text_file(path, length, number):
    """A large file of text, and its digest."""
    block = text_of(number, MIB)
    with open(path, "wb") as file:
        for place in range(length // MIB):
            file.write(f"{number},{place:012}\n".encode() + block[:MIB - 14 - len(str(number))])
    ended = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
    check(os.path.getsize(path) == length, path)
    return ended.stdout.split()[0]


def by_curl(api, folder, number, length):
    """A file of its own from end to end, all by `curl`."""
    folder = folder / f"curl-{number}"
    folder.mkdir()
    curl, path, back = Curl(folder), folder / "big.csv", folder / "back"
    digest = text_file(path, length, number)
    fields = "-F", f"file=@{path}", "-F", f"user_id={api.user}"
    url = f"{api.base}/file/upload-datasource"
    told = curl.json(url, "POST", None, api.key, *fields)
    made = api.create(told["file_object_key"], "big.csv").json()
    check(made["code"] == 0 and made["data"]["size"] == length, made)
    subprocess.run(["curl", "-fsS", "-q", "-o", back, api.link(made["data"])], check=True)
    ended = subprocess.run(["sha256sum", back], capture_output=True, text=True, check=True)
    path.unlink()
    back.unlink()
    check(api.delete(made["data"]).json()["code"] == 0, "delete")
    return ended.stdout.split()[0] == digest


def heavy(api, server, folder, tally):
    tally.check("large files", by_curl(api, folder, 0, LARGE), "200 MiB came back as another")
    with ThreadPoolExecutor(MANY) as pool:
        many = pool.map(lambda it: by_curl(api, folder, it, MANY_SIZE), range(1, MANY + 1))
        for is_right in many:
            tally.check("large files", is_right, "one of many came back as another")
    memory = memory_mib(server)
    tally.check("memory", memory < memory_mib_max(), f"{memory} MiB")


def memory_mib_max():
    return MEMORY_MIB_MAX + MANY * storages.current.held_mib


def refused_early(api, folder, tally):
    """A client that is refused before all was read still learns why."""
    path = folder / "refused.csv"
    text_file(path, REFUSED, 1)
    curl, url = Curl(folder), f"{api.base}/file/upload-datasource"
    file = f"file=@{path}"
    for key, field, status, code in [
        (api.key, f"{file};filename=a.exe", 200, 300004), ("csk_0", file, 403, 1004),
    ]:
        for _ in range(10):
            answer = noted(curl(url, "-F", f"user_id={api.user}", "-F", field, "-H",
                                f"x-pd-api-key: {key}"))
            is_right = (answer.status, answer.json()["code"]) == (status, code)
            tally.check("large files", is_right, "refused early:", answer)
    path.unlink()


def run(server, api, mate, stranger, seed, tally):
    misused(api, server, tally, seed)
    completed(api, mate, stranger, tally, seed)
    raced(api, tally, seed)
    sparse(api, tally, seed)
    widest(api, tally)
