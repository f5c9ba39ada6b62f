//! What is done when a store is opened: a crash is cleared up, without looking at a single object.

use std::path::Path;

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::{
    Inner,
    disk::{absent_is_fine, is_only_name, read_small, sync_dir},
    id::Id,
    parts::is_unpublished,
    record::Record,
};
use crate::StoreError;

impl Inner {
    /// Nobody else uses the store yet.
    pub(super) fn recover(&self) -> Result<(), StoreError> {
        for name in names_in(&self.disk.uploads)? {
            if let Some(id) = name.strip_suffix(".completing").and_then(Id::parse) {
                self.settle(&id)?;
            }
        }
        for name in names_in(&self.disk.tmp)? {
            match name.rsplit_once('.').and_then(|(id, kind)| Some((Id::parse(id)?, kind))) {
                Some((_, "data")) => self.disk.tmp.remove_file(&name)?,
                Some((_, "record")) => self.bury_left_behind(&name)?,
                Some((id, "upload")) => self.bury_upload(&id),
                _ => tracing::warn!(name, "a file in tmp is none of ours, and stays"),
            }
        }
        Ok(())
    }

    /// A record in `tmp/`: dead, unless it has another name.
    fn bury_left_behind(&self, name: &str) -> Result<(), StoreError> {
        let tmp = &self.disk.tmp;
        // What cannot be read was never finished, and its data not moved to its place.
        if is_only_name(tmp, name)?
            && let Ok(record) = Record::parse(&read_small(tmp, Path::new(name))?)
        {
            self.disk.remove_data(record.data())?;
        }
        Ok(absent_is_fine(tmp.remove_file(name))?)
    }

    /// An upload that was being completed: either it became an object, and the rest of it goes, or it
    /// did not, and is an upload again.
    pub(super) fn settle(&self, id: &Id) -> Result<(), StoreError> {
        let uploads = &self.disk.uploads;
        let folder = uploads.open_dir_nofollow(id.completing_name())?;
        if is_unpublished(&folder)? {
            // Its record stays, for that it is gone would say something else, should this be cut
            // short. Who completes the upload writes it anew.
            uploads.rename(id.completing_name(), uploads, id.as_str())?;
            return Ok(sync_dir(uploads, Path::new("."))?);
        }
        self.clear_completed(&folder, id);
        Ok(())
    }
}

fn names_in(folder: &Dir) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in folder.entries()? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
