//! Ids as they stand in a path: a UUID behind any prefix.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use uuid::Uuid;

use crate::error::ApiError;

/// The length of a UUID with its dashes.
const UUID_LEN: usize = 36;

/// The ids of a path. What cannot be one names nothing, which is all that its sender may know.
#[derive(Debug)]
pub(super) struct PathIds {
    dataset: Option<Uuid>,
    data_source: Option<Uuid>,
}

impl PathIds {
    pub(super) fn dataset(&self) -> Result<Uuid, ApiError> {
        self.dataset.ok_or(ApiError::NotFound("dataset"))
    }

    /// The data source, and the dataset that has it.
    pub(super) fn data_source(&self) -> Result<(Uuid, Uuid), ApiError> {
        let dataset = self.dataset()?;
        Ok((dataset, self.data_source.ok_or(ApiError::NotFound("data source"))?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let path = path.map(|Path(pairs)| pairs).unwrap_or_default();
        let id = |name: &str| {
            let pair = path.iter().find(|(found, _)| found == name);
            pair.and_then(|(_, id)| parse(id))
        };
        Ok(Self { dataset: id("dataset"), data_source: id("data_source") })
    }
}

/// The UUID of an id: all of it, or what follows a prefix and a dash.
fn parse(id: &str) -> Option<Uuid> {
    let (prefix, uuid) = id.split_at_checked(id.len().checked_sub(UUID_LEN)?)?;
    if !prefix.is_empty() && !prefix.ends_with('-') {
        return None;
    }
    Uuid::try_parse(uuid).ok()
}

/// An id as this dialect shows it.
pub(super) fn dataset_id(id: Uuid) -> String {
    format!("dataset-{id}")
}

/// An id as this dialect shows it.
pub(super) fn data_source_id(id: Uuid) -> String {
    format!("datasource-{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_prefix_is_taken_and_only_a_whole_uuid() {
        const ID: &str = "8f7d2c1e-0b3a-4c5d-9e6f-a1b2c3d4e5f6";
        let id = Uuid::try_parse(ID).unwrap();
        for right in [ID, &ID.to_uppercase(), &dataset_id(id), &data_source_id(id)] {
            assert_eq!(parse(right), Some(id), "{right}");
        }
        assert_eq!(parse(&format!("dset-{ID}")), Some(id));
        assert_eq!(parse(&format!("ü-{ID}")), Some(id));
        for wrong in ["", "dataset-", &ID[1..], &format!("{ID}0"), &format!("x{ID}")] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&ID.replace('-', "")), None);
        assert_eq!(parse(&format!("{{{}}}", ID.replace('-', ""))), None);
        assert_eq!(parse(&format!("a-{}", &ID.replace('8', "ü"))), None);
    }
}
