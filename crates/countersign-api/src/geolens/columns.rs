//! The columns that the owner of a dataset declares.

use countersign_catalog::Column;

use super::wire;
use crate::{
    error::ApiError,
    fields::{Body, Invalid, Reason, invalid},
};

pub(super) fn column(item: &Body) -> Result<Column, Invalid> {
    let name = item.text("name", |name| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.chars().all(is_word) && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name || name.is_empty() {
            return Err(Reason::Rule(
                "a column name has letters, digits and underscores, and begins with no digit",
            ));
        }
        if name.chars().count() > COLUMN_CHARS_MAX {
            return Err(Reason::TooLong { chars_max: COLUMN_CHARS_MAX });
        }
        Ok(name.into())
    })?;
    let kind = item.text("type", |kind| {
        let found = wire::COLUMN_KINDS.iter().find(|(name, _)| *name == kind);
        let rule = Reason::Rule("it is one of text, integer, float, date and boolean");
        found.map(|(_, kind)| *kind).ok_or(rule)
    })?;
    Ok(Column { name, kind })
}

/// The longest name of a column, in characters: as `PostgreSQL` has it, which is below the vendor's.
const COLUMN_CHARS_MAX: usize = 63;

/// The most columns of a dataset.
const COLUMNS_MAX: usize = 500;

/// There is one, there are not too many, and no two have the same name in either case.
pub(super) fn check(columns: &[Column]) -> Result<(), ApiError> {
    let fault = |rule| invalid("columns", Reason::Rule(rule), serde_json::Value::Null);
    if columns.is_empty() {
        return Err(fault("at least one column is required").into());
    }
    if columns.len() > COLUMNS_MAX {
        return Err(fault("a dataset has at most 500 columns").into());
    }
    let mut names: Vec<_> = columns.iter().map(|column| column.name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    let is_repeated = names.windows(2).any(|pair| matches!(pair, [one, other] if one == other));
    if is_repeated { Err(fault("two columns have one name").into()) } else { Ok(()) }
}
