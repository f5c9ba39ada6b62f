//! What may have happened to a host.

use alloc::{format, string::String, vec::Vec};

use super::{
    cause::{Cause, HostChange, Sides},
    draft::{Edit, Variant},
    received::Received,
};

/// Ports on which stores and the proxies before them listen.
const PORTS: [&str; 11] =
    ["80", "443", "8080", "8443", "9000", "9001", "8000", "3900", "8333", "4566", "7480"];

/// Names under which a store is known on the inside of a machine, of a composition of containers.
const ALIASES: [&str; 9] = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "0.0.0.0",
    "host.docker.internal",
    "minio",
    "s3",
    "seaweedfs",
    "localstack",
];

/// Where proxies keep the host that they were asked for.
const FORWARDED: [&str; 5] =
    ["x-forwarded-host", "x-original-host", "x-host", "x-forwarded-server", "x-real-host"];

/// All that is tried. `names` are other names of the server.
pub(super) fn variants(received: &Received<'_>, names: &[&str]) -> Vec<Variant> {
    let host = received.draft.host();
    let mut hosts = Hosts { received: host, variants: Vec::new() };
    hosts.forwarded(received);
    for name in names {
        let how = match change(name, host) {
            HostChange::Other => HostChange::Alias,
            how => how,
        };
        hosts.add(how, (*name).into());
    }
    hosts.ports(received.header("x-forwarded-port"));
    hosts.add_visible(HostChange::Case, host.to_ascii_lowercase());
    let (name, port) = split_port(host);
    match name.strip_suffix('.') {
        Some(without) => hosts.add(HostChange::Alias, join_port(without, port)),
        None => hosts.add(HostChange::Alias, join_port(&format!("{name}."), port)),
    }
    hosts.addressing(&received.draft.path);
    hosts.of_amazon(&received.region);
    hosts.aliases();
    hosts.variants
}

struct Hosts<'h> {
    received: &'h str,
    variants: Vec<Variant>,
}

impl Hosts<'_> {
    fn add(&mut self, how: HostChange, signed: String) {
        let variant = self.variant(how, signed);
        self.variants.extend(variant);
    }

    fn add_visible(&mut self, how: HostChange, signed: String) {
        let variant = self.variant(how, signed);
        self.variants.extend(variant.map(Variant::visible));
    }

    fn variant(&self, how: HostChange, signed: String) -> Option<Variant> {
        (signed != self.received && !signed.is_empty()).then(|| {
            let sides = Sides::new(&signed, self.received);
            Variant::new(Edit::host(signed), Cause::Host { how, sides })
        })
    }

    fn forwarded(&mut self, received: &Received<'_>) {
        let of_rfc_7239 = received.header("forwarded").and_then(|value| {
            let start = value.to_ascii_lowercase().find("host=")?.checked_add(5)?;
            value.get(start..)?.split([';', ',']).next()
        });
        let others = FORWARDED.iter().filter_map(|name| received.header(name));
        for value in of_rfc_7239.into_iter().chain(others) {
            let first = value.split(',').next().unwrap_or_default().trim().trim_matches('"');
            self.add_visible(HostChange::Forwarded, first.into());
            let (name, port) = split_port(first);
            let port_of_proxy = received.header("x-forwarded-port");
            for port in [port_of_proxy, Some("80"), Some("443")].into_iter().flatten() {
                self.add(HostChange::Forwarded, join_port(name, Some(port)));
            }
            if port.is_some() {
                self.add(HostChange::Forwarded, name.into());
            }
            self.add(HostChange::Forwarded, first.to_ascii_lowercase());
        }
    }

    fn ports(&mut self, of_proxy: Option<&str>) {
        let (name, port) = split_port(self.received);
        if let Some(port) = port {
            let change = join_port(name, None);
            if matches!(port, "80" | "443") {
                self.add_visible(HostChange::Port, change);
            } else {
                self.add(HostChange::Port, change);
            }
        }
        for other in of_proxy.iter().chain(&PORTS) {
            self.add(HostChange::Port, join_port(name, Some(other)));
        }
    }

    /// The bucket in the host on one side, in the path on the other.
    fn addressing(&mut self, path: &str) {
        let host = self.received;
        let mut add = |signed: &str, path: String| {
            let variant = self.variant(HostChange::Addressing, signed.into());
            self.variants.extend(variant.map(|variant| variant.with_edit(Edit::Path(path))));
        };
        if let Some((bucket, rest)) = host.split_once('.') {
            add(rest, format!("/{bucket}{path}"));
            // The name of a bucket may have a dot.
            if let Some((second, rest)) = rest.split_once('.') {
                add(rest, format!("/{bucket}.{second}{path}"));
            }
        }
        let mut segments = path.splitn(3, '/').skip(1);
        if let (Some(bucket), Some(key)) = (segments.next(), segments.next()) {
            add(&format!("{bucket}.{host}"), format!("/{key}"));
        }
    }

    /// The spellings of one endpoint of Amazon's.
    fn of_amazon(&mut self, region: &str) {
        let suffix = ".amazonaws.com";
        let Some(start) = self.received.strip_suffix(suffix) else { return };
        let bucket = match start.rfind("s3") {
            Some(at) => start.get(..at).unwrap_or_default(),
            None => return,
        };
        for service in [
            String::from("s3"),
            format!("s3.{region}"),
            format!("s3-{region}"),
            String::from("s3-accelerate"),
            String::from("s3-accelerate.dualstack"),
            format!("s3.dualstack.{region}"),
            String::from("s3.us-east-1"),
            String::from("s3-external-1"),
        ] {
            self.add(HostChange::Alias, format!("{bucket}{service}{suffix}"));
        }
    }

    fn aliases(&mut self) {
        let (_, port) = split_port(self.received);
        for alias in ALIASES {
            self.add(HostChange::Alias, join_port(alias, port));
            for port in [None, Some("9000"), Some("8080"), Some("8333"), Some("4566"), Some("80")] {
                self.add(HostChange::Alias, join_port(alias, port));
            }
        }
    }
}

/// How two hosts differ, as far as that has a name.
pub(super) fn change(signed: &str, received: &str) -> HostChange {
    let ((one, _), (other, _)) = (split_port(signed), split_port(received));
    let is_bucket_more = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|bucket| bucket.ends_with('.') && bucket.len() > 1)
    };
    if signed.eq_ignore_ascii_case(received) {
        HostChange::Case
    } else if one.eq_ignore_ascii_case(other) {
        HostChange::Port
    } else if is_bucket_more(signed, received) || is_bucket_more(received, signed) {
        HostChange::Addressing
    } else {
        HostChange::Other
    }
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        // The colons in the brackets of an IPv6 address are none of the port's.
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn join_port(name: &str, port: Option<&str>) -> String {
    port.map_or_else(|| name.into(), |port| format!("{name}:{port}"))
}
