//! Ids as they stand in a path: UUIDs without a prefix, in any of their spellings.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use uuid::Uuid;

use crate::{
    error::ApiError,
    fields::{Reason, invalid_segment},
};

/// The ids of a path, as they were given.
#[derive(Debug)]
pub(super) struct PathIds(Vec<(String, String)>);

impl PathIds {
    pub(super) fn dataset(&self) -> Result<Uuid, ApiError> {
        self.uuid("dataset_id")
    }

    pub(super) fn job(&self) -> Result<Uuid, ApiError> {
        self.uuid("job_id")
    }

    /// What is no UUID is not valid, whoever asks; so it tells nothing.
    fn uuid(&self, name: &'static str) -> Result<Uuid, ApiError> {
        let text = self.0.iter().find(|(found, _)| found == name).map(|(_, text)| text.as_str());
        let text = text.unwrap_or_default();
        Uuid::try_parse(text).map_err(|_| invalid_segment(name, Reason::NotUuid, text).into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(pairs)| pairs).unwrap_or_default()))
    }
}
