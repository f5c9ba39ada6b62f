//! The gateway, as a client sees it.

mod broken;
mod client;
mod conditional;
mod download;
mod logs;
mod methods;
mod parts;
mod prefix;
mod refused;
mod socket;
mod tamper;
mod upload;
mod world;
