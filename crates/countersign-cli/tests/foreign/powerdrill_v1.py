"""The first generation of Powerdrill, with `curl`, as its reference and its older guide have it:
part of `powerdrill.py`, which says how to run."""

import json

import storages
from hostile import read_by_email, read_disposition
from powerdrill_client import Curl, noted, text_of
from server import sha256

# Each base, with the path of its uploads: those of the reference, and that of the older guide.
MOUNTS = [
    ("/api/v1/team", "/api/v1/team/file/upload-datasource"),
    ("/v1/team", "/v1/team/file/upload_datasource"),
    ("/v1/team", "/api/v1/file/upload_datasource"),
]
TITLES = ["Sales", "Bücher 😀", 'a "b".exe']
FILES = ["sales_2026.csv", "Bücher – 日本語 😀.csv", 'a "b"; c\'s, 100%.csv']


class Reader:
    """Who reads the documents, and pastes."""

    def __init__(self, server, pair, folder, tally, mount):
        self.curl, self.folder, self.tally = Curl(folder), folder, tally
        self.key, self.user, self.origin = pair["api_key"], pair["user_id"], server.url
        self.base, self.uploads = server.url + mount[0], server.url + mount[1]

    def call(self, method, path, body=None):
        return self.curl.json(self.base + path, method, body, self.key)

    def as_self(self, path):
        return f"{path}?userId={self.user}"

    def is_right(self, is_right, *what):
        self.tally.check("calls of the first generation", is_right, *what)

    def upload(self, body):
        path = self.folder / "small file.csv"
        path.write_bytes(body)
        query = "" if "/v1/file/" in self.uploads else f"?userId={self.user}"
        told = self.curl.json(self.uploads + query, "POST", None, self.key, "-F", f"file=@{path}",
                              "-H", "x-pd-api-agent-id: GENERAL")
        self.is_right(set(told) == {"fileKey"}, told)
        return told["fileKey"]

    def create(self, dataset, names, body):
        asked = names | {"type": "FILE", "fileKey": self.upload(body), "userId": self.user}
        path = f"/datasets/{dataset}/datasources" if dataset else "/datasources"
        made = self.call("POST", self.as_self(path), asked)
        wanted = {"name": names.get("name", names["fileName"]), "fileName": names["fileName"],
                  "type": "FILE", "status": "synched", "userId": self.user}
        self.is_right({it: made[it] for it in wanted} == wanted, made)
        self.is_right(set(made) == set(wanted) | {"id", "datasetId"}, made)
        self.is_right(made["datasetId"] == dataset or not dataset, made)
        self.is_right(self.call("POST", path, asked) == made, "the same wish again")
        return made

    def place(self, source):
        return f"/datasets/{source['datasetId']}/datasources/{source['id']}"

    def link(self, source, body=None):
        told = self.call("POST", f"{self.place(source)}/presign", body)
        self.is_right(set(told) == {"presignedUrl", "expireAt"}, told)
        return told["presignedUrl"]

    def download(self, source, body):
        """It comes back as it went up, under the name of the file."""
        link = self.link(source, {"expireIn": 600})
        answer = self.curl(link)
        is_same = answer.status == 200 and sha256(answer.body) == sha256(body)
        self.tally.check("downloads", is_same, answer)
        value, = answer.headers.get_all("Content-Disposition")
        for read in (read_disposition, read_by_email):
            is_named = read(value) == ("attachment", source["fileName"])
            self.tally.check("downloads", is_named, value)
        return link

    def gone(self, links, paths):
        for link in links:
            answer = self.curl(link)
            self.tally.check("dead links", storages.current.is_gone(answer), answer)
        for method, path in paths:
            self.refused(method, path, None, 200, 100001)

    def refused(self, method, path, body, status, code):
        sent = ["--data-raw", json.dumps(body)] if body is not None else []
        answer = noted(self.curl(self.base + path, "-X", method, "-H", f"x-pd-api-key: {self.key}",
                                 *sent))
        is_right = (answer.status, answer.json()["code"]) == (status, code)
        self.tally.check("refusals", is_right, method, path, answer)


def datasets(user, title, file_name, seed):
    """A dataset, from its beginning to its end."""
    asked = {"name": f"My {title}", "description": "my default dataset", "userId": user.user}
    dataset = user.call("POST", "/datasets", asked)["id"]
    place = f"/datasets/{dataset}"
    changed = user.call("POST", user.as_self(place), {"name": title, "description": f"d{seed}"})
    user.is_right(changed is None, changed)
    page = user.call("GET", f"/datasets?pageNumber=1&pageSize=10&name=D{seed}")
    record = {"id": dataset, "name": title, "description": f"d{seed}"}
    user.is_right(page == {"pageNumber": 1, "pageSize": 10, "total": 1, "records": [record]}, page)

    body = text_of(seed, 700_001)
    source = user.create(dataset, {"name": title, "fileName": file_name}, body)
    other = user.create(dataset, {"fileName": file_name}, body)
    user.is_right(user.call("GET", user.place(source)) == source, "read")
    for query, records in [("", [other, source]), ("?status=synched,invalid", [other, source]),
                           ("?pageSize=1&pageNumber=2", [source]), ("?status=synching", [])]:
        page = user.call("GET", f"{place}/datasources{query}")
        user.is_right(page["records"] == records, query, page)
    counts = {"synchedCount": 2, "invalidCount": 0, "synchingCount": 0}
    user.is_right(user.call("GET", f"{place}/status") == counts, "counts")
    seen = user.call("GET", f"{place}/overview")
    empty = {"summary": "", "explorationQuestions": [], "keywords": []}
    user.is_right(seen == record | empty, seen)

    links = [user.download(source, body), user.link(source)]
    gone = user.call("DELETE", user.as_self(user.place(source)))
    user.is_right(gone is None, gone)
    user.gone(links, [("GET", user.place(source)), ("POST", f"{user.place(source)}/presign")])
    links = [user.download(other, body)]
    gone = user.call("DELETE", user.as_self(place))
    user.is_right(gone is None, gone)
    user.gone(links, [("GET", user.place(other)), ("GET", f"{place}/status"),
                      ("GET", f"{place}/datasources"), ("DELETE", user.as_self(place))])


def without_dataset(user, title, file_name, seed):
    body = text_of(seed, 70_001)
    source = user.create(None, {"name": title, "fileName": file_name}, body)
    seen = user.call("GET", f"/datasets/{source['datasetId']}/overview")
    user.is_right(seen["name"] == title, seen)
    user.download(source, body)


def run(server, pair, folder, seed, tally):
    for number, mount in enumerate(MOUNTS):
        user = Reader(server, pair, folder, tally, mount)
        datasets(user, TITLES[number], FILES[number], seed + number)
        without_dataset(user, TITLES[number], FILES[number], seed + number)
        for path in ("/sessions", "/sessions/x/history", "/jobs", "/jobs/x"):
            user.refused("POST", path, {"question": "?"}, 200, 100001)
        user.refused("POST", "/datasets", {"name": "no user"}, 400, 100)
        user.refused("PATCH", "/datasets", {}, 405, 100)
        user.refused("GET", "/nothing", None, 404, 100001)
        # Neither in the clear, nor from this machine.
        for url in ("http://files.example/a.csv", "https://127.0.0.1/a.csv"):
            asked = {"fileName": "a.csv", "type": "FILE", "url": url}
            user.refused("POST", user.as_self("/datasources"), asked, 400, 100)
