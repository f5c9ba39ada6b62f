//! Previews: what a job has brought, and how that differs from what its dataset has.
//!
//! The bytes are where no URL can change them, and are read as they stream, by a thread of their own.

use std::{
    io::{self, Read},
    sync::Arc,
    time::Duration,
};

use axum::body::Bytes;
use countersign_catalog::{Dataset, Identity, Job, Upload, UploadState};
use countersign_storage::StoreError;
use futures_util::{StreamExt, future::join};
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};
use uuid::Uuid;

use crate::{
    App,
    app::object_key,
    error::{ApiError, JobFault},
    file_name::extension_of,
    preview::{self, Format, PreviewFault, SchemaDiff, Table},
};

/// How many files are read at once.
pub(crate) const PREVIEWS_MAX: usize = 2;

/// How long a reader waits for its turn, and how long it has.
const TURN_MAX: Duration = Duration::from_secs(10);
const READ_MAX: Duration = Duration::from_secs(30);

/// Pieces of a file that may wait for their reader.
const PIECES_MAX: usize = 2;

impl App {
    /// What a completed job brings to a dataset that is still to be made.
    pub(crate) async fn preview_new(
        &self,
        who: &Identity,
        job: Uuid,
    ) -> Result<(Job, Table), ApiError> {
        let job = self.own_job(who, None, job).await?;
        let table = self.table_of_job(&job).await?;
        Ok((job, table))
    }

    /// What a completed job brings to its dataset, and what is different.
    ///
    /// It is held against the columns of the current version; where that is none, or none that can be
    /// read, against those that the owner declared.
    pub(crate) async fn preview_next(
        &self,
        who: &Identity,
        (dataset, job): (Uuid, Uuid),
    ) -> Result<(Job, Table, SchemaDiff), ApiError> {
        let job = self.own_job(who, Some(dataset), job).await?;
        let table = self.table_of_job(&job).await?;
        let dataset = self.dataset(who, dataset).await?;
        if let Some(current) = self.current_table(&dataset).await? {
            let diff = SchemaDiff::of(&current.columns, Some(current.row_count), &table);
            return Ok((job, table, diff));
        }
        let declared = self.catalog.columns(who.team, dataset.id).await?;
        // Without any version there is no row.
        let diff = SchemaDiff::of(&declared, (dataset.version == 0).then_some(0), &table);
        Ok((job, table, diff))
    }

    async fn table_of_job(&self, job: &Job) -> Result<Table, ApiError> {
        match job.upload.state {
            UploadState::Pending => return Err(JobFault::NotCompleted.into()),
            UploadState::Ready if job.committed_at.is_none() => {}
            _ => return Err(JobFault::Processed.into()),
        }
        self.table_of(&job.upload, &job.name).await
    }

    /// The table of the current version; `None`, where there is none, or none that can be read.
    async fn current_table(&self, dataset: &Dataset) -> Result<Option<Table>, ApiError> {
        let Some(current) = self.current_version(dataset).await? else { return Ok(None) };
        match self.table_of(&current.upload, &current.name).await {
            Ok(table) => Ok(Some(table)),
            // Deleted meanwhile, or of no format that is read.
            Err(ApiError::Job(JobFault::NoPreview(_) | JobFault::Processed)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn table_of(&self, upload: &Upload, name: &str) -> Result<Table, ApiError> {
        let format = extension_of(name).and_then(|extension| Format::of(&extension));
        let format = format.ok_or(JobFault::NoPreview(PreviewFault::Unsupported))?;
        let turn = timeout(TURN_MAX, Arc::clone(&self.previews).acquire_owned()).await;
        let turn = turn.map_err(|_| ApiError::Unavailable)?.map_err(ApiError::internal)?;
        let object = self.backend.objects().open(&object_key(&upload.object_key)?).await;
        let object = object.map_err(|error| match error {
            StoreError::NotFound => JobFault::Processed.into(),
            other => ApiError::from(other),
        })?;
        let mut body = object.read(0..u64::MAX);
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        let reading = spawn_blocking(move || {
            // For as long as it reads, also where nobody waits for it any more.
            let _turn = turn;
            preview::read(format, Incoming { receiver, rest: Bytes::new(), has_ended: false })
        });
        let feeding = async move {
            while let Some(piece) = body.next().await {
                if let Err(error) = &piece {
                    tracing::warn!(%error, "a file that was to be previewed cannot be read");
                }
                if sender.send(Some(piece)).await.is_err() {
                    return;
                }
            }
            // Whoever stops listening has read enough.
            sender.send(None).await.unwrap_or_default();
        };
        let Ok(((), read)) = timeout(READ_MAX, join(feeding, reading)).await else {
            return Err(JobFault::NoPreview(PreviewFault::TooSlow).into());
        };
        match read.map_err(ApiError::internal)? {
            Err(PreviewFault::Broken) => Err(ApiError::internal(PreviewFault::Broken)),
            read => read.map_err(|fault| JobFault::NoPreview(fault).into()),
        }
    }
}

/// A file as it comes in, for a thread that may wait.
struct Incoming {
    receiver: mpsc::Receiver<Option<io::Result<Bytes>>>,
    rest: Bytes,
    has_ended: bool,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.has_ended {
            match self.receiver.blocking_recv() {
                Some(Some(piece)) => self.rest = piece?,
                Some(None) => self.has_ended = true,
                // Nobody waits for what comes of it.
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        let len = self.rest.len().min(buffer.len());
        let piece = self.rest.split_to(len);
        if let Some(start) = buffer.get_mut(..len) {
            start.copy_from_slice(&piece);
        }
        Ok(len)
    }
}
