//! What points nowhere, or is there twice.

use sqlx::error::ErrorKind;

use crate::{assert_refused, filled, sql};

#[tokio::test]
async fn no_record_points_into_another_tenant() {
    use ErrorKind::ForeignKeyViolation as Foreign;
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            // A user, a key or an upload of a team, or of a user, that is not there.
            ("INSERT INTO users VALUES (3, 'ada', 0)", Foreign),
            ("INSERT INTO api_keys VALUES (zeroblob(32), 2, 'ada', 0)", Foreign),
            ("UPDATE api_keys SET team_id = 2 WHERE user_id = 'ada'", Foreign),
            ("INSERT INTO access_keys VALUES ('k', 3, 'b', 0)", Foreign),
            ("INSERT INTO schemas VALUES (9, 3, 'a', 0)", Foreign),
            ("UPDATE uploads SET user_id = 'bob' WHERE id = {22}", Foreign),
            ("UPDATE uploads SET team_id = 2, user_id = 'bob' WHERE id = {22}", Foreign),
            // A file with the upload of another team, or with none.
            ("UPDATE files SET team_id = 2, number = 9 WHERE upload_id = {22}", Foreign),
            ("INSERT INTO files VALUES (1, 9, 'abcdefghjk', 'a', {55}, 0)", Foreign),
            // An object of another team, of another key, of no upload.
            ("INSERT INTO objects VALUES ('objects/acme/1', 2, {22}, 0, '', NULL, 0)", Foreign),
            ("INSERT INTO objects VALUES ('objects/zenith/0', 1, {22}, 0, '', NULL, 0)", Foreign),
            ("INSERT INTO objects VALUES ('staging/acme/1', 1, {22}, 0, '', NULL, 0)", Foreign),
            ("INSERT INTO objects VALUES ('objects/acme/1', 1, {55}, 0, '', NULL, 0)", Foreign),
            // A dataset of a user of another team, or of none.
            ("INSERT INTO datasets VALUES (9, {ee}, 1, 'bob', 'a', '', 0, 0, NULL)", Foreign),
            ("INSERT INTO datasets VALUES (9, {ee}, 3, 'ada', 'a', '', 0, 0, NULL)", Foreign),
            // A data source with the dataset or the upload of another team, or with none.
            ("UPDATE data_sources SET dataset_id = {dd} WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET dataset_id = {ee} WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET upload_id = {ee} WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET team_id = 2 WHERE id = {77}", Foreign),
            ("UPDATE data_sources SET team_id = 2, dataset_id = {dd} WHERE id = {77}", Foreign),
            (
                "INSERT INTO data_sources
                     VALUES (9, {ee}, 2, {dd}, 'a', 'ready', NULL, {bb}, 0, NULL, NULL, NULL)",
                Foreign,
            ),
            // What is pointed to stays.
            ("DELETE FROM datasets WHERE id = {66}", Foreign),
            ("DELETE FROM uploads WHERE id = {88}", Foreign),
            ("DELETE FROM teams WHERE id = 1", Foreign),
            ("DELETE FROM users WHERE user_id = 'ada'", Foreign),
            ("DELETE FROM uploads WHERE id = {11}", Foreign),
            ("DELETE FROM uploads WHERE id = {22}", Foreign),
        ],
    )
    .await;
}

