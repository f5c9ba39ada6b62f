//! What another team has is as good as not there.

use countersign_catalog::{CatalogError, Intake, NewSchemaFile, UploadRef};

use crate::{
    add_schema, add_token,
    common::{at, new_upload, open, owner, stored},
    doomed, new_schema_file, new_token,
};

#[tokio::test]
async fn nobody_puts_a_file_under_a_schema_of_another_team() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let of_ada = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    let of_bob = add_token(catalog, &bob, add_schema(catalog, &bob, "sales").await.id).await;
    // The token and the upload are of one team, or it is refused.
    for (token, owner) in [(&of_ada, &bob), (&of_bob, &ada)] {
        let upload = new_upload(owner, Intake::Direct);
        let new = NewSchemaFile { upload, ..new_schema_file(token, "a.csv") };
        let key = &new.upload.object_key;
        catalog.doom(key, at(9)).await.unwrap();
        let refused = catalog.add_schema_file(&new, &stored(1), at(2)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
        assert!(!catalog.has_schema_file(token.schema, "a.csv").await.unwrap());
        assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
        assert!(doomed(catalog).await.contains(key));
    }
    // Nor does a token lead there.
    for (owner, schema) in [(&ada, of_bob.schema), (&bob, of_ada.schema)] {
        let refused = catalog.add_upload_token(&new_token(owner, schema), at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    }
    // Whoever asks for a token is told whose it is.
    for token in [of_ada, of_bob] {
        assert_eq!(catalog.upload_token(token.id).await.unwrap(), Some(token));
    }
}
