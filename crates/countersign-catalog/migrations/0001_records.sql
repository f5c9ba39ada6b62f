-- Times are whole seconds since 1970-01-01T00:00:00Z, in the range of `Timestamp`. Lengths are in bytes, because
-- `length` stops at a NUL. Foreign keys carry the team, so that no record can point into another tenant.

CREATE TABLE teams (
    id             INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 512),
    -- The highest number that a file of this team ever had: it only grows, so no number comes twice.
    files_numbered INTEGER NOT NULL DEFAULT 0 CHECK (files_numbered >= 0),
    created_at     INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799)
) STRICT;

CREATE TABLE users (
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    user_id    TEXT    NOT NULL CHECK (octet_length(user_id) BETWEEN 1 AND 512),
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    PRIMARY KEY (team_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    team_id    INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    FOREIGN KEY (team_id, user_id) REFERENCES users (team_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND 128),
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    bucket     TEXT    NOT NULL CHECK (octet_length(bucket) BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799)
) STRICT, WITHOUT ROWID;

CREATE TABLE schemas (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    slug       TEXT    NOT NULL
        CHECK (octet_length(slug) BETWEEN 1 AND 64 AND slug GLOB '[a-z0-9]*' AND slug NOT GLOB '*[^a-z0-9_-]*'),
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    UNIQUE (team_id, slug)
) STRICT;

CREATE TABLE uploads (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    team_id      INTEGER NOT NULL,
    user_id      TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'ready', 'failed', 'aborted')),
    -- Rows stay after deletion, so a key that was doomed is never minted again.
    staging_key  TEXT    NOT NULL UNIQUE CHECK (octet_length(staging_key) BETWEEN 1 AND 1024),
    object_key   TEXT    NOT NULL UNIQUE CHECK (octet_length(object_key) BETWEEN 1 AND 1024),
    content_type TEXT    NOT NULL CHECK (octet_length(content_type) <= 1024),
    not_after    INTEGER NOT NULL CHECK (not_after BETWEEN -62135596800 AND 253402300799),
    failure      TEXT    CHECK (octet_length(failure) <= 4096),
    created_at   INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    FOREIGN KEY (team_id, user_id) REFERENCES users (team_id, user_id),
    -- What the foreign keys of files and objects point to.
    UNIQUE (id, team_id),
    UNIQUE (id, team_id, object_key)
) STRICT;

-- The primary key is also the order of the list: the newest of a team first.
CREATE TABLE files (
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    number     INTEGER NOT NULL CHECK (number >= 1),
    hash_id    TEXT    NOT NULL UNIQUE CHECK (octet_length(hash_id) = 10 AND hash_id GLOB '[a-z]*'),
    name       TEXT    NOT NULL CHECK (octet_length(name) <= 4096),
    upload_id  BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    PRIMARY KEY (team_id, number),
    FOREIGN KEY (upload_id, team_id) REFERENCES uploads (id, team_id)
) STRICT, WITHOUT ROWID;

-- There when, and only when, the upload is ready.
CREATE TABLE objects (
    object_key TEXT    NOT NULL PRIMARY KEY,
    team_id    INTEGER NOT NULL,
    upload_id  BLOB    NOT NULL UNIQUE,
    size       INTEGER NOT NULL CHECK (size >= 0),
    etag       TEXT    NOT NULL CHECK (octet_length(etag) <= 1024),
    sha256     BLOB    CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    FOREIGN KEY (upload_id, team_id, object_key) REFERENCES uploads (id, team_id, object_key)
) STRICT, WITHOUT ROWID;

-- The order of the ids is the order in which the keys were doomed.
CREATE TABLE doomed_objects (
    id     INTEGER PRIMARY KEY,
    key    TEXT    NOT NULL UNIQUE CHECK (octet_length(key) BETWEEN 1 AND 1024),
    -- From when on the bytes may go: not before nobody can put new ones there.
    due_at INTEGER NOT NULL CHECK (due_at BETWEEN -62135596800 AND 253402300799)
) STRICT;
