"""Uploads by forms of `policy --batch` to SeaweedFS: part of `post_policy.py`, which says how to
run. What is refused is what `countersign` refuses too."""

import datetime
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

import requests

from seaweedfs import Signer, Tally, send, wait_until_writable
from weed import BUCKET, CREDENTIALS, Failure, find, running

CONTENT = b"content of the file"
RANGE = ["content-length-range", 5, 100]


class Forms:
    """`policy --batch` for one endpoint."""

    def __init__(self, binary, port):
        self.binary = binary
        self.port = port

    def form(self, key, fields=(), conditions=(), age=0, expires=600, virtual=False, bucket=BUCKET):
        signed_at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
        host = "s3.localhost" if virtual else "127.0.0.1"
        line = json.dumps({
            "id": 1,
            "credentials": CREDENTIALS,
            "region": "us-east-1",
            "endpoint": f"http://{host}:{self.port}",
            "bucket": bucket,
            "addressing": "virtual" if virtual else "path",
            "key": key,
            "fields": dict(fields),
            "conditions": list(conditions),
            "time": signed_at.strftime("%Y%m%dT%H%M%SZ"),
            "expires": expires,
        })
        result = subprocess.run(
            [self.binary, "policy", "--batch"], input=line.encode(), stdout=subprocess.PIPE,
            check=True, timeout=60)
        answer = json.loads(result.stdout)
        if "url" not in answer:
            raise Failure(f"policy: {answer} for {line}")
        return answer["url"], answer["fields"]

    def post(self, url, fields, content=CONTENT, name="data.csv"):
        """Posts a form as a browser does: the fields in order, and the file last."""
        parts = url.split("/", 3)
        headers = {"Host": parts[2]}
        at = f"http://127.0.0.1:{self.port}/{parts[3] if len(parts) > 3 else ''}"
        response = requests.post(
            at, data=fields, files={"file": (name, content)}, headers=headers, timeout=30,
            allow_redirects=False)
        return response.status_code, response.headers, response.content


def stored(signer, key):
    return send(signer.url("GET", key), "GET")


def accepted(forms, signer, tally):
    for key, name, expected in [
        ("plain.txt", "a", "plain.txt"),
        ("user/é日 +%41", "a", "user/é日 +%41"),
        ("user/${filename}", "data.csv", "user/data.csv"),
        ("${filename}", "only a name", "only a name"),
        ('q"uo\'te/${filename}', "x", "q\"uo'te/x"),
    ]:
        url, fields = forms.form(key, conditions=[RANGE])
        response = forms.post(url, fields, name=name)
        tally.expect(f"POST {key!r}", response[0] == 204, response)
        response = stored(signer, expected)
        tally.expect(f"GET {expected!r}", response[2] == CONTENT, response)

    fields = {
        "Content-Type": "text/csv", "success_action_status": "201", "x-amz-meta-note": "a b",
        "x-ignore-this": "anything"}
    conditions = [["starts-with", "$Content-Type", "text/"]]
    url, fields = forms.form("typed", fields, conditions)
    response = forms.post(url, fields)
    tally.expect("POST with fields", response[0] == 201, response)
    response = stored(signer, "typed")
    kept = response[1]["Content-Type"], response[1]["x-amz-meta-note"], response[2]
    tally.expect("the fields are kept", kept == ("text/csv", "a b", CONTENT), response)

    url, fields = forms.form("by-host", virtual=True)
    tally.expect("its URL", url == f"http://{BUCKET}.s3.localhost:{forms.port}/", (url, 0, b""))
    response = forms.post(url, fields)
    tally.expect("POST to a virtual host", response[0] == 204, response)
    for length in (5, 100):
        url, fields = forms.form("measured", conditions=[RANGE])
        response = forms.post(url, fields, b"x" * length)
        tally.expect(f"{length} bytes", response[0] == 204, response)


def refused(forms, signer, tally):
    url, fields = forms.form("kept")
    response = forms.post(url, fields)
    tally.expect("POST of what is kept", response[0] == 204, response)
    limited = {"acl": "private", "Content-Type": "text/csv"}
    conditions = [["starts-with", "$Content-Type", "text/"], RANGE]
    url, good = forms.form("kept", limited, conditions)
    signature = good["x-amz-signature"]
    other = ("1" if signature[0] == "0" else "0") + signature[1:]
    _, longer = forms.form("kept", limited, conditions, expires=6000)
    changes = {
        "another key": {"key": "other"},
        "another type": {"Content-Type": "image/png"},
        "another acl": {"acl": "public-read"},
        "forged signature": {"x-amz-signature": other},
        "the policy of another form": {"policy": longer["policy"]},
        "an extra field": {"x-amz-meta-extra": "1"},
        "another date": {"x-amz-date": "20200101T000000Z"},
    }
    for what, change in changes.items():
        tally.refuse(what, forms.post(url, good | change, b"other content"))
    for name in ("acl", "policy", "x-amz-signature", "x-amz-credential", "x-amz-date"):
        left = {other: value for other, value in good.items() if other != name}
        tally.refuse(f"without {name}", forms.post(url, left, b"other content"), (400, 403))
    tally.refuse("too large", forms.post(url, good, b"x" * 101), (400,))
    tally.refuse("too small", forms.post(url, good, b"x" * 4), (400,))
    expired_url, expired = forms.form("kept", age=7200, expires=60)
    tally.refuse("expired", forms.post(expired_url, expired, b"other content"))
    elsewhere_url, elsewhere = forms.form("kept", bucket="another")
    response = forms.post(elsewhere_url.replace("/another", f"/{BUCKET}"), elsewhere, b"other")
    tally.refuse("for another bucket", response)
    below_url, below = forms.form("user/${filename}")
    tally.refuse("outside of the prefix", forms.post(below_url, below | {"key": "root/a"}))
    response = stored(signer, "kept")
    tally.expect("nothing was changed by what was refused", response[2] == CONTENT, response)
    response = stored(signer, "other")
    tally.expect("nothing was added by what was refused", response[0] == 404, response)


def upload_to_seaweedfs(binary):
    """Runs it all, and says what was counted; ends the process where something is wrong."""
    weed = find()
    # An end from outside becomes an exception, so that the server ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        folder = pathlib.Path(folder)
        tally = Tally()
        try:
            with running(weed, folder) as (server, port):
                forms, signer = Forms(binary, port), Signer(binary, port)
                wait_until_writable(server, signer)
                accepted(forms, signer, tally)
                refused(forms, signer, tally)
        except (Failure, OSError, subprocess.SubprocessError) as error:
            tally.problems.append(f"{type(error).__name__}: {error}")
        if tally.problems:
            log = (folder / "log").read_text(errors="replace") if (folder / "log").exists() else ""
            print(*tally.problems, *log.splitlines()[-15:], sep="\n", file=sys.stderr)
            sys.exit(f"seaweedfs: {len(tally.problems)} problems, {tally.counts()}")
    if tally.ok < 19 or tally.refused < 17:
        sys.exit(f"seaweedfs: suspiciously few: {tally.counts()}")
    return tally.counts()
