//! A team reads together; only who owns a dataset brings it a version, and only who began a job goes
//! on with it.

use crate::{
    client::{Begun, Client, NOBODYS, done, refused},
    common::House,
    parts::small_brought,
};

const NOT_OWNER: &str = "Only the dataset owner may modify this dataset.";

#[tokio::test]
async fn the_team_reads_what_its_owner_alone_changes() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.brought(Some(&dataset), b"a,b\n").await;
    assert_eq!(bob.datasets().await, ann.datasets().await);
    assert_eq!(bob.read(&dataset).await, ann.read(&dataset).await);
    assert_eq!(bob.job(&begun).await, ann.job(&begun).await);

    refused(&bob.try_begin(Some(&dataset), "b.csv", 1).await, 403, NOT_OWNER);
    refused(&bob.complete(&begun).await, 403, NOT_OWNER);
    // Whether or not there is such a job.
    let unknown = Begun { id: NOBODYS.into(), ..begun.clone() };
    refused(&bob.complete(&unknown).await, 403, NOT_OWNER);
    assert_eq!(begun.stored(&house).await, [Some(b"a,b\n".to_vec()), None]);
    done(&ann.complete(&begun).await, 200);
    refused(&bob.commit(&begun).await, 403, NOT_OWNER);
    refused(&bob.commit(&unknown).await, 403, NOT_OWNER);
    let preview = format!("/datasets/{dataset}/reupload/{}/preview", begun.id);
    refused(&bob.call("POST", &preview, "").await, 403, NOT_OWNER);
    let path = format!("/datasets/{dataset}");
    refused(&bob.call("PATCH", &path, r#"{"title":"x"}"#).await, 403, NOT_OWNER);
    refused(&bob.call("PATCH", &path, "{}").await, 403, NOT_OWNER);
    // Whether or not the title is right.
    refused(&bob.call("DELETE", &path, r#"{"confirm_title":"d"}"#).await, 403, NOT_OWNER);
    refused(&bob.call("DELETE", &path, r#"{"confirm_title":"x"}"#).await, 403, NOT_OWNER);
    refused(&bob.call("POST", &format!("{path}/reupload"), "").await, 403, NOT_OWNER);
    refused(
        &bob.call("POST", &format!("/jobs/{}/retry", begun.id), "").await,
        404,
        "Job not found",
    );
    assert_eq!(ann.datasets().await[0]["current_version"], 0);
    done(&ann.commit(&begun).await, 202);
    assert_eq!(bob.job(&begun).await["status"], "complete");
    for read in [format!("{path}/versions/"), format!("/jobs/by-dataset/{dataset}")] {
        assert_eq!(done(&bob.get(&read).await, 200), done(&ann.get(&read).await, 200));
    }
    done(&bob.call("POST", &format!("/auth/download-token/{dataset}"), "").await, 200);
    assert_eq!(bob.get(&format!("{path}/download/cog")).await.status, 302);
    assert_eq!(bob.download(&dataset, &bob.versions(&dataset).await[0]).await, b"a,b\n");
}

#[tokio::test]
async fn a_job_is_its_users_alone() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let own = bob.dataset("own").await;
    for is_in_parts in [false, true] {
        let begun = if is_in_parts {
            small_brought(&ann, None, b"a,b\n").await.0
        } else {
            ann.brought(None, b"a,b\n").await
        };
        let unknown = Begun { id: NOBODYS.into(), ..begun.clone() };
        let in_own = Begun { dataset: Some(own.clone()), ..begun.clone() };
        let before = begun.stored(&house).await;
        for (wrong, detail) in [
            (&begun, "Job not found"),
            (&unknown, "Job not found"),
            (&in_own, "Reupload job not found"),
        ] {
            refused(&bob.complete(wrong).await, 404, detail);
            refused(&bob.commit(wrong).await, 404, detail);
        }
        assert_eq!(begun.stored(&house).await, before);
        assert_eq!(bob.job(&begun).await["status"], "pending");
    }
    let begun = ann.completed(None, b"a,b\n").await;
    refused(&bob.commit(&begun).await, 404, "Job not found");
    done(&ann.commit(&begun).await, 202);
    // What it made is hers, and is seen by him.
    let made = bob.datasets().await.remove(0);
    assert_eq!((&made["title"], &made["created_by_display"]), (&"made".into(), &"ann".into()));
    let made = made["id"].as_str().unwrap();
    refused(&bob.try_begin(Some(made), "b.csv", 1).await, 403, NOT_OWNER);
    refused(&bob.complete(&begun).await, 404, "Job not found");
    let in_made = Begun { dataset: Some(made.into()), ..begun.clone() };
    refused(&bob.complete(&in_made).await, 403, NOT_OWNER);
}

#[tokio::test]
async fn another_key_of_the_same_user_is_the_same_user() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let again = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.brought(Some(&dataset), b"a,b\n").await;
    done(&again.complete(&begun).await, 200);
    done(&again.commit(&begun).await, 202);
    // A user of the same name in another team is another one.
    let eve = Client::new(&house, "evil", "ann").await;
    refused(&eve.try_begin(Some(&dataset), "a.csv", 1).await, 404, "Dataset not found");
    refused(&eve.get(&format!("/jobs/{}", begun.id)).await, 404, "Job not found");
}
