//! Jobs whose file comes by a form, through the server itself: it is there before the job is.

use std::io;

use axum::body::Bytes;
use countersign::Timestamp;
use countersign_catalog::{Identity, Job, NewJob};
use futures_util::stream::BoxStream;
use uuid::Uuid;

use crate::{
    App,
    app::stored,
    datasets::gone_with,
    direct::{Deposit, direct_upload},
    error::ApiError,
    file_name::FileName,
    jobs::{SIZE_MAX, known_extension},
};

/// The media type of these files: what a form says of them is not asked for.
const MEDIA_TYPE: &str = "application/octet-stream";

/// A file that is stored, and that no job has yet.
#[derive(Debug)]
pub(crate) struct JobDeposit {
    name: FileName,
    pub(crate) deposit: Deposit,
}

impl App {
    /// Stores the file of a job, and looks at it.
    pub(crate) async fn deposit_for_job(
        &self,
        name: FileName,
        bytes: BoxStream<'static, io::Result<Bytes>>,
        now: Timestamp,
    ) -> Result<JobDeposit, ApiError> {
        let extension = known_extension(&name)?;
        let deposit = self.deposit_as((extension, MEDIA_TYPE), SIZE_MAX, bytes, now).await?;
        match self.look_at_object(&deposit.key, Some(extension)).await {
            Ok(None) => Ok(JobDeposit { name, deposit }),
            Ok(Some(fault)) => {
                self.refuse(deposit).await;
                Err(ApiError::Refused(fault))
            }
            Err(error) => {
                self.refuse(deposit).await;
                Err(error)
            }
        }
    }

    /// Makes a job of a stored file, to be committed: for a dataset, or for a new one.
    pub(crate) async fn begin_with(
        &self,
        owner: Identity,
        dataset: Option<Uuid>,
        file: &JobDeposit,
        now: Timestamp,
    ) -> Result<Job, ApiError> {
        let Deposit { key, info, media_type } = &file.deposit;
        let upload = direct_upload(key, owner, media_type, now);
        let new = NewJob { dataset, name: file.name.as_str().into(), upload };
        let added = self.catalog.add_stored_job(&new, &stored(info), now).await;
        added.map_err(gone_with(dataset))
    }
}
