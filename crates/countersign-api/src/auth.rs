use axum::http::{HeaderMap, header::AUTHORIZATION};
use countersign_catalog::{ApiKeyHash, Identity, UserId};

use crate::{
    App,
    error::{ApiError, KeyFault},
};

/// The headers of the dialects. One key works in each of them, in every dialect.
const KEY_HEADERS: [&str; 2] = ["x-api-key", "x-pd-api-key"];

/// The longest key that is looked up, in bytes.
const KEY_LEN_MAX: usize = 256;

impl App {
    /// Who asks. Cookies say nothing: a browser sends them unasked.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Identity, ApiError> {
        // Before the catalog is asked: a flood of wrong keys is one too.
        self.meters.count_client()?;
        let key = ApiKeyHash::of(key_of(headers).map_err(ApiError::Unauthenticated)?);
        let owner = self.catalog.api_key_owner(&key).await?;
        let owner = owner.ok_or(ApiError::Unauthenticated(KeyFault::Wrong))?;
        self.meters.count_key(&key)?;
        Ok(owner)
    }

    /// The user that the holder of a key names, who has to be of the same team.
    pub(crate) async fn act_as(&self, who: &Identity, user: &str) -> Result<Identity, ApiError> {
        // What cannot be a user is as unknown as one of another team.
        let user = UserId::new(user).map_err(|_| ApiError::NotFound("user"))?;
        let named = Identity { team: who.team, user };
        let is_known = named == *who || self.catalog.has_user(&named).await?;
        if is_known { Ok(named) } else { Err(ApiError::NotFound("user")) }
    }
}

/// The one key of a request; two that differ are none, for nobody can say which is meant.
fn key_of(headers: &HeaderMap) -> Result<&str, KeyFault> {
    let plain = KEY_HEADERS.iter().flat_map(|name| headers.get_all(*name));
    let plain = plain.map(|value| value.to_str().ok());
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    });
    let mut found = None;
    for key in plain.chain(bearer) {
        // What is there and no key is as bad as another key.
        let key = key.ok_or(KeyFault::Wrong)?.trim();
        if key.is_empty() || key.len() > KEY_LEN_MAX || found.is_some_and(|other| other != key) {
            return Err(KeyFault::Wrong);
        }
        found = Some(key);
    }
    found.ok_or(KeyFault::Missing)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn found(fields: &[(&'static str, &'static str)]) -> Result<String, KeyFault> {
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
            assert_eq!(found(&[(name, value)]).as_deref(), Ok("k"), "{name}: {value}");
        }
        let twice = found(&[("x-api-key", "k"), ("authorization", "Bearer k")]);
        assert_eq!(twice.as_deref(), Ok("k"));
    }

    #[test]
    fn two_keys_are_none() {
        assert_eq!(found(&[]), Err(KeyFault::Missing));
        assert_eq!(found(&[("cookie", "wos-session=k")]), Err(KeyFault::Missing));
        for wrong in [
            &[("x-api-key", "")][..],
            &[("x-api-key", "k"), ("x-api-key", "l")],
            &[("x-api-key", "k"), ("x-pd-api-key", "l")],
            &[("x-api-key", "k"), ("authorization", "Basic k")],
        ] {
            assert_eq!(found(wrong), Err(KeyFault::Wrong), "{wrong:?}");
        }
    }
}
