//! Jobs: a file is announced, uploaded in one piece or in parts, completed, and committed as the next
//! version of a dataset.
//!
//! Freeze before verify: completing takes the bytes to where no URL reaches them, and only there they
//! are looked at. A job is completed once, and committed once.

use countersign::{Lifetime, PresignedUrl, Timestamp};
use countersign_catalog::{
    Acceptance, CatalogError, Identity, Intake, Job, NewDataset, NewJob, NewUpload, NewVersion,
    UploadState,
};
use countersign_storage::{Bound, CompletedPart, ObjectInfo, ObjectKey, UploadId};
use uuid::Uuid;

use crate::{
    App,
    app::{new_object_key, object_key, staging_key, stored},
    dataset_name::{DatasetName, Description},
    datasets::gone_with,
    error::{ApiError, JobFault},
    file_name::{FileName, extension_of},
    media_type::MediaType,
    multipart::{Cut, MIB},
};

/// How long a job waits for its bytes, in seconds. Its URLs end with it.
const LIFETIME_SECS: u64 = 3_600;

/// The least that an upload has, in seconds.
const WINDOW_SECS_MIN: u32 = 60;

/// A larger file comes in parts, each of that many bytes but the last.
pub(crate) const SINGLE_SIZE_MAX: u64 = 100 * MIB;
const PART_SIZE: u64 = 10 * MIB;

/// The most bytes of a file.
pub(crate) const SIZE_MAX: u64 = 500 * MIB;

/// The formats of the files, by their extensions.
pub(crate) const EXTENSIONS: [&str; 11] =
    ["zip", "gpkg", "geojson", "json", "csv", "tsv", "tif", "tiff", "xlsx", "xls", "parquet"];

/// A file as it is announced.
#[derive(Debug)]
pub(crate) struct JobFile {
    name: FileName,
    extension: &'static str,
    size: u64,
    content_type: MediaType,
}

impl JobFile {
    /// # Errors
    ///
    /// [`ApiError::BadExtension`], [`JobFault::TooLarge`]
    pub(crate) fn new(
        name: FileName,
        size: u64,
        content_type: MediaType,
    ) -> Result<Self, ApiError> {
        let extension = known_extension(&name)?;
        if size > SIZE_MAX {
            return Err(JobFault::TooLarge { size, size_max: SIZE_MAX }.into());
        }
        Ok(Self { name, extension, size, content_type })
    }
}

/// The extension of a file, where it is one of those that are taken.
///
/// # Errors
///
/// [`ApiError::BadExtension`]
pub(crate) fn known_extension(name: &FileName) -> Result<&'static str, ApiError> {
    let extension = name.extension().unwrap_or_default();
    let known = EXTENSIONS.into_iter().find(|known| *known == extension);
    known.ok_or(ApiError::BadExtension { extension })
}

/// A job that waits for its bytes.
#[derive(Debug)]
pub(crate) struct BegunJob {
    pub(crate) id: Uuid,
    pub(crate) key: ObjectKey,
    /// One for each part, in their order; or just one.
    pub(crate) urls: Vec<PresignedUrl>,
    /// The upload in parts, and the size of every part but the last.
    pub(crate) parts: Option<(UploadId, u64)>,
}

impl App {
    /// Begins a job for a file: a new version of a dataset, or without one, of a dataset that is made
    /// when the job is committed.
    pub(crate) async fn begin_job(
        &self,
        owner: Identity,
        dataset: Option<Uuid>,
        file: &JobFile,
        now: Timestamp,
    ) -> Result<BegunJob, ApiError> {
        if let Some(dataset) = dataset {
            self.own_dataset(&owner, dataset).await?;
        }
        self.admit(owner.team, file.size).await?;
        let id = Uuid::new_v4();
        let key = object_key(&staging_key(id, file.extension))?;
        let lifetime = Lifetime::from_secs(LIFETIME_SECS).map_err(ApiError::internal)?;
        if file.size > SINGLE_SIZE_MAX {
            return self.begin_in_parts((id, key), (owner, dataset), file, (lifetime, now)).await;
        }
        let bound = Bound {
            content_type: Some(file.content_type.as_str()),
            content_length: Some(file.size),
            ..Bound::default()
        };
        let url = self.url_signer.put(&key, &bound, lifetime, now)?;
        check_window(&url, now)?;
        let upload = NewUpload {
            id,
            owner,
            intake: Intake::Single { staging_key: key.as_str().into() },
            object_key: new_object_key(file.extension).into(),
            content_type: file.content_type.as_str().into(),
            declared_size: Some(file.size),
            not_after: url.expires_at(),
        };
        self.record_job(dataset, file, upload, now).await?;
        Ok(BegunJob { id, key, urls: vec![url], parts: None })
    }

