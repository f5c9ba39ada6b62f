"""The flow of the documents, with `curl` and nothing else: part of `powerdrill.py`, which says how
to run."""

import datetime
import json
import re
import shutil
import subprocess

import storages
from hostile import read_by_email, read_disposition
from powerdrill_client import MOUNTS, Curl, Powerdrill, noted, query_of, text_of
from server import MIB, check, send, sha256

# A mount each: a plain name, one that no header can have, and one that has to be quoted.
NAMES = ["people.csv", "Bücher – 日本語 😀.csv", 'a "b"; c\'s, 100%.csv']
SIZE = 12 * MIB


class Documented:
    """Who reads the documents, and pastes."""

    def __init__(self, server, pair, folder, tally, mount):
        self.curl, self.folder, self.tally = Curl(folder), folder, tally
        self.key, self.user = pair["api_key"], pair["user_id"]
        self.origin, self.base = server.url, server.url + mount

    def call(self, method, path, body=None):
        return self.curl.json(self.base + path, method, body, self.key)

    def begin(self, name, length):
        asked = {"file_name": name, "file_size": length, "user_id": self.user}
        begun = self.call("POST", "/file/init-multipart-upload", asked)
        # An official client puts part n at (n - 1) times its size: so the last one has that too.
        sizes = [(part["number"], part["size"]) for part in begun["part_items"]]
        wanted = [(number, 5 * MIB) for number in (1, 2, 3)]
        self.tally.check("documented calls", sizes == wanted, sizes)
        return begun

    def put_parts(self, begun, body):
        etags = []
        for part in begun["part_items"]:
            start = (part["number"] - 1) * part["size"]
            path = self.folder / f"part-{part['number']}"
            path.write_bytes(body[start:start + part["size"]])
            answer = self.curl(part["upload_url"], "-X", "PUT", "--data-binary", f"@{path}", "-H",
                               "Content-Type: application/octet-stream")
            etag = answer.headers["ETag"]
            is_right = answer.status == 200 and re.fullmatch('"[0-9a-f-]+"', etag)
            self.tally.check("documented calls", is_right, answer, etag)
            etags.append({"number": part["number"], "etag": etag.replace('"', "")})
        return etags

    def create(self, dataset, handle, name):
        asked = {"name": name, "type": "FILE", "user_id": self.user, "file_object_key": handle}
        path = f"/datasets/{dataset}/datasources" if dataset else "/datasources"
        made = self.call("POST", path, asked)
        is_right = (made["name"], made["type"], made["status"]) == (name, "FILE", "synched")
        self.tally.check("documented calls", is_right, made)
        self.tally.check("documented calls", made["id"].startswith("datasource-"), made)
        is_there = made["dataset_id"] == dataset or not dataset
        self.tally.check("documented calls", is_there, made)
        again = self.call("POST", path, asked)
        self.tally.check("documented calls", again == made, again, made)
        return made

    def place(self, source):
        return f"/datasets/{source['dataset_id']}/datasources/{source['id']}"

    def found(self, source, length):
        """It is listed, and read, as it was created."""
        user = f"user_id={self.user}"
        read = self.call("GET", f"{self.place(source)}?{user}")
        self.tally.check("documented calls", read == source and read["size"] == length, read)
        path = f"/datasets/{source['dataset_id']}/datasources"
        for query, total in [("", 1), ("&status=synched", 1), ("&status=synched,invalid", 1),
                             ("&status=synching", 0), ("&page_number=2", 1)]:
            page = self.call("GET", f"{path}?{user}{query}")
            records = [source] if total and "number" not in query else []
            is_right = (page["total_items"], page["records"]) == (total, records)
            self.tally.check("documented calls", is_right, query, page)

    def presign(self, source, body):
        path = f"{self.place(source)}/presign"
        return self.call("POST", path, {"user_id": self.user} | body)["presigned_url"]

    def download(self, url, name, body):
        """It comes back as it went up, under its name; HEAD and ranges do too."""
        answer = self.curl(url)
        is_same = answer.status == 200 and sha256(answer.body) == sha256(body)
        self.tally.check("downloads", is_same, name, answer)
        self.tally.check("downloads", answer.headers["Content-Type"] == "text/csv", answer.headers)
        value, = answer.headers.get_all("Content-Disposition")
        for read in (read_disposition, read_by_email):
            self.tally.check("downloads", read(value) == ("attachment", name), name, value)
        if name.isascii() and '"' not in name:
            self.saved(url, name, body)
        head = self.curl(url, "-I")
        is_right = storages.current.is_head(head, answer)
        self.tally.check("downloads", is_right, head, dict(head.headers))
        part = self.curl(url, "-r", "5242870-5242890")
        is_right = part.status == 206 and part.body == body[5242870:5242891]
        self.tally.check("downloads", is_right, "a range over two parts:", part)
        rest = self.curl(url, "-r", "-10", "-H", f"If-Range: {answer.headers['ETag']}")
        self.tally.check("downloads", rest.status == 206 and rest.body == body[-10:], rest)

    def saved(self, url, name, body):
        folder = self.folder / "saved"
        folder.mkdir()
        line = ["curl", "-fsS", "-q", "-J", "-O", "--output-dir", folder, url]
        ended = subprocess.run(line, capture_output=True, timeout=60)
        check(ended.returncode == 0, ended)
        files = {path.name: sha256(path.read_bytes()) for path in folder.iterdir()}
        self.tally.check("downloads", files == {name: sha256(body)}, files)
        shutil.rmtree(folder)

    def delete(self, source, links):
        for link in links:
            check(self.curl(link).status == 200, "a link before the deletion")
        gone = self.call("DELETE", self.place(source), {"user_id": self.user})
        self.tally.check("documented calls", gone in ({}, None), gone)
        for link in links:
            for arguments in ([], ["-I"], ["-r", "0-1"]):
                answer = self.curl(link, *arguments)
                method = "HEAD" if arguments == ["-I"] else "GET"
                is_gone = storages.current.is_gone(answer, method)
                self.tally.check("dead links", is_gone, arguments, answer)
        for method, path, body in [
            ("GET", f"?user_id={self.user}", None), ("DELETE", "", {"user_id": self.user}),
            ("POST", "/presign", {"user_id": self.user}),
        ]:
            sent = ["--data-raw", json.dumps(body)] if body else []
            answer = noted(self.curl(f"{self.base}{self.place(source)}{path}", "-X", method, "-H",
                                     f"x-pd-api-key: {self.key}", *sent))
            is_gone = (answer.status, answer.json()["code"]) == (200, 300003)
            self.tally.check("dead links", is_gone, method, answer)


