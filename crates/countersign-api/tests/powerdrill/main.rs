//! The dialect of Powerdrill, both generations, and of MAXIR AI: datasets, data sources, and how
//! their bytes come in.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/watched.rs"]
mod watched;

mod changed;
mod client;
mod complete;
mod deleted;
mod deletion_races;
mod envelope;
mod expiry;
mod flow;
mod forms;
mod forms_refused;
mod ids;
mod import_ends;
mod imports;
mod isolation;
mod keys;
mod lists;
mod model;
mod multipart;
mod names;
mod owners;
mod sources;
mod spy;
mod v1;
mod v1_datasets;
mod v1_files;
mod v1_sources;
