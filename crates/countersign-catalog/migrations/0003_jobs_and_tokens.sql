-- Whose an upload is was kept by triggers for a pair of tables. There are four kinds now, too many for pairs, so the upload
-- itself says what it is for, from the beginning and for good: who deletes that deletes the bytes.

DROP TRIGGER data_source_of_no_file;
DROP TRIGGER data_source_becomes_no_files;
DROP TRIGGER file_of_no_data_source;
DROP TRIGGER file_becomes_no_data_sources;

ALTER TABLE uploads ADD COLUMN purpose TEXT NOT NULL DEFAULT 'data source'
    CHECK (purpose IN ('file', 'data source', 'job', 'schema file'));
-- Of a file that was deleted nothing is left to tell, but its upload is closed for ever.
UPDATE uploads SET purpose = 'file' WHERE id IN (SELECT upload_id FROM files);

-- The highest number that an upload token of this team ever had: it only grows, so no number comes twice.
ALTER TABLE teams ADD COLUMN upload_tokens_numbered INTEGER NOT NULL DEFAULT 0 CHECK (upload_tokens_numbered >= 0);

-- The highest version that a data source of this dataset ever had: it only grows, so no version comes twice.
ALTER TABLE datasets ADD COLUMN version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0);

-- There where the data source is a version of its dataset.
ALTER TABLE data_sources ADD COLUMN version INTEGER CHECK (version >= 1);
CREATE UNIQUE INDEX versions_of_dataset ON data_sources (dataset_id, version) WHERE version IS NOT NULL;

-- The primary key is also the order of the columns.
CREATE TABLE dataset_columns (
    dataset_id BLOB    NOT NULL REFERENCES datasets (id),
    place      INTEGER NOT NULL CHECK (place BETWEEN 1 AND 10000),
    name       TEXT    NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 1024),
    kind       TEXT    NOT NULL CHECK (kind IN ('text', 'integer', 'float', 'date', 'boolean')),
    PRIMARY KEY (dataset_id, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    upload_id    BLOB    NOT NULL PRIMARY KEY,
    team_id      INTEGER NOT NULL,
    -- NULL for a dataset that is still to be made.
    dataset_id   BLOB,
    name         TEXT    NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 4096),
    created_at   INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    -- It stays when the data source that the job became is deleted.
    committed_at INTEGER CHECK (committed_at BETWEEN -62135596800 AND 253402300799),
    CHECK (committed_at IS NULL OR dataset_id IS NOT NULL),
    FOREIGN KEY (upload_id, team_id) REFERENCES uploads (id, team_id),
    FOREIGN KEY (dataset_id, team_id) REFERENCES datasets (id, team_id)
) STRICT, WITHOUT ROWID;

-- What the foreign keys of upload tokens point to.
CREATE UNIQUE INDEX schemas_with_team ON schemas (id, team_id);

CREATE TABLE upload_tokens (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    team_id    INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    number     INTEGER NOT NULL CHECK (number >= 1),
    schema_id  INTEGER NOT NULL,
    not_after  INTEGER NOT NULL CHECK (not_after BETWEEN -62135596800 AND 253402300799),
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    UNIQUE (team_id, number),
    FOREIGN KEY (team_id, user_id) REFERENCES users (team_id, user_id),
    FOREIGN KEY (schema_id, team_id) REFERENCES schemas (id, team_id),
    -- What the foreign keys of schema files point to.
    UNIQUE (id, schema_id, team_id)
) STRICT, WITHOUT ROWID;

-- Rows stay for ever, so no name of a schema comes twice.
CREATE TABLE schema_files (
    schema_id  INTEGER NOT NULL,
    name       TEXT    NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
    team_id    INTEGER NOT NULL,
    token_id   BLOB    NOT NULL,
    upload_id  BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN -62135596800 AND 253402300799),
    PRIMARY KEY (schema_id, name),
    FOREIGN KEY (token_id, schema_id, team_id) REFERENCES upload_tokens (id, schema_id, team_id),
    FOREIGN KEY (upload_id, team_id) REFERENCES uploads (id, team_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER upload_keeps_its_purpose BEFORE UPDATE OF purpose ON uploads
WHEN NEW.purpose <> OLD.purpose
BEGIN SELECT RAISE(ABORT, 'what an upload is for does not change'); END;

-- Where there is no such upload at all, the foreign key says so.

CREATE TRIGGER file_of_its_upload BEFORE INSERT ON files
WHEN EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'file')
BEGIN SELECT RAISE(ABORT, 'the upload is no file''s'); END;

CREATE TRIGGER file_becomes_of_its_upload BEFORE UPDATE OF upload_id ON files
WHEN EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'file')
BEGIN SELECT RAISE(ABORT, 'the upload is no file''s'); END;

CREATE TRIGGER job_of_its_upload BEFORE INSERT ON jobs
WHEN EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'job')
BEGIN SELECT RAISE(ABORT, 'the upload is no job''s'); END;

CREATE TRIGGER job_becomes_of_its_upload BEFORE UPDATE OF upload_id ON jobs
WHEN EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'job')
BEGIN SELECT RAISE(ABORT, 'the upload is no job''s'); END;

CREATE TRIGGER schema_file_of_its_upload BEFORE INSERT ON schema_files
WHEN EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'schema file')
BEGIN SELECT RAISE(ABORT, 'the upload is no schema file''s'); END;

CREATE TRIGGER schema_file_becomes_of_its_upload BEFORE UPDATE OF upload_id ON schema_files
WHEN EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'schema file')
BEGIN SELECT RAISE(ABORT, 'the upload is no schema file''s'); END;

-- A version comes from a job that is committed to its dataset, and from a job comes nothing else.

CREATE TRIGGER data_source_of_its_upload BEFORE INSERT ON data_sources
WHEN iif(NEW.version IS NULL,
    EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'data source'),
    NOT EXISTS (SELECT 1 FROM jobs
                WHERE upload_id = NEW.upload_id AND dataset_id = NEW.dataset_id AND committed_at IS NOT NULL))
BEGIN SELECT RAISE(ABORT, 'the upload is no data source''s'); END;

CREATE TRIGGER data_source_becomes_of_its_upload BEFORE UPDATE OF upload_id, dataset_id, version ON data_sources
WHEN iif(NEW.version IS NULL,
    EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND purpose <> 'data source'),
    NOT EXISTS (SELECT 1 FROM jobs
                WHERE upload_id = NEW.upload_id AND dataset_id = NEW.dataset_id AND committed_at IS NOT NULL))
BEGIN SELECT RAISE(ABORT, 'the upload is no data source''s'); END;
