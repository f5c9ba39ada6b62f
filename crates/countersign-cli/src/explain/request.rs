use anyhow::Context as _;

use crate::arguments::header_arguments;

/// A request as it goes over the wire.
#[derive(PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// The request that a client makes of a URL.
    pub(crate) fn of_url(method: &str, url: &str, headers: &[String]) -> anyhow::Result<Self> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut headers: Vec<_> = header_arguments(headers)?.into_iter().map(owned).collect();
        let url = url.trim();
        let (host, target) = if url.starts_with('/') {
            (None, url)
        } else {
            let (scheme, rest) = url.split_once("://").context("the URL has no scheme")?;
            let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            (Some(host_of(scheme, authority)), target)
        };
        let has_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        match host {
            Some(host) if !has_host => headers.push(("Host".into(), host.into())),
            None if !has_host => anyhow::bail!("a path needs a Host header beside it"),
            _ => {}
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { method: method.into(), target: format!("{slash}{target}"), headers })
    }

    /// The last request in what `curl -v` printed: its lines begin with `> `.
    pub(crate) fn of_curl(transcript: &str) -> anyhow::Result<Self> {
        let mut last = None;
        for line in transcript.lines().filter_map(|line| line.strip_prefix('>')) {
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end_matches('\r');
            if let Some((request, _)) = line.rsplit_once(" HTTP/") {
                let (method, target) = request.split_once(' ').context("no request line")?;
                let (method, target) = (method.into(), target.into());
                last = Some(Self { method, target, headers: Vec::new() });
            } else if let (Some(request), Some((name, value))) = (&mut last, line.split_once(':')) {
                request.headers.push((name.into(), value.trim().into()));
            }
        }
        last.context("there is no request in it: no line `> GET /path HTTP/1.1`")
    }
}

/// The `Host` header of a client, which leaves a default port out.
fn host_of<'u>(scheme: &str, authority: &'u str) -> &'u str {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    host.strip_suffix(default_port).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_url(url: &str) -> (String, String) {
        let request = Request::of_url("GET", url, &[]).unwrap();
        (request.headers[0].1.clone(), request.target)
    }

    #[test]
    fn a_url_becomes_what_a_client_sends() {
        for (url, host, target) in [
            ("https://h/k?a=b", "h", "/k?a=b"),
            ("https://h?a=b", "h", "/?a=b"),
            (" https://h:443/k\n", "h", "/k"),
            ("http://h:443/k", "h:443", "/k"),
            ("http://h:80", "h", "/"),
            ("https://u:p@[::1]:9000//k", "[::1]:9000", "//k"),
        ] {
            assert_eq!(of_url(url), (host.to_owned(), target.to_owned()));
        }
        assert!(Request::of_url("GET", "h/k", &[]).is_err());
        assert!(Request::of_url("GET", "/k", &[]).is_err());
        let host = ["host: h".to_owned()];
        assert_eq!(Request::of_url("GET", "/k", &host).unwrap().target, "/k");
    }

    #[test]
    fn the_last_request_of_a_transcript_counts() {
        let transcript = "* Trying\n> GET /first HTTP/1.1\r\n> Host: one\r\n>\n< HTTP/1.1 307\n\
            > PUT /k?a=b c HTTP/2\n> Host: two:9000\n> Accept: */*\n> \n} [5 bytes data]\n< x: y\n";
        let request = Request::of_curl(transcript).unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("PUT", "/k?a=b c"));
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        assert_eq!(request.headers, [("Host", "two:9000"), ("Accept", "*/*")].map(pair));
        assert!(Request::of_curl("< HTTP/1.1 200 OK\n").is_err());
    }
}
