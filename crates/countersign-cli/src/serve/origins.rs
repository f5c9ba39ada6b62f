//! Where the server is reached: one origin for the API, and, if it is to be safe for browsers,
//! another one for the bytes of strangers.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, bail, ensure};
use axum::{
    Router,
    extract::Request,
    http::{StatusCode, Uri, header, uri::Authority},
    middleware::{self, Next},
    response::IntoResponse,
};
use countersign::{Addressing, Endpoint};
use countersign_gateway::PREFIX_PATH;

use super::settings::{Settings, Storage};

/// Below this path lie the buckets.
const S3_PATH: &str = "/s3";

#[derive(Debug, Clone)]
pub(super) struct Origins {
    api: String,
    data: String,
}

impl Origins {
    /// Settles the origins once the port is known.
    pub(super) fn new(settings: &Settings, bound: SocketAddr) -> anyhow::Result<Self> {
        let api = if let Some(url) = &settings.public_url {
            origin_of(url, "--public-url")?
        } else {
            ensure!(
                !bound.ip().is_unspecified(),
                "{bound} is no address for a client: say with --public-url how the server is \
                 reached"
            );
            format!("http://{bound}")
        };
        let data = match &settings.data_url {
            Some(url) => origin_of(url, "--data-url")?,
            None => api.clone(),
        };
        // From an S3 the bytes come from its own origin: by us they only go.
        let serves_bytes = !matches!(settings.storage, Storage::S3(_));
        let may_share = !serves_bytes || settings.single_origin || is_loopback_origin(&api);
        if api == data && !may_share {
            bail!(
                "the bytes that strangers upload need an origin of their own: say it with \
                 --data-url, or accept the risk with --single-origin"
            );
        }
        Ok(Self { api, data })
    }

    /// The origin of the API.
    pub(super) fn api(&self) -> &str {
        &self.api
    }

    /// The endpoint of the data plane, as S3 clients want it.
    pub(super) fn s3_endpoint(&self) -> String {
        format!("{}{S3_PATH}", self.data)
    }

    /// Below this URL files are put by upload tokens.
    pub(super) fn prefix_base(&self) -> String {
        format!("{}{PREFIX_PATH}", self.data)
    }

    /// Lets the API answer to its own name only, where the bytes have another one: else a file that
    /// runs in a browser would share its origin. With one origin any name will do, as long as there
    /// is one.
    pub(super) fn only_on_api(&self, router: Router) -> anyhow::Result<Router> {
        let own: Option<Arc<str>> =
            if self.api == self.data { None } else { Some(authority_of(&self.api)?) };
        Ok(router.layer(middleware::from_fn(move |request: Request, next: Next| {
            let own = own.clone();
            async move {
                match check_host(&request, own.as_deref()) {
                    Ok(()) => next.run(request).await,
                    Err(status) => status.into_response(),
                }
            }
        })))
    }
}

/// A request names its host once, and in the `Host` header (RFC 9112, section 3.2).
fn check_host(request: &Request, own: Option<&str>) -> Result<(), StatusCode> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None, None) = (hosts.next(), hosts.next(), request.uri().authority()) else {
        return Err(StatusCode::BAD_REQUEST);
    };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    let host = host.filter(|host| !host.as_str().contains('@')).ok_or(StatusCode::BAD_REQUEST)?;
    let is_own = own.is_none_or(|own| host.as_str().eq_ignore_ascii_case(own));
    if is_own { Ok(()) } else { Err(StatusCode::MISDIRECTED_REQUEST) }
}

/// Reads a URL that is an origin, and spells it as clients will.
fn origin_of(url: &str, option: &str) -> anyhow::Result<String> {
    let endpoint = Endpoint::parse(url.trim_end_matches('/'), Addressing::Path)
        .with_context(|| format!("{option} {url} is no URL of an origin"))?;
    let has_path = endpoint.as_bucket().root().to_string() != "/";
    ensure!(!has_path, "{option} {url} has a path: the server has to have an origin of its own");
    Ok(endpoint.origin().to_owned())
}

