//! How often somebody may ask: a key, and an address.
//!
//! What is counted is the request whose sender is looked for, whichever dialect it speaks.

use std::{
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};

use axum::{extract::Request, middleware::Next, response::Response};
use countersign_catalog::ApiKeyHash;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};

use crate::error::ApiError;

/// So many requests in a second, a minute or an hour.
///
/// - All of them may come at once. Each has its place back after its part of the time.
///
/// ```
/// let limit: countersign_api::RateLimit = "200/min".parse()?;
/// assert_eq!(limit.to_string(), "200/min");
/// # Ok::<(), countersign_api::InvalidRateLimit>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateLimit {
    requests: NonZeroU32,
    period: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Period {
    Second,
    Minute,
    Hour,
}

const PERIODS: [(Period, &str, u32); 3] =
    [(Period::Second, "s", 1), (Period::Minute, "min", 60), (Period::Hour, "h", 3_600)];

/// The most requests of a limit: each has a nanosecond of a second, at least.
const REQUESTS_MAX: u32 = 1_000_000_000;

/// A text is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a number from 1 to 1,000,000,000, and /s, /min or /h, such as 20/s")]
pub struct InvalidRateLimit;

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        let (requests, unit) = text.split_once('/').ok_or(InvalidRateLimit)?;
        let mut periods = PERIODS.iter();
        let (period, ..) = periods.find(|(_, name, _)| *name == unit).ok_or(InvalidRateLimit)?;
        let is_number = requests.bytes().all(|byte| byte.is_ascii_digit());
        let requests = requests.parse().ok().filter(|_| is_number).and_then(NonZeroU32::new);
        let requests = requests.filter(|it| it.get() <= REQUESTS_MAX).ok_or(InvalidRateLimit)?;
        Ok(Self { requests, period: *period })
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PERIODS.iter().find(|(period, ..)| *period == self.period);
        write!(f, "{}/{}", self.requests, name.map_or("s", |(_, name, _)| name))
    }
}

impl RateLimit {
    pub(crate) fn requests(self) -> u32 {
        self.requests.get()
    }

    /// In seconds.
    pub(crate) fn period_secs(self) -> u32 {
        let found = PERIODS.iter().find(|(period, ..)| *period == self.period);
        found.map_or(1, |(_, _, secs)| *secs)
    }

    fn quota(self) -> Quota {
        let period = Duration::from_secs(self.period_secs().into());
        // Only a part of no length would be none, and the limit is a nanosecond.
        let quota = Quota::with_period(period / self.requests.get());
        quota.unwrap_or_else(|| Quota::per_second(self.requests)).allow_burst(self.requests)
    }
}

/// The limits of an [`App`](crate::App); none, where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Of one API key.
    pub per_key: Option<RateLimit>,
    /// Of one client, whatever key it has, or none: an IPv4 address, or an IPv6 network of 64 bits.
    /// Who it is, [`Client`] says.
    pub per_client: Option<RateLimit>,
}

/// The address that a request comes from, as an extension of it.
///
/// Whoever serves the router says so: it is the other end of the connection, or what a proxy says
/// that is trusted. Without it no client is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);

tokio::task_local! {
    /// Who sends the request that is being handled. It is looked at where the key is, deep in each
    /// dialect, so that a refusal has the dialect's shape.
    static CLIENT: Client;
}

/// Keeps in mind who sends a request while it is handled.
pub(crate) async fn attribute(request: Request, next: Next) -> Response {
    match request.extensions().get::<Client>().copied() {
        Some(client) => CLIENT.scope(client, next.run(request)).await,
        None => next.run(request).await,
    }
}

/// Somebody asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excess {
    pub(crate) limit: RateLimit,
    /// Until the next request has a place. At least 1.
    pub(crate) retry_after_secs: u64,
}

/// What counts.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    keys: Option<Meter<[u8; 32]>>,
    clients: Option<Meter<IpAddr>>,
}

