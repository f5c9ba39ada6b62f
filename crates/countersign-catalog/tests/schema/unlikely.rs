//! Values that cannot be.

use sqlx::error::ErrorKind;

use crate::{assert_refused, filled};

#[tokio::test]
async fn what_cannot_be_is_refused() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE uploads SET state = 'done' WHERE id = {22}", Check),
            ("UPDATE uploads SET state = 'Ready' WHERE id = {22}", Check),
            ("UPDATE uploads SET state = NULL WHERE id = {22}", NotNull),
            ("UPDATE uploads SET state = 'failed' WHERE id = {22}", Check),
            ("UPDATE uploads SET state = 'pending' WHERE id = {33}", Check),
            ("UPDATE uploads SET failure = 'why' WHERE id = {22}", Check),
            ("UPDATE uploads SET failure = NULL WHERE id = {33}", Check),
            ("UPDATE uploads SET id = x'22' WHERE id = {33}", Check),
            ("UPDATE uploads SET id = NULL WHERE id = {33}", NotNull),
            ("UPDATE uploads SET staging_key = '' WHERE id = {22}", Check),
            ("UPDATE uploads SET staging_key = printf('%1025s', '') WHERE id = {22}", Check),
            // In parts and to a staging key, or half in parts.
            ("UPDATE uploads SET staging_key = 'a' WHERE id = {bb}", Check),
            ("UPDATE uploads SET multipart_id = 'a', part_size = 1 WHERE id = {22}", Check),
            ("UPDATE uploads SET multipart_id = 'a' WHERE id = {88}", Check),
            ("UPDATE uploads SET multipart_id = NULL WHERE id = {bb}", Check),
            ("UPDATE uploads SET part_size = 1 WHERE id = {88}", Check),
            ("UPDATE uploads SET part_size = 1 WHERE id = {22}", Check),
            ("UPDATE uploads SET part_size = NULL WHERE id = {bb}", Check),
            ("UPDATE uploads SET part_size = 0 WHERE id = {bb}", Check),
            ("UPDATE uploads SET multipart_id = '' WHERE id = {bb}", Check),
            ("UPDATE uploads SET multipart_id = printf('%1025s', '') WHERE id = {bb}", Check),
            ("UPDATE uploads SET declared_size = -1 WHERE id = {bb}", Check),
            ("UPDATE uploads SET object_key = '' WHERE id = {cc}", Check),
            ("UPDATE uploads SET object_key = NULL WHERE id = {cc}", NotNull),
            ("UPDATE uploads SET content_type = printf('%1025s', '') WHERE id = {22}", Check),
            ("UPDATE uploads SET failure = printf('%4097s', '') WHERE id = {33}", Check),
            ("UPDATE uploads SET not_after = 253402300800", Check),
            ("UPDATE uploads SET created_at = -62135596801", Check),
            ("UPDATE teams SET name = ''", Check),
            ("UPDATE teams SET files_numbered = -1", Check),
            ("UPDATE users SET user_id = '' WHERE user_id = 'eve'", Check),
            ("UPDATE api_keys SET hash = zeroblob(31)", Check),
            ("UPDATE api_keys SET hash = NULL", NotNull),
            ("UPDATE schemas SET slug = 'Sales' WHERE team_id = 1", Check),
            ("UPDATE schemas SET slug = '-sales' WHERE team_id = 1", Check),
            ("UPDATE schemas SET slug = 'sa/les' WHERE team_id = 1", Check),
            ("UPDATE schemas SET slug = '' WHERE team_id = 1", Check),
            ("UPDATE files SET number = 0 WHERE upload_id = {22}", Check),
            ("UPDATE files SET hash_id = '1234567890' WHERE upload_id = {22}", Check),
            ("UPDATE files SET hash_id = 'abc' WHERE upload_id = {22}", Check),
            ("UPDATE files SET name = NULL", NotNull),
            ("UPDATE objects SET size = -1", Check),
            ("UPDATE objects SET sha256 = zeroblob(31)", Check),
            ("UPDATE doomed_objects SET key = '' WHERE id = 1", Check),
            ("UPDATE doomed_objects SET due_at = 253402300800", Check),
            ("UPDATE doomed_objects SET due_at = -62135596801", Check),
            ("UPDATE doomed_objects SET due_at = NULL", NotNull),
        ],
    )
    .await;
}