fn authority_of(origin: &str) -> anyhow::Result<Arc<str>> {
    Ok(Endpoint::parse(origin, Addressing::Path)?.authority().into())
}

fn is_loopback_origin(origin: &str) -> bool {
    let Some(host) = origin.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned))
    else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(
        (public_url, data_url): (Option<&str>, Option<&str>),
        single_origin: bool,
        bound: &str,
    ) -> anyhow::Result<Origins> {
        let settings = Settings {
            public_url: public_url.map(Into::into),
            data_url: data_url.map(Into::into),
            single_origin,
            ..Settings::example()
        };
        Origins::new(&settings, bound.parse()?)
    }

    #[test]
    fn a_laptop_needs_one_origin() {
        for bound in ["127.0.0.1:8080", "[::1]:8080"] {
            let origins = origins((None, None), false, bound).unwrap();
            assert_eq!(origins.api(), format!("http://{bound}"));
            assert_eq!(origins.s3_endpoint(), format!("http://{bound}/s3"));
        }
        assert!(origins((Some("http://localhost:9"), None), false, "0.0.0.0:9").is_ok());
    }

    #[test]
    fn a_wildcard_address_needs_a_url_and_a_public_one_two() {
        assert!(origins((None, None), true, "0.0.0.0:80").is_err());
        assert!(origins((None, None), false, "192.0.2.1:80").is_err());
        assert!(origins((None, None), true, "192.0.2.1:80").is_ok());
        let public = Some("https://api.example");
        assert!(origins((public, None), false, "127.0.0.1:80").is_err());
        assert!(origins((public, public), false, "127.0.0.1:80").is_err());
        let two = origins((public, Some("https://DATA.example/")), false, "127.0.0.1:80").unwrap();
        assert_eq!(two.s3_endpoint(), "https://data.example/s3");
        assert_eq!(two.api(), "https://api.example");
    }

    #[test]
    fn with_an_s3_the_bytes_have_an_origin_of_their_own_already() {
        let settings = Settings {
            public_url: Some("https://api.example".into()),
            storage: Storage::s3_example(),
            ..Settings::example()
        };
        let origins = Origins::new(&settings, "127.0.0.1:80".parse().unwrap()).unwrap();
        assert_eq!(origins.prefix_base(), "https://api.example/p");
    }

    #[test]
    fn a_url_with_a_path_is_no_origin() {
        for wrong in ["https://h/base", "ftp://h", "h", "https://u:p@h", "https://h?q"] {
            assert!(origins((Some(wrong), None), true, "127.0.0.1:80").is_err(), "{wrong}");
        }
    }

    fn host(values: &[&str], target: &str, own: Option<&str>) -> Result<(), StatusCode> {
        let request = values.iter().fold(Request::builder().uri(target), |request, value| {
            request.header(header::HOST, *value)
        });
        check_host(&request.body(axum::body::Body::empty()).unwrap(), own)
    }

    #[test]
    fn the_api_is_told_its_name_once() {
        for right in ["h", "H:80", "[::1]:8080", "other.example"] {
            assert_eq!(host(&[right], "/", None), Ok(()), "{right}");
        }
        for wrong in [&[][..], &[""], &["h", "h"], &["a b"], &["u@h"], &["h/"], &["h, h"]] {
            assert_eq!(host(wrong, "/", None), Err(StatusCode::BAD_REQUEST), "{wrong:?}");
        }
        assert_eq!(host(&["h"], "http://h/", None), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn of_two_origins_the_api_has_one() {
        let own = Some("api.example:8443");
        assert_eq!(host(&["API.example:8443"], "/", own), Ok(()));
        for other in ["data.example", "api.example", "api.example.:8443", "api.example:08443"] {
            let refused = Err(StatusCode::MISDIRECTED_REQUEST);
            assert_eq!(host(&[other], "/", own), refused, "{other}");
        }
    }
}
