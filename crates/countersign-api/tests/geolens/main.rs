//! The dialect of `GeoLens`: datasets, and jobs that bring them their versions.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/watched.rs"]
mod watched;

mod client;
mod columns;
mod content;
mod crash;
mod datasets;
mod envelope;
mod faulty;
mod handles;
mod history;
mod ingest;
mod isolation;
mod late;
mod model;
mod oneshot;
mod owners;
mod parts;
mod parts_refused;
mod requests;
mod reupload;
