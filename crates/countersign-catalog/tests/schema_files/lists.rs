//! Schemas, their files and tokens, as they are listed.

use std::collections::BTreeSet;

use countersign_catalog::{
    Catalog, Page, SchemaFile, SchemaFileFilter, SchemaFileOrder, UploadToken,
};
use proptest::{collection::vec, prelude::*};

use crate::{
    add_schema, add_schema_file, add_token,
    common::{at, open, owner, stored},
    new_schema_file, stranger,
};

const ALL: Page = Page { limit: 1_000, offset: 0 };

const fn every(schema: i64) -> SchemaFileFilter<'static> {
    SchemaFileFilter {
        schema,
        search: None,
        created_from: None,
        created_before: None,
        order: SchemaFileOrder::Newest,
    }
}

#[tokio::test]
async fn schemas_are_listed_by_their_slugs_and_to_their_team_alone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    for slug in ["stock", "a", "sales", "0", "a-1", "a_1"] {
        add_schema(catalog, &ada, slug).await;
    }
    let of_bob = add_schema(catalog, &bob, "sales").await;
    let slugs = async |limit, offset| {
        let page = catalog.schemas(ada.team, Page { limit, offset }).await.unwrap();
        assert_eq!(page.total, 6);
        assert!(page.schemas.iter().all(|it| it.team == ada.team && it.created_at == at(0)));
        page.schemas.iter().map(|it| it.slug.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(slugs(1_000, 0).await, ["0", "a", "a-1", "a_1", "sales", "stock"]);
    assert_eq!(slugs(2, 3).await, ["a_1", "sales"]);
    assert!(slugs(9, 6).await.is_empty());
    assert!(slugs(9, u64::MAX).await.is_empty());
    let page = catalog.schemas(bob.team, ALL).await.unwrap();
    assert_eq!((page.schemas, page.total), (vec![of_bob], 1));
    let page = catalog.schemas(stranger().team, ALL).await.unwrap();
    assert_eq!((page.schemas.len(), page.total), (0, 0));
}

#[tokio::test]
async fn a_token_is_found_by_its_number_in_its_team_alone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let first = add_token(catalog, &ada, schema).await;
    let second = add_token(catalog, &ada, schema).await;
    let schema = add_schema(catalog, &bob, "sales").await.id;
    let of_bob = add_token(catalog, &bob, schema).await;
    for token in [&first, &second, &of_bob] {
        let found = catalog.numbered_upload_token(token.owner.team, token.number).await.unwrap();
        assert_eq!(found.as_ref(), Some(token));
    }
    for (team, number) in
        [(bob.team, 2), (ada.team, 3), (ada.team, 0), (ada.team, -1), (stranger().team, 1)]
    {
        let found = catalog.numbered_upload_token(team, number).await.unwrap();
        assert_eq!(found, None, "{number}");
    }
}

/// A file of so many bytes that was recorded then.
async fn add(
    catalog: &dyn Catalog,
    token: &UploadToken,
    name: &str,
    (size, secs): (u64, u32),
) -> SchemaFile {
    let new = new_schema_file(token, name);
    catalog.doom(&new.upload.object_key, at(90_000)).await.unwrap();
    catalog.add_schema_file(&new, &stored(size), at(secs)).await.unwrap()
}

#[tokio::test]
async fn files_are_listed_as_they_were_recorded_and_in_their_schema_alone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let sales = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    let stock = add_token(catalog, &ada, add_schema(catalog, &ada, "stock").await.id).await;
    let first = add(catalog, &sales, "a.jsonl", (7, 3)).await;
    let second = add(catalog, &sales, "b\0\u{fc}.jsonl", (0, 4)).await;
    let other = add_schema_file(catalog, &stock, "a.jsonl").await;
    let page = catalog.schema_files(every(sales.schema), ALL).await.unwrap();
    assert_eq!((page.files, page.total), (vec![second, first], 2));
    let page = catalog.schema_files(every(stock.schema), ALL).await.unwrap();
    assert_eq!((page.files, page.total), (vec![other], 1));
    let page = catalog.schema_files(every(i64::MAX), ALL).await.unwrap();
    assert_eq!((page.files, page.total), (vec![], 0));
}

