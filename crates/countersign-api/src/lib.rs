//! The control plane of Countersign: what can be done, and the dialects that speak of it.
//!
//! [`App`] has the use cases, over a catalog and a storage backend; [`router()`] puts the dialects on
//! HTTP. A dialect converts, and decides nothing: it reads a request into the words of the model,
//! and writes what came of it in its own.
//!
//! | dialect | under |
//! | --- | --- |
//! | Datalab | `/api/v1/files`, `/v1/files` |
//! | Powerdrill v1 | `/api/v1/team`, `/v1/team`; `/api/v1/file`, `/v1/file` |
//! | Powerdrill v2, MAXIR AI v2 | `/api/v2/team`, `/v2/team`, `/app/api/v2/team` |
//! | `GeoLens` | `/api/datasets`, `/api/ingest`, `/api/jobs` |
//! | `DataSnap` | `/api/v1/schemas`, `/v1/schemas`, and `upload-tokens`, `bridge` beside them |
//!
//! # What this crate does not do
//!
//! - It serves no bytes: what it hands out are URLs.
//! - It fetches nothing, unless it is [given](App::with_imports) who does.
//! - It keeps no secret: a key is shown once, when it is made.

mod app;
mod auth;
mod content;
mod data_sources;
mod datalab;
mod dataset_name;
mod datasets;
mod datasnap;
mod direct;
mod downloads;
mod error;
mod fields;
mod file_name;
mod files;
mod form;
mod frozen;
mod geolens;
mod http;
mod import_queue;
mod imports;
mod job_forms;
mod jobs;
mod keys;
mod media_type;
mod multipart;
mod powerdrill;
mod preview;
mod previews;
mod quota;
mod rate;
mod router;
mod schemas;
mod shared_body;
mod source_name;
mod upload_tokens;
mod validation;

pub use app::App;
pub use import_queue::ImportLimits;
pub use keys::{IssuedAccessKey, IssuedApiKey, issue_access_key, issue_api_key};
pub use rate::{Client, InvalidRateLimit, RateLimit, RateLimits};
pub use router::router;
pub use upload_tokens::{Berth, TokenRefusal};
