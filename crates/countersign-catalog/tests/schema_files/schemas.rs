//! Schemas by their slugs.

use countersign_catalog::Slug;

use crate::{
    add_schema,
    common::{open, owner},
    stranger,
};

#[tokio::test]
async fn a_schema_is_found_in_its_team_alone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let of_ada = add_schema(catalog, &ada, "sales").await;
    let of_bob = add_schema(catalog, &bob, "sales").await;
    let private = add_schema(catalog, &ada, "a-private_1").await;
    for schema in [&of_ada, &of_bob, &private] {
        let found = catalog.schema(schema.team, &schema.slug).await.unwrap();
        assert_eq!(found.as_ref(), Some(schema));
    }
    for (team, slug) in [
        (bob.team, "a-private_1"),
        (stranger().team, "sales"),
        (ada.team, "sale"),
        (ada.team, "sales-"),
        // An underscore is no wildcard.
        (ada.team, "a_private_1"),
        (ada.team, "sal_s"),
    ] {
        let slug = Slug::new(slug).unwrap();
        assert_eq!(catalog.schema(team, &slug).await.unwrap(), None, "{slug:?}");
    }
}
