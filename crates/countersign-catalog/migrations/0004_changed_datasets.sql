-- The name of the file that a data source was made of; NULL where it is the name of the data source.
ALTER TABLE data_sources ADD COLUMN file_name TEXT
    CHECK (octet_length(file_name) BETWEEN 1 AND 4096 AND file_name <> name);

-- Datasets are changed and deleted from now on. Whose they are does not change.
CREATE TRIGGER dataset_keeps_its_owner BEFORE UPDATE OF team_id, user_id ON datasets
WHEN NEW.team_id <> OLD.team_id OR NEW.user_id <> OLD.user_id
BEGIN SELECT RAISE(ABORT, 'whose a dataset is does not change'); END;

-- Else each deletion of a dataset looks at every job there is.
CREATE INDEX jobs_of_dataset ON jobs (dataset_id) WHERE dataset_id IS NOT NULL;