impl Meters {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { keys: limits.per_key.map(Meter::new), clients: limits.per_client.map(Meter::new) }
    }

    /// Counts a request of whoever sends it.
    pub(crate) fn count_client(&self) -> Result<(), ApiError> {
        let Some(meter) = &self.clients else { return Ok(()) };
        let Ok(Client(address)) = CLIENT.try_with(|client| *client) else { return Ok(()) };
        meter.count(&network_of(address))
    }

    /// Counts a request with a key that exists.
    pub(crate) fn count_key(&self, key: &ApiKeyHash) -> Result<(), ApiError> {
        self.keys.as_ref().map_or(Ok(()), |meter| meter.count(key.as_bytes()))
    }

    /// Forgets those who have all their places back.
    pub(crate) fn tidy(&self) {
        self.keys.iter().for_each(Meter::tidy);
        self.clients.iter().for_each(Meter::tidy);
    }
}

/// Who has an IPv6 address has all 2^64 of its network.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

struct Meter<K: Hash + Eq + Clone> {
    limit: RateLimit,
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
}

impl<K: Hash + Eq + Clone> fmt::Debug for Meter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone> Meter<K> {
    fn new(limit: RateLimit) -> Self {
        Self { limit, limiter: RateLimiter::hashmap(limit.quota()) }
    }

    fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    fn count(&self, key: &K) -> Result<(), ApiError> {
        self.limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let retry_after_secs = wait.as_secs().saturating_add(1);
            ApiError::TooMany(Excess { limit: self.limit, retry_after_secs })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_and_a_period() {
        for text in ["1/s", "20/s", "200/min", "5000/h", "1000000000/s"] {
            assert_eq!(text.parse::<RateLimit>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "20",
            "/s",
            "0/s",
            "-1/s",
            "+1/s",
            "1.5/s",
            "20/",
            "20/S",
            "20/m",
            "20/60s",
            " 20/s",
            "20 /s",
            "1000000001/s",
            "4294967296/s",
            "1e3/s",
            "20/s/s",
        ] {
            assert_eq!(wrong.parse::<RateLimit>(), Err(InvalidRateLimit), "{wrong:?}");
        }
    }

    #[test]
    fn as_many_as_the_limit_may_come_at_once_and_no_more() {
        for (text, count) in [("1/h", 1), ("7/min", 7), ("100/h", 100)] {
            let meter = Meter::new(text.parse().unwrap());
            for _ in 0..count {
                meter.count(&1).unwrap();
            }
            let Err(ApiError::TooMany(excess)) = meter.count(&1) else { panic!("{text}") };
            assert_eq!(excess.limit.to_string(), text);
            let part = u64::from(excess.limit.period_secs()) / count;
            assert!((1..=part + 1).contains(&excess.retry_after_secs), "{excess:?}");
            // Others have their own.
            meter.count(&2).unwrap();
        }
    }

    #[test]
    fn a_place_comes_back() {
        let meter = Meter::new("10/s".parse().unwrap());
        while meter.count(&()).is_ok() {}
        std::thread::sleep(Duration::from_millis(150));
        meter.count(&()).unwrap();
    }

    #[test]
    fn who_has_all_places_back_is_forgotten() {
        let meters = Meters::new(RateLimits {
            per_key: Some("1000000/s".parse().unwrap()),
            per_client: Some("1/h".parse().unwrap()),
        });
        let (keys, clients) = (meters.keys.as_ref().unwrap(), meters.clients.as_ref().unwrap());
        keys.count(&[0; 32]).unwrap();
        clients.count(&IpAddr::from([127, 0, 0, 1])).unwrap();
        std::thread::sleep(Duration::from_millis(10));
        meters.tidy();
        assert_eq!((keys.limiter.len(), clients.limiter.len()), (0, 1));
    }

    #[test]
    fn the_addresses_of_a_network_are_one_client() {
        let of = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:3::1"), "2001:db8:1:3::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}
