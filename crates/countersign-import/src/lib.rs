//! Files from other people's servers: fetched by a URL that a stranger gave, and guarded.
//!
//! Whoever may name a URL that a server fetches may use the server's place in the network: its
//! loopback, its neighbours, the metadata of its cloud. So a [`Guard`] settles where a URL leads
//! before anything is sent, and [`Fetcher`] connects to nowhere else.
//!
//! - A name is resolved once for each request, all that it resolves to has to be public, and the
//!   connection is made to one of these addresses: there is no second look that could see another.
//! - The connection is made by hand, for one request. There is no pool, no proxy, no environment.
//! - A redirect is a new URL, and is checked as the first one was.
//! - What is unpacked, encoded or without an end is refused; time, rate and bytes have limits.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use countersign_import::{Fetcher, Guard, Limits, SystemResolver};
//! use futures_util::TryStreamExt;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let guard = Guard::new(Arc::new(SystemResolver));
//! let fetcher = Fetcher::new(guard, Limits::default())?;
//! let url = fetcher.guard().parse("https://files.example/sales.csv")?;
//! let mut bytes = fetcher.fetch(&url).await?.into_stream();
//! while let Some(_chunk) = bytes.try_next().await? {}
//! # Ok(())
//! # }
//! ```
//!
//! # What this crate does not do
//!
//! - It does not know a NAT64 prefix that is the network's own ([RFC 6052]): where there is one,
//!   the network itself has to keep it from its neighbours.
//! - It keeps no cookies, sends no credentials, and tries nothing twice.
//! - It does not look at what is in a file.
//!
//! [RFC 6052]: https://www.rfc-editor.org/rfc/rfc6052

mod address;
mod body;
mod connect;
mod error;
mod fetch;
mod guard;
mod limits;
mod resolver;
mod tls;
mod url;

pub use address::{InvalidNetwork, Network, is_public_unicast};
pub use body::Fetched;
pub use error::{FetchError, SetUpError, UrlFault};
pub use fetch::Fetcher;
pub use guard::{Guard, PlainHttp};
pub use limits::Limits;
pub use resolver::{Resolve, SystemResolver};
pub use url::ImportUrl;
