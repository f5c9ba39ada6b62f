//! The dialect of `DataSnap`: upload tokens, and what is put by them.

#[path = "../common/mod.rs"]
mod common;

mod client;
mod envelope;
mod files;
mod names;
mod sweep;
mod tokens;
