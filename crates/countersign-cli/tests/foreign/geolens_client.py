"""A client of the dialect of GeoLens: part of `geolens_dialect.py`, which says how to run."""

import json
import re

import storages
from headers import of_api, of_data_plane
from server import MIB, SIGNATURE, check, send, signatures_seen

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
COLUMNS = [{"name": "name", "type": "text"}, {"name": "people", "type": "integer"}]
CSV = "text/csv"
# What is longer comes in parts of that many bytes.
SINGLE_MAX, PART = 100 * MIB, 10 * MIB

COMPLETED = "Upload already completed for this job"
PROCESSED = "Job already processed"
NOT_COMPLETED = "Upload not completed for this job"
NOT_UPLOADED = "File not found in S3 after upload"


def noted(answer):
    """Remembers the secrets of an answer, and holds it against what all answers have."""
    signatures_seen.update(SIGNATURE.findall(answer.body.decode("utf-8", "replace")))
    of_api(answer)
    if answer.status >= 400:
        check_problem(answer)
    else:
        check(answer.headers["Content-Type"] == "application/json", answer)
    return answer


def check_problem(answer):
    """An error is RFC 7807's; what is not valid is a list in it, as FastAPI has it."""
    check(answer.headers["Content-Type"] == "application/problem+json", dict(answer.headers))
    told = answer.json()
    check(set(told) == {"type", "title", "status", "detail"} and told["title"], answer)
    check((told["type"], told["status"]) == ("about:blank", answer.status), answer)
    detail, members = told["detail"], {"type", "loc", "msg", "input"}
    if isinstance(detail, list):
        check(answer.status == 422 and detail, answer)
        check(all(set(it) == members and isinstance(it["loc"], list) for it in detail), answer)
    else:
        check(isinstance(detail, str) and detail, answer)
    challenge = "Bearer" if answer.status == 401 else None
    check(answer.headers["WWW-Authenticate"] == challenge, dict(answer.headers))


class GeoLens:
    """The API as a client of GeoLens sees it. Without a dataset, a job makes one."""

    def __init__(self, url, key):
        self.base, self.key = f"{url}/api", key

    def call(self, method, path, body=None, headers=()):
        """Sends JSON, or bytes as they are."""
        fields = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return noted(send(self.base + path, method, sent, fields | dict(headers)))

    def get(self, status, method, path, body=None):
        answer = self.call(method, path, body)
        check(answer.status == status, method, path, body, answer)
        return answer.json()

    def dataset(self, title="a dataset"):
        asked = {"title": title, "columns": COLUMNS}
        return self.get(201, "POST", "/datasets/create/", asked)["id"]

    def begin(self, dataset, name, size, content_type=CSV):
        path = f"/datasets/{dataset}/reupload/presigned" if dataset else "/ingest/upload/presigned"
        asked = {"filename": name, "file_size": size, "content_type": content_type}
        return self.get(201, "POST", path, asked)

    def put(self, url, body, content_type=CSV):
        return of_data_plane(send(url, "PUT", body, {"Content-Type": content_type}))

    def put_part(self, begun, number, body):
        """Sends a part out of the whole; gives what completing wants to know of it."""
        start = (number - 1) * begun["part_size"]
        part = body[start:start + begun["part_size"]]
        answer = of_data_plane(send(begun["urls"][number - 1], "PUT", part))
        check(answer.status == 200, "PUT of a part:", answer)
        return {"etag": answer.headers["ETag"], "part_number": number}

    def complete(self, dataset, job, parts=()):
        place = f"/datasets/{dataset}/reupload" if dataset else "/ingest/upload"
        asked = {"parts": list(parts)}
        return self.call("POST", f"{place}/presigned/{job}/complete", asked)

    def commit(self, dataset, job, title=None):
        if dataset:
            return self.call("POST", f"/datasets/{dataset}/reupload/{job}/commit", {})
        return self.call("POST", f"/ingest/commit/{job}", {"title": title})

    def job(self, job):
        return self.get(200, "GET", f"/jobs/{job}")

    def uploaded(self, dataset, name, body):
        """A job whose bytes are there."""
        begun = self.begin(dataset, name, len(body))
        answer = self.put(begun["urls"][0], body)
        check(answer.status == 200, "PUT:", answer)
        return begun

    def datasets(self):
        """All datasets of the team, page by page."""
        found = []
        while True:
            page = self.get(200, "GET", f"/datasets/?skip={len(found)}&limit=200")
            found += page["datasets"]
            if not page["datasets"]:
                check(page["total"] == len(found), page)
                return found

    def version(self, dataset):
        found, = [it for it in self.datasets() if it["id"] == dataset]
        return found["current_version"]


def detail(answer):
    """The status and the text of an error."""
    return answer.status, answer.json().get("detail")


def check_key(server, begun, extension):
    """The key has nothing of the client's, and the job's URLs are for it and for nothing else."""
    key = begun["s3_key"]
    is_right = re.fullmatch(rf"staging/{begun['job_id']}/{UUID}\.{extension}", key)
    check(is_right, "the key:", begun)
    for url in begun["urls"]:
        check(url.startswith(storages.current.place_of(server, key)), "a URL:", url)
