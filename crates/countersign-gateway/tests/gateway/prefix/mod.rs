//! Files that come by prefix tokens.

pub(crate) mod files;
mod names;
mod secret;
mod socket;
mod token;
mod upload;

use axum::{Router, body::Body};
use countersign::{MasterKey, PrefixTokenKey, Timestamp};

use crate::{
    client::{Answer, Call},
    world::{HOST, World, now},
};

/// A grant that there is.
pub(crate) const GRANT: [u8; 16] = [1; 16];

pub(crate) fn key() -> PrefixTokenKey {
    MasterKey::new([7; 32]).prefix_token_key()
}

pub(crate) fn token() -> String {
    token_until(now().checked_add_secs(1).unwrap())
}

pub(crate) fn token_until(not_after: Timestamp) -> String {
    key().issue(GRANT, not_after).as_str().to_owned()
}

/// A request for a path below the prefixes, without a body.
pub(crate) fn request(method: &str, token: &str, rest: &str) -> Call {
    let (target, headers) = (format!("/p/{token}{rest}"), vec![("host".into(), HOST.into())]);
    Call { method: method.into(), target, headers, body: Vec::new() }
}

/// A good token, and a name as it stands in the target.
pub(crate) fn put(name: &str, body: impl Into<Vec<u8>>) -> Call {
    request("PUT", &token(), &format!("/{name}")).body(body)
}

/// Sends it, and holds the answer against what every answer about a token has.
pub(crate) async fn send(call: &Call, world: &World) -> Answer {
    send_body(call, &world.router, Body::from(call.body.clone())).await
}

pub(crate) async fn send_body(call: &Call, router: &Router, body: Body) -> Answer {
    let answer = call.send_body(router, body).await;
    let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
    assert!(!text.contains("CS01-"), "{text}");
    if answer.status.is_success() {
        assert!(answer.body.is_empty(), "{text}");
    } else if call.method != "HEAD" {
        assert_eq!(answer.element("Resource").unwrap(), "/p");
    }
    answer
}
