-- A data source may be on its way: the server itself fetches its bytes, and holds a lease meanwhile. The URL is nowhere here, so
-- nobody can take up what somebody else began: when the lease is over, the data source has failed.

-- Until when somebody fetches the bytes: there when, and only when, they are on their way.
ALTER TABLE data_sources ADD COLUMN lease_ends_at INTEGER
    CHECK ((state = 'importing') = (lease_ends_at IS NOT NULL))
    CHECK (lease_ends_at BETWEEN -62135596800 AND 253402300799);

-- Those whose lease may be over.
CREATE INDEX leases ON data_sources (lease_ends_at) WHERE lease_ends_at IS NOT NULL;

-- These come after the statement, so that its own constraints speak first.

CREATE TRIGGER data_source_comes_from_a_pending_upload AFTER INSERT ON data_sources
WHEN NEW.state = 'importing' AND EXISTS (SELECT 1 FROM uploads WHERE id = NEW.upload_id AND state <> 'pending')
BEGIN SELECT RAISE(ABORT, 'the upload is settled'); END;

CREATE TRIGGER data_source_is_settled_once AFTER UPDATE OF state ON data_sources
WHEN OLD.state <> 'importing' AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'the data source is settled'); END;

-- Who settles the upload alone would leave a data source that is on its way for ever. What is deleted may lose its upload
-- first.
CREATE TRIGGER upload_is_settled_with_its_data_source AFTER UPDATE OF state ON uploads
WHEN NEW.state IN ('ready', 'failed')
    AND EXISTS (SELECT 1 FROM data_sources WHERE upload_id = NEW.id AND state = 'importing')
BEGIN SELECT RAISE(ABORT, 'the data source of the upload is on its way'); END;