    async fn begin_in_parts(
        &self,
        (id, key): (Uuid, ObjectKey),
        (owner, dataset): (Identity, Option<Uuid>),
        file: &JobFile,
        (lifetime, now): (Lifetime, Timestamp),
    ) -> Result<BegunJob, ApiError> {
        let cut = Cut::into_parts_of(PART_SIZE, file.size);
        let media_type = file.content_type.as_str();
        let begun = self.open_parts((key, media_type), cut, lifetime, now).await?;
        let recorded = async {
            let urls = (1..=begun.count()).map(|number| Ok(begun.part(self, number)?.url));
            let urls = urls.collect::<Result<Vec<_>, ApiError>>()?;
            urls.iter().try_for_each(|url| check_window(url, now))?;
            self.record_job(dataset, file, begun.new_upload(id, owner), now).await?;
            Ok(urls)
        };
        match recorded.await {
            Ok(urls) => {
                let parts = Some((begun.upload_id, PART_SIZE));
                Ok(BegunJob { id, key: begun.object_key, urls, parts })
            }
            Err(error) => {
                self.abandon_parts(&begun).await;
                Err(error)
            }
        }
    }

    async fn record_job(
        &self,
        dataset: Option<Uuid>,
        file: &JobFile,
        upload: NewUpload,
        now: Timestamp,
    ) -> Result<Job, ApiError> {
        let job = NewJob { dataset, name: file.name.as_str().into(), upload };
        self.catalog.add_job(&job, now).await.map_err(gone_with(dataset))
    }

