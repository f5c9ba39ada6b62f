"""What a server has in its data folder, read beside it: part of `geolens_dialect.py` and
`datasnap.py`."""

import contextlib
import json
import sqlite3

from powerdrill_client import object_files
from server import sha256

TABLES = ["datasets", "data_sources", "jobs", "uploads", "objects", "doomed_objects", "files",
          "upload_tokens", "schema_files"]
# Whatever is stored at one of these is somebody's, or is to be swept.
KNOWN_KEYS = """
    SELECT object_key FROM objects UNION SELECT key FROM doomed_objects
    UNION SELECT object_key FROM uploads WHERE state = 'pending'
    UNION SELECT staging_key FROM uploads WHERE state = 'pending'
"""


def rows(server, query, *values):
    """What the catalog says. It is only read, and the server may be running."""
    catalog = sqlite3.connect(f"file:{server.data}/catalog.sqlite?mode=ro", uri=True)
    with contextlib.closing(catalog):
        return catalog.execute(query, values).fetchall()


def everything(server):
    """All files of objects, and how many rows each table has: what is refused changes neither."""
    counts = {table: rows(server, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    return counts, object_files(server), sorted(record_paths(server))


def record_paths(server):
    return server.data.glob("objects/countersign/records/**/*.record")


def keys(server):
    """The keys of all objects that are stored."""
    return {bytes.fromhex(path.stem).decode() for path in record_paths(server)}


def unknown_keys(server):
    """The keys of objects that nobody has, and nobody will clear up."""
    return keys(server) - {key for key, in rows(server, KNOWN_KEYS)}


def record_of(server, key):
    folder = server.data / "objects/countersign/records"
    return json.loads((folder / f"{key.encode().hex()}.record").read_text().splitlines()[0])


def body_at(server, key):
    """The bytes of an object, without asking the server."""
    pieces = []
    for segment in record_of(server, key)["segments"]:
        path, = server.data.glob(f"objects/countersign/data/*/{segment['data']}")
        # What follows are the digests of its blocks.
        pieces.append(path.read_bytes()[:segment["size"]])
    return b"".join(pieces)


def is_whole(server, key):
    """Whether an object has the bytes that its record says."""
    record, body = record_of(server, key), body_at(server, key)
    return len(body) == record["size"] and record["sha256"] in (None, sha256(body))


def files_with(server, body):
    """The files in the data folder that have these bytes in them."""
    paths = [path for path in server.data.rglob("*") if path.is_file()]
    return [path for path in paths if body in path.read_bytes()]
