#!/usr/bin/env python3
"""Holds the first five minutes with the server against what its output and its help promise.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python quickstart.py target/release/countersign

The `curl` lines that a first start prints run in `bash`, as pasted. Keys and schemas are made while
the server runs. Settings come from options, the environment and a file, and wrong ones are
refused. SIGTERM lets an upload and a download finish. The modes of all files are those of secrets,
and no log has a secret, whatever its level.
"""

import re
import socket
import stat
import subprocess
import threading
import time
import urllib.request
from urllib.parse import urlsplit

import storages
from server import (
    BOTH, MIB, Failure, Server, Signer, check, content, main, running, send, sha256, signatures_seen,
    target_of)

# What `$(printf …)` of the printed line gives: a shell drops the last line break.
UPLOADED = b"city,people\nBern,134506"
ENDED_SECONDS = 35


def paste(line):
    """Runs a line as if it was pasted into a shell."""
    ended = subprocess.run(["bash", "-c", line], capture_output=True, timeout=30)
    check(ended.returncode == 0 and not ended.stderr, line, "ended with", ended)
    return ended.stdout


def printed_lines(server, tally):
    lines = server.curl_lines
    tally.check("starts", len(lines) == 3 and server.out().count("\n\ncurl ") == 3, server.out())
    for _ in range(2):
        confirmed, presigned, downloaded = [paste(line) for line in lines]
        tally.check("pasted lines", b'"success":true' in confirmed, confirmed)
        tally.check("pasted lines", b'"download_url":"http://' in presigned, presigned)
        tally.check("pasted lines", downloaded == UPLOADED, downloaded)


def beside_the_server(server, tally, secrets):
    """Keys and schemas, made while the server runs."""
    second = server.run("serve", "--listen", "127.0.0.1:0")
    is_refused = second.returncode != 0 and "another server" in second.stderr
    tally.check("refusals", is_refused and not second.stdout, second)

    made = server.keys("acme", "ann", s3=False)
    tally.check("keys", set(made) == {"api_key", "team", "user_id"}, made)
    api = server.datalab(made["api_key"])
    tally.check("keys", api.files() == [], "a new team has files")
    number = api.upload("a.csv", b"1,2\n", "text/csv")
    tally.check("keys", api.download(number).body == b"1,2\n")

    if storages.current.has_gateway:
        key_pair(server, tally, secrets)
    else:
        refused = server.run("keys", "create", "--team", "acme", "--user", "ann", "--s3")
        is_clear = refused.returncode != 0 and "S3" in refused.stderr and not refused.stdout
        tally.check("refusals", is_clear, refused)
    secrets.append(made["api_key"])

    first = server.run("schemas", "create", "--team", "acme", "orders")
    tally.check("schemas", first.returncode == 0 and first.stdout == "orders\n", first)
    again = server.run("schemas", "create", "--team", "acme", "orders")
    tally.check("refusals", again.returncode != 0 and "orders" in again.stderr, again)
    nobody = server.run("schemas", "create", "--team", "nobody", "orders")
    tally.check("refusals", nobody.returncode != 0 and "no team" in nobody.stderr, nobody)


def key_pair(server, tally, secrets):
    """A signing key pair, as boto3 takes it."""
    pair = server.keys("acme", "ann")
    members = {"api_key", "team", "user_id", "access_key_id", "secret_access_key", "region",
               "bucket", "endpoint"}
    tally.check("keys", set(pair) == members, set(pair))
    signer = Signer(pair)
    answer = send(signer.url("put", "k"), "PUT", b"by boto3")
    tally.check("keys", answer.status == 200, answer)
    with urllib.request.urlopen(signer.url("get", "k")) as response:
        tally.check("keys", response.read() == b"by boto3")
    secrets += [pair["api_key"], pair["secret_access_key"]]


def private_files(folder, tally):
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        wanted = 0o700 if path.is_dir() else 0o600
        shown = path.relative_to(folder.parent)
        tally.check("private files", mode == wanted, f"{shown} has {mode:o}, not {wanted:o}")


