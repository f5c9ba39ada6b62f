//! Random histories, beside a model that is too simple to be wrong.

mod agree;
#[path = "../common/mod.rs"]
mod common;
mod history;
mod steps;

use proptest::prelude::*;

use agree::assert_agrees;
use common::{open, owner};
use history::Model;
use steps::{World, step};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_history_ends_as_the_model_says(steps in prop::collection::vec(step(), 1..96)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let fixture = open().await;
            let catalog = &*fixture.catalog;
            let owners =
                [owner(catalog, "acme", "ada").await, owner(catalog, "zenith", "bob").await];
            let mut world = World { catalog, owners, model: Model::default() };
            for (nth, step) in (0..).zip(steps) {
                world.take(nth, step).await;
            }
            assert_agrees(&world).await;
        });
    }
}
