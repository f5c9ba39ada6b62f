//! Files from servers of every kind, most of which mean no good.

mod bounds;
mod host;
mod property;
mod rebinding;
mod redirects;
mod server;
mod tls;
mod urls;
