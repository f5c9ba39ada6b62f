-- What was put under a schema is listed in the order in which it was recorded.
CREATE INDEX schema_files_in_order ON schema_files (schema_id, created_at, name);
