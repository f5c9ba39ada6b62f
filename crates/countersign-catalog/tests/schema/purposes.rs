//! An upload is for one thing, and stays so.

use sqlx::SqliteConnection;

use crate::{filled, sql};

/// The uploads of the others: of a file, of what may become a data source, of a job, of a schema file.
const UPLOADS: [(&str, &str); 4] =
    [("file", "{22}"), ("data source", "{bb}"), ("job", "{a1}"), ("schema file", "{c1}")];

async fn assert_told(raw: &mut SqliteConnection, text: &str, expected: &str) {
    let error = sqlx::query(sql(text)).execute(raw).await.expect_err(text);
    assert_eq!(error.as_database_error().expect(text).message(), expected, "{text}");
}

#[tokio::test]
async fn what_an_upload_is_for_is_said_once() {
    let mut filled = filled().await;
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT lower(substr(hex(id), 1, 2)), purpose FROM uploads ORDER BY purpose, id",
    )
    .fetch_all(&mut filled.raw)
    .await
    .unwrap();
    let expected = [
        ("data source", "88 aa bb cc"),
        ("file", "11 22 33 44"),
        ("job", "a1 a2 a3 a5"),
        ("schema file", "c1 c2"),
    ];
    for (purpose, ids) in expected {
        let of_it = found.iter().filter(|(_, found)| found == purpose);
        let found: Vec<_> = of_it.map(|(id, _)| id.as_str()).collect();
        assert_eq!(found.join(" "), ids, "{purpose}");
    }
    for (own, upload) in UPLOADS {
        for (purpose, _) in UPLOADS {
            let text = format!("UPDATE uploads SET purpose = '{purpose}' WHERE id = {upload}");
            if purpose == own {
                sqlx::query(sql(&text)).execute(&mut filled.raw).await.unwrap();
            } else {
                assert_told(&mut filled.raw, &text, "what an upload is for does not change").await;
            }
        }
    }
    let unknown = "INSERT INTO uploads (id, team_id, user_id, state, object_key, content_type,
                       not_after, created_at, purpose)
                   VALUES ({ee}, 1, 'ada', 'pending', 'o', '', 0, 0, 'fun')";
    let error = sqlx::query(sql(unknown)).execute(&mut filled.raw).await.unwrap_err();
    assert!(error.to_string().contains("CHECK"), "{error}");
}

#[tokio::test]
async fn an_upload_has_one_holder_of_its_kind() {
    let mut filled = filled().await;
    for (own, upload) in UPLOADS {
        for (holder, insert, update) in [
            (
                "file",
                format!("INSERT INTO files VALUES (1, 9, 'abcdefghjk', 'a', {upload}, 0)"),
                format!("UPDATE files SET upload_id = {upload} WHERE upload_id = {{33}}"),
            ),
            (
                "data source",
                format!(
                    "INSERT INTO data_sources
                         VALUES (9, {{ee}}, 1, {{66}}, 'a', 'ready', NULL, {upload}, 0, NULL, NULL, NULL)"
                ),
                format!("UPDATE data_sources SET upload_id = {upload} WHERE id = {{77}}"),
            ),
            (
                "job",
                format!("INSERT INTO jobs VALUES ({upload}, 1, NULL, 'a', 0, NULL)"),
                format!("UPDATE jobs SET upload_id = {upload} WHERE upload_id = {{a2}}"),
            ),
            (
                "schema file",
                format!("INSERT INTO schema_files VALUES (1, 'b', 1, {{b1}}, {upload}, 0)"),
                format!("UPDATE schema_files SET upload_id = {upload} WHERE schema_id = 1"),
            ),
        ] {
            for text in [insert, update] {
                if holder == own {
                    continue;
                }
                let expected = format!("the upload is no {holder}'s");
                assert_told(&mut filled.raw, &text, &expected).await;
            }
        }
    }
    // What nobody has may be had once.
    for text in [
        "INSERT INTO data_sources VALUES (9, {ee}, 1, {66}, 'a', 'ready', NULL, {bb}, 0, NULL, NULL, NULL)",
        "UPDATE data_sources SET upload_id = {cc} WHERE id = {ee}",
    ] {
        sqlx::query(sql(text)).execute(&mut filled.raw).await.expect(text);
    }
}

#[tokio::test]
async fn a_version_comes_from_a_job_that_is_committed_to_its_dataset() {
    let refused = "the upload is no data source's";
    let mut filled = filled().await;
    let other = "INSERT INTO datasets (id, team_id, user_id, name, description, created_at)
                 VALUES ({ee}, 1, 'ada', 'other', '', 0)";
    sqlx::query(sql(other)).execute(&mut filled.raw).await.unwrap();
    // Not from a file, from nobody's upload, from a job that is not committed, from a schema file.
    for upload in ["{22}", "{bb}", "{a1}", "{a2}", "{c1}"] {
        let text = format!(
            "INSERT INTO data_sources
                 VALUES (9, {{ee}}, 1, {{66}}, 'a', 'ready', NULL, {upload}, 0, 2, NULL, NULL)"
        );
        assert_told(&mut filled.raw, &text, refused).await;
    }
    for text in [
        "UPDATE data_sources SET version = 2 WHERE id = {77}",
        "UPDATE data_sources SET version = NULL WHERE id = {a4}",
        "UPDATE data_sources SET dataset_id = {ee} WHERE id = {a4}",
        "UPDATE data_sources SET upload_id = {bb} WHERE id = {a4}",
        "UPDATE data_sources SET upload_id = {a2} WHERE id = {a4}",
    ] {
        assert_told(&mut filled.raw, text, refused).await;
    }
    // Nor is it anything else when the version is gone.
    let delete = "DELETE FROM data_sources WHERE id = {a4}";
    sqlx::query(sql(delete)).execute(&mut filled.raw).await.unwrap();
    for (dataset, version) in [("{66}", "NULL"), ("{ee}", "NULL"), ("{ee}", "1")] {
        let text = format!(
            "INSERT INTO data_sources
                 VALUES (9, {{a4}}, 1, {dataset}, 'a', 'ready', NULL, {{a3}}, 0, {version}, NULL, NULL)"
        );
        assert_told(&mut filled.raw, &text, refused).await;
    }
}

#[tokio::test]
async fn a_dataset_keeps_its_owner() {
    let mut filled = filled().await;
    for text in [
        "UPDATE datasets SET user_id = 'eve' WHERE id = {66}",
        "UPDATE datasets SET team_id = 2, user_id = 'bob' WHERE id = {66}",
        "UPDATE datasets SET team_id = 1, user_id = 'ada' WHERE id = {dd}",
    ] {
        assert_told(&mut filled.raw, text, "whose a dataset is does not change").await;
    }
    let same = "UPDATE datasets SET team_id = 1, user_id = 'ada', name = 'b' WHERE id = {66}";
    sqlx::query(sql(same)).execute(&mut filled.raw).await.unwrap();
}
