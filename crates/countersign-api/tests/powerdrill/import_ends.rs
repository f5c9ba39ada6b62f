//! How an import ends before its file is there, and what is left of it then.

use std::time::Duration;

use countersign_api::ImportLimits;
use countersign_catalog::{Catalog, TeamLimits, TeamName};
use countersign_storage::Backend;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    client::{Client, NOT_FOUND, data, refused},
    common::{House, app, wait_secs},
    imports::{Origin, file, house, importing},
};

/// Until a spawned import has seen that it is over.
async fn settle() {
    sleep(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn what_is_deleted_on_its_way_stops_and_leaves_nothing() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a,b\n1,2\n"), 42).await;
    let begun = ann.import(&dataset, "a.csv", &origin.url()).await;
    settle().await;
    let path = format!("/datasets/{dataset}/datasources/{}", begun["id"].as_str().unwrap());
    data(&ann.delete(&path).await);
    origin.is_left().await;
    settle().await;
    refused(&ann.read(&begun).await, NOT_FOUND);
    assert!(spy.stored(&house).await.is_empty());
}

#[tokio::test]
async fn what_is_deleted_with_its_dataset_stops_and_leaves_nothing() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a,b\n1,2\n"), 42).await;
    let begun = ann.import(&dataset, "a.csv", &origin.url()).await;
    settle().await;
    data(&ann.delete(&format!("/datasets/{dataset}")).await);
    origin.is_left().await;
    settle().await;
    refused(&ann.read(&begun).await, NOT_FOUND);
    assert!(spy.stored(&house).await.is_empty());
}

#[tokio::test]
async fn what_is_more_than_the_team_may_have_is_invalid_and_leaves_nothing() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let team = house.catalog.team(&TeamName::new("acme").unwrap()).await.unwrap().unwrap();
    let limits = TeamLimits { bytes_max: Some(7), objects_max: None };
    house.catalog.limit_team(team, &limits).await.unwrap();
    let origin = Origin::saying(file("a,b\n1,2\n")).await;
    let begun = ann.import(&dataset, "a.csv", &origin.url()).await;
    let ended = ann.settled(&begun).await;
    assert_eq!(ended["status"], "invalid");
    assert_eq!(ended["reason"], "the storage quota of the team is exceeded");
    assert!(spy.stored(&house).await.is_empty());
    house.catalog.limit_team(team, &TeamLimits { objects_max: Some(0), ..limits }).await.unwrap();
    refused(&ann.try_import(&dataset, "b.csv", &origin.url()).await, (200, 300_006));
}

#[tokio::test]
async fn a_lease_that_is_over_ends_the_import() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a,b\n1,2\n"), 42).await;
    let begun = ann.import(&dataset, "a.csv", &origin.url()).await;
    wait_secs(59);
    house.app.sweep_imports().await;
    assert_eq!(data(&ann.read(&begun).await)["status"], "synching");
    wait_secs(1);
    house.app.sweep_imports().await;
    let ended = data(&ann.read(&begun).await);
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("invalid"), &json!("interrupted")));
    origin.is_left().await;
    settle().await;
    // Whoever held it learns of it, and changes nothing.
    assert_eq!(data(&ann.read(&begun).await), ended);
    assert!(spy.stored(&house).await.is_empty());
}

/// Two processes over one catalog and one storage: the one that is left looks after both.
#[tokio::test]
async fn another_process_ends_what_nobody_holds() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a,b\n1,2\n"), 42).await;
    let begun = ann.import(&dataset, "a.csv", &origin.url()).await;
    wait_secs(60);
    app(&house.catalog, &house.backend, None).sweep_imports().await;
    assert_eq!(data(&ann.read(&begun).await)["reason"], "interrupted");
    // The one that fetches it does not know yet, and the file becomes whole.
    origin.go_on();
    settle().await;
    let ended = data(&ann.read(&begun).await);
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("invalid"), &json!("interrupted")));
    assert!(spy.stored(&house).await.is_empty(), "its bytes stay");
}

#[tokio::test]
async fn a_server_that_ends_says_so() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a,b\n1,2\n"), 42).await;
    let begun = ann.import(&dataset, "a.csv", &origin.url()).await;
    settle().await;
    house.app.stop_imports().await;
    let ended = data(&ann.read(&begun).await);
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("invalid"), &json!("interrupted")));
    assert!(spy.stored(&house).await.is_empty());
    origin.is_left().await;
}

#[tokio::test]
async fn a_queue_that_is_full_says_so_and_keeps_nothing() {
    let limits = ImportLimits {
        running_max: 1,
        running_of_team_max: 1,
        under_way_max: 2,
        under_way_of_team_max: 2,
        wait_max: Duration::from_millis(300),
    };
    let house = House::with(Backend::memory(), importing(limits)).await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "zenith", "bob").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a"), 10).await;
    let first = ann.import(&dataset, "1.csv", &origin.url()).await;
    let second = ann.import(&dataset, "2.csv", &origin.url()).await;
    refused(&ann.try_import(&dataset, "3.csv", &origin.url()).await, (503, 9_999));
    let theirs = bob.dataset("theirs").await;
    refused(&bob.try_import(&theirs, "4.csv", &origin.url()).await, (503, 9_999));
    let listed = data(&ann.get(&format!("/datasets/{dataset}/datasources")).await);
    assert_eq!(listed["total_items"], 2);
    // Who waits too long has failed.
    let ended = ann.settled(&second).await;
    assert_eq!(ended["reason"], "it waited too long for its turn");
    origin.go_on();
    assert_eq!(ann.settled(&first).await["status"], "synched");
    settle().await;
    let again = ann.import(&dataset, "3.csv", &origin.url()).await;
    origin.go_on();
    assert_eq!(ann.settled(&again).await["status"], "synched");
}

#[tokio::test]
async fn an_import_into_a_dataset_that_goes_is_made_or_not_found() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let origin = Origin::saying(file("a,b\n")).await;
    for _ in 0..20 {
        let dataset = ann.dataset("d").await;
        let path = format!("/datasets/{dataset}");
        let url = origin.url();
        let (made, deleted) =
            tokio::join!(ann.try_import(&dataset, "a.csv", &url), ann.delete(&path));
        data(&deleted);
        if made.body["code"] != 0 {
            refused(&made, NOT_FOUND);
        }
    }
    settle().await;
    wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    assert!(spy.stored(&house).await.is_empty());
}
