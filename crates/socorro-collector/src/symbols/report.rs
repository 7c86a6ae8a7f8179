//! What became of each file of an upload.

use serde_json::{Map, Value, json};

/// Bytes of a name from an upload that are repeated in the answer.
const LONGEST_NAME: usize = 300;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is where walks find it now.
    Stored,
    /// It is there in the place of another one.
    Replaced,
    /// It was there before.
    Unchanged,
    /// It is no symbol file, and nobody says that it is.
    Skipped,
    /// It is no good.
    Refused,
    /// It is good, and another good one has its place.
    Conflict,
}

impl Fate {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
            Self::Conflict => "conflict",
        }
    }
}

/// A file of an upload, and what became of it.
#[derive(Debug)]
pub(super) struct FileReport {
    /// Where it is, as `NAME/ID/NAME.sym`; or else what the upload calls it.
    file: String,
    pub(super) fate: Fate,
    reason: Option<String>,
    /// Crashes that lacked it and are going to be processed again.
    pub(super) crashes: Option<u64>,
}

impl FileReport {
    pub(super) fn new(file: &str, fate: Fate) -> Self {
        Self {
            file: shortened(file),
            fate,
            reason: None,
            crashes: None,
        }
    }

    pub(super) fn skipped(file: &str, reason: impl Into<String>) -> Self {
        Self::because(file, Fate::Skipped, reason)
    }

    pub(super) fn refused(file: &str, reason: impl Into<String>) -> Self {
        Self::because(file, Fate::Refused, reason)
    }

    pub(super) fn because(file: &str, fate: Fate, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::new(file, fate)
        }
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("file".to_owned(), self.file.clone().into());
        object.insert("result".to_owned(), self.fate.name().into());
        if let Some(reason) = &self.reason {
            object.insert("reason".to_owned(), reason.clone().into());
        }
        if let Some(crashes) = self.crashes {
            object.insert("crashes".to_owned(), crashes.into());
        }
        object.into()
    }
}

/// The answer.
pub(super) fn to_json(files: &[FileReport]) -> Value {
    let crashes: u64 = files.iter().filter_map(|file| file.crashes).sum();
    let files: Vec<_> = files.iter().map(FileReport::to_json).collect();
    json!({"files": files, "crashes": crashes})
}

fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let end = name.floor_char_boundary(LONGEST_NAME);
    format!("{}…", &name[..end])
}