#[tokio::test]
async fn no_job_and_no_token_points_into_another_tenant() {
    use ErrorKind::ForeignKeyViolation as Foreign;
    let mut filled = filled().await;
    let free = "INSERT INTO uploads (id, team_id, user_id, state, object_key, content_type,
                    not_after, created_at, purpose)
                VALUES ({55}, 1, 'ada', 'pending', 'j', '', 0, 0, 'job'),
                       ({ee}, 1, 'ada', 'pending', 's', '', 0, 0, 'schema file')";
    sqlx::query(sql(free)).execute(&mut filled.raw).await.unwrap();
    assert_refused(
        &mut filled.raw,
        &[
            // A job with the upload or the dataset of another team, or with none.
            ("INSERT INTO jobs VALUES ({55}, 2, NULL, 'a', 0, NULL)", Foreign),
            ("INSERT INTO jobs VALUES ({55}, 3, NULL, 'a', 0, NULL)", Foreign),
            ("INSERT INTO jobs VALUES ({55}, 1, {dd}, 'a', 0, NULL)", Foreign),
            ("INSERT INTO jobs VALUES ({55}, 1, {ee}, 'a', 0, NULL)", Foreign),
            ("INSERT INTO jobs VALUES ({66}, 1, NULL, 'a', 0, NULL)", Foreign),
            ("UPDATE jobs SET team_id = 2 WHERE upload_id = {a1}", Foreign),
            ("UPDATE jobs SET dataset_id = {dd} WHERE upload_id = {a1}", Foreign),
            ("UPDATE jobs SET dataset_id = {66} WHERE upload_id = {a5}", Foreign),
            // A token for a user or a schema of another team, or for none.
            ("INSERT INTO upload_tokens VALUES ({ee}, 1, 'bob', 9, 1, 0, 0)", Foreign),
            ("INSERT INTO upload_tokens VALUES ({ee}, 1, 'ada', 9, 2, 0, 0)", Foreign),
            ("INSERT INTO upload_tokens VALUES ({ee}, 1, 'ada', 9, 3, 0, 0)", Foreign),
            ("INSERT INTO upload_tokens VALUES ({ee}, 3, 'ada', 9, 1, 0, 0)", Foreign),
            ("UPDATE upload_tokens SET schema_id = 2 WHERE id = {b1}", Foreign),
            (
                "UPDATE upload_tokens SET team_id = 2, user_id = 'bob', number = 9 WHERE id = {b1}",
                Foreign,
            ),
            // A schema file with the token, the schema or the upload of another team, or with none.
            ("INSERT INTO schema_files VALUES (1, 'b', 1, {b2}, {ee}, 0)", Foreign),
            ("INSERT INTO schema_files VALUES (1, 'b', 1, {ee}, {ee}, 0)", Foreign),
            ("INSERT INTO schema_files VALUES (2, 'b', 1, {b1}, {ee}, 0)", Foreign),
            ("INSERT INTO schema_files VALUES (2, 'b', 2, {b2}, {ee}, 0)", Foreign),
            ("INSERT INTO schema_files VALUES (1, 'b', 1, {b1}, {66}, 0)", Foreign),
            ("UPDATE schema_files SET schema_id = 3 WHERE schema_id = 1", Foreign),
            ("UPDATE schema_files SET team_id = 2 WHERE schema_id = 1", Foreign),
            ("INSERT INTO dataset_columns VALUES ({ee}, 1, 'a', 'text')", Foreign),
            // What is pointed to stays.
            ("DELETE FROM uploads WHERE id = {a1}", Foreign),
            ("DELETE FROM uploads WHERE id = {c1}", Foreign),
            ("DELETE FROM schemas WHERE id = 1", Foreign),
            ("DELETE FROM upload_tokens WHERE id = {b1}", Foreign),
            ("DELETE FROM datasets WHERE id = {dd}", Foreign),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_unique_is_unique() {
    use ErrorKind::UniqueViolation as Unique;
    let mut filled = filled().await;
    assert_refused(
        &mut filled.raw,
        &[
            ("INSERT INTO teams (name, created_at) VALUES ('acme', 0)", Unique),
            ("INSERT INTO users VALUES (1, 'ada', 0)", Unique),
            ("UPDATE api_keys SET hash = (SELECT min(hash) FROM api_keys)", Unique),
            ("UPDATE access_keys SET id = 'same'", Unique),
            ("INSERT INTO schemas (team_id, slug, created_at) VALUES (1, 'sales', 0)", Unique),
            ("UPDATE uploads SET staging_key = 'same'", Unique),
            ("UPDATE uploads SET object_key = 'same' WHERE id IN ({22}, {33})", Unique),
            ("UPDATE files SET number = 1 WHERE upload_id = {22}", Unique),
            ("UPDATE files SET hash_id = 'abcdefghjk'", Unique),
            ("UPDATE files SET upload_id = {11} WHERE upload_id = {22}", Unique),
            ("INSERT INTO objects VALUES ('objects/acme/0', 1, {11}, 0, '', NULL, 0)", Unique),
            ("INSERT INTO doomed_objects VALUES (9, 'objects/acme/2', 0)", Unique),
            ("UPDATE uploads SET multipart_id = 'same' WHERE id IN ({bb}, {cc})", Unique),
            ("UPDATE datasets SET id = {dd} WHERE id = {66}", Unique),
            ("UPDATE data_sources SET id = {77} WHERE id = {99}", Unique),
            ("UPDATE data_sources SET upload_id = {88} WHERE id = {99}", Unique),
            ("INSERT INTO jobs VALUES ({a1}, 1, NULL, 'a', 0, NULL)", Unique),
            ("UPDATE jobs SET upload_id = {a1} WHERE upload_id = {a2}", Unique),
            ("INSERT INTO upload_tokens VALUES ({b1}, 1, 'ada', 9, 1, 0, 0)", Unique),
            ("INSERT INTO upload_tokens VALUES ({ee}, 1, 'ada', 1, 1, 0, 0)", Unique),
            ("INSERT INTO schema_files VALUES (1, 'a.csv', 1, {b1}, {c1}, 0)", Unique),
            ("INSERT INTO schema_files VALUES (1, 'b', 1, {b1}, {c1}, 0)", Unique),
            ("INSERT INTO dataset_columns VALUES ({66}, 1, 'b', 'text')", Unique),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_version_has_one_data_source() {
    let mut filled = filled().await;
    for text in [
        "UPDATE jobs SET dataset_id = {66}, committed_at = 0 WHERE upload_id = {a2}",
        "INSERT INTO data_sources VALUES (9, {ee}, 1, {66}, 'b', 'ready', NULL, {a2}, 0, 2, NULL, NULL)",
    ] {
        sqlx::query(sql(text)).execute(&mut filled.raw).await.expect(text);
    }
    assert_refused(
        &mut filled.raw,
        &[("UPDATE data_sources SET version = 1 WHERE id = {ee}", ErrorKind::UniqueViolation)],
    )
    .await;
}
