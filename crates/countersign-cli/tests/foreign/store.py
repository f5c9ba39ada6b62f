"""What a server has stored, read beside it: part of the scripts of the dialects. How, `storages.py`
knows."""

import contextlib
import sqlite3

import storages

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


def object_files(server):
    """What has bytes of objects and parts, and what is under way on our disk."""
    return storages.current.object_files(server)


def everything(server):
    """All files of objects, and how many rows each table has: what is refused changes neither."""
    counts = {table: rows(server, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    return counts, object_files(server), sorted(storages.current.record_paths(server))


def left(server):
    """What of uploads that are over is still on our disk."""
    return storages.current.left(server)


def keys(server):
    """The keys of all objects that are stored."""
    return storages.current.keys(server)


def unknown_keys(server):
    """The keys of objects that nobody has, and nobody will clear up."""
    return keys(server) - {key for key, in rows(server, KNOWN_KEYS)}


def body_at(server, key):
    """The bytes of an object, without asking the server."""
    return storages.current.body_at(server, key)


def is_whole(server, key):
    """Whether an object has the bytes that were said of it."""
    return storages.current.is_whole(server, key)


def files_with(server, body):
    """The files in the data folder that have these bytes in them, and the objects elsewhere."""
    paths = [path for path in server.data.rglob("*") if path.is_file()]
    found = [path for path in paths if body in path.read_bytes()]
    return found + storages.current.objects_with(server, body)
