"""The flow of the document, with `curl` and nothing else: part of `geolens_dialect.py`, which says
how to run."""

import datetime
import json
import re

import storages
from geolens_client import (
    COMPLETED, NOT_COMPLETED, NOT_UPLOADED, PART, PROCESSED, SINGLE_MAX, UUID, check_key, detail,
    noted)
from headers import of_data_plane
from powerdrill_client import Curl, query_of, text_of
from server import MIB, check, send, sha256
from store import keys, object_files

SIZE = 105 * MIB
SIZE_MAX = 500 * MIB
NAME = "Straßen & 道路, 2026.csv"
CSV_HEADER = "Content-Type: text/csv"
COLUMNS = [{"name": "name", "type": "text"}, {"name": "km", "type": "float"}]
NO_PARTS = "Multipart upload completion requires at least one uploaded part"


class Documented:
    """Who reads the document, and pastes."""

    def __init__(self, server, pair, folder, tally):
        self.curl, self.folder, self.tally = Curl(folder), folder, tally
        self.server, self.base = server, f"{server.url}/api"
        self.key, self.user = pair["api_key"], pair["user_id"]

    def check(self, is_right, *what):
        self.tally.check("documented calls", is_right, *what)

    def answer(self, method, path, body=None):
        sent = ["--header", "Content-Type: application/json", "--data",
                json.dumps(body)] if body is not None else []
        key = f"Authorization: Bearer {self.key}"
        return noted(self.curl(self.base + path, "--request", method, "--header", key, *sent))

    def call(self, status, method, path, body=None):
        answer = self.answer(method, path, body)
        self.check(answer.status == status, method, path, answer)
        return answer.json()

    def refused(self, wanted, method, path, body=None):
        answer = self.answer(method, path, body)
        self.check(detail(answer) == wanted, method, path, answer)

    def put(self, url, body, *arguments):
        path = self.folder / "sent"
        path.write_bytes(body)
        answer = self.curl(url, "--request", "PUT", "--data-binary", f"@{path}", *arguments)
        return of_data_plane(answer)

    def dataset(self):
        asked = {"title": "Roads", "columns": COLUMNS}
        made = self.call(201, "POST", "/datasets/create/", asked)
        is_right = re.fullmatch(UUID, made["id"]) and made["current_version"] == 0
        self.check(is_right and made["title"] == "Roads", made)
        self.check([it["type"] for it in made["column_info"]] == ["text", "float"], made)
        return made["id"]

    def begin(self, dataset, size, part_size=None, count=1):
        # The document shows ids in capitals.
        path = f"/datasets/{dataset.upper()}/reupload/presigned"
        asked = {"filename": NAME, "file_size": size, "content_type": "text/csv"}
        begun = self.call(201, "POST", path, asked)
        members = {"job_id", "urls", "s3_key", "upload_id", "part_size"}
        is_right = set(begun) == members and len(begun["urls"]) == count
        is_right = is_right and begun["part_size"] == part_size
        self.check(is_right and (begun["upload_id"] is None) == (part_size is None), begun)
        check_key(self.server, begun, "csv")
        for url in begun["urls"]:
            signed = query_of(url)
            bound = "content-length;host" if part_size else "content-length;content-type;host"
            is_right = signed["X-Amz-SignedHeaders"] == bound
            self.check(is_right and signed["X-Amz-Expires"] == "3600", signed)
        return begun

    def complete(self, dataset, job, parts=None):
        path = f"/datasets/{dataset}/reupload/presigned/{job}/complete"
        asked = {"parts": parts} if parts else None
        told = self.call(200, "POST", path, asked)
        message = "File uploaded for re-upload preview"
        self.check(told == {"job_id": job, "status": "pending", "message": message}, told)
        self.refused((400, COMPLETED), "POST", path, asked)

    def commit(self, dataset, job):
        path = f"/datasets/{dataset}/reupload/{job}/commit"
        told = self.call(202, "POST", path, {})
        message = "Re-upload queued"
        self.check(told == {"job_id": job, "status": "pending", "message": message}, told)
        self.refused((400, PROCESSED), "POST", path, {})

    def await_job(self, job, dataset):
        """Asks as often as it takes, which here is once."""
        found = self.call(200, "GET", f"/jobs/{job}")
        is_right = (found["status"], found["dataset_id"]) == ("complete", dataset)
        is_right = is_right and (found["progress"], found["error_message"]) == (1.0, None)
        self.check(is_right and found["source_filename"] == NAME, found)
        since = datetime.datetime.fromisoformat(found["completed_at"].replace("Z", "+00:00"))
        age = datetime.datetime.now(datetime.timezone.utc) - since
        self.check(abs(age.total_seconds()) < 60, found)

    def listed(self, dataset, version):
        found = self.call(200, "GET", "/datasets/")
        mine, = [it for it in found["datasets"] if it["id"] == dataset]
        self.check(mine["current_version"] == version and found["total"] >= 1, mine)
        self.check(mine["source_filename"] == NAME, mine)

    def download(self, dataset, size):
        """The newest version, by the calls of Powerdrill: it is a data source of the dataset."""
        place = f"/v2/team/datasets/dataset-{dataset}/datasources"
        key = ["--header", f"x-pd-api-key: {self.key}"]
        page = self.curl(f"{self.base}{place}?user_id={self.user}", *key).json()
        newest = page["data"]["records"][0]
        is_right = (newest["name"], newest["size"], newest["status"]) == (NAME, size, "synched")
        self.check(is_right, newest)
        asked = json.dumps({"expires_in": 600, "user_id": self.user})
        presigned = self.curl(f"{self.base}{place}/{newest['id']}/presign", "--request", "POST",
                              *key, "--header", "Content-Type: application/json", "--data", asked)
        answer = of_data_plane(self.curl(presigned.json()["data"]["presigned_url"]))
        # Whatever it is, a browser saves it.
        kind = answer.headers["Content-Disposition"].split(";")[0]
        self.check((answer.status, kind) == (200, "attachment"), answer)
        return answer


