use std::sync::Arc;

use async_trait::async_trait;
use countersign_api::{App, TokenRefusal};
use countersign_gateway::{Arrival, Landing, PrefixUploads, Refusal};
use countersign_storage::ObjectInfo;
use uuid::Uuid;

/// What the holders of upload tokens may put, as the API has it.
#[derive(Debug)]
pub(super) struct TokenUploads(pub(super) Arc<App>);

#[async_trait]
impl PrefixUploads for TokenUploads {
    async fn begin(&self, arrival: &Arrival<'_>) -> Result<Landing, Refusal> {
        let token = Uuid::from_bytes(arrival.grant);
        let berth = self.0.begin_token_upload(token, arrival.name).await.map_err(refusal)?;
        // The key is random, and was doomed before anybody knew it.
        Ok(Landing::new(berth.backend, berth.key, berth.media_type).at_new_key())
    }

    async fn abandon(&self, landing: &Landing) {
        self.0.abandon_token_upload(landing.key()).await;
    }

    async fn finish(
        &self,
        arrival: &Arrival<'_>,
        landing: &Landing,
        stored: &ObjectInfo,
    ) -> Result<(), Refusal> {
        let what = (Uuid::from_bytes(arrival.grant), arrival.name);
        let finished = self.0.finish_token_upload(what, landing.key(), stored).await;
        finished.map_err(refusal)
    }
}

fn refusal(refusal: TokenRefusal) -> Refusal {
    match refusal {
        TokenRefusal::UnknownToken => Refusal::Denied,
        TokenRefusal::InvalidName => Refusal::InvalidName,
        TokenRefusal::Exists => Refusal::Exists,
        TokenRefusal::OverQuota => Refusal::OverQuota,
        TokenRefusal::Full => Refusal::Full,
        // Why, is in the log.
        _ => Refusal::Unavailable,
    }
}
