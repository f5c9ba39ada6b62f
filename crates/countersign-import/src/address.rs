//! Which addresses are of the public internet: those of nobody's own network, and of no machine that
//! only looks like one.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// What is refused of IPv4: the [registry] of special addresses, what is reserved, and one public
/// address that is a cloud's own.
///
/// Those of the registry that are reached from everywhere are here as well: nobody serves files there.
///
/// [registry]: https://www.iana.org/assignments/iana-ipv4-special-registry
const REFUSED_V4: [Network; 20] = [
    // "This network": Linux takes 0.0.0.0 for itself.
    v4([0, 0, 0, 0], 8),
    // Private (RFC 1918), with the two below.
    v4([10, 0, 0, 0], 8),
    // Shared by the customers of a carrier (RFC 6598). Alibaba's metadata is at 100.100.100.200.
    v4([100, 64, 0, 0], 10),
    // Loopback.
    v4([127, 0, 0, 0], 8),
    // Link-local (RFC 3927): the metadata of AWS, Azure, Google and Oracle are at 169.254.169.254.
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    // Protocol assignments (RFC 6890). Oracle has had metadata at 192.0.0.192.
    v4([192, 0, 0, 0], 24),
    // Documentation, with 198.51.100.0 and 203.0.113.0 (RFC 5737).
    v4([192, 0, 2, 0], 24),
    // AS112 (RFC 7535), AMT (RFC 7450), relays of 6to4 (RFC 7526), AS112 (RFC 7534).
    v4([192, 31, 196, 0], 24),
    v4([192, 52, 193, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 175, 48, 0], 24),
    v4([192, 168, 0, 0], 16),
    // Benchmarks (RFC 2544).
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // Multicast (RFC 5771).
    v4([224, 0, 0, 0], 4),
    // Reserved (RFC 1112), and broadcast.
    v4([240, 0, 0, 0], 4),
    v4([255, 255, 255, 255], 32),
    // The host of an Azure machine, for that machine alone:
    // <https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>.
    v4([168, 63, 129, 16], 32),
];

/// All that is unicast and assigned of IPv6. What is refused for being outside: `::`, `::1`,
/// IPv4-mapped `::ffff:0:0/96` and IPv4-compatible `::/96`, NAT64 `64:ff9b::/96` and `64:ff9b:1::/48`,
/// discard `100::/64`, `SRv6` `5f00::/16`, unique local `fc00::/7`, link-local `fe80::/10`, site-local
/// `fec0::/10`, multicast `ff00::/8`.
const UNICAST_V6: Network = v6([0x2000, 0, 0], 3);

/// What is refused inside it: the [registry] of special addresses, and what is given back.
///
/// [registry]: https://www.iana.org/assignments/iana-ipv6-special-registry
const REFUSED_V6: [Network; 6] = [
    // Protocol assignments (RFC 2928): Teredo 2001::/32, which has an IPv4 address inside, benchmarks,
    // ORCHID.
    v6([0x2001, 0, 0], 23),
    // Documentation, with 3fff::/20 (RFC 3849, RFC 9637).
    v6([0x2001, 0xdb8, 0], 32),
    // 6to4 (RFC 3056), which has an IPv4 address inside.
    v6([0x2002, 0, 0], 16),
    // AS112 (RFC 7534).
    v6([0x2620, 0x4f, 0x8000], 48),
    v6([0x3fff, 0, 0], 20),
    // 6bone, given back (RFC 3701).
    v6([0x3ffe, 0, 0], 16),
];

/// Whether an address is one machine's, and of the public internet.
///
/// ```
/// use countersign_import::is_public_unicast;
///
/// assert!(is_public_unicast("8.8.8.8".parse()?));
/// assert!(!is_public_unicast("169.254.169.254".parse()?));
/// assert!(!is_public_unicast("::ffff:8.8.8.8".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn is_public_unicast(address: IpAddr) -> bool {
    let is_in = |network: &Network| network.contains(address);
    match address {
        IpAddr::V4(_) => !REFUSED_V4.iter().any(is_in),
        IpAddr::V6(v6) => {
            UNICAST_V6.contains(address) && !REFUSED_V6.iter().any(is_in) && !is_isatap(v6)
        }
    }
}

