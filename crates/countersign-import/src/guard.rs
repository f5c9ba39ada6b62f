//! Where a URL leads, settled before anything is sent.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::time::timeout;
use url::{Host, Url};

use crate::{
    FetchError, ImportUrl, Network, Resolve, SetUpError, UrlFault, address::is_public_unicast,
};

/// The longest URL, in bytes: signed ones with a session token have some 2,000.
const URL_LEN_MAX: usize = 8_192;

/// The most addresses of a name. All of them are looked at, so a name with more is refused.
const ADDRESSES_MAX: usize = 64;

/// Whether `http` is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between yes and no")]
pub enum PlainHttp {
    /// No: whoever is on the way could read the file, and change it.
    Refused,
    /// It is.
    Allowed,
}

/// Who decides which URLs are fetched, and from which addresses.
///
/// - `https` only, at port 443; `http` at port 80 where it is [allowed](PlainHttp::Allowed).
/// - All addresses of a host are [public](is_public_unicast).
/// - No host of our own, and no address of our own.
#[derive(Debug)]
pub struct Guard {
    resolver: Arc<dyn Resolve>,
    http: PlainHttp,
    own_hosts: Vec<Host>,
    own_addresses: Vec<IpAddr>,
    danger_allowed: Vec<Network>,
}

/// The addresses that a URL leads to, found to be allowed. Nothing is connected to without one.
#[derive(Debug)]
pub(crate) struct Destination {
    addresses: Vec<SocketAddr>,
}

impl Destination {
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Guard {
    /// The strictest.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self {
            resolver,
            http: PlainHttp::Refused,
            own_hosts: Vec::new(),
            own_addresses: Vec::new(),
            danger_allowed: Vec::new(),
        }
    }

    /// Says whether `http` is fetched.
    #[must_use]
    pub fn with_http(self, http: PlainHttp) -> Self {
        Self { http, ..self }
    }

    /// Refuses the host of one of our own URLs, at any port.
    ///
    /// # Errors
    ///
    /// [`SetUpError::OwnHost`]
    pub fn with_own_url(mut self, url: &str) -> Result<Self, SetUpError> {
        let url = Url::parse(url).map_err(|_| SetUpError::OwnHost)?;
        let host = url.host().ok_or(SetUpError::OwnHost)?.to_owned();
        self.own_addresses.extend(literal(&host));
        self.own_hosts.push(without_root(host));
        Ok(self)
    }

    /// Refuses an address of our own, whatever its name. One that stands for all is none.
    #[must_use]
    pub fn with_own_address(mut self, address: IpAddr) -> Self {
        if !address.is_unspecified() {
            self.own_addresses.push(address);
        }
        self
    }

    /// Fetches from these networks too, though they are not public, and there from any port: of
    /// whatever answers there, whoever may import learns what it says.
    #[must_use]
    pub fn danger_allow_private_addresses(mut self, networks: &[Network]) -> Self {
        self.danger_allowed.extend(networks);
        self
    }

    /// Reads a URL that is to be fetched.
    ///
    /// A name is not resolved here: what it leads to is settled when it is fetched, and not twice.
    ///
    /// # Errors
    ///
    /// Any [`UrlFault`].
    pub fn parse(&self, text: &str) -> Result<ImportUrl, UrlFault> {
        self.check(Url::parse(plain(text)?).map_err(|_| UrlFault::Malformed)?)
    }

    /// Reads where a server sends us.
    pub(crate) fn follow(&self, from: &ImportUrl, location: &str) -> Result<ImportUrl, FetchError> {
        let joined = plain(location).and_then(|text| from.join(text).ok_or(UrlFault::Malformed));
        let to = joined.and_then(|url| self.check(url)).map_err(FetchError::Redirect)?;
        // Whoever asked for https did not ask to be read on the way.
        if from.is_https() && !to.is_https() { Err(FetchError::Downgrade) } else { Ok(to) }
    }

    fn check(&self, url: Url) -> Result<ImportUrl, UrlFault> {
        match (url.scheme(), self.http) {
            ("https", _) | ("http", PlainHttp::Allowed) => {}
            _ => return Err(UrlFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::Userinfo);
        }
        let host = url.host().ok_or(UrlFault::Malformed)?.to_owned();
        let address = literal(&host);
        if self.own_hosts.contains(&without_root(host)) {
            return Err(UrlFault::OwnHost);
        }
        let url = ImportUrl::new(url);
        match address {
            Some(address) => self.check_address(&url, address)?,
            // What a name leads to may be a network that is allowed any port.
            None if !url.has_own_port() && self.danger_allowed.is_empty() => {
                return Err(UrlFault::Port);
            }
            None => {}
        }
        Ok(url)
    }

    fn check_address(&self, url: &ImportUrl, address: IpAddr) -> Result<(), UrlFault> {
        if self.own_addresses.contains(&address) {
            return Err(UrlFault::OwnHost);
        }
        if self.danger_allowed.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        match (is_public_unicast(address), url.has_own_port()) {
            (true, true) => Ok(()),
            (true, false) => Err(UrlFault::Port),
            (false, _) => Err(UrlFault::NotPublic),
        }
    }

    /// Finds the addresses of a URL: once, and all of them have to be allowed. One alone that is not
    /// would be a way in for whoever may answer for the name.
    pub(crate) async fn destination(
        &self,
        url: &ImportUrl,
        resolve_max: Duration,
    ) -> Result<Destination, FetchError> {
        let found = match url.named_host() {
            Some(Host::Domain(name)) => {
                let resolved = timeout(resolve_max, self.resolver.resolve(name)).await;
                resolved.ok().and_then(Result::ok).unwrap_or_default()
            }
            Some(host) => literal(&host).into_iter().collect(),
            None => Vec::new(),
        };
        let all_allowed = found.iter().all(|address| self.check_address(url, *address).is_ok());
        if found.is_empty() || found.len() > ADDRESSES_MAX || !all_allowed {
            return Err(FetchError::NotPublic);
        }
        let port = url.port();
        let addresses = found.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        Ok(Destination { addresses })
    }
}

/// Text that all readers of URLs read alike, in this much: some take `\` for a slash, and some leave
/// out a tab or a line break.
fn plain(text: &str) -> Result<&str, UrlFault> {
    if text.len() > URL_LEN_MAX {
        return Err(UrlFault::TooLong { len_max: URL_LEN_MAX });
    }
    let is_ambiguous = text.chars().any(|it| it.is_control() || it == '\\');
    if is_ambiguous { Err(UrlFault::Malformed) } else { Ok(text) }
}

/// The address that a host is written as. Every spelling of one was read as one by then.
fn literal<S>(host: &Host<S>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
    }
}

/// A name with a dot at its end is the same name.
fn without_root(host: Host) -> Host {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
        other => other,
    }
}
