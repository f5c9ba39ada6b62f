//! The data plane of Countersign: serves objects behind verified URLs, as S3 would.
//!
//! [`Gateway`] is an axum router over any [`Backend`](countersign_storage::Backend). It knows no
//! records: whose key signed, [`SigningKeys`] says; what the holder of that key may do, and where
//! the bytes are, [`Grants`] says. It takes files by prefix tokens too, where somebody asks it to:
//! where they go, [`PrefixUploads`] says.
//!
//! # What it serves
//!
//! | request | by a URL that was signed for |
//! |---|---|
//! | `GET`, `HEAD` of an object, with conditions and one range | `GET`, `HEAD` (`HEAD` by either) |
//! | `PUT` of an object, up to 5 GiB, with `If-None-Match: *` or `If-Match` | `PUT` |
//! | `PUT` of a part: `partNumber` and `uploadId` | `PUT` with both |
//! | `OPTIONS`, the preflight of CORS | anything, nothing |
//!
//! | request | by a prefix token |
//! |---|---|
//! | `PUT` of a new file below the token, of any size | where [`PrefixUploads`] takes it |
//! | `OPTIONS` | anything, nothing |
//!
//! What S3 has beyond that is refused with `NotImplemented`, by its name: a header or parameter that
//! would change what is stored or sent is never dropped. Parameters that S3 ignores are ignored.
//!
//! # What a browser may do with it
//!
//! Every answer has `X-Content-Type-Options: nosniff`, a `Content-Security-Policy` that is a
//! sandbox, `Referrer-Policy: no-referrer` and `Cache-Control: private, no-store`; an object is
//! saved, and shown only where the URL was signed so and its type is not one that a browser runs.
//!
//! # What this crate does not do
//!
//! - It reads no `Authorization` header: only the query signs, and a token stands in the path.
//! - It has no clock, and no limit on the number or the slowness of connections but two: a client
//!   that sends nothing of its body for 30 s is given up, and a file by a token has twelve hours.
//! - It speaks HTTP/1.1. With HTTP/2 the host is in the target, which is refused here.

mod access;
mod answer;
mod conditions;
mod download;
mod exchange;
mod fault;
mod file_name;
mod gateway;
mod head;
mod intake;
mod media_type;
mod number;
mod overrides;
mod prefix;
mod range;
mod task;
mod upload;
mod wire;
mod xml;

pub use access::{Access, Grant, Grants, Operation, Refusal, SigningKeys, Unavailable};
pub use gateway::Gateway;
pub use prefix::{Arrival, Landing, PREFIX_PATH, PrefixUploads, prefix_router};