/// Whether the host in an address is an IPv4 address, that a tunnel leads to (RFC 5214).
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., interface, kind, _, _] = address.segments();
    // The bit that says whether the address is one of its kind in the world may be set.
    interface & !0x0200 == 0 && kind == 0x5efe
}

/// A range of addresses.
///
/// - The bits after those that all have in common are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u32,
}

const fn v4([a, b, c, d]: [u8; 4], prefix_bits: u32) -> Network {
    Network { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_bits }
}

const fn v6([a, b, c]: [u16; 3], prefix_bits: u32) -> Network {
    Network { first: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), prefix_bits }
}

impl Network {
    /// Whether an address is in it. An IPv4 address that is written as one of IPv6 is another one.
    #[must_use]
    pub const fn contains(&self, address: IpAddr) -> bool {
        let common_bits = match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        common_bits >= self.prefix_bits
    }
}

/// Text that is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no network such as 10.1.0.0/16, and no address")]
#[non_exhaustive]
pub struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    /// Reads `10.1.0.0/16`, or one address.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (first, prefix) = match text.split_once('/') {
            Some((first, prefix)) => (first, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = first.parse().map_err(|_| InvalidNetwork)?;
        let (bits_max, trailing_zeros) = match first {
            IpAddr::V4(first) => (32, first.to_bits().trailing_zeros()),
            IpAddr::V6(first) => (128, first.to_bits().trailing_zeros()),
        };
        let prefix_bits = match prefix {
            None => bits_max,
            Some(digits) if digits.bytes().all(|it| it.is_ascii_digit()) => {
                digits.parse().map_err(|_| InvalidNetwork)?
            }
            Some(_) => return Err(InvalidNetwork),
        };
        // A range whose first address is another one was not meant so.
        if prefix_bits > bits_max || bits_max - prefix_bits > trailing_zeros {
            return Err(InvalidNetwork);
        }
        Ok(Self { first, prefix_bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_public(address: &str) -> bool {
        is_public_unicast(address.parse().unwrap())
    }

    #[test]
    fn a_range_ends_where_it_ends() {
        // The first and the last of each, and what is beside them.
        for (before, first, last, after) in [
            ("", "0.0.0.0", "0.255.255.255", "1.0.0.0"),
            ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
            ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
            ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
            ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"),
            ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
            ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
            ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
            ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
            ("192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"),
            ("192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"),
            ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
            ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
            ("192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"),
            ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
            ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
            ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
            ("223.255.255.255", "224.0.0.0", "255.255.255.255", ""),
            ("", "::", "2000::", ""),
            ("", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
            ("2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff::1", "2001:db9::"),
            ("2001:ffff::", "2002::", "2002:ffff:ffff::", "2003::"),
            ("2620:4f:7fff::", "2620:4f:8000::", "2620:4f:8000:ffff::", "2620:4f:8001::"),
            ("3ffd:ffff::", "3ffe::", "3fff:fff:ffff::", "3fff:1000::"),
        ] {
            for outside in [before, after].into_iter().filter(|it| !it.is_empty()) {
                assert!(is_public(outside), "{outside}");
            }
            for inside in [first, last].into_iter().filter(|it| *it != "2000::") {
                assert!(!is_public(inside), "{inside}");
            }
        }
        for inside in ["2000::", "2a00:1450::1", "3fff:1000::"] {
            assert!(is_public(inside), "{inside}");
        }
        for outside in [
            "1fff:ffff::",
            "4000::",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::808:808",
            "100::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2a00::5efe:8.8.8.8",
            "2a00::200:5efe:10.0.0.1",
            "::ffff:0:8.8.8.8",
        ] {
            assert!(!is_public(outside), "{outside}");
        }
    }

    #[test]
    fn a_network_is_written_in_one_way() {
        for (text, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("127.0.0.2", "127.0.0.2", "127.0.0.3"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("::1/128", "::1", "::2"),
        ] {
            let network: Network = text.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{text}");
            assert!(!network.contains(outside.parse().unwrap()), "{text}");
        }
        for wrong in [
            "",
            "/8",
            "10/8",
            "10.1.0.0/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "fd00::/129",
            "fd00::1/64",
            "localhost",
            "10.0.0.0/-1",
            "010.0.0.0/8",
        ] {
            assert_eq!(wrong.parse::<Network>(), Err(InvalidNetwork), "{wrong}");
        }
    }
}
