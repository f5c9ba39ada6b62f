-- When the name or the description was changed last.
ALTER TABLE datasets ADD COLUMN changed_at INTEGER CHECK (changed_at BETWEEN -62135596800 AND 253402300799);

-- Leave to read the current version of a dataset for a short while. Those that are over go when others come.
CREATE TABLE download_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    team_id    INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    dataset_id BLOB    NOT NULL,
    not_after  INTEGER NOT NULL CHECK (not_after BETWEEN -62135596800 AND 253402300799),
    FOREIGN KEY (team_id, user_id) REFERENCES users (team_id, user_id),
    FOREIGN KEY (dataset_id, team_id) REFERENCES datasets (id, team_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX download_tokens_by_end ON download_tokens (not_after);
CREATE INDEX download_tokens_of_user ON download_tokens (team_id, user_id, not_after);
CREATE INDEX download_tokens_of_dataset ON download_tokens (dataset_id);