def multipart(user, name, seed):
    body = text_of(seed, SIZE)
    asked = {"name": f"about {name}", "description": "d", "user_id": user.user}
    dataset = user.call("POST", "/datasets", asked)["id"]
    begun = user.begin(name, SIZE)
    asked = {"file_object_key": begun["file_object_key"], "upload_id": begun["upload_id"],
             "part_etags": user.put_parts(begun, body), "user_id": user.user}
    for _ in range(2):
        completed = user.call("POST", "/file/complete-multipart-upload", asked)
        is_right = completed == {"file_object_key": begun["file_object_key"]}
        user.tally.check("documented calls", is_right, completed)
    source = user.create(dataset, begun["file_object_key"], name)
    user.found(source, SIZE)
    link = user.presign(source, {"expires_in": 600})
    user.download(link, name, body)
    links = [link, user.presign(source, {}), *v1_links(user, source)]
    for url in links:
        user.tally.check("downloads", user.curl(url).body == body, "by another link")
    user.delete(source, links)


def v1_links(user, source):
    """The first generation: with no body, an empty one, and a time."""
    links = []
    for prefix, body, seconds in [
        ("/api", None, 600), ("", {}, 600), ("/api", {"expireIn": 60}, 60),
        ("", {"expireIn": 604800}, 604800),
    ]:
        url = f"{user.origin}{prefix}/v1/team{user.place(source)}/presign"
        told = user.curl.json(url, "POST", body, user.key)
        user.tally.check("documented calls", set(told) == {"presignedUrl", "expireAt"}, told)
        query = query_of(told["presignedUrl"])
        user.tally.check("documented calls", query["X-Amz-Expires"] == str(seconds), query)
        read = lambda text, form: datetime.datetime.strptime(text, form)
        begun = read(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        ends = read(told["expireAt"], "%Y-%m-%dT%H:%M:%S.000Z")
        is_right = ends - begun == datetime.timedelta(seconds=seconds)
        user.tally.check("documented calls", is_right, told)
        links.append(told["presignedUrl"])
    return links


def by_form(user, seed):
    """`upload-datasource` with the fields in both orders, and a data source without a dataset."""
    path = user.folder / "small file.csv"
    body = text_of(seed, 700_001)
    path.write_bytes(body)
    fields = ["-F", f"file=@{path}"], ["-F", f"user_id={user.user}"]
    url = f"{user.base}/file/upload-datasource"
    for query, order in [("", [*fields[0], *fields[1]]), ("", [*fields[1], *fields[0]]),
                         (f"?user_id={user.user}", fields[0]),
                         ("", [*fields[0], "-F", "note=x", *fields[1], "-H",
                               "Transfer-Encoding: chunked"])]:
        told = user.curl.json(url + query, "POST", None, user.key, *order)
        user.tally.check("documented calls", set(told) == {"file_object_key"}, told)
        source = user.create(None, told["file_object_key"], "ü.csv")
        user.found(source, len(body))
        link = user.presign(source, {"expires_in": 60})
        user.tally.check("downloads", user.curl(link).body == body, "by a form")
        user.delete(source, [link])
        datasets = user.call("GET", f"/datasets?user_id={user.user}")["records"]
        newest = datasets[0]["id"], datasets[0]["name"]
        is_made = newest == (source["dataset_id"], "ü.csv")
        user.tally.check("documented calls", is_made, "the dataset that was made:", datasets[0])


def run(server, pair, folder, seed, tally):
    for number, (mount, name) in enumerate(zip(MOUNTS, NAMES, strict=True)):
        user = Documented(server, pair, folder, tally, mount)
        multipart(user, name, seed + number)
        by_form(user, seed + number)


def refusals(server, pair, other, tally):
    """Each code of the documentation, by what calls for it."""
    api = Powerdrill(server.url, pair["api_key"], pair["user_id"])
    mate = Powerdrill(server.url, pair["api_key"], "bob")
    stranger = Powerdrill(server.url, other["api_key"], other["user_id"])
    source = api.source("a.csv", b"1,2\n")
    place = api.path_of(source)

    def refused(what, status, code, answer):
        is_right = (answer.status, answer.json()["code"]) == (status, code)
        tally.check("refusals", is_right, what, answer)

    user = {"user_id": api.user}
    for name, status, code in [("a.exe", 200, 300004), ("csv", 200, 300004), ("", 400, 300001),
                               ("a\nb.csv", 400, 300001), (5, 400, 300001)]:
        asked = {"file_name": name, "file_size": 5} | user
        refused(name, status, code, api.call("POST", "/file/init-multipart-upload", asked))
    for size, status, code in [(0, 200, 300005), (-1, 400, 300001), ("5", 400, 300001),
                               (5.0, 400, 300001), (50_000 * 1024 ** 3 + 1, 400, 300001),
                               (2 ** 64, 400, 300001), (None, 400, 300001)]:
        asked = {"file_name": "a.csv", "file_size": size} | user
        refused(size, status, code, api.call("POST", "/file/init-multipart-upload", asked))
    for seconds in (59, 0, -1, 604801, "600", 60.5):
        refused(seconds, 400, 300001, api.presign(source, seconds))
        answer = noted(send(f"{server.url}/v1/team{place}/presign", "POST",
                            json.dumps({"expireIn": seconds}).encode(), {"x-pd-api-key": api.key}))
        refused(seconds, 400, 100, answer)
    refused("empty", 200, 300005, api.upload_form("a.csv", b""))
    refused("extension", 200, 300004, api.upload_form("a.exe", b"MZ"))
    refused("no user", 400, 300001, api.call("GET", place))
    refused("unknown user", 200, 300003, Powerdrill(server.url, api.key, "nobody").get(source))
    refused("not the owner", 200, 300002, mate.delete(source))
    tally.check("refusals", mate.download(source).body == b"1,2\n", "a mate reads")
    for what, answer in [("get", stranger.get(source)), ("delete", stranger.delete(source)),
                         ("presign", stranger.presign(source))]:
        refused(f"{what} by a stranger", 200, 300003, answer)
    for headers, code in [({"x-pd-api-key": "csk_" + "0" * 48}, 1004), ({"x-pd-api-key": ""}, 1004),
                          ({"x-api-key": "other"}, 1004)]:
        refused(headers, 403, code, api.call("POST", "/datasets", user, headers))
    answer = noted(send(f"{server.url}/v2/team/datasets", "POST", b"{}"))
    refused("no key", 403, 1003, answer)
    refused("no path", 404, 300003, api.call("GET", "/nothing"))
    refused("method", 405, 300001, api.call("PATCH", "/datasets", user))
    binary = api.upload_form("b.csv", b"a\0b").json()["data"]["file_object_key"]
    made = api.create(binary, "b.csv").json()["data"]
    tally.check("refusals", made["status"] == "invalid", made)
    refused("an invalid one", 200, 300008, api.presign(made))
    handle = api.upload_form("c.csv", b"x").json()["data"]["file_object_key"]
    refused("a mate's handle", 200, 300003, mate.create(handle, "c.csv"))
    refused("a stranger's handle", 200, 300003, stranger.create(handle, "c.csv"))
    check(api.create(handle, "c.csv").json()["code"] == 0, "the owner's own handle")
    refused("another name", 200, 300011, api.create(handle, "d.csv"))
