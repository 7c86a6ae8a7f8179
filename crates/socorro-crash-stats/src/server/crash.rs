//! The crashes of a site.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use socorro_core::{CrashId, ProcessedCrash, RawCrash};

/// A crash that a [`Site`](super::Site) holds: the raw crash, its files, the processed crash.
#[derive(Debug, Clone)]
pub struct Crash {
    pub(super) id: CrashId,
    pub(super) raw: RawCrash,
    pub(super) dumps: Vec<(String, Bytes)>,
    pub(super) processed: Option<ProcessedCrash>,
    pub(super) was_missing: bool,
}

impl Crash {
    /// A crash of Firefox, received at noon of the day in its id, without files and not processed.
    #[must_use]
    pub fn new(id: CrashId) -> Self {
        let mut raw = RawCrash::new();
        raw.set("uuid", id.as_str());
        raw.set("version", 2);
        raw.set("ProductName", "Firefox");
        raw.set("Version", "145.0");
        raw.set("submitted_timestamp", noon(&id));
        raw.set("metadata", json!({"dump_checksums": {}}));
        Self {
            id,
            raw,
            dumps: Vec::new(),
            processed: None,
            was_missing: false,
        }
    }

    /// A crash with exactly this raw crash; checksums of files that are added later go into it where
    /// it has none.
    #[must_use]
    pub fn with_raw_crash(id: CrashId, raw: RawCrash) -> Self {
        Self {
            raw,
            ..Self::new(id)
        }
    }

    /// Sets an annotation, or any other member of the raw crash.
    #[must_use]
    pub fn annotation(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.raw.set(name, value);
        self
    }

    /// Adds a file. Its SHA-256 goes into the raw crash, unless there is one.
    #[must_use]
    pub fn dump(mut self, name: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        self.note_checksum(name, &content);
        self.dumps.push((name.to_owned(), content));
        self
    }

    fn note_checksum(&mut self, name: &str, content: &[u8]) {
        let empty = || Value::Object(Map::new());
        let mut metadata = self.raw.get("metadata").cloned().unwrap_or_else(empty);
        let Some(members) = metadata.as_object_mut() else {
            return;
        };
        let checksums = members.entry("dump_checksums").or_insert_with(empty);
        let Some(checksums) = checksums.as_object_mut() else {
            return;
        };
        if checksums.contains_key(name) {
            return;
        }
        let digest: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        checksums.insert(name.to_owned(), digest.into());
        self.raw.set("metadata", metadata);
    }

    /// Sets a field of the processed crash, which begins with the fields that every search wants.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        let (id, raw) = (self.id, &self.raw);
        let processed = self.processed.get_or_insert_with(|| beginning(&id, raw));
        processed.set(name, value);
        self
    }

    /// Sets the processed crash as a whole.
    #[must_use]
    pub fn processed(mut self, crash: ProcessedCrash) -> Self {
        self.processed = Some(crash);
        self
    }

    /// Keeps it in the list of missing processed crashes, where those without one are in any case.
    #[must_use]
    pub fn was_missing(mut self) -> Self {
        self.was_missing = true;
        self
    }
}

/// What a processed crash has in any case.
fn beginning(id: &CrashId, raw: &RawCrash) -> ProcessedCrash {
    let mut processed = ProcessedCrash::new();
    processed.set("uuid", id.as_str());
    processed.set("crash_id", id.as_str());
    let received = raw.annotation("submitted_timestamp");
    let received = received.map_or_else(|| noon(id), str::to_owned);
    processed.set("date_processed", received);
    for (field, annotation) in [
        ("product", "ProductName"),
        ("version", "Version"),
        ("release_channel", "ReleaseChannel"),
        ("build", "BuildID"),
    ] {
        if let Some(text) = raw.annotation(annotation) {
            processed.set(field, text);
        }
    }
    processed
}

/// Noon of the day of a crash.
fn noon(id: &CrashId) -> String {
    format!("{}T12:00:00+00:00", id.date())
}
