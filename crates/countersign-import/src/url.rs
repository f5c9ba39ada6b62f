use std::fmt;

use url::{Host, Url};

/// A URL that a [`Guard`](crate::Guard) found fit to be fetched, as far as it alone tells.
///
/// - Its scheme is `https`, or `http` where that is allowed.
/// - It has no user name and no password, and no fragment.
/// - It may be a credential: whoever sees it may fetch the file. So it has no `Display`, and its
///   `Debug` says no more than the host.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportUrl(Url);

impl ImportUrl {
    pub(crate) fn new(mut url: Url) -> Self {
        url.set_fragment(None);
        Self(url)
    }

    /// The host, as it may be shown.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(crate) fn named_host(&self) -> Option<Host<&str>> {
        self.0.host()
    }

    /// Whether the port is the one that its scheme has anyway.
    pub(crate) fn has_own_port(&self) -> bool {
        self.0.port().is_none()
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// What stands in the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Path and query, for the request line.
    pub(crate) fn target(&self) -> String {
        match self.0.query() {
            Some(query) => [self.0.path(), "?", query].concat(),
            None => self.0.path().into(),
        }
    }

    /// What a text means that stands in a `Location`.
    pub(crate) fn join(&self, location: &str) -> Option<Url> {
        self.0.join(location).ok()
    }
}

impl fmt::Debug for ImportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportUrl").field("host", &self.host()).finish_non_exhaustive()
    }
}
