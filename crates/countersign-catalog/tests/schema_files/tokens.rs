//! Upload tokens.

use countersign::Timestamp;
use countersign_catalog::{CatalogError, Identity, NewUploadToken, UploadToken};
use uuid::Uuid;

use crate::{
    add_schema, add_token,
    common::{at, open, owner},
    new_token, stranger,
};

#[tokio::test]
async fn a_token_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "acme", "eve").await;
    let sales = add_schema(catalog, &ada, "sales").await.id;
    let stock = add_schema(catalog, &ada, "stock").await.id;
    let cases =
        [(&ada, sales, Timestamp::MIN), (&eve, sales, Timestamp::MAX), (&ada, stock, at(5))];
    for (number, (owner, schema, not_after)) in (1..).zip(cases) {
        let new = NewUploadToken { not_after, ..new_token(owner, schema) };
        let token = catalog.add_upload_token(&new, at(7)).await.unwrap();
        let (id, owner) = (new.id, owner.clone());
        let expected = UploadToken { id, number, owner, schema, not_after, created_at: at(7) };
        assert_eq!(token, expected);
        // Whether it holds is for others to say.
        assert_eq!(catalog.upload_token(id).await.unwrap(), Some(expected));
    }
    for unknown in [Uuid::new_v4(), Uuid::nil(), Uuid::max()] {
        assert_eq!(catalog.upload_token(unknown).await.unwrap(), None);
    }
}

#[tokio::test]
async fn tokens_are_numbered_in_each_team() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let of_ada = [add_schema(catalog, &ada, "a").await.id, add_schema(catalog, &ada, "b").await.id];
    let of_bob = add_schema(catalog, &bob, "a").await.id;
    for (owner, schema, number) in [
        (&ada, of_ada[0], 1),
        (&bob, of_bob, 1),
        (&ada, of_ada[1], 2),
        (&ada, of_ada[0], 3),
        (&bob, of_bob, 2),
    ] {
        assert_eq!(add_token(catalog, owner, schema).await.number, number);
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_is_refused_and_takes_no_number() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let of_ada = add_schema(catalog, &ada, "sales").await.id;
    let of_bob = add_schema(catalog, &bob, "sales").await.id;
    let nobody = Identity { team: ada.team, user: stranger().user };
    let foreigner = Identity { team: bob.team, user: ada.user.clone() };
    for (owner, schema) in [
        (&ada, of_bob),
        (&ada, i64::MAX),
        (&ada, 0),
        (&ada, -1),
        (&bob, of_ada),
        (&nobody, of_ada),
        (&foreigner, of_bob),
        (&stranger(), of_ada),
    ] {
        let new = new_token(owner, schema);
        let refused = catalog.add_upload_token(&new, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
        assert_eq!(catalog.upload_token(new.id).await.unwrap(), None);
    }
    let taken = add_token(catalog, &ada, of_ada).await;
    for (owner, schema) in [(&ada, of_ada), (&bob, of_bob)] {
        let again = NewUploadToken { id: taken.id, ..new_token(owner, schema) };
        let refused = catalog.add_upload_token(&again, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    assert_eq!(catalog.upload_token(taken.id).await.unwrap(), Some(taken));
    assert_eq!(add_token(catalog, &ada, of_ada).await.number, 2);
    assert_eq!(add_token(catalog, &bob, of_bob).await.number, 1);
}
