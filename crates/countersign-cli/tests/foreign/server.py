"""The real server, and clients that owe it nothing: what `quickstart.py`, `boto3_gateway.py`,
`crash.py`, `hostile.py` and the scripts of the dialects share.

The server runs on a free loopback port, in a temporary folder, with nothing of this machine's
environment but the PATH; it ends with the script. The clients are `http.client` and, for S3, boto3.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

MIB = 1 << 20
BOTH = ("file", "s3")
READY = "Countersign is ready at "
START_SECONDS = 20
STOP_SECONDS = 35
SIGNATURE = re.compile(r"X-Amz-Signature=([0-9a-fA-F]{16,})")
# Every signature that was handed out in this run, for whoever looks for them in a log.
signatures_seen = set()


class Failure(Exception):
    pass


def check(is_right, *what):
    if not is_right:
        raise Failure(" ".join(str(part)[:600] for part in what))


class Tally:
    """Counts what was checked, by name. The first thing that is wrong ends the script."""

    def __init__(self):
        self.counts = {}

    def check(self, name, is_right, *what):
        check(is_right, f"{name}:", *what)
        self.counts[name] = self.counts.get(name, 0) + 1

    def __str__(self):
        return ", ".join(f"{count} {name}" for name, count in self.counts.items())


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    url: str = ""

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


def target_of(url):
    """The target as it stands in the URL: nothing is decoded, encoded or tidied up."""
    parts = urlsplit(url)
    return url[len(f"{parts.scheme}://{parts.netloc}"):]


def send(url, method="GET", body=None, headers=(), timeout=60):
    """Sends one request, byte for byte as the URL has it."""
    parts = urlsplit(url)
    signatures_seen.update(SIGNATURE.findall(url))
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    with contextlib.closing(connection):
        connection.connect()
        connection.putrequest(method, target_of(url), skip_host=True, skip_accept_encoding=True)
        fields = {"Host": parts.netloc} | dict(headers)
        if body is not None and "Transfer-Encoding" not in fields:
            fields.setdefault("Content-Length", str(len(body)))
        for name, value in fields.items():
            connection.putheader(name, value)
        # Who refuses a body may have stopped reading, and says why in an answer.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read(), url)


def content(seed, length):
    """Bytes that follow from a number, so that whoever knows it knows them all."""
    return random.Random(seed).randbytes(length)


def sha256(body):
    return hashlib.sha256(body).hexdigest()


class Datalab:
    """The API as a client of Datalab sees it."""

    def __init__(self, url, key):
        self.files_url = f"{url}/api/v1/files"
        self.key = key

    def call(self, path, method="GET", body=None, headers=()):
        fields = {"X-API-Key": self.key} | dict(headers)
        return send(self.files_url + path, method, body, fields)

    def get(self, path, method="GET", body=None):
        answer = self.call(path, method, body)
        check(answer.status == 200, f"{method} {path}:", answer)
        return answer.json()

    def begin(self, name, content_type="text/csv"):
        asked = json.dumps({"filename": name, "content_type": content_type}).encode()
        begun = self.get("/upload", "POST", asked)
        signatures_seen.update(SIGNATURE.findall(begun["upload_url"]))
        return begun["file_id"], begun["upload_url"]

    def put(self, url, body, content_type="text/csv"):
        return send(url, "PUT", body, {"Content-Type": content_type})

    def upload(self, name, body, content_type="application/octet-stream"):
        number, url = self.begin(name, content_type)
        answer = self.put(url, body, content_type)
        check(answer.status == 200, f"PUT of {name!r}:", answer)
        self.get(f"/{number}/confirm")
        return number

    def download_url(self, number):
        url = self.get(f"/{number}/download")["download_url"]
        signatures_seen.update(SIGNATURE.findall(url))
        return url

    def download(self, number):
        return send(self.download_url(number))

    def files(self):
        """All files, page by page."""
        found = []
        while True:
            page = self.get(f"?limit=100&offset={len(found)}")
            found += page["files"]
            if not page["files"]:
                return found


class Server:
    """One run of `countersign serve`, on a folder that several runs may share."""

    def __init__(self, binary, folder, *arguments, environment=(), umask=0o022, data=None,
                 listen="127.0.0.1:0", is_told_storage=True):
        self.binary, self.folder = binary, folder
        self.data = data or folder / "data"
        if is_told_storage:
            environment = storages.current.variables(self.data) | dict(environment)
        stem = f"run-{len(list(folder.glob('run-*.out')))}"
        self.out_path, self.err_path = folder / f"{stem}.out", folder / f"{stem}.err"
        command = [binary, "serve"]
        if "COUNTERSIGN_CONFIG" not in dict(environment) and "--config" not in arguments:
            command += ["--data", self.data, "--listen", listen]
        begun = time.monotonic()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [*command, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={"PATH": os.environ["PATH"]} | dict(environment), umask=umask)
        try:
            self.await_ready(begun + START_SECONDS)
        except BaseException:
            self.kill()
            raise
        self.start_seconds = time.monotonic() - begun
        self.url = self.out().splitlines()[0].removeprefix(READY)
        self.host, self.port = urlsplit(self.url).hostname, urlsplit(self.url).port

    def await_ready(self, deadline):
        while not (self.out().startswith(READY) and self.out().endswith("\n")):
            check(self.process.poll() is None,
                  f"the server ended with {self.process.returncode}:", self.err())
            check(time.monotonic() < deadline, "the server does not get ready:", self.err())
            time.sleep(0.005)

    def out(self):
        return self.out_path.read_text()

    def err(self):
        return self.err_path.read_text(errors="replace")

    @property
    def api_key(self):
        """The key that a first start prints."""
        found = re.search(r"shown this once: (csk_[0-9a-f]+)$", self.out(), re.M)
        check(found, "no API key was printed:", self.out())
        return found[1]

    @property
    def curl_lines(self):
        return [line for line in self.out().splitlines() if line.startswith("curl ")]

    def datalab(self, key=None):
        return Datalab(self.url, key or self.api_key)

    def run(self, *arguments):
        """Runs another command of the binary on the same folder."""
        return subprocess.run(
            [self.binary, *arguments, "--data", self.data], capture_output=True, text=True,
            timeout=30, env={"PATH": os.environ["PATH"]})

    def keys(self, team="default", user="admin", s3=True):
        """An API key; and a signing key pair, where there are such."""
        s3 = s3 and storages.current.has_gateway
        arguments = ["--team", team, "--user", user, "--json", *["--s3"] * s3]
        made = self.run("keys", "create", *arguments)
        check(made.returncode == 0, "keys create:", made.stderr)
        return json.loads(made.stdout)

    def is_alive(self):
        return self.process.poll() is None and send(f"{self.url}/healthz").status == 200

    def stop(self):
        """Asks it to end, and says with what it did."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self):
        self.process.kill()
        self.process.wait()