def single(documented, dataset, seed):
    """A file in one piece. Only what was announced is taken, and it is taken once."""
    body = text_of(seed, 23_456)
    begun = documented.begin(dataset, len(body))
    url, job = begun["urls"][0], begun["job_id"]
    before = object_files(documented.server)
    for what, sent, *fields in [
        ("another type", body, "--header", "Content-Type: text/html"),
        ("a type as curl says it", body), ("no type", body, "--header", "Content-Type:"),
        ("a parameter more", body, "--header", "Content-Type: text/csv; charset=utf-8"),
        ("a byte less", body[:-1], "--header", CSV_HEADER),
        ("nothing", b"", "--header", CSV_HEADER),
        ("a byte more", body + b"x", "--header", CSV_HEADER),
        ("no length", body, "--header", CSV_HEADER, "--header", "Transfer-Encoding: chunked"),
    ]:
        answer = documented.put(url, sent, *fields)
        is_right = answer.status == 403 and object_files(documented.server) == before
        documented.tally.check("refused PUTs", is_right, what, answer)
    path = f"/datasets/{dataset}/reupload"
    documented.refused((400, NOT_UPLOADED), "POST", f"{path}/presigned/{job}/complete", {})
    documented.refused((400, NOT_COMPLETED), "POST", f"{path}/{job}/commit", {})
    answer = documented.put(url, body, "--header", CSV_HEADER)
    etag = storages.current.etag
    is_right = answer.status == 200 and etag.fullmatch(answer.headers["ETag"])
    documented.check(is_right, answer)
    documented.complete(dataset, job)
    documented.commit(dataset, job)
    documented.await_job(job, dataset)
    documented.listed(dataset, 1)
    answer = documented.download(dataset, len(body))
    documented.check(answer.body == body, "came back as another", answer)


