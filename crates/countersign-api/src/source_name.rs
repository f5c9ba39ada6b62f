use crate::{dataset_name::check_name, error::ApiError, fields::Reason, file_name::extension_of};

/// The formats of data sources, with the media types that they are served as.
const FORMATS: [(&str, &str); 13] = [
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("md", "text/markdown"),
    ("mdx", "text/markdown"),
    ("json", "application/json"),
    ("txt", "text/plain"),
    ("pdf", "application/pdf"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

/// The name of a data source, or of a file that is to become one: as any name, and its extension is
/// of a format that is taken.
///
/// It is shown, and never becomes part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceName {
    name: Box<str>,
    extension: &'static str,
    media_type: &'static str,
}

impl SourceName {
    /// Takes a name that was found fit to be one.
    ///
    /// # Errors
    ///
    /// [`ApiError::BadExtension`]
    pub(crate) fn new(name: PlainName) -> Result<Self, ApiError> {
        let extension = extension_of(&name.0).unwrap_or_default();
        let format = FORMATS.iter().find(|(known, _)| *known == extension);
        let &(extension, media_type) = format.ok_or(ApiError::BadExtension { extension })?;
        Ok(Self { name: name.0, extension, media_type })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    /// In lower case.
    pub(crate) const fn extension(&self) -> &'static str {
        self.extension
    }

    pub(crate) const fn media_type(&self) -> &'static str {
        self.media_type
    }
}

/// A name whose extension was not looked at: a wrong one is an error of its own kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainName(Box<str>);

impl PlainName {
    pub(crate) fn parse(name: &str) -> Result<Self, Reason> {
        check_name(name)?;
        Ok(Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<SourceName, ApiError> {
        SourceName::new(PlainName::parse(name).unwrap())
    }

    #[test]
    fn only_formats_that_are_taken() {
        for (name, extension) in [("a.CSV", "csv"), ("a.b.docx", "docx"), ("ü .Pdf", "pdf")] {
            assert_eq!(parse(name).unwrap().extension(), extension);
        }
        for wrong in ["a", "a.", ".csv", "a.exe", "a.csv ", "a.csv.gz", "csv", "a.jsonl"] {
            assert!(matches!(parse(wrong), Err(ApiError::BadExtension { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn every_format_has_its_extension_and_type() {
        for (extension, media_type) in FORMATS {
            let name = parse(&format!("a.{extension}")).unwrap();
            assert_eq!((name.extension(), name.media_type()), (extension, media_type));
        }
    }
}