def fixed_address():
    """An address that a later run can have again: no client's own port comes from this range."""
    while True:
        port = random.SystemRandom().randint(15_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return f"127.0.0.1:{port}"


@contextlib.contextmanager
def running(*arguments, **options):
    server = Server(*arguments, **options)
    try:
        yield server
    finally:
        server.kill()


def s3_client(pair, **config):
    """boto3, as its documentation says, and with nothing of this machine's configuration."""
    import boto3
    from botocore.config import Config

    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    options = {"signature_version": "s3v4", "s3": {"addressing_style": "path"}} | config
    return boto3.session.Session().client(
        "s3", region_name=pair["region"], endpoint_url=pair["endpoint"],
        aws_access_key_id=pair["access_key_id"],
        aws_secret_access_key=pair["secret_access_key"], config=Config(**options))


class Signer:
    """Presigned URLs by boto3 for the bucket of a key pair."""

    def __init__(self, pair, **config):
        self.client, self.bucket = s3_client(pair, **config), pair["bucket"]

    def url(self, operation, key, expires=600, **parameters):
        asked = {"Bucket": self.bucket, "Key": key} | parameters
        url = self.client.generate_presigned_url(f"{operation}_object", asked, ExpiresIn=expires)
        signatures_seen.update(SIGNATURE.findall(url))
        return url


def secrets_of(*pairs):
    """What of keys nobody may see."""
    names = ("api_key", "secret_access_key")
    return [pair[name] for pair in pairs for name in names if name in pair]


def tail(folder):
    """The end of the newest log."""
    logs = sorted(folder.rglob("run-*.err"), key=lambda path: path.stat().st_mtime)
    return logs[-1].read_text(errors="replace").splitlines()[-12:] if logs else []


def main(name, description, step, arguments=lambda parser: None, storages_known=("file",)):
    """Runs a script: `step(options, folder, tally)` in a folder that goes with it."""
    parser = argparse.ArgumentParser(description=description.split("\n\n")[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--storage", choices=storages_known, default=storages_known[0])
    arguments(parser)
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    # An end from outside becomes an exception, so that the server ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"{name}: seed {options.seed}, storage {options.storage}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        folder, tally = pathlib.Path(folder), Tally()
        try:
            with storages.started(options.storage, folder):
                more = step(options, folder, tally)
        except (Failure, weed.Failure, OSError, subprocess.SubprocessError, http.client.HTTPException,
                json.JSONDecodeError, KeyError) as error:
            print("the end of the server's log:", *tail(folder), sep="\n", file=sys.stderr)
            place = shlex.join([name, "--seed", str(options.seed), "--storage", options.storage])
            sys.exit(f"{place} failed after {tally}: {type(error).__name__}: {error}")
    seconds = time.monotonic() - begun
    print(f"{name}: {tally}{'; ' + more if more else ''}; {seconds:.0f} s")


# Last, for they stand on what is above.
import storages  # noqa: E402
import weed  # noqa: E402
