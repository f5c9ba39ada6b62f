"""Where the servers of a run keep their bytes: in their data folders, or in a real S3, by
`--storage`. What differs between the two by design is said here and nowhere else; whatever is not
here has to be the same.

With an S3, every data folder has a prefix of its own in the one bucket.
"""

import contextlib
import hashlib
import json
import re
import time
import types
from urllib.parse import urlsplit

import weed
from server import check, s3_client, send, sha256


class DataFolder:
    """The file store, and our gateway before it."""

    name = "file"
    # A URL is good for what the gateway says at that moment; it serves browsers, and HEAD by a URL
    # for GET; and it has signing key pairs for S3 clients.
    has_gateway = True
    etag = re.compile(r'"[0-9a-f]{32}-1"')
    # Headers that nobody signed, and that are refused beside a URL.
    refused_headers = {"x-amz-copy-source", "x-amz-acl", "x-amz-meta-a", "If-None-Match",
                       "Content-Range"}
    secrets = []
    # What the server holds of a file that comes through it, in MiB, beside what is streamed.
    held_mib = 0

    def variables(self, _data):
        """What tells a server where its bytes are."""
        return {}

    def is_ours(self, _url):
        """Whether our gateway answers to this URL."""
        return True

    def place_of(self, server, key):
        """What the URL of an object begins with."""
        return f"{server.url}/s3/countersign/{key}?"

    def data_plane(self, server):
        """Where the URLs of objects lead, for raw connections."""
        return server

    def is_gone(self, answer, method="GET"):
        """Whether a URL for GET of what was deleted is answered as it should be."""
        return answer.status == 404 and (method == "HEAD" or b"NoSuchKey" in answer.body)

    def is_late(self, answer, method="PUT", is_bound=True):
        """Whether the URL of an upload that was settled is answered as it should be; to a body that
        is what it binds, or is not."""
        return answer.status in (403, 405)

    def await_next_second(self):
        """Waits until what comes next is later for whoever knows only seconds."""

    def is_other_method(self, answer):
        return answer.status == 405 and b"<Code>MethodNotAllowed</Code>" in answer.body

    def is_head(self, head, answer):
        """Whether a URL for GET is answered to HEAD as it should be."""
        same = ("Content-Length", "ETag", "Content-Type", "Content-Disposition")
        return head.status == 200 and all(head.headers[it] == answer.headers[it] for it in same)

    def is_broken_off(self, answers):
        """Whether a body that ends too early is answered as it should be."""
        return all(answer.status == 400 for answer in answers)

    def record_paths(self, server):
        return server.data.glob("objects/countersign/records/**/*.record")

    def object_files(self, server):
        """What has bytes of objects and parts, and what is under way on our disk."""
        objects = server.data / "objects/countersign"
        return sorted(objects.glob("data/*/*")), sorted(objects.glob("tmp/*"))

    def left(self, server):
        """What of uploads that are over is still on our disk."""
        return list(server.data.glob("objects/*/tmp/*"))

    def keys(self, server):
        """The keys of all objects that are stored."""
        return {bytes.fromhex(path.stem).decode() for path in self.record_paths(server)}

    def record_of(self, server, key):
        folder = server.data / "objects/countersign/records"
        return json.loads((folder / f"{key.encode().hex()}.record").read_text().splitlines()[0])

    def body_at(self, server, key):
        """The bytes of an object, without asking our server."""
        pieces = []
        for segment in self.record_of(server, key)["segments"]:
            path, = server.data.glob(f"objects/countersign/data/*/{segment['data']}")
            # What follows are the digests of its blocks.
            pieces.append(path.read_bytes()[:segment["size"]])
        return b"".join(pieces)

    def is_whole(self, server, key):
        """Whether an object has the bytes that were said of it."""
        record, body = self.record_of(server, key), self.body_at(server, key)
        return len(body) == record["size"] and record["sha256"] in (None, sha256(body))

    def objects_with(self, server, body):
        """The objects that have these bytes in them."""
        return []

    def lose(self, item):
        """Takes one of `object_files` away, behind the server's back; its name."""
        item.unlink()
        return item.name


