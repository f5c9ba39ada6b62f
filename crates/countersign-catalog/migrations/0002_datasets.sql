-- Not every upload has a staging key any more. SQLite cannot drop a NOT NULL, and inside a transaction it cannot switch
-- foreign keys off, so `uploads` is built anew while nothing points to it: what does is put aside and comes back.

CREATE TABLE kept_files AS
    SELECT team_id, number, hash_id, name, upload_id, created_at FROM files;
CREATE TABLE kept_objects AS
    SELECT object_key, team_id, upload_id, size, etag, sha256, created_at FROM objects;
DELETE FROM files;
DELETE FROM objects;

CREATE TABLE new_uploads (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    team_id       INTEGER NOT NULL,
    user_id       TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('pending', 'ready', 'failed', 'aborted')),
    -- Rows stay after deletion, so a key that was doomed is never minted again.
    staging_key   TEXT    UNIQUE CHECK (octet_length(staging_key) BETWEEN 1 AND 1024),
    multipart_id  TEXT    UNIQUE CHECK (octet_length(multipart_id) BETWEEN 1 AND 1024),
    part_size     INTEGER CHECK (part_size >= 1),
    object_key    TEXT    NOT NULL UNIQUE CHECK (octet_length(object_key) BETWEEN 1 AND 1024),
    content_type  TEXT    NOT NULL CHECK (octet_length(content_type) <= 1024),
    declared_size INTEGER CHECK (declared_size >= 0),
    not_after     INTEGER NOT NULL CHECK (not_after BETWEEN -62135596800 AND 253402300799),
    failure       TEXT    CHECK (octet_length(failure) <= 4096),
    created_at    INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    -- One PUT to the staging key, or parts, or neither: then the server itself brings the bytes.
    CHECK ((multipart_id IS NULL) = (part_size IS NULL)),
    CHECK (staging_key IS NULL OR multipart_id IS NULL),
    FOREIGN KEY (team_id, user_id) REFERENCES users (team_id, user_id),
    -- What the foreign keys of files, objects and data sources point to.
    UNIQUE (id, team_id),
    UNIQUE (id, team_id, object_key)
) STRICT;

INSERT INTO new_uploads
    (id, team_id, user_id, state, staging_key, object_key, content_type, not_after, failure, created_at)
    SELECT id, team_id, user_id, state, staging_key, object_key, content_type, not_after, failure, created_at
    FROM uploads ORDER BY rowid;
DROP TABLE uploads;
-- The foreign keys of files and objects name `uploads`, and find it again under this name.
ALTER TABLE new_uploads RENAME TO uploads;

INSERT INTO files (team_id, number, hash_id, name, upload_id, created_at)
    SELECT team_id, number, hash_id, name, upload_id, created_at FROM kept_files;
INSERT INTO objects (object_key, team_id, upload_id, size, etag, sha256, created_at)
    SELECT object_key, team_id, upload_id, size, etag, sha256, created_at FROM kept_objects;
DROP TABLE kept_files;
DROP TABLE kept_objects;

CREATE TABLE datasets (
    -- The order in which they were recorded.
    number      INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    team_id     INTEGER NOT NULL,
    user_id     TEXT    NOT NULL,
    name        TEXT    NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 4096),
    description TEXT    NOT NULL CHECK (octet_length(description) <= 200000),
    created_at  INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    FOREIGN KEY (team_id, user_id) REFERENCES users (team_id, user_id),
    -- What the foreign keys of data sources point to.
    UNIQUE (id, team_id)
) STRICT;

-- The newest of a team first.
CREATE INDEX datasets_of_team ON datasets (team_id, number);

CREATE TABLE data_sources (
    -- The order in which they were recorded.
    number     INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    team_id    INTEGER NOT NULL,
    dataset_id BLOB    NOT NULL,
    name       TEXT    NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 4096),
    state      TEXT    NOT NULL CHECK (state IN ('importing', 'ready', 'failed')),
    failure    TEXT    CHECK (octet_length(failure) <= 4096),
    upload_id  BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    FOREIGN KEY (dataset_id, team_id) REFERENCES datasets (id, team_id),
    FOREIGN KEY (upload_id, team_id) REFERENCES uploads (id, team_id)
) STRICT;

-- The newest of a dataset first.
CREATE INDEX data_sources_of_dataset ON data_sources (dataset_id, number);

-- An upload is a file's or a data source's: who deletes one of them deletes the bytes.
CREATE TRIGGER data_source_of_no_file BEFORE INSERT ON data_sources
WHEN EXISTS (SELECT 1 FROM files WHERE upload_id = NEW.upload_id)
BEGIN SELECT RAISE(ABORT, 'the upload is a file''s'); END;

CREATE TRIGGER data_source_becomes_no_files BEFORE UPDATE OF upload_id ON data_sources
WHEN EXISTS (SELECT 1 FROM files WHERE upload_id = NEW.upload_id)
BEGIN SELECT RAISE(ABORT, 'the upload is a file''s'); END;

CREATE TRIGGER file_of_no_data_source BEFORE INSERT ON files
WHEN EXISTS (SELECT 1 FROM data_sources WHERE upload_id = NEW.upload_id)
BEGIN SELECT RAISE(ABORT, 'the upload is a data source''s'); END;

CREATE TRIGGER file_becomes_no_data_sources BEFORE UPDATE OF upload_id ON files
WHEN EXISTS (SELECT 1 FROM data_sources WHERE upload_id = NEW.upload_id)
BEGIN SELECT RAISE(ABORT, 'the upload is a data source''s'); END;
