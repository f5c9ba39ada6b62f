//! The columns of datasets.

use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::rows::{column, failure};
use crate::{CatalogError, Column, ColumnKind, TeamId};

/// As many as the places that the schema has.
const COUNT_MAX: usize = 10_000;

pub(super) async fn add(
    connection: &mut SqliteConnection,
    dataset: Uuid,
    columns: &[Column],
) -> Result<(), CatalogError> {
    if columns.len() > COUNT_MAX {
        return Err(CatalogError::OutOfRange);
    }
    if columns.is_empty() {
        return Ok(());
    }
    // One statement for all: there is one writer, and ten thousand would keep it for a second.
    sqlx::query(
        "INSERT INTO dataset_columns (dataset_id, place, name, kind)
             SELECT ?1, key + 1, CAST(unhex(value ->> 0) AS TEXT), value ->> 1 FROM json_each(?2)",
    )
    .bind(dataset.as_bytes().as_slice())
    .bind(to_json(columns))
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

/// An array of names and kinds. The names are in hex, for `SQLite` ends a text in JSON at a NUL.
fn to_json(columns: &[Column]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut json = String::from("[");
    for (nth, column) in columns.iter().enumerate() {
        json.push_str(if nth == 0 { "[\"" } else { ",[\"" });
        for byte in column.name.bytes() {
            for digit in [byte >> 4, byte & 0xf] {
                json.push(char::from(DIGITS[usize::from(digit)]));
            }
        }
        json.extend(["\",\"", name_of(column.kind), "\"]"]);
    }
    json.push(']');
    json
}

/// None, where the team has no such dataset.
pub(super) async fn of_dataset(
    readers: &SqlitePool,
    team: TeamId,
    dataset: Uuid,
) -> Result<Vec<Column>, CatalogError> {
    sqlx::query(
        "SELECT c.name, c.kind FROM dataset_columns c JOIN datasets d ON d.id = c.dataset_id
         WHERE d.team_id = ?1 AND d.id = ?2 ORDER BY c.place",
    )
    .bind(team.as_i64())
    .bind(dataset.as_bytes().as_slice())
    .fetch_all(readers)
    .await
    .map_err(failure)?
    .iter()
    .map(read)
    .collect()
}

fn read(row: &SqliteRow) -> Result<Column, CatalogError> {
    let kind = match column(row, "kind")? {
        "text" => ColumnKind::Text,
        "integer" => ColumnKind::Integer,
        "float" => ColumnKind::Float,
        "date" => ColumnKind::Date,
        "boolean" => ColumnKind::Boolean,
        _ => return Err(CatalogError::Damaged { place: "kind" }),
    };
    Ok(Column { name: column(row, "name")?, kind })
}

fn name_of(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Integer => "integer",
        ColumnKind::Float => "float",
        ColumnKind::Date => "date",
        ColumnKind::Boolean => "boolean",
    }
}
