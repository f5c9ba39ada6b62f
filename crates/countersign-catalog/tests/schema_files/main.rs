//! Schemas, the tokens for uploads under them, and what came with these.

#[path = "../common/mod.rs"]
mod common;
mod files;
mod lists;
mod races;
mod refused;
mod schemas;
mod tenants;
mod tokens;

use common::{at, new_upload, stored};
use countersign::Timestamp;
use countersign_catalog::{
    Catalog, Identity, Intake, NewSchemaFile, NewUploadToken, Schema, SchemaFile, Slug, TeamId,
    UploadToken, UserId,
};
use uuid::Uuid;

fn stranger() -> Identity {
    Identity { team: TeamId::new(i64::MAX), user: UserId::new("nobody").unwrap() }
}

async fn add_schema(catalog: &dyn Catalog, owner: &Identity, slug: &str) -> Schema {
    catalog.add_schema(owner.team, &Slug::new(slug).unwrap(), at(0)).await.unwrap()
}

fn new_token(owner: &Identity, schema: i64) -> NewUploadToken {
    let id = Uuid::new_v4();
    NewUploadToken { id, owner: owner.clone(), schema, not_after: at(3_600) }
}

async fn add_token(catalog: &dyn Catalog, owner: &Identity, schema: i64) -> UploadToken {
    catalog.add_upload_token(&new_token(owner, schema), at(1)).await.unwrap()
}

fn new_schema_file(token: &UploadToken, name: &str) -> NewSchemaFile {
    let upload = new_upload(&token.owner, Intake::Direct);
    NewSchemaFile { token: token.id, name: name.into(), upload }
}

/// Its key is doomed, as it is before the bytes are put there.
async fn add_schema_file(catalog: &dyn Catalog, token: &UploadToken, name: &str) -> SchemaFile {
    let new = new_schema_file(token, name);
    catalog.doom(&new.upload.object_key, at(90_000)).await.unwrap();
    catalog.add_schema_file(&new, &stored(12), at(2)).await.unwrap()
}

/// Also those that are not due for a long time.
async fn doomed(catalog: &dyn Catalog) -> Vec<Box<str>> {
    catalog.doomed(1_000, Timestamp::MAX).await.unwrap()
}
