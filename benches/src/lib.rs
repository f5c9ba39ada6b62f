//! The same work, done by Countersign and by its peers, so that one run can compare them.
//!
//! [`cases()`] is what is compared: each case has the floor, Countersign and its peers as
//! [`Entry`]s, which `benches/ratios.rs` times in turn, `benches/sigv4.rs` one after the other, and
//! `src/bin/count-allocations.rs` counts. Whoever makes a case shows before that all of its peers
//! make the same signature, and that they refuse the same spoiled one. A form or a request for Oracle
//! Cloud counts as a URL does.
//!
//! All sign at `SIGNED_AT_SECS`, but for reqsign and `object_store`, which take no time
//! from their caller: they read the clock, and it is in their figures (31 to 40 ns).

mod agree;
mod case;
mod cases;
mod floor;
mod input;
mod peers;
mod rsa_floor;

pub use case::{Case, Entry};
pub use cases::cases;
pub use peers::Ours;
