//! The file store is an `object_store` like any other: its own conformance tests say so.

use countersign_storage::FileStore;
use object_store::integration;

fn store() -> (tempfile::TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path().join("bucket")).unwrap();
    (folder, store)
}

#[tokio::test]
async fn puts_gets_deletes_and_lists() {
    let (_folder, store) = store();
    integration::put_get_delete_list(&store).await;
}

#[tokio::test]
async fn keeps_attributes() {
    let (_folder, store) = store();
    integration::put_get_attributes(&store).await;
}

#[tokio::test]
async fn heeds_the_conditions_of_a_get() {
    let (_folder, store) = store();
    integration::get_opts(&store).await;
}

#[tokio::test]
async fn heeds_the_conditions_of_a_put() {
    let (_folder, store) = store();
    integration::put_opts(&store, true).await;
}

#[tokio::test]
async fn streams() {
    let (_folder, store) = store();
    integration::stream_get(&store).await;
}

#[tokio::test]
async fn lists_folders() {
    let (_folder, store) = store();

    integration::list_uses_directories_correctly(&store).await;
    integration::list_with_delimiter(&store).await;
    integration::list_with_offset_exclusivity(&store).await;
}

#[tokio::test]
async fn copies_and_renames() {
    let (_folder, store) = store();

    integration::rename_and_copy(&store).await;
    integration::copy_if_not_exists(&store).await;
    integration::copy_rename_nonexistent_object(&store).await;
}

#[tokio::test]
async fn uploads_in_parts() {
    let (_folder, store) = store();
    integration::multipart_race_condition(&store, true).await;
    integration::multipart_out_of_order(&store).await;
}