    /// Takes the bytes of a job: out of the reach of its URLs, looked at, recorded.
    ///
    /// What ends in the middle may be completed again. What is wrong with the parts may be put right;
    /// bytes that are refused are gone, and the job has failed.
    pub(crate) async fn complete_job(
        &self,
        who: &Identity,
        (dataset, id): (Option<Uuid>, Uuid),
        parts: Vec<CompletedPart>,
        now: Timestamp,
    ) -> Result<Job, ApiError> {
        let job = self.own_job(who, dataset, id).await?;
        let failed = JobFault::Failed { is_reupload: dataset.is_some() };
        match job.upload.state {
            _ if job.committed_at.is_some() => return Err(JobFault::Completed.into()),
            UploadState::Pending => {}
            UploadState::Ready => return Err(JobFault::Completed.into()),
            _ => return Err(failed.into()),
        }
        let looked_at = async {
            let info = self.freeze_job(&job, parts).await?;
            let fault = self.fault_of(&job, &info).await?;
            Ok((info, fault))
        };
        let (info, fault) = match looked_at.await {
            Ok(seen) => seen,
            // Somebody else may have settled it meanwhile, and taken its bytes away.
            Err(error) => match self.state_of(id).await? {
                UploadState::Ready => return Err(JobFault::Completed.into()),
                UploadState::Pending => return Err(error),
                _ => {
                    self.sweep_later(&job.upload).await;
                    return Err(failed.into());
                }
            },
        };
        if let Some(fault) = fault {
            self.catalog.fail_upload(id, &reason_of(&fault), now).await?;
            self.bury(&job.upload).await;
            return Err(fault);
        }
        match self.catalog.accept_upload(id, &stored(&info), now).await {
            Ok(Acceptance::Now) => Ok(job),
            // Somebody completed it at the same time.
            Ok(_) => Err(JobFault::Completed.into()),
            Err(CatalogError::UploadClosed) => {
                self.bury(&job.upload).await;
                Err(failed.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn freeze_job(
        &self,
        job: &Job,
        parts: Vec<CompletedPart>,
    ) -> Result<ObjectInfo, ApiError> {
        if matches!(job.upload.intake, Intake::Single { .. }) {
            return self.freeze(&job.upload).await;
        }
        let names_none = parts.is_empty();
        self.assemble(&job.upload, parts).await.map_err(|error| match error {
            ApiError::InvalidParts(_) if names_none => JobFault::NoParts.into(),
            other => other,
        })
    }

    /// Why the bytes of a job are refused, if they are.
    async fn fault_of(&self, job: &Job, info: &ObjectInfo) -> Result<Option<ApiError>, ApiError> {
        if let Some(declared) = job.upload.declared_size
            && declared != info.size
        {
            return Ok(Some(JobFault::SizeMismatch { size: info.size, declared }.into()));
        }
        let fault = self.look_at(&job.upload, extension_of(&job.name).as_deref()).await?;
        Ok(fault.map(ApiError::Refused))
    }

    /// Makes the bytes of a completed job the next version of its dataset; with `new`, the first one
    /// of a new dataset.
    pub(crate) async fn commit_job(
        &self,
        who: &Identity,
        (dataset, id): (Option<Uuid>, Uuid),
        new: Option<(&DatasetName, &Description)>,
        now: Timestamp,
    ) -> Result<Job, ApiError> {
        let job = self.own_job(who, dataset, id).await?;
        match job.upload.state {
            UploadState::Pending => return Err(JobFault::NotCompleted.into()),
            UploadState::Ready if job.committed_at.is_none() => {}
            _ => return Err(JobFault::Processed.into()),
        }
        let new_dataset = |(name, description): (&DatasetName, &Description)| NewDataset {
            id: Uuid::new_v4(),
            owner: who.clone(),
            name: name.as_str().into(),
            description: description.as_str().into(),
            columns: Vec::new(),
        };
        let version = NewVersion { data_source: Uuid::new_v4(), dataset: new.map(new_dataset) };
        let committed = self.catalog.commit_job(who.team, id, &version, now).await;
        committed.map_err(|error| match error {
            // Somebody was faster.
            CatalogError::Conflict | CatalogError::UploadClosed => JobFault::Processed.into(),
            other => other.into(),
        })
    }

    /// A job of a team.
    pub(crate) async fn job(&self, who: &Identity, id: Uuid) -> Result<Job, ApiError> {
        self.catalog.job(who.team, id).await?.ok_or(ApiError::NotFound("job"))
    }

    /// The newest job for a dataset of a team, if there is one.
    pub(crate) async fn latest_job(
        &self,
        who: &Identity,
        dataset: Uuid,
    ) -> Result<Option<Job>, ApiError> {
        self.dataset(who, dataset).await?;
        Ok(self.catalog.latest_job(who.team, dataset).await?)
    }

    /// Why a job of a user is not done again. What can be done is done at once, and a file that was
    /// refused is gone, so there always is a reason.
    pub(crate) async fn retry_job(&self, who: &Identity, id: Uuid) -> Result<Job, ApiError> {
        let job = self.job(who, id).await?;
        if job.upload.owner != *who {
            return Err(ApiError::NotFound("job"));
        }
        let has_failed = job.upload.state == UploadState::Failed && job.committed_at.is_none();
        Err(if has_failed { JobFault::Gone } else { JobFault::NotFailed }.into())
    }

    /// A job of a user for a dataset, or for a new one.
    pub(crate) async fn own_job(
        &self,
        who: &Identity,
        dataset: Option<Uuid>,
        id: Uuid,
    ) -> Result<Job, ApiError> {
        let found = self.catalog.job(who.team, id).await?;
        let found = found.filter(|job| job.upload.owner == *who);
        let Some(dataset) = dataset else {
            // Once it is committed, the job of a new dataset has one.
            let found = found.filter(|job| job.dataset.is_none() || job.committed_at.is_some());
            return found.ok_or(ApiError::NotFound("job"));
        };
        self.own_dataset(who, dataset).await?;
        let found = found.filter(|job| job.dataset == Some(dataset));
        found.ok_or(ApiError::NotFound("reupload job"))
    }
}

/// A URL may end before its job, where what signs it does.
fn check_window(url: &PresignedUrl, now: Timestamp) -> Result<(), JobFault> {
    let until = now.checked_add_secs(WINDOW_SECS_MIN).unwrap_or(Timestamp::MAX);
    if url.expires_at() < until { Err(JobFault::WindowClosed) } else { Ok(()) }
}

fn reason_of(fault: &ApiError) -> String {
    match fault {
        ApiError::Refused(fault) => fault.to_string(),
        ApiError::Job(fault) => fault.to_string(),
        other => other.to_string(),
    }
}