def in_parts(documented, dataset, body):
    """A file in parts: their tags are in the headers of the answers."""
    begun = documented.begin(dataset, len(body), PART, 11)
    job, parts, server = begun["job_id"], [], documented.server
    path = f"/datasets/{dataset}/reupload/presigned/{job}/complete"
    documented.refused((400, NO_PARTS), "POST", path)
    for number, url in enumerate(begun["urls"], 1):
        part = body[(number - 1) * PART:number * PART]
        if number in (1, 11):
            answer = documented.put(url, part + b"x")
            documented.tally.check("refused PUTs", answer.status == 403, number, answer)
        answer = documented.put(url, part)
        documented.check(answer.status == 200, number, answer)
        parts.append({"etag": answer.headers["ETag"], "part_number": number})
    other = [{**parts[0], "etag": parts[1]["etag"]}, *parts[1:]]
    for wrong in ([], parts[:-1], parts[1:], [*parts, parts[0]], other):
        answer = documented.answer("POST", path, {"parts": wrong})
        is_right = answer.status == (422 if wrong else 400)
        documented.check(is_right, len(wrong), answer)
    check(begun["s3_key"] not in keys(server), "an object is there before it is completed")
    documented.complete(dataset, job, parts)
    dead(documented, begun, body)
    documented.commit(dataset, job)
    dead(documented, begun, body)
    documented.await_job(job, dataset)
    documented.listed(dataset, 2)
    answer = documented.download(dataset, len(body))
    documented.check(sha256(answer.body) == sha256(body), "came back as another")


def dead(documented, begun, body):
    """The URLs of parts that are an object: they live for an hour, and are worth nothing."""
    before = object_files(documented.server)
    for number in (1, 11):
        part = body[(number - 1) * PART:number * PART].swapcase()
        answer = of_data_plane(send(begun["urls"][number - 1], "PUT", part))
        is_right = answer.status == 404 and b"NoSuchUpload" in answer.body
        is_right = is_right and object_files(documented.server) == before
        documented.tally.check("dead URLs", is_right, number, answer)


def new_dataset(documented, seed):
    """The same calls for a dataset that is not there yet; and `curl` in its shortest form."""
    body = text_of(seed, 100_000)
    asked = json.dumps({"filename": NAME, "file_size": len(body)})
    key = ["-H", f"X-Api-Key: {documented.key}"]
    begun = noted(documented.curl(f"{documented.base}/ingest/upload/presigned", *key, "-d", asked))
    documented.check(begun.status == 201, begun)
    begun = begun.json()
    check_key(documented.server, begun, "csv")
    place = "application/octet-stream"
    path = documented.folder / "sent"
    path.write_bytes(body)
    # `-T` sends no type, and waits to be told to go on.
    answer = documented.curl(begun["urls"][0], "-T", path, "-H", f"Content-Type: {place}",
                             "-H", "Expect: 100-continue")
    documented.check(answer.status == 200, answer)
    job = begun["job_id"]
    told = documented.call(200, "POST", f"/ingest/upload/presigned/{job}/complete", {"parts": []})
    documented.check(told["message"] == "File uploaded and ready for preview", told)
    asked = {"title": "Neu", "summary": "Zwei\nZeilen", "visibility": "internal"}
    told = documented.call(202, "POST", f"/ingest/commit/{job}", asked)
    documented.check(told["message"] == "Ingestion queued", told)
    documented.refused((400, PROCESSED), "POST", f"/ingest/commit/{job}", asked)
    dataset = documented.call(200, "GET", f"/jobs/{job}")["dataset_id"]
    documented.await_job(job, dataset)
    documented.listed(dataset, 1)
    documented.check(documented.download(dataset, len(body)).body == body, "came back as another")


def run(server, pair, folder, body, seed, tally):
    documented = Documented(server, pair, folder, tally)
    documented.check(documented.call(200, "GET", "/datasets/") == {"datasets": [], "total": 0})
    dataset = documented.dataset()
    single(documented, dataset, seed)
    in_parts(documented, dataset, body)
    new_dataset(documented, seed)
    # These wait for ever: how a file is cut, and how large it may be.
    for size, part_size, count in [(1, None, 1), (SINGLE_MAX, None, 1), (SINGLE_MAX + 1, PART, 11),
                                   (SIZE_MAX, PART, 50)]:
        documented.begin(dataset, size, part_size, count)
