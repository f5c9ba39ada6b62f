//! To and from the types of other crates, each behind a feature of its name.

#[cfg(feature = "arbitrary")]
mod arbitrary;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "serde")]
mod serde;

#[cfg(feature = "http")]
pub use self::http::ReceivedHead;
