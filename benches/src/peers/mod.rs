//! Countersign and its peers, each kept as its own documentation advises.

mod aws_forms;
mod aws_sigv4;
mod form;
mod object_store;
mod ours;
mod ours_oci;
mod reqsign;
mod rusty_s3;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

pub use self::ours::Ours;
#[cfg(test)]
pub(crate) use self::ours::OursNow;
pub(crate) use self::{
    aws_forms::AwsForms,
    aws_sigv4::AwsSigV4,
    form::Form,
    object_store::ObjectStore,
    ours_oci::{OursOci, SentToOci},
    reqsign::Reqsign,
    rusty_s3::RustyS3,
};
use crate::input::{Task, Upload};

/// Whoever presigns.
///
/// What is timed goes from the key as text to what the peer itself hands out.
pub(crate) trait Presign {
    /// Its name, with its version.
    const NAME: &'static str;

    /// What it hands out.
    type Url;

    /// Makes a URL.
    fn presign(&self, task: Task<'_>) -> Self::Url;

    /// Makes the URLs of all parts of an upload, one after the other.
    fn presign_parts(&self, upload: Upload<'_>, mut take: impl FnMut(&Self::Url)) {
        for task in Task::parts(upload) {
            take(&self.presign(task));
        }
    }

    /// The text of a URL.
    fn text(url: &Self::Url) -> String;
}

/// The outcome of a future that waits for nothing: so no runtime is in the figures.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let Poll::Ready(outcome) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("a signer that was given its credentials waits");
    };
    outcome
}
