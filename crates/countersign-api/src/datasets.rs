//! Datasets: the whole team reads them, their owner alone changes them, and creates and deletes in
//! them.

use countersign::Timestamp;
use countersign_catalog::{
    CatalogError, Column, DataSource, DataSourceCounts, DataSourcePage, Dataset, DatasetChange,
    DatasetPage, Identity, NewDataset, Page, TeamUsage,
};
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use crate::{
    App,
    dataset_name::{DatasetName, Description},
    error::ApiError,
};

/// Objects that are deleted at a time.
const BURIED_AT_ONCE: usize = 16;

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

    /// Calls a dataset otherwise, or says something else of it. What is `None` stays as it is.
    pub(crate) async fn change_dataset(
        &self,
        who: &Identity,
        id: Uuid,
        (name, description): (Option<DatasetName>, Option<Description>),
        now: Timestamp,
    ) -> Result<Dataset, ApiError> {
        let found = self.own_dataset(who, id).await?;
        let change = DatasetChange {
            name: name.map(|name| name.as_str().into()),
            description: description.map(|description| description.as_str().into()),
        };
        if change == DatasetChange::default() {
            return Ok(found);
        }
        let changed = self.catalog.change_dataset(who.team, id, &change, now).await?;
        changed.ok_or(ApiError::NotFound("dataset"))
    }

    /// Deletes a dataset and all that is in it: first the records, so that no URL reaches it any more,
    /// then the bytes. Those that are too many to wait for are swept.
    pub(crate) async fn delete_dataset(
        &self,
        who: &Identity,
        id: Uuid,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        self.own_dataset(who, id).await?;
        let deleted = self.catalog.delete_dataset(who.team, id, now).await?;
        let deleted = deleted.ok_or(ApiError::NotFound("dataset"))?;
        let buried = stream::iter(&deleted.uploads);
        buried.for_each_concurrent(BURIED_AT_ONCE, |upload| self.bury(upload)).await;
        Ok(())
    }

    /// How many data sources of a dataset have come how far.
    pub(crate) async fn data_source_counts(
        &self,
        who: &Identity,
        id: Uuid,
    ) -> Result<DataSourceCounts, ApiError> {
        self.dataset(who, id).await?;
        Ok(self.catalog.data_source_counts(who.team, id).await?)
    }

    /// A page of the datasets of a team, newest first; with `search`, of those that are called or
    /// described so.
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

    /// A page of the versions of a dataset, newest first.
    pub(crate) async fn versions(
        &self,
        who: &Identity,
        dataset: Uuid,
        page: Page,
    ) -> Result<DataSourcePage, ApiError> {
        self.dataset(who, dataset).await?;
        Ok(self.catalog.versions(who.team, dataset, page).await?)
    }

    /// The current version of a dataset; `None`, where there was none yet, or it is deleted.
    pub(crate) async fn current_version(
        &self,
        dataset: &Dataset,
    ) -> Result<Option<DataSource>, ApiError> {
        let newest = Page { limit: 1, offset: 0 };
        let found = self.catalog.versions(dataset.owner.team, dataset.id, newest).await?;
        let found = found.data_sources.into_iter().next();
        Ok(found.filter(|found| found.version == Some(dataset.version)))
    }

    /// What the team of a user has stored, and how many datasets the user has made.
    pub(crate) async fn usage(&self, who: &Identity) -> Result<(TeamUsage, u64), ApiError> {
        Ok((self.catalog.team_usage(who.team).await?, self.catalog.dataset_count(who).await?))
    }

    /// A dataset that this user may change, and create and delete in.
    pub(crate) async fn own_dataset(&self, who: &Identity, id: Uuid) -> Result<Dataset, ApiError> {
        let dataset = self.dataset(who, id).await?;
        if dataset.owner == *who { Ok(dataset) } else { Err(ApiError::NotOwner) }
    }
}

/// What is said of a record that cannot be made: its dataset, where one was named, was deleted since it
/// was looked at.
pub(crate) fn gone_with(dataset: Option<Uuid>) -> impl FnOnce(CatalogError) -> ApiError {
    move |error| match error {
        CatalogError::OwnerUnknown if dataset.is_some() => ApiError::NotFound("dataset"),
        other => other.into(),
    }
}
