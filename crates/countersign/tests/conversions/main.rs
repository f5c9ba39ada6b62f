//! Proves that the conversions lose nothing, and let nothing in that the constructors refuse.

mod arbitrary;
mod http;
mod serde;