def later_starts(options, folder, tally):
    """Settings by the environment and by a file; the options go first."""
    data = folder / "data"
    variables = {"COUNTERSIGN_DATA": str(data), "COUNTERSIGN_LISTEN": "127.0.0.1:0"}
    config = folder / "config.toml"
    config.write_text(f'data = "{data}"\nlisten = "127.0.0.1:1"\nlog = "off"\n')
    moved = folder / "moved.toml"
    storage = folder / "elsewhere"
    moved.write_text(f'data = "{folder / "other"}"\nlisten = "127.0.0.1:0"\n'
                     f'storage = "file://{storage}"\nlog = "trace"\n')
    # Of the last one, nothing but the environment speaks.
    for arguments, environment in [
        (["--config", config, "--listen", "127.0.0.1:0"], {}),
        (["--listen", "127.0.0.1:0"], {"COUNTERSIGN_CONFIG": str(config)}),
        ([], variables | {"COUNTERSIGN_CONFIG": str(config), "COUNTERSIGN_LOG": "debug"}),
    ]:
        with running(options.binary, folder, *arguments, environment=environment) as server:
            tally.check("starts", server.is_alive(), "no answer")
            out = server.out().strip()
            tally.check("starts", out == f"Countersign is ready at {server.url}", out)
            tally.check("starts", (code := server.stop()) == 0, "ended with", code, server.err())
    with running(options.binary, folder, "--config", moved, is_told_storage=False) as server:
        server.datalab().upload("a.csv", b"x")
        is_moved = any(path.is_file() for path in storage.glob("countersign/data/*/*"))
        tally.check("starts", is_moved and not (folder / "other/objects").exists(), storage)
        secret = server.api_key
    return secret


def wrong_settings(options, folder, tally):
    wrong = folder / "wrong.toml"
    wrong.write_text('data = "d"\nlisten = "127.0.0.1:0"\nsecret_of_mine = "hunter2"\n')
    broken = folder / "broken.toml"
    broken.write_text('data = "hunter2\n')
    (folder / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        fresh = ["--data", folder / "fresh"]
        local = [*fresh, "--listen", "127.0.0.1:0"]
        for arguments in [
            [], ["--listen", "127.0.0.1:0"], [*fresh, "--listen", "localhost"],
            [*fresh, "--listen", "127.0.0.1:99999"], [*fresh, "--listen", address],
            [*fresh, "--listen", "0.0.0.0:0"], [*fresh, "--listen", "[::]:0"],
            [*local, "--log", "loud"], [*local, "--storage", "s3://bucket"],
            [*local, "--storage", "file://srv"], [*local, "--storage", f"file://{folder}/file"],
            [*local, "--public-url", "https://api.example"],
            [*local, "--public-url", "https://api.example/base", "--single-origin"],
            [*local, "--public-url", "ftp://api.example"], [*local, "--data-url", "x"],
            [*local, "--unknown"], ["--data", folder / "file", "--listen", "127.0.0.1:0"],
            ["--config", wrong], ["--config", broken], ["--config", folder / "absent.toml"],
            ["--config", folder],
        ]:
            ended = subprocess.run(
                [options.binary, "serve", *arguments], capture_output=True, text=True, env={},
                timeout=20)
            is_refused = ended.returncode not in (0, 101) and ended.returncode > 0
            tally.check("refusals", is_refused and not ended.stdout, arguments, ended)
            lines = ended.stderr.strip().splitlines()
            is_clear = lines and "panicked" not in ended.stderr and "hunter2" not in ended.stderr
            tally.check("refusals", is_clear and len(lines) <= 12, arguments, ended.stderr)


def damaged_master_key(options, folder, tally):
    data = folder / "damaged"
    data.mkdir()
    (data / "master.key").write_text("0" * 62 + "zz")
    try:
        Server(options.binary, folder, data=data).kill()
    except Failure as error:
        is_clear = "master.key" in str(error) and "0000" not in str(error)
        tally.check("refusals", is_clear, error)
    else:
        raise Failure("a damaged master key was taken")


class SlowUpload(threading.Thread):
    """Sends a body in pieces, the last one when it is told to."""

    def __init__(self, url, body):
        super().__init__(daemon=True)
        self.body, self.go, self.answer = body, threading.Event(), b""
        self.half = len(body) // 2
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=40)
        head = (f"PUT {target_of(url)} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n")
        self.socket.sendall(head.encode() + body[:self.half])

    def run(self):
        self.go.wait()
        self.socket.sendall(self.body[self.half:])
        self.answer = self.socket.recv(65536)
        self.socket.close()


def slow_download(url):
    """Reads the start of a download, and leaves the rest in the sockets."""
    parts = urlsplit(url)
    download = socket.create_connection((parts.hostname, parts.port), timeout=40)
    download.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    request = (f"GET {target_of(url)} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
               "Connection: close\r\n\r\n")
    download.sendall(request.encode())
    return download, download.recv(1024)


