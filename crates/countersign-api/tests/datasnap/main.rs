//! The dialect of `DataSnap`: schemas, upload tokens, and what is put by them.

#[path = "../common/mod.rs"]
mod common;

mod account;
mod client;
mod envelope;
mod files;
mod lists;
mod names;
mod sweep;
mod tokens;
