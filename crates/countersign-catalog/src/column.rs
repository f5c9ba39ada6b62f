//! What the rows of a dataset have.

/// What the values in a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever reads a column has to know every kind")]
pub enum ColumnKind {
    /// Any text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction.
    Float,
    /// Days, or moments.
    Date,
    /// Yes or no.
    Boolean,
}

/// A column of a dataset, as its owner declared it. No bytes were ever held to it.
///
/// - `name` is 1 to 1,024 bytes. Two columns may have one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// The name that the owner gave, verbatim.
    pub name: Box<str>,
    /// What its values are.
    pub kind: ColumnKind,
}
