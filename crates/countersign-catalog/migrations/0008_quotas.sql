-- What the objects of a team take, counted in the transaction that records or removes one, and what they may take: as
-- much as there is, where it is NULL. Beyond 8 EiB the bytes are not counted on.
ALTER TABLE teams ADD COLUMN object_bytes INTEGER NOT NULL DEFAULT 0 CHECK (object_bytes >= 0);
ALTER TABLE teams ADD COLUMN object_count INTEGER NOT NULL DEFAULT 0 CHECK (object_count >= 0);
ALTER TABLE teams ADD COLUMN object_bytes_max INTEGER CHECK (object_bytes_max >= 0);
ALTER TABLE teams ADD COLUMN object_count_max INTEGER CHECK (object_count_max >= 0);

UPDATE teams SET
    object_bytes = (SELECT CAST(min(total(size), 9223372036854775807.0) AS INTEGER) FROM objects WHERE team_id = teams.id),
    object_count = (SELECT count(*) FROM objects WHERE team_id = teams.id);

-- What was begun and never completed is looked for by the end of its URLs.
CREATE INDEX pending_uploads ON uploads (not_after) WHERE state = 'pending';

CREATE TRIGGER object_within_quota BEFORE INSERT ON objects
WHEN EXISTS (SELECT 1 FROM teams WHERE id = NEW.team_id
                 AND (object_count >= object_count_max OR NEW.size > object_bytes_max - object_bytes))
BEGIN SELECT RAISE(ABORT, 'over quota'); END;

CREATE TRIGGER object_is_counted AFTER INSERT ON objects
BEGIN
    UPDATE teams SET
        object_bytes = object_bytes + min(NEW.size, 9223372036854775807 - object_bytes),
        object_count = object_count + 1
    WHERE id = NEW.team_id;
END;

CREATE TRIGGER object_is_discounted AFTER DELETE ON objects
BEGIN
    UPDATE teams SET
        object_bytes = max(0, object_bytes - OLD.size),
        object_count = object_count - 1
    WHERE id = OLD.team_id;
END;
