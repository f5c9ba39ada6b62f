//! Random addresses in random spellings, held against a reading of the registries that knows nothing
//! of our table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use countersign_import::{Guard, PlainHttp, is_public_unicast};
use proptest::prelude::*;

use crate::server::Names;

/// What the standard library says of an address, and octet by octet what it does not.
fn is_special(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && [(0, 0), (31, 196), (52, 193), (88, 99), (175, 48)].contains(&(b, c)))
        || (a, b, c, d) == (168, 63, 129, 16)
}

/// The first bytes that special addresses have, and any.
fn address() -> impl Strategy<Value = Ipv4Addr> {
    let first = prop_oneof![
        any::<u8>(),
        prop::sample::select(vec![0, 10, 100, 127, 168, 169, 172, 192, 198, 203, 224, 255]),
    ];
    let second = prop_oneof![
        any::<u8>(),
        prop::sample::select(vec![0, 16, 18, 31, 51, 52, 63, 64, 88, 168, 175, 254]),
    ];
    let third = prop_oneof![any::<u8>(), prop::sample::select(vec![0, 2, 48, 99, 100, 113, 129])];
    (first, second, third, any::<u8>()).prop_map(|(a, b, c, d)| Ipv4Addr::new(a, b, c, d))
}

/// The same address as a browser reads it: decimal, octal or hexadecimal, in one to four parts.
fn spelled(address: Ipv4Addr, parts: usize, base: u8, has_dot: bool) -> String {
    let number = |number: u32| match base {
        0 => number.to_string(),
        1 => format!("0{number:o}"),
        2 => format!("0x{number:x}"),
        _ => format!("0X{number:04X}"),
    };
    let bits = address.to_bits();
    let heads = address.octets().into_iter().take(parts - 1).map(|octet| number(octet.into()));
    let rest_bits = 8 * (5 - u32::try_from(parts).unwrap());
    let rest = if rest_bits == 32 { bits } else { bits & ((1 << rest_bits) - 1) };
    let all: Vec<_> = heads.chain([number(rest)]).collect();
    format!("{}{}", all.join("."), if has_dot { "." } else { "" })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_address_is_judged_alike_in_every_spelling(
        address in address(), parts in 1_usize..=4, base in 0_u8..4, has_dot: bool,
    ) {
        let is_public = !is_special(address);
        prop_assert_eq!(is_public_unicast(address.into()), is_public);
        let guard = Guard::new(Names::none()).with_http(PlainHttp::Allowed);
        let url = format!("http://{}/", spelled(address, parts, base, has_dot));
        prop_assert_eq!(guard.parse(&url).is_ok(), is_public, "{}", url);
        // No address of IPv6 that an IPv4 address is inside of is public, whichever it is.
        let [a, b, c, d] = address.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        for around in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low),
            Ipv6Addr::new(0x2a00, 1, 2, 3, 0, 0x5efe, high, low),
        ] {
            prop_assert!(!is_public_unicast(IpAddr::V6(around)), "{}", around);
        }
    }

    #[test]
    fn a_text_that_is_taken_leads_to_no_address_of_ones_own(
        text in r"https?:[/\\@]{0,3}[a-z0-9@:.%#?\[\]\\]{0,24}(127\.0\.0\.1|localhost|\[::1\])?[a-z0-9@:/.#?\\]{0,12}",
    ) {
        let guard = Guard::new(Names::none()).with_http(PlainHttp::Allowed);
        if let Ok(url) = guard.parse(&text) {
            let host = url.host().trim_start_matches('[').trim_end_matches(']');
            let literal = host.parse::<IpAddr>();
            prop_assert!(literal.is_err() || literal.is_ok_and(is_public_unicast), "{}", text);
        }
    }
}
