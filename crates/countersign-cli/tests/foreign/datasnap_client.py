"""A client of the dialect of DataSnap: part of `datasnap.py`, which says how to run."""

import datetime
import json
import re
import time
from urllib.parse import quote

from headers import of_api, of_data_plane
from server import check, content, send, signatures_seen

MOUNTS = ["/api/v1", "/v1"]
OCTETS = {"Content-Type": "application/octet-stream"}
UPLOAD_URL = re.compile(r"http://[^/]+/p/(CS01-[0-9a-f]{32}-\d{8}T\d{6}Z-([0-9a-f]{64}))")
# Every token of this run, for whoever looks for them where they must not be.
tokens_seen = set()
# How long a token may live shorter or longer than was asked for, by its own word.
CLOCK_SECONDS = 2


def lines_of(seed, length):
    """The bytes of a JSONL file of about that length, that follow from a number."""
    digits = content(seed, max(length // 2, 20)).hex()
    rows = [f'{{"row": "{digits[at:at + 80]}"}}\n' for at in range(0, len(digits), 80)]
    return "".join(rows).encode()


def told(answer):
    """An answer of the API, with the shape that all of them have; and its secrets are noted."""
    of_api(answer)
    check(answer.headers["Content-Type"] == "application/json", dict(answer.headers))
    body = answer.json()
    members = {200: {"id", "upload_url", "expires_at", "success"}, 422: {"message", "errors"}}
    wanted = members.get(answer.status, {"message"})
    # Of a body that is no object no member can be wrong.
    is_right = set(body) == wanted or (answer.status == 422 and set(body) == {"message"})
    check(is_right and (answer.status == 200 or body["message"]), answer)
    for token, mac in UPLOAD_URL.findall(body.get("upload_url", "")):
        tokens_seen.add(token)
        signatures_seen.add(mac)
    return body


def moment(text):
    """A time as this dialect has it: with six digits that are all zero."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.000000Z", text)
    check(found, "no time of this dialect:", text)
    return datetime.datetime.fromisoformat(found[1] + "+00:00").timestamp()


class Upload:
    """An upload token."""

    def __init__(self, body):
        self.id, self.url = body["id"], body["upload_url"]
        self.ends = moment(body["expires_at"])
        check(body["success"] is True and UPLOAD_URL.fullmatch(self.url), body)
        self.token = self.url.rpartition("/")[2]

    def put(self, name, body, headers=(), method="PUT"):
        """Sends a file, its name encoded as a client would that knows how."""
        url = f"{self.url}/{quote(name, safe='')}"
        return noted(send(url, method, body, OCTETS | dict(headers)))


def noted(answer):
    """An answer of the data plane: it never repeats a token."""
    of_data_plane(answer)
    said = answer.body.decode("utf-8", "replace") + str(list(answer.headers.items()))
    found = [token for token in tokens_seen if token in said or token[-64:] in said]
    check(not found, "a token is repeated:", said)
    if answer.status >= 400:
        check(answer.headers.get("content-type") == "application/xml", dict(answer.headers))
    return answer


def code_of(answer):
    """The status and the code of an error."""
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    return answer.status, found[1].decode() if found else None


class DataSnap:
    """The API as a client of DataSnap sees it."""

    def __init__(self, url, key, mount=MOUNTS[0]):
        self.base, self.key = f"{url}{mount}/schemas", key

    def call(self, slug, body, headers=(), method="POST"):
        """Sends JSON, or bytes as they are."""
        fields = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        url = f"{self.base}/{slug}/generate-upload-token"
        answer = send(url, method, sent, fields | dict(headers))
        told(answer)
        return answer

    def token(self, slug, minutes=15):
        answer = self.call(slug, {"minutes": minutes})
        check(answer.status == 200, "a token:", answer)
        made = Upload(answer.json())
        is_right = abs(made.ends - time.time() - 60 * minutes) <= CLOCK_SECONDS
        check(is_right, "ends in", made.ends - time.time(), "seconds")
        return made
