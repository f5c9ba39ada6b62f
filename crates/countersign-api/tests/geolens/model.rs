//! What jobs come to, without a storage and a catalog.

use crate::client::Begun;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum State {
    Pending,
    Ready,
    Failed(&'static str),
    Committed { dataset: usize, version: usize, is_deleted: bool },
}

pub(crate) struct Job {
    pub(crate) begun: Begun,
    /// The dataset that it is for, if there was one.
    pub(crate) target: Option<usize>,
    pub(crate) begun_at: i64,
    /// What a completion would find.
    pub(crate) staged: Option<&'static [u8]>,
    pub(crate) accepted: &'static [u8],
    pub(crate) state: State,
}

/// What is put: two files that are right, one that is none, and one of another size, which no URL of
/// ours lets through.
pub(crate) const FILES: [&[u8]; 4] = [b"a,b", b"c,d", b"a\0b", b"a,b\n"];

/// A status, and the text that goes with it.
pub(crate) type Said = (u16, &'static str);

impl Job {
    /// What a completion is answered with, and what it makes of the job.
    pub(crate) fn completion(&self) -> (Said, State) {
        let is_reupload = self.target.is_some();
        let either = |reupload, ingest| if is_reupload { reupload } else { ingest };
        match (self.state, self.staged) {
            (State::Pending, None) => ((400, "File not found in S3 after upload"), State::Pending),
            (State::Pending, Some(b"a\0b")) => (
                (422, "File refused: the content is not UTF-8 text."),
                State::Failed("the content is not UTF-8 text"),
            ),
            (State::Pending, Some(b"a,b\n")) => (
                (422, "Uploaded file size (4 bytes) does not match the declared size (3 bytes)."),
                State::Failed("4 bytes came, 3 were announced"),
            ),
            (State::Pending, Some(_)) => {
                let done = either(
                    "File uploaded for re-upload preview",
                    "File uploaded and ready for preview",
                );
                ((200, done), State::Ready)
            }
            (State::Failed(_), _) => {
                let failed = either(
                    "This job has already failed and cannot be completed. Start the reupload again.",
                    "This job has already failed and cannot be completed. Start a new upload.",
                );
                ((400, failed), self.state)
            }
            _ => ((400, "Upload already completed for this job"), self.state),
        }
    }

    /// What a commit is answered with.
    pub(crate) fn commit(&self) -> Said {
        match (self.state, self.target) {
            (State::Pending, _) => (400, "Upload not completed for this job"),
            (State::Ready, Some(_)) => (202, "Re-upload queued"),
            (State::Ready, None) => (202, "Ingestion queued"),
            _ => (400, "Job already processed"),
        }
    }

    /// What another one of the team is answered with.
    pub(crate) fn meddling(&self) -> Said {
        match self.target {
            Some(_) => (403, "Only the dataset owner may modify this dataset."),
            None => (404, "Job not found"),
        }
    }

    /// Its status, why it failed, and its dataset.
    pub(crate) fn shown(&self) -> (&'static str, Option<&'static str>, Option<usize>) {
        match self.state {
            State::Pending | State::Ready => ("pending", None, self.target),
            State::Failed(reason) => ("failed", Some(reason), self.target),
            State::Committed { dataset, .. } => ("complete", None, Some(dataset)),
        }
    }

    /// What is stored at its two keys once nothing can come late any more.
    pub(crate) fn swept(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        match self.state {
            State::Pending => (self.staged, None),
            State::Failed(_) | State::Committed { is_deleted: true, .. } => (None, None),
            State::Ready | State::Committed { .. } => (None, Some(self.accepted)),
        }
    }
}
