//! The dialect of `GeoLens`: datasets, and jobs that bring them their versions.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/watched.rs"]
mod watched;

mod changes;
mod client;
mod columns;
mod content;
mod crash;
mod datasets;
mod downloads;
mod elsewhere;
mod envelope;
mod faulty;
mod forms;
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
mod previews;
mod requests;
mod reupload;