class Bucket(DataFolder):
    """SeaweedFS: a client talks to it, and our server does."""

    name = "s3"
    has_gateway = False
    etag = re.compile(r'"[0-9a-f]{32}(-[0-9]+)?"')
    refused_headers = {"x-amz-copy-source", "x-amz-acl", "x-amz-meta-a"}
    secrets = [weed.CREDENTIALS["secret_access_key"]]
    # A part that is received, two that are sent, and room that was not given back yet.
    held_mib = 32

    def __init__(self, server):
        self.server, self.endpoint = server, f"http://127.0.0.1:{server.port}"
        pair = weed.CREDENTIALS | {"region": "us-east-1", "endpoint": self.endpoint}
        self.client = s3_client(pair)
        # By key and tag: bytes that were read once.
        self.bodies = {}

    def await_writable(self):
        url = self.client.generate_presigned_url(
            "put_object", {"Bucket": weed.BUCKET, "Key": "probe"}, ExpiresIn=600)
        self.server.await_writable(lambda: send(url, "PUT", b"probe").status)

    def prefix_of(self, data):
        return "of-" + hashlib.sha256(str(data).encode()).hexdigest()[:16]

    def variables(self, data):
        return {
            "COUNTERSIGN_STORAGE": f"s3://{weed.BUCKET}/{self.prefix_of(data)}",
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": weed.CREDENTIALS["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": weed.CREDENTIALS["secret_access_key"],
        }

    def is_ours(self, url):
        return urlsplit(url).netloc != urlsplit(self.endpoint).netloc

    def place_of(self, server, key):
        return f"{self.endpoint}/{weed.BUCKET}/{self.prefix_of(server.data)}/{key}?"

    def data_plane(self, server):
        return types.SimpleNamespace(host="127.0.0.1", port=self.server.port)

    def is_gone(self, answer, method="GET"):
        # The signature is for GET.
        return answer.status == 403 if method == "HEAD" else super().is_gone(answer)

    def is_late(self, answer, method="PUT", is_bound=True):
        # The URL is the store's, and lives on: what it reaches is never read, and swept.
        wanted = (200,) if method == "PUT" and is_bound else (403, 405)
        return answer.status in wanted

    def await_next_second(self):
        # SeaweedFS lists parts that were replaced, too, and their times have no fractions.
        time.sleep(1.1)

    def is_other_method(self, answer):
        return answer.status in (403, 405)

    def is_head(self, head, answer):
        return head.status == 403

    def is_broken_off(self, answers):
        return all(answer.status >= 400 for answer in answers)

    def listed(self, server):
        """All objects of a server, by their keys."""
        prefix, found = self.prefix_of(server.data) + "/", {}
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=weed.BUCKET, Prefix=prefix):
            found |= {it["Key"].removeprefix(prefix): it for it in page.get("Contents", [])}
        return found

    def uploads(self, server):
        """All uploads in parts that are open, with their parts."""
        prefix, found = self.prefix_of(server.data) + "/", []
        told = self.client.list_multipart_uploads(Bucket=weed.BUCKET, Prefix=prefix)
        check(not told["IsTruncated"], "too many uploads to be looked at")
        for upload in told.get("Uploads", []):
            which = {"Bucket": weed.BUCKET, "Key": upload["Key"], "UploadId": upload["UploadId"]}
            parts = self.client.list_parts(**which).get("Parts", [])
            found += [(upload["Key"], upload["UploadId"], it["PartNumber"], it["ETag"])
                      for it in parts]
        return sorted(found)

    def object_files(self, server):
        objects = [(self.prefix_of(server.data), key, it["ETag"])
                   for key, it in sorted(self.listed(server).items())]
        return objects + self.uploads(server), super().object_files(server)[1]

    def record_paths(self, server):
        return []

    def keys(self, server):
        return set(self.listed(server))

    def body_at(self, server, key):
        key = f"{self.prefix_of(server.data)}/{key}"
        answer = self.client.get_object(Bucket=weed.BUCKET, Key=key)
        found = key, answer["ETag"]
        if found not in self.bodies:
            self.bodies[found] = answer["Body"].read()
        return self.bodies[found]

    def is_whole(self, server, key):
        found, body = self.listed(server)[key], self.body_at(server, key)
        etag = found["ETag"].strip('"')
        is_same = "-" in etag or etag == hashlib.md5(body).hexdigest()
        return len(body) == found["Size"] and is_same

    def objects_with(self, server, body):
        return [key for key in self.keys(server) if body in self.body_at(server, key)]

    def lose(self, item):
        prefix, key, _ = item
        self.client.delete_object(Bucket=weed.BUCKET, Key=f"{prefix}/{key}")
        return key


# That of this run.
current = DataFolder()


@contextlib.contextmanager
def started(name, folder):
    """Has the servers of this run keep their bytes there."""
    global current
    if name == DataFolder.name:
        yield
        return
    folder = folder / "seaweedfs"
    folder.mkdir()
    server = weed.Weed(weed.find(), folder)
    try:
        current = Bucket(server)
        current.await_writable()
        yield
    finally:
        current = DataFolder()
        server.stop()
