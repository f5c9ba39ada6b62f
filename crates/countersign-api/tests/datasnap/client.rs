//! Somebody who makes tokens, and whoever has one.

use countersign_api::{Berth, TokenRefusal};
use countersign_catalog::{Catalog, Schema, Schemas, Slug, TeamName};
use countersign_storage::{ObjectInfo, PutRequest, bytes_of};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Answer, House, now, prefix_token_key};

/// Where the dialect is.
pub(crate) const BASES: [&str; 2] = ["/api/v1/schemas", "/v1/schemas"];

/// Somebody with a key.
pub(crate) struct Client<'h> {
    pub(crate) house: &'h House,
    pub(crate) key: String,
    team: &'static str,
}

impl<'h> Client<'h> {
    pub(crate) async fn new(house: &'h House, team: &'static str, user: &'static str) -> Self {
        Self { house, key: house.key(team, user).await, team }
    }

    /// Makes a schema, as whoever runs the server does.
    pub(crate) async fn schema(&self, slug: &str) -> Schema {
        let catalog = &self.house.catalog;
        let team = catalog.team(&TeamName::new(self.team).unwrap()).await.unwrap().unwrap();
        catalog.add_schema(team, &Slug::new(slug).unwrap(), now()).await.unwrap()
    }

    /// Asks for a token, at the base of this place.
    pub(crate) async fn ask(&self, base: usize, slug: &str, body: &str) -> Answer {
        let path = format!("{}/{slug}/generate-upload-token", BASES[base]);
        self.house.call(&self.key, "POST", &path, body).await
    }

    /// A token that is good for an hour: its id.
    pub(crate) async fn token(&self, slug: &str) -> Uuid {
        let answer = self.ask(0, slug, r#"{"minutes":60}"#).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        grant_of(&answer.body)
    }
}

/// The token in the URL of an answer.
pub(crate) fn token_of(body: &Value) -> &str {
    body["upload_url"].as_str().unwrap().strip_prefix("http://localhost:8080/p/").unwrap()
}

/// What the gateway would take the token for.
pub(crate) fn grant_of(body: &Value) -> Uuid {
    let verified = prefix_token_key().verify(token_of(body), now()).unwrap();
    Uuid::from_bytes(verified.grant())
}

/// Stores bytes where the gateway would.
pub(crate) async fn store(berth: &Berth, bytes: &str) -> ObjectInfo {
    let put = PutRequest::new(bytes.len() as u64).with_content_type(berth.media_type);
    let bytes = bytes_of(bytes.to_owned());
    berth.backend.objects().put(&berth.key, bytes, put).await.unwrap()
}

/// Does what a PUT of a file below the URL does, from its beginning to its end.
pub(crate) async fn put(
    house: &House,
    token: Uuid,
    name: &str,
    bytes: &str,
) -> Result<Berth, TokenRefusal> {
    let berth = house.app.begin_token_upload(token, name).await?;
    let info = store(&berth, bytes).await;
    house.app.finish_token_upload((token, name), &berth.key, &info).await?;
    Ok(berth)
}

/// An error with a message, and nothing else.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.body, json!({ "message": message }));
    assert_eq!(answer.status, status);
    assert_eq!(answer.headers["content-type"], "application/json");
}

/// Minutes that are none.
#[track_caller]
pub(crate) fn invalid(answer: &Answer, message: &str) {
    let expected = json!({ "message": message, "errors": { "minutes": [message] } });
    assert_eq!(answer.body, expected);
    assert_eq!(answer.status, 422);
    assert_eq!(answer.headers["content-type"], "application/json");
}
