//! What may lie in the folder of a store, as somebody sees it who knows the layout only.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// All files below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().into()
}

/// The data files that a record names.
fn named_by(record: &Path) -> Vec<String> {
    let bytes = fs::read(record).unwrap();
    let mut values = serde_json::Deserializer::from_slice(&bytes).into_iter();
    let record: serde_json::Value = values.next().unwrap().unwrap();
    let segments = record["segments"].as_array().unwrap();
    segments.iter().map(|segment| segment["data"].as_str().unwrap().into()).collect()
}

/// What lies in a store, at rest, that should not, and what does not that should: nothing, when
/// `data/` has the files that the records of objects and parts name, and `tmp/` is empty.
pub(crate) fn wrong_in(root: &Path) -> Option<String> {
    let is_part = |path: &PathBuf| name_of(path).starts_with(|first: char| first.is_ascii_digit());
    let mut records = files_below(&root.join("records"));
    records.extend(files_below(&root.join("uploads")).into_iter().filter(is_part));
    let mut named = BTreeSet::new();
    for id in records.iter().flat_map(|record| named_by(record)) {
        if !named.insert(id.clone()) {
            return Some(format!("two records name {id}"));
        }
    }
    let stored: BTreeSet<_> =
        files_below(&root.join("data")).iter().map(|it| name_of(it)).collect();
    if let Some(id) = stored.difference(&named).next() {
        return Some(format!("nothing names {id}"));
    }
    if let Some(id) = named.difference(&stored).next() {
        return Some(format!("{id} is named and absent"));
    }
    for folder in ["tmp", "uploads"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if folder == "tmp" || path.extension().is_some_and(|kind| kind == "completing") {
                return Some(format!("{} was left", path.display()));
            }
        }
    }
    None
}
