"""Clients of the dialect of Powerdrill: part of `powerdrill.py`, which says how to run."""

import dataclasses
import email.parser
import itertools
import json
import pathlib
import re
import subprocess
import urllib.parse

from server import SIGNATURE, Answer, check, content, send, signatures_seen

MOUNTS = ["/api/v2/team", "/v2/team", "/app/api/v2/team"]
TRACE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BOUNDARY = "----countersign7MA4YWxk"
# Every trace id of this run: no two answers have the same one.
trace_ids = set()


def text_of(seed, length):
    """The bytes of a CSV file: text, that follows from a number."""
    return content(seed, length // 2 + 1).hex()[:length].encode()


def noted(answer):
    """Remembers the secrets of an answer, and holds it against what all answers have."""
    signatures_seen.update(SIGNATURE.findall(answer.body.decode("utf-8", "replace")))
    trace_id = answer.headers["x-pd-trace-id"] or ""
    check(TRACE_ID.fullmatch(trace_id) and trace_id not in trace_ids, "trace id:", trace_id)
    trace_ids.add(trace_id)
    is_plain = answer.headers["Content-Type"] == "application/json"
    check(is_plain and answer.headers["Cache-Control"] == "no-store", dict(answer.headers))
    told = answer.json()
    is_right = set(told) == ({"code", "data"} if told["code"] == 0 else {"code", "msg"})
    check(is_right and (told["code"] != 0 or answer.status == 200), answer)
    return answer


def form(name, body, user=None, *, file_first=True, boundary=BOUNDARY):
    """The body of a form, as curl and browsers send it."""
    file = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: text/csv\r\n\r\n").encode() + body + b"\r\n"
    text = (f'--{boundary}\r\nContent-Disposition: form-data; name="user_id"\r\n\r\n'
            f"{user}\r\n").encode() if user else b""
    return (file + text if file_first else text + file) + f"--{boundary}--\r\n".encode()


FORM_TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


class Powerdrill:
    """The API as a client of Powerdrill or of MAXIR sees it."""

    def __init__(self, url, key, user, mount=MOUNTS[0]):
        self.base, self.origin = url + mount, url
        self.key, self.user = key, user

    def call(self, method, path, body=None, headers=()):
        """Sends JSON, or bytes as they are."""
        fields = {"x-pd-api-key": self.key, "Content-Type": "application/json"} | dict(headers)
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return noted(send(self.base + path, method, sent, fields))

    def data(self, method, path, body=None):
        answer = self.call(method, path, body)
        check(answer.status == 200 and answer.json()["code"] == 0, method, path, body, answer)
        return answer.json()["data"]

    def dataset(self, name="a dataset"):
        return self.data("POST", "/datasets", {"name": name, "user_id": self.user})["id"]

    def delete_dataset(self, dataset):
        return self.call("DELETE", f"/datasets/{dataset}", {"user_id": self.user})

    def begin(self, name, size):
        asked = {"file_name": name, "file_size": size, "user_id": self.user}
        return self.data("POST", "/file/init-multipart-upload", asked)

    def put(self, url, body, headers=(("Content-Type", "application/octet-stream"),)):
        return send(url, "PUT", body, dict(headers))

    def put_part(self, part, body):
        """Sends a part out of the whole; its tag, as clients give it back."""
        start = (part["number"] - 1) * part["size"]
        answer = self.put(part["upload_url"], body[start:start + part["size"]])
        check(answer.status == 200, "PUT of a part:", answer)
        return {"number": part["number"], "etag": answer.headers["ETag"].strip('"')}

    def completion(self, begun, etags):
        return {"file_object_key": begun["file_object_key"], "upload_id": begun["upload_id"],
                "part_etags": etags, "user_id": self.user}

    def complete(self, begun, etags):
        asked = self.completion(begun, etags)
        return self.call("POST", "/file/complete-multipart-upload", asked)

    def upload(self, name, body):
        """The whole way of an official client; gives the handle."""
        begun = self.begin(name, len(body))
        answer = self.complete(begun, [self.put_part(it, body) for it in begun["part_items"]])
        check(answer.json()["code"] == 0, answer)
        return answer.json()["data"]["file_object_key"]

    def upload_form(self, name, body, headers=(), **options):
        sent = form(name, body, self.user, **options)
        return self.call("POST", "/file/upload-datasource", sent, FORM_TYPE | dict(headers))

    def create(self, handle, name, dataset=None):
        asked = {"name": name, "type": "FILE", "file_object_key": handle, "user_id": self.user}
        place = f"/datasets/{dataset}" if dataset else ""
        return self.call("POST", f"{place}/datasources", asked)

    def source(self, name, body, dataset=None):
        """Uploads and creates."""
        uploaded = self.upload_form(name, body).json()
        check(uploaded["code"] == 0, uploaded)
        made = self.create(uploaded["data"]["file_object_key"], name, dataset).json()
        check(made["code"] == 0 and made["data"]["status"] == "synched", made)
        return made["data"]

    def path_of(self, source):
        return f"/datasets/{source['dataset_id']}/datasources/{source['id']}"

    def get(self, source):
        return self.call("GET", f"{self.path_of(source)}?user_id={self.user}")

    def delete(self, source):
        return self.call("DELETE", self.path_of(source), {"user_id": self.user})

    def presign(self, source, expires_in=600):
        asked = {"expires_in": expires_in, "user_id": self.user}
        return self.call("POST", f"{self.path_of(source)}/presign", asked)

    def link(self, source, expires_in=600):
        told = self.presign(source, expires_in).json()
        check(told["code"] == 0, told)
        return told["data"]["presigned_url"]

    def download(self, source):
        return send(self.link(source))

    def records(self, dataset):
        """All data sources of a dataset, page by page."""
        found = []
        for number in itertools.count(1):
            query = f"page_number={number}&page_size=100&user_id={self.user}"
            page = self.data("GET", f"/datasets/{dataset}/datasources?{query}")
            found += page["records"]
            if not page["records"]:
                check(page["total_items"] == len(found), page)
                return found


@dataclasses.dataclass
class Curl:
    """`curl` as a user would paste it; what it says is read from its files."""

    folder: pathlib.Path

    def __call__(self, url, *arguments, timeout=60):
        head, body = self.folder / "head", self.folder / "body"
        body.unlink(missing_ok=True)
        line = ["curl", "-sS", "-q", "--max-time", str(timeout), "-D", head, "-o", body,
                *arguments, url]
        ended = subprocess.run(line, capture_output=True, text=True, timeout=timeout + 5)
        check(ended.returncode == 0 and not ended.stderr, "curl ended with", ended)
        # Of several heads, as after `100 Continue`, the last one counts.
        first, _, rest = head.read_text().strip().split("\n\n")[-1].partition("\n")
        headers = email.parser.Parser().parsestr(rest)
        received = body.read_bytes() if body.exists() else b""
        signatures_seen.update(SIGNATURE.findall(url))
        return Answer(int(first.split()[1]), headers, received, url)

    def json(self, url, method, body, key, *arguments):
        """One call of the documentation."""
        sent = ["-H", "Content-Type: application/json", "--data-raw",
                json.dumps(body)] if body is not None else []
        answer = noted(self(url, "-X", method, "-H", f"x-pd-api-key: {key}", *sent, *arguments))
        check(answer.status == 200 and answer.json()["code"] == 0, method, url, answer)
        return answer.json()["data"]


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, strict_parsing=True))