#[tokio::test]
async fn a_search_has_no_wildcards() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let token = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    for name in ["Sales%1.jsonl", "sales_1.jsonl", "stock.jsonl", "\u{dc}ber\0tail.jsonl"] {
        add_schema_file(catalog, &token, name).await;
    }
    for (search, count) in [
        ("", 4),
        ("sales", 2),
        ("SALES_", 1),
        ("%", 1),
        ("_", 1),
        ("jsonl", 4),
        ("TAIL", 1),
        ("\u{dc}BER", 1),
        ("\u{fc}ber", 0),
        ("*", 0),
        ("'", 0),
    ] {
        let filter = SchemaFileFilter { search: Some(search), ..every(token.schema) };
        let page = catalog.schema_files(filter, ALL).await.unwrap();
        assert_eq!((page.files.len(), page.total), (count, count as u64), "{search:?}");
    }
}

/// What is listed, by hand.
fn model<'a>(
    files: &'a [(String, u64, u32)],
    filter: &SchemaFileFilter<'_>,
) -> Vec<&'a (String, u64, u32)> {
    let mut listed: Vec<_> = files
        .iter()
        .filter(|(_, _, secs)| filter.created_from.is_none_or(|from| at(*secs) >= from))
        .filter(|(_, _, secs)| filter.created_before.is_none_or(|before| at(*secs) < before))
        .collect();
    listed.sort_by(|a, b| match filter.order {
        SchemaFileOrder::Oldest => (a.2, &a.0).cmp(&(b.2, &b.0)),
        SchemaFileOrder::Smallest => (a.1, &a.0).cmp(&(b.1, &b.0)),
        SchemaFileOrder::Largest => (b.1, &b.0).cmp(&(a.1, &a.0)),
        _ => (b.2, &b.0).cmp(&(a.2, &a.0)),
    });
    listed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn pages_are_what_a_list_in_memory_has(
        names in vec("[a-c]{1,3}", 0..12),
        facts in vec((0_u64..4, 0_u32..6), 12),
        (from, before) in (proptest::option::of(0_u32..7), proptest::option::of(0_u32..7)),
        (limit, offset) in (1_u32..6, 0_u64..8),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let fixture = open().await;
            let catalog = &*fixture.catalog;
            let ada = owner(catalog, "acme", "ada").await;
            let token = add_token(catalog, &ada, add_schema(catalog, &ada, "s").await.id).await;
            let mut files = Vec::new();
            let names = names.into_iter().collect::<BTreeSet<_>>();
            for (name, (size, secs)) in names.into_iter().zip(facts) {
                add(catalog, &token, &name, (size, secs)).await;
                files.push((name, size, secs));
            }
            let orders = [
                SchemaFileOrder::Newest,
                SchemaFileOrder::Oldest,
                SchemaFileOrder::Largest,
                SchemaFileOrder::Smallest,
            ];
            for order in orders {
                let filter = SchemaFileFilter {
                    created_from: from.map(at),
                    created_before: before.map(at),
                    order,
                    ..every(token.schema)
                };
                let expected = model(&files, &filter);
                let page = catalog.schema_files(filter, Page { limit, offset }).await.unwrap();
                let listed = page.files.iter().map(|file| &*file.name).collect::<Vec<_>>();
                let skipped = expected.iter().skip(usize::try_from(offset).unwrap());
                let wanted = skipped.take(limit as usize).map(|file| &*file.0).collect::<Vec<_>>();
                assert_eq!(listed, wanted, "{order:?}");
                assert_eq!(page.total, expected.len() as u64);
            }
        });
    }
}
