//! What a preview says.

use countersign_catalog::{Column, Job};
use serde::Serialize;
use serde_json::{Map, Value};

use super::wire::{self, kind_of};
use crate::preview::{GeometryKind, SchemaDiff, Table};

/// A preview, with the members that the published client cannot do without.
#[derive(Serialize)]
pub(super) struct Preview {
    job_id: String,
    source_filename: String,
    columns: Vec<wire::Column>,
    crs: Option<u32>,
    geometry_type: Option<&'static str>,
    feature_count: u64,
    sample_rows: Vec<Map<String, Value>>,
    /// A file has one layer here, which is called as the file is.
    layer_name: String,
    #[serde(flatten)]
    more: More,
}

/// What only one of the two previews has.
#[derive(Serialize)]
#[serde(untagged)]
enum More {
    New { layers: Option<[(); 0]>, detected_geometry_columns: Option<()> },
    Next { schema_diff: Diff, all_layers: Option<[(); 0]>, previous_source_layer: Option<()> },
}

#[derive(Serialize)]
struct Diff {
    columns_added: Vec<wire::Column>,
    columns_removed: Vec<wire::Column>,
    type_changes: Vec<TypeChange>,
    row_count_old: Option<u64>,
    row_count_new: u64,
    row_count_delta: Option<i64>,
}

#[derive(Serialize)]
struct TypeChange {
    name: String,
    old_type: &'static str,
    new_type: &'static str,
}

impl Preview {
    /// Of a file for a new dataset.
    pub(super) fn of_new(job: &Job, table: &Table) -> Self {
        Self::new(job, table, More::New { layers: None, detected_geometry_columns: None })
    }

    /// Of a file for a dataset that is there.
    pub(super) fn of_next(job: &Job, table: &Table, diff: &SchemaDiff) -> Self {
        let schema_diff = Diff::new(diff, table.row_count);
        let more = More::Next { schema_diff, all_layers: None, previous_source_layer: None };
        Self::new(job, table, more)
    }

    fn new(job: &Job, table: &Table, more: More) -> Self {
        let row = |values: &Vec<Value>| {
            let names = table.columns.iter().map(|column| String::from(&*column.name));
            names.zip(values.iter().cloned()).collect()
        };
        let stem = job.name.rsplit_once('.').map_or(&*job.name, |(stem, _)| stem);
        Self {
            job_id: job.upload.id.to_string(),
            source_filename: job.name.as_ref().into(),
            columns: columns_of(&table.columns),
            crs: table.epsg,
            geometry_type: table.geometry.map(GeometryKind::name),
            feature_count: table.row_count,
            sample_rows: table.samples.iter().map(row).collect(),
            layer_name: stem.into(),
            more,
        }
    }
}

impl Diff {
    fn new(diff: &SchemaDiff, row_count: u64) -> Self {
        let change = |(column, before): &(Column, _)| TypeChange {
            name: column.name.as_ref().into(),
            old_type: kind_of(*before),
            new_type: kind_of(column.kind),
        };
        let delta = |before| {
            Some(i64::try_from(row_count).ok()?.saturating_sub(i64::try_from(before).ok()?))
        };
        Self {
            columns_added: columns_of(&diff.added),
            columns_removed: columns_of(&diff.removed),
            type_changes: diff.changed.iter().map(change).collect(),
            row_count_old: diff.row_count_before,
            row_count_new: row_count,
            row_count_delta: diff.row_count_before.and_then(delta),
        }
    }
}

fn columns_of(columns: &[Column]) -> Vec<wire::Column> {
    columns.iter().map(wire::Column::new).collect()
}
