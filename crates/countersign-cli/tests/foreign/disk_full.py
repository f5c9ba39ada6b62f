"""A disk that gets full: part of `hostile.py`, which says how to run.

Needs to be root, to mount a small file system of its own; else it says loudly that it was skipped.
"""

import contextlib
import subprocess

from powerdrill_client import Powerdrill, text_of
from server import Failure, Server, Signer, check, content, send

SIZE = "24m"
FILE = 1_500_000


@contextlib.contextmanager
def small_disk(folder):
    """Yields a mounted folder, or None."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "countersign-test", folder]
    try:
        mounted = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        mounted = None
    if mounted is None or mounted.returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(api, signer, tally, seed):
    """Uploads until nothing goes in any more, by both planes."""
    files, objects, refused = {}, {}, 0
    for number in range(60):
        body = content(seed + number, FILE)
        answer = send(signer.url("put", f"fill-{number}"), "PUT", body)
        if answer.status == 200:
            objects[f"fill-{number}"] = body
        else:
            is_right = answer.status == 507 and b"<Code>InsufficientStorage</Code>" in answer.body
            tally.check("full disk", is_right, answer)
            refused += 1
        refused += try_file(api, files, number, body, tally)
        if refused > 6:
            check(objects and files, "nothing went in")
            return files, objects
    raise Failure("the disk does not get full")


def try_file(api, files, number, body, tally):
    """One upload by the dialect; says whether it was refused somewhere for want of space."""
    asked = b'{"filename":"f.bin","content_type":"application/octet-stream"}'
    begun = api.call("/upload", "POST", asked)
    if begun.status != 200:
        tally.check("full disk", begun.status == 507 and "detail" in begun.json(), begun)
        return True
    file_id, url = begun.json()["file_id"], begun.json()["upload_url"]
    answer = api.put(url, body, "application/octet-stream")
    if answer.status != 200:
        is_right = answer.status == 507 and b"<Code>InsufficientStorage</Code>" in answer.body
        tally.check("full disk", is_right, answer)
        return True
    confirmed = api.call(f"/{file_id}/confirm")
    if confirmed.status != 200:
        tally.check("full disk", confirmed.status == 507 and "detail" in confirmed.json(),
            confirmed)
        return True
    files[file_id] = body
    return False


def tiny_files(api, tally):
    """Fills what is left for records."""
    asked = b'{"filename":"t.bin","content_type":"application/octet-stream"}'
    for _ in range(20_000):
        begun = api.call("/upload", "POST", asked)
        if begun.status != 200:
            tally.check("full disk", begun.status == 507 and "detail" in begun.json(), begun)
            return True
    return False


def read_all(server, api, signer, files, objects, tally):
    check(server.is_alive(), "the server is gone")
    for number, body in files.items():
        tally.check("full disk", api.download(number).body == body, number)
    for key, body in objects.items():
        tally.check("full disk", send(signer.url("get", key)).body == body, key)
    check(api.files(), "the list is empty")


@contextlib.contextmanager
def ballast(disk):
    """Takes the last byte of the disk, as another program would."""
    path = disk / "ballast"
    with open(path, "wb", buffering=0) as file:
        for piece in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(piece))
    try:
        yield
    finally:
        path.unlink()


def last_byte(disk, server, tally, files, objects):
    """What is to be done with no byte left, and that all of it works once there is room again."""
    api, signer = server.datalab(), Signer(server.keys("acme", "bob"))
    pending, url = api.begin("pending.bin", "application/octet-stream")
    check(api.put(url, b"pending", "application/octet-stream").status == 200, "the pending one")
    answers = {}
    with ballast(disk):
        read_all(server, api, signer, files, objects, tally)
        check(try_file(api, {}, 0, b"x", tally), "an upload went into a full disk")
        answer = send(signer.url("put", "full"), "PUT", b"x" * 10_000)
        tally.check("full disk", answer.status == 507, "PUT:", answer)
        # These may need room or not: they are done, or said not to be.
        for method, path in [("GET", f"/{pending}/confirm"), ("DELETE", f"/{min(files)}")]:
            answer = answers[method] = api.call(path, method)
            is_right = answer.status == 200 or (answer.status == 507 and answer.json()["detail"])
            tally.check("full disk", is_right, method, path, answer)
        read_all(server, api, signer, dict(list(files.items())[1:]), objects, tally)
    gone = api.call(f"/{min(files)}").status == 404
    tally.check("full disk", gone == (answers["DELETE"].status == 200), answers["DELETE"])
    if gone:
        del files[min(files)]
    api.get(f"/{pending}/confirm")
    files[pending] = b"pending"
    api.upload("room.bin", b"room")
    read_all(server, api, signer, files, objects, tally)


def data_sources(disk, server, tally, seed):
    """The same by the dialect of Powerdrill, which says so with a code of its own."""
    pair = server.keys("acme", "pat", s3=False)
    api, body = Powerdrill(server.url, pair["api_key"], pair["user_id"]), text_of(seed, 200_000)
    kept, gone = api.source("kept.csv", body), api.source("gone.csv", body)
    handle = api.upload("handle.csv", body)
    begun, waiting = api.begin("begun.csv", len(body)), api.begin("waiting.csv", len(body))
    etags = [api.put_part(part, body) for part in begun["part_items"]]
    with ballast(disk):
        for number in range(20):
            answer = api.upload_form("full.csv", body, file_first=number % 2 == 0)
            is_right = answer.status == 200 and answer.json()["code"] == 300006
            tally.check("full disk", is_right, "upload-datasource:", answer)
        answer = api.put(waiting["part_items"][0]["upload_url"], body)
        is_right = answer.status == 507 and b"<Code>InsufficientStorage</Code>" in answer.body
        tally.check("full disk", is_right, "a part:", answer)
        answer = api.call("POST", "/file/init-multipart-upload", {
            "file_name": "a.csv", "file_size": 50_000 * 1024 ** 2, "user_id": api.user})
        tally.check("full disk", answer.json()["code"] in (0, 300006), "init:", answer)
        # These may need room or not: they are done, or said not to be.
        answers = [api.complete(begun, etags), api.create(handle, "handle.csv"), api.delete(gone)]
        for answer in answers:
            tally.check("full disk", answer.json()["code"] in (0, 300006), answer)
        tally.check("full disk", api.download(kept).body == body, "what was there before")
    told = api.get(gone).json()["code"]
    is_right = (told == 300003) == (answers[2].json()["code"] == 0)
    tally.check("full disk", is_right, "a deletion:", answers[2], told)
    check(told == 300003 or api.delete(gone).json()["code"] == 0, "a deletion, asked again")
    answer = api.complete(waiting, [api.put_part(part, body) for part in waiting["part_items"]])
    tally.check("full disk", answer.json()["code"] == 0, "there is room again:", answer)
    answer = api.complete(begun, etags)
    tally.check("full disk", answer.json()["code"] == 0, "there is room again:", answer)
    for it in (handle, begun["file_object_key"], waiting["file_object_key"]):
        made = api.create(it, "handle.csv").json()
        tally.check("full disk", made["code"] == 0, "there is room again:", made)
        tally.check("full disk", api.download(made["data"]).body == body, "after it")
    tally.check("full disk", api.source("room.csv", body)["status"] == "synched")
    left = list(server.data.glob("objects/*/tmp/*"))
    tally.check("full disk", not left, "what was refused is left:", left)


def run(options, folder, tally):
    for name, attempt in [("data-sources", data_sources), ("files", files_and_objects)]:
        with small_disk(folder / name) as disk:
            if disk is None:
                print("!!! hostile: the disk-full check was SKIPPED: no file system can be mounted "
                      "here")
                return "disk full SKIPPED"
            server = Server(options.binary, folder, data=disk / "data")
            try:
                attempt(disk, server, tally, options.seed)
                check(server.stop() == 0, "did not end well")
            finally:
                server.kill()
    return "disk full tried"


def files_and_objects(disk, server, tally, seed):
    files, objects = fill_and_free(server, tally, seed)
    last_byte(disk, server, tally, files, objects)


def fill_and_free(server, tally, seed):
    api, signer = server.datalab(), Signer(server.keys("acme", "ann"))
    files, objects = fill(api, signer, tally, seed)
    read_all(server, api, signer, files, objects, tally)
    left = list(server.data.glob("objects/*/tmp/*"))
    tally.check("full disk", not left, "what was refused is left:", left)
    tiny_files(api, tally)
    read_all(server, api, signer, files, objects, tally)
    # Deleting needs a little room itself: it may be refused, but in due form, and not for ever.
    deleted = None
    for number in list(files)[:4]:
        answer = api.call(f"/{number}", "DELETE")
        is_right = answer.status in (200,
            507) and (answer.status == 200 or "detail" in answer.json())
        tally.check("full disk", is_right, answer)
        if answer.status == 200:
            del files[number]
            deleted = number
    check(deleted, "on a full disk nothing can be deleted, so it stays full for ever")
    body = content(seed, FILE)
    number = api.upload("after.bin", body)
    tally.check("full disk", api.download(number).body == body, "the upload after it")
    answer = send(signer.url("put", "after"), "PUT", body)
    tally.check("full disk", answer.status == 200, "the PUT after it:", answer)
    files[number], objects["after"] = body, body
    read_all(server, api, signer, files, objects, tally)
    return files, objects
