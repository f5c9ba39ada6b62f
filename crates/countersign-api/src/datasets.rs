//! Datasets: the whole team reads them, their owner alone creates and deletes in them.

use countersign::Timestamp;
use countersign_catalog::{Column, Dataset, DatasetPage, Identity, NewDataset, Page};
use uuid::Uuid;

use crate::{
    App,
    dataset_name::{DatasetName, Description},
    error::ApiError,
};

impl App {
    /// Makes a dataset.
    pub(crate) async fn create_dataset(
        &self,
        owner: Identity,
        (name, description): (&DatasetName, &Description),
        columns: Vec<Column>,
        now: Timestamp,
    ) -> Result<Dataset, ApiError> {
        let (name, description) = (name.as_str().into(), description.as_str().into());
        let new = NewDataset { id: Uuid::new_v4(), owner, name, description, columns };
        Ok(self.catalog.add_dataset(&new, now).await?)
    }

    /// A page of the datasets of a team, newest first; with `search`, of those whose names have it.
    pub(crate) async fn datasets(
        &self,
        who: &Identity,
        search: Option<&str>,
        page: Page,
    ) -> Result<DatasetPage, ApiError> {
        Ok(self.catalog.datasets(who.team, search, page).await?)
    }

    /// The dataset of a team.
    pub(crate) async fn dataset(&self, who: &Identity, id: Uuid) -> Result<Dataset, ApiError> {
        self.catalog.dataset(who.team, id).await?.ok_or(ApiError::NotFound("dataset"))
    }

    /// A dataset of a team, and its columns.
    pub(crate) async fn dataset_with_columns(
        &self,
        who: &Identity,
        id: Uuid,
    ) -> Result<(Dataset, Vec<Column>), ApiError> {
        Ok((self.dataset(who, id).await?, self.catalog.columns(who.team, id).await?))
    }

    /// A dataset that this user may create and delete in.
    pub(crate) async fn own_dataset(&self, who: &Identity, id: Uuid) -> Result<Dataset, ApiError> {
        let dataset = self.dataset(who, id).await?;
        if dataset.owner == *who { Ok(dataset) } else { Err(ApiError::NotOwner) }
    }
}
