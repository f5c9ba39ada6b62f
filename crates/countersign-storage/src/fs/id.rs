use std::{fmt, io, path::PathBuf};

use serde::{Deserialize, Serialize};

/// 128 random bits that name a data file, a version or an upload: no text of a user's ever gets
/// into such a name.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Id(String);

impl Id {
    const LEN: usize = 32;

    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; Self::LEN / 2];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// Reads an id; anything else, a path above all, is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == Self::LEN && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders that share the data files out.
    pub(super) fn folder_of(first: u8) -> String {
        format!("{first:02x}")
    }

    pub(super) fn folder(&self) -> String {
        self.0.chars().take(2).collect()
    }

    /// Its place in `data/`.
    pub(super) fn data_path(&self) -> PathBuf {
        PathBuf::from(self.folder()).join(&self.0)
    }

    /// Its name in `tmp/` until it is finished.
    pub(super) fn data_name(&self) -> String {
        format!("{}.data", self.0)
    }

    /// The name in `tmp/` of a record that is not published, or not any more.
    pub(super) fn record_name(&self) -> String {
        format!("{}.record", self.0)
    }

    /// The name in `tmp/` of an upload that does not exist, yet or any more.
    pub(super) fn upload_name(&self) -> String {
        format!("{}.upload", self.0)
    }

    /// The name in `uploads/` of an upload that is being completed.
    pub(super) fn completing_name(&self) -> String {
        format!("{}.completing", self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("an id has 32 lower-case hex digits")
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
