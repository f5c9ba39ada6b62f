//! Who sends a request: the other end of the connection, or whom a trusted proxy names.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose word is taken.
#[derive(Debug, Clone, Default)]
pub(super) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client behind a connection.
    ///
    /// Each proxy adds at the end of `X-Forwarded-For` whom it has at its other end, so from there
    /// on back every address is true as long as who added it is trusted. What a client wrote there
    /// itself is before that, and is never reached.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>();
        // Bytes that are no text spoil the piece that they are in, which is the client's own.
        let pieces =
            values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|it| *it == b','));
        for text in pieces.map(|piece| str::from_utf8(piece).unwrap_or_default()) {
            if !self.0.iter().any(|network| network.contains(&client)) {
                break;
            }
            // What is no address was not written by a proxy that means well: who wrote it counts.
            let Some(address) = address_of(text.trim()) else { break };
            client = address;
        }
        client
    }
}

/// An address, as proxies write it: some with a port, and IPv6 in brackets then.
fn address_of(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse().ok().or_else(with_port).or_else(in_brackets)?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|it| it.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        TrustedProxies::new(networks).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn without_trust_it_is_the_other_end() {
        for forwarded in [&[][..], &["1.2.3.4"], &["1.2.3.4, 5.6.7.8"], &["127.0.0.1"]] {
            assert_eq!(client(&[], "9.9.9.9", forwarded), "9.9.9.9");
            assert_eq!(client(&["10.0.0.0/8"], "9.9.9.9", forwarded), "9.9.9.9");
        }
        assert_eq!(client(&[], "::ffff:9.9.9.9", &[]), "9.9.9.9");
    }

    #[test]
    fn a_trusted_proxy_says_who_it_is_and_what_a_client_says_is_not_heard() {
        let ours = ["10.0.0.0/8", "fd00::/8"];
        for (peer, forwarded, expected) in [
            ("10.0.0.1", &["1.2.3.4"][..], "1.2.3.4"),
            ("::ffff:10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            // The client said 6.6.6.6, or any number of things.
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["\u{ff}6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", &["10.0.0.9, 1.2.3.4"], "1.2.3.4"),
            // Through two proxies of ours.
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4", "10.0.0.2"], "1.2.3.4"),
            // Somebody inside.
            ("10.0.0.1", &["10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4:5678"], "1.2.3.4"),
            ("10.0.0.1", &["[2001:db8::1]:5678"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            // What is no address.
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["6.6.6.6,"], "10.0.0.1"),
        ] {
            assert_eq!(client(&ours, peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }
}
