use axum::http::{HeaderMap, header::AUTHORIZATION};
use countersign_catalog::{ApiKeyHash, Identity};

use crate::{App, error::ApiError};

/// The headers of the dialects. One key works in each of them, in every dialect.
const KEY_HEADERS: [&str; 2] = ["x-api-key", "x-pd-api-key"];

/// The longest key that is looked up, in bytes.
const KEY_LEN_MAX: usize = 256;

impl App {
    /// Who asks. Cookies say nothing: a browser sends them unasked.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Identity, ApiError> {
        let key = key_of(headers).ok_or(ApiError::Unauthenticated)?;
        let owner = self.catalog.api_key_owner(&ApiKeyHash::of(key)).await?;
        owner.ok_or(ApiError::Unauthenticated)
    }
}

/// The one key of a request; two that differ are none, for nobody can say which is meant.
fn key_of(headers: &HeaderMap) -> Option<&str> {
    let plain = KEY_HEADERS.iter().flat_map(|name| headers.get_all(*name));
    let plain = plain.map(|value| value.to_str().ok());
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    });
    let mut found = None;
    for key in plain.chain(bearer) {
        // What is there and no key is as bad as another key.
        let key = key?.trim();
        if key.is_empty() || key.len() > KEY_LEN_MAX || found.is_some_and(|other| other != key) {
            return None;
        }
        found = Some(key);
    }
    found
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn found(fields: &[(&'static str, &'static str)]) -> Option<String> {
        let mut all = HeaderMap::new();
        for (name, value) in fields {
            all.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        key_of(&all).map(Into::into)
    }

    #[test]
    fn each_header_has_the_key() {
        for (name, value) in [
            ("x-api-key", "k"),
            ("x-pd-api-key", "k"),
            ("authorization", "Bearer k"),
            ("authorization", "bearer  k "),
        ] {
            assert_eq!(found(&[(name, value)]).as_deref(), Some("k"), "{name}: {value}");
        }
        assert_eq!(
            found(&[("x-api-key", "k"), ("authorization", "Bearer k")]).as_deref(),
            Some("k")
        );
    }

    #[test]
    fn two_keys_are_none() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("x-api-key", "")]), None);
        assert_eq!(found(&[("x-api-key", "k"), ("x-api-key", "l")]), None);
        assert_eq!(found(&[("x-api-key", "k"), ("x-pd-api-key", "l")]), None);
        assert_eq!(found(&[("x-api-key", "k"), ("authorization", "Basic k")]), None);
        assert_eq!(found(&[("cookie", "wos-session=k")]), None);
    }
}