def graceful_end(options, folder, tally):
    large, late = content(options.seed, 24 * MIB), content(options.seed + 1, 3 * MIB)
    with running(options.binary, folder, "--log", "trace") as server:
        api = server.datalab(server.keys(s3=False)["api_key"])
        number = api.upload("large.bin", large)
        late_number, url = api.begin("late.bin", "application/octet-stream")
        upload = SlowUpload(url, late)
        upload.start()
        download, received = slow_download(api.download_url(number))
        time.sleep(0.3)
        begun = time.monotonic()
        server.process.terminate()
        time.sleep(0.5)
        try:
            socket.create_connection((server.host, server.port), timeout=2).close()
            raise Failure("a connection is taken after SIGTERM")
        except ConnectionRefusedError:
            pass
        # Of what goes past the server, it knows nothing.
        is_waited_for = server.process.poll() is None or not storages.current.has_gateway
        check(is_waited_for, "it did not wait for what was under way")
        upload.go.set()
        pieces = [received]
        while piece := download.recv(1 << 16):
            pieces.append(piece)
            time.sleep(0.001)
        head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
        tally.check("transfers over SIGTERM", b" 200 " in head and body == large, head)
        upload.join(40)
        tally.check("transfers over SIGTERM", b" 200 OK" in upload.answer[:20], upload.answer)
        code = server.process.wait(ENDED_SECONDS)
        seconds = time.monotonic() - begun
        tally.check("transfers over SIGTERM", code == 0 and seconds < ENDED_SECONDS, code, seconds)
    with running(options.binary, folder) as server:
        api = server.datalab(api.key)
        api.get(f"/{late_number}/confirm")
        is_whole = sha256(api.download(late_number).body) == sha256(late)
        tally.check("transfers over SIGTERM", is_whole, "the upload was not kept")
    return seconds


def no_secrets(folder, tally, secrets, first_key):
    """Looks through all that any server wrote for what nobody may read there."""
    secrets.append((folder / "data/master.key").read_text().strip())
    logs = sorted([*folder.glob("run-*.err"), *folder.glob("run-*.out")])
    check(len(signatures_seen) > 8, "hardly any URL was made:", signatures_seen)
    traced = (folder / "run-0.err").read_text(errors="replace").count(" DEBUG ")
    check(traced > 20, "the log says nothing that could have a secret")
    for log in logs:
        text = log.read_text(errors="replace")
        for secret in [*secrets, *signatures_seen, *storages.current.secrets]:
            tally.check("log searches", secret not in text, f"{log.name} has {secret[:8]}…")
        found = re.search(r"(X-Amz-Signature|X-Api-Key)\W+\w+", text, re.I)
        is_welcome = log.suffix == ".out" and "shown this once" in text
        tally.check("log searches", is_welcome or not found, log.name, found)
    with_key = [log.name for log in logs if first_key in log.read_text(errors="replace")]
    tally.check("log searches", with_key == ["run-0.out"], with_key)


def step(options, folder, tally):
    secrets = []
    with running(options.binary, folder, "--log", "trace", umask=0) as server:
        first_key = server.api_key
        answer = send(f"{server.url}/healthz")
        tally.check("starts", (answer.status, answer.body) == (200, b"ok\n"), answer)
        printed_lines(server, tally)
        beside_the_server(server, tally, secrets)
        private_files(server.data, tally)
        tally.check("starts", (code := server.stop()) == 0, "ended with", code, server.err())
        private_files(server.data, tally)
    with running(options.binary, folder) as server:
        out = server.out().strip()
        tally.check("starts", out == f"Countersign is ready at {server.url}", out)
        kept = server.datalab(first_key).download(1).body
        tally.check("starts", kept == UPLOADED, kept)
        tally.check("starts", (code := server.stop()) == 0, "ended with", code, server.err())
    moved_key = later_starts(options, folder, tally)
    wrong_settings(options, folder, tally)
    damaged_master_key(options, folder, tally)
    seconds = graceful_end(options, folder, tally)
    no_secrets(folder, tally, secrets, first_key)
    for log in folder.glob("run-*.err"):
        tally.check("log searches", moved_key not in log.read_text(errors="replace"), log.name)
    return f"SIGTERM under load took {seconds:.1f} s"


if __name__ == "__main__":
    main("quickstart", __doc__, step, storages_known=BOTH)
