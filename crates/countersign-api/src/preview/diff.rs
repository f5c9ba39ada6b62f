use countersign_catalog::{Column, ColumnKind};

use super::Table;

/// How the columns of a file differ from others, and how many rows there were before.
///
/// - Every column of either stands in exactly one list, or is the same in both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SchemaDiff {
    pub(crate) added: Vec<Column>,
    pub(crate) removed: Vec<Column>,
    /// With the kind that each had.
    pub(crate) changed: Vec<(Column, ColumnKind)>,
    /// `None`, where it is not known.
    pub(crate) row_count_before: Option<u64>,
}

impl SchemaDiff {
    /// What is different in a file, held against these columns.
    pub(crate) fn of(old: &[Column], row_count_before: Option<u64>, new: &Table) -> Self {
        let new = &new.columns;
        let added = new.iter().filter(|column| counterpart(old, column).is_none());
        let removed = old.iter().filter(|column| counterpart(new, column).is_none());
        let changed = new.iter().filter_map(|column| {
            let before = counterpart(old, column)?.kind;
            (before != column.kind).then(|| (column.clone(), before))
        });
        Self {
            added: added.cloned().collect(),
            removed: removed.cloned().collect(),
            changed: changed.collect(),
            row_count_before,
        }
    }
}

/// The column of this name among others; where there is none, one that differs in its case alone, for
/// tools that read tables change that, and nothing else.
fn counterpart<'c>(others: &'c [Column], column: &Column) -> Option<&'c Column> {
    let same = others.iter().find(|other| other.name == column.name);
    let folded = |other: &&Column| other.name.eq_ignore_ascii_case(&column.name);
    same.or_else(|| others.iter().find(folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(all: &[(&str, ColumnKind)]) -> Vec<Column> {
        all.iter().map(|(name, kind)| Column { name: (*name).into(), kind: *kind }).collect()
    }

    #[test]
    fn columns_are_added_removed_changed_or_the_same() {
        use ColumnKind::{Date, Float, Integer, Text};
        let old = columns(&[("a", Text), ("b", Integer), ("C", Date), ("gone", Text)]);
        let new = [("c", Date), ("b", Float), ("new", Text), ("a", Text)];
        let table = Table { columns: columns(&new), row_count: 3, ..Table::default() };
        let diff = SchemaDiff::of(&old, Some(2), &table);
        assert_eq!(diff.added, columns(&[("new", Text)]));
        assert_eq!(diff.removed, columns(&[("gone", Text)]));
        assert_eq!(diff.changed, [(columns(&[("b", Float)]).remove(0), Integer)]);
        assert_eq!(diff.row_count_before, Some(2));
        let same = SchemaDiff::of(&table.columns, None, &table);
        assert_eq!(same, SchemaDiff::default());
        // Names that differ in their case are two, where both are there.
        let both = Table { columns: columns(&[("x", Text), ("X", Integer)]), ..Table::default() };
        assert_eq!(SchemaDiff::of(&both.columns, None, &both), SchemaDiff::default());
    }
}