#[tokio::test]
async fn no_dataset_and_no_data_source_that_cannot_be() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE datasets SET id = x'66' WHERE id = {dd}", Check),
            ("UPDATE datasets SET id = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET team_id = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET user_id = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET name = '' WHERE id = {dd}", Check),
            ("UPDATE datasets SET name = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET name = printf('%4097s', '') WHERE id = {dd}", Check),
            ("UPDATE datasets SET description = NULL WHERE id = {dd}", NotNull),
            ("UPDATE datasets SET description = printf('%200001s', '') WHERE id = {dd}", Check),
            ("UPDATE datasets SET created_at = 253402300800 WHERE id = {dd}", Check),
            ("UPDATE datasets SET created_at = -62135596801 WHERE id = {dd}", Check),
            ("UPDATE datasets SET created_at = NULL WHERE id = {dd}", NotNull),
            ("UPDATE data_sources SET id = x'77' WHERE id = {77}", Check),
            ("UPDATE data_sources SET id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET team_id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET dataset_id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET upload_id = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET name = '' WHERE id = {77}", Check),
            ("UPDATE data_sources SET name = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET name = printf('%4097s', '') WHERE id = {77}", Check),
            ("UPDATE data_sources SET file_name = '' WHERE id = {77}", Check),
            ("UPDATE data_sources SET file_name = name WHERE id = {77}", Check),
            ("UPDATE data_sources SET file_name = printf('%4097s', '') WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = 'Ready' WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = 'pending' WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = NULL WHERE id = {77}", NotNull),
            ("UPDATE data_sources SET state = 'failed' WHERE id = {77}", Check),
            ("UPDATE data_sources SET state = 'ready' WHERE id = {99}", Check),
            ("UPDATE data_sources SET state = 'importing' WHERE id = {99}", Check),
            ("UPDATE data_sources SET lease_ends_at = 0 WHERE id = {77}", Check),
            ("UPDATE data_sources SET lease_ends_at = 0 WHERE id = {99}", Check),
            (
                "UPDATE data_sources SET state = 'importing', lease_ends_at = 253402300800
                 WHERE id = {77}",
                Check,
            ),
            (
                "UPDATE data_sources SET state = 'importing', lease_ends_at = 0 WHERE id = {77}",
                ErrorKind::Other,
            ),
            (
                "UPDATE data_sources SET state = 'failed', failure = 'why' WHERE id = {77}",
                ErrorKind::Other,
            ),
            ("UPDATE data_sources SET failure = 'why' WHERE id = {77}", Check),
            ("UPDATE data_sources SET failure = NULL WHERE id = {99}", Check),
            ("UPDATE data_sources SET failure = printf('%4097s', '') WHERE id = {99}", Check),
            ("UPDATE data_sources SET created_at = 253402300800 WHERE id = {77}", Check),
            ("UPDATE data_sources SET created_at = -62135596801 WHERE id = {77}", Check),
            ("UPDATE data_sources SET created_at = NULL WHERE id = {77}", NotNull),
        ],
    )
    .await;
}

#[tokio::test]
async fn no_version_and_no_column_that_cannot_be() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE datasets SET version = -1", Check),
            ("UPDATE datasets SET version = NULL", NotNull),
            ("UPDATE data_sources SET version = 0 WHERE id = {a4}", Check),
            ("UPDATE data_sources SET version = -1 WHERE id = {a4}", Check),
            ("UPDATE dataset_columns SET place = 0 WHERE dataset_id = {66}", Check),
            ("UPDATE dataset_columns SET place = 10001 WHERE dataset_id = {66}", Check),
            ("UPDATE dataset_columns SET place = NULL", NotNull),
            ("UPDATE dataset_columns SET name = ''", Check),
            ("UPDATE dataset_columns SET name = printf('%1025s', '')", Check),
            ("UPDATE dataset_columns SET name = NULL", NotNull),
            ("UPDATE dataset_columns SET kind = 'Text'", Check),
            ("UPDATE dataset_columns SET kind = 'blob'", Check),
            ("UPDATE dataset_columns SET kind = NULL", NotNull),
            ("UPDATE dataset_columns SET dataset_id = NULL", NotNull),
        ],
    )
    .await;
}

