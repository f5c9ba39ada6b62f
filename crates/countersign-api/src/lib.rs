//! The control plane of Countersign: what can be done, and the dialects that speak of it.
//!
//! [`App`] has the use cases, over a catalog and a storage backend; [`router()`] puts the dialects on
//! HTTP. A dialect converts, and decides nothing: it reads a request into the words of the model,
//! and writes what came of it in its own.
//!
//! | dialect | under |
//! | --- | --- |
//! | Datalab | `/api/v1/files`, `/v1/files` |
//!
//! # What this crate does not do
//!
//! - It serves no bytes: what it hands out are URLs.
//! - It keeps no secret: a key is shown once, when it is made.

mod app;
mod auth;
mod content;
mod datalab;
mod error;
mod fields;
mod file_name;
mod files;
mod http;
mod keys;
mod media_type;
mod router;

pub use app::App;
pub use keys::{IssuedAccessKey, IssuedApiKey, issue_access_key, issue_api_key};
pub use router::router;