#[tokio::test]
async fn no_job_that_cannot_be() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE jobs SET upload_id = NULL WHERE upload_id = {a1}", NotNull),
            ("UPDATE jobs SET team_id = NULL WHERE upload_id = {a1}", NotNull),
            ("UPDATE jobs SET name = NULL WHERE upload_id = {a1}", NotNull),
            ("UPDATE jobs SET name = '' WHERE upload_id = {a1}", Check),
            ("UPDATE jobs SET name = printf('%4097s', '') WHERE upload_id = {a1}", Check),
            ("UPDATE jobs SET created_at = NULL WHERE upload_id = {a1}", NotNull),
            ("UPDATE jobs SET created_at = 253402300800 WHERE upload_id = {a1}", Check),
            ("UPDATE jobs SET created_at = -62135596801 WHERE upload_id = {a1}", Check),
            ("UPDATE jobs SET committed_at = 253402300800 WHERE upload_id = {a1}", Check),
            ("UPDATE jobs SET committed_at = -62135596801 WHERE upload_id = {a1}", Check),
            // Committed, and to no dataset.
            ("UPDATE jobs SET committed_at = 0 WHERE upload_id = {a2}", Check),
            ("UPDATE jobs SET dataset_id = NULL WHERE upload_id = {a3}", Check),
        ],
    )
    .await;
}

#[tokio::test]
async fn no_token_and_no_schema_file_that_cannot_be() {
    use ErrorKind::{CheckViolation as Check, NotNullViolation as NotNull};
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("UPDATE teams SET upload_tokens_numbered = -1", Check),
            ("UPDATE teams SET upload_tokens_numbered = NULL", NotNull),
            ("INSERT INTO upload_tokens VALUES (x'ee', 1, 'ada', 9, 1, 0, 0)", Check),
            ("INSERT INTO upload_tokens VALUES (NULL, 1, 'ada', 9, 1, 0, 0)", NotNull),
            ("INSERT INTO upload_tokens VALUES ({ee}, NULL, 'ada', 9, 1, 0, 0)", NotNull),
            ("INSERT INTO upload_tokens VALUES ({ee}, 1, NULL, 9, 1, 0, 0)", NotNull),
            ("INSERT INTO upload_tokens VALUES ({ee}, 1, 'ada', 9, NULL, 0, 0)", NotNull),
            ("UPDATE upload_tokens SET number = 0 WHERE id = {b1}", Check),
            ("UPDATE upload_tokens SET number = NULL WHERE id = {b1}", NotNull),
            ("UPDATE upload_tokens SET not_after = NULL", NotNull),
            ("UPDATE upload_tokens SET not_after = 253402300800", Check),
            ("UPDATE upload_tokens SET not_after = -62135596801", Check),
            ("UPDATE upload_tokens SET created_at = NULL", NotNull),
            ("UPDATE upload_tokens SET created_at = 253402300800", Check),
            ("UPDATE upload_tokens SET created_at = -62135596801", Check),
            ("UPDATE schema_files SET name = ''", Check),
            ("UPDATE schema_files SET name = printf('%256s', '')", Check),
            ("UPDATE schema_files SET name = NULL", NotNull),
            ("UPDATE schema_files SET schema_id = NULL", NotNull),
            ("UPDATE schema_files SET team_id = NULL", NotNull),
            ("UPDATE schema_files SET token_id = NULL", NotNull),
            ("UPDATE schema_files SET upload_id = NULL", NotNull),
            ("UPDATE schema_files SET created_at = NULL", NotNull),
            ("UPDATE schema_files SET created_at = 253402300800", Check),
            ("UPDATE schema_files SET created_at = -62135596801", Check),
        ],
    )
    .await;
}
