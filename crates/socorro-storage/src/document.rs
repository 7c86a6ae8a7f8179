//! Documents that storage keeps beside the crashes.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};
use socorro_core::{CrashId, time::Date};

use crate::{error::Error, layout, missing_symbols::MissingModule};

/// The longest name of a destination.
const MAX_DESTINATION: usize = 64;
const CRASH_ID_LENGTH: usize = 36;

/// Where a document lies: a key that cannot be made from free text, so that no document lands on
/// a crash or outside of the storage.
///
/// ```
/// use socorro_core::{CrashId, time::Date};
/// use socorro_storage::DocumentKey;
///
/// let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
/// let key = DocumentKey::dead_letter(Date::constant(2026, 11, 23), &id);
/// assert_eq!(key.as_str(), "dead-letter/20261123/de1bb258-cbbf-4589-a673-34f800160918.json");
/// # Ok::<(), socorro_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey(String);

impl DocumentKey {
    /// The record of a message that was given up on `date`, for the crash it names:
    /// `dead-letter/{YYYYMMDD}/{crash id}.json`.
    #[must_use]
    pub fn dead_letter(date: Date, id: &CrashId) -> Self {
        Self(format!("dead-letter/{}/{id}.json", layout::day(date)))
    }

    /// The record of a message that names no crash, told apart by its body:
    /// `dead-letter/{YYYYMMDD}/{SHA-256 of the body}.json`.
    #[must_use]
    pub fn dead_letter_of_body(date: Date, body: &[u8]) -> Self {
        let mut key = format!("dead-letter/{}/", layout::day(date));
        for byte in Sha256::digest(body) {
            // Writing to a String cannot fail.
            let _ = write!(key, "{byte:02x}");
        }
        key.push_str(".json");
        Self(key)
    }

    /// A note that a destination has not taken a crash yet: `outbox/{destination}/{crash id}`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDestination`] unless the name is 1 to 64 ASCII letters, digits, `_` or `-`.
    pub fn outbox(destination: &str, id: &CrashId) -> Result<Self, Error> {
        let DocumentFolder(folder) = DocumentFolder::outbox(destination)?;
        Ok(Self(format!("{folder}/{id}")))
    }

    /// A note that was set aside to be settled, so that nobody else writes it meanwhile:
    /// `outbox/{destination}/{crash id}-{16 hexadecimal digits}`.
    ///
    /// # Errors
    ///
    /// As [`DocumentKey::outbox`].
    pub fn outbox_set_aside(destination: &str, id: &CrashId, mark: u64) -> Result<Self, Error> {
        let Self(note) = Self::outbox(destination, id)?;
        Ok(Self(format!("{note}-{mark:016x}")))
    }

    /// How often whoever worked on a crash died of it, perhaps: `suspect/{crash id}`.
    #[must_use]
    pub fn suspect(id: &CrashId) -> Self {
        Self(format!("suspect/{id}"))
    }

    /// A note that a crash lacked the symbols of a module:
    /// `missing-symbols/{debug id}/{hash of the debug file's name}/{crash id}`.
    #[must_use]
    pub fn missing_symbols(module: &MissingModule, id: &CrashId) -> Self {
        Self(format!("{}/{id}", module.folder()))
    }

    /// Who looked last for crashes that were never processed, and when: `verify/last.json`.
    #[must_use]
    pub fn last_verification() -> Self {
        Self("verify/last.json".to_owned())
    }

    /// What a collector writes at its start, and deletes, to see whether it can:
    /// `test/testfile-{id}.txt`.
    #[must_use]
    pub fn test_file(id: &CrashId) -> Self {
        Self(format!("test/testfile-{id}.txt"))
    }

    /// The report of a crash for telemetry: `v1/crash_report/{YYYYMMDD}/{crash id}`.
    #[must_use]
    pub fn crash_report(id: &CrashId) -> Self {
        Self(layout::crash_report(id))
    }

    /// The key below the root of the storage.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The crash that the document is about, when its key names one.
    #[must_use]
    pub fn crash_id(&self) -> Option<CrashId> {
        let (_, file) = self.0.rsplit_once('/')?;
        let name = file.strip_suffix(".json").unwrap_or(file);
        let id = match name.split_at_checked(CRASH_ID_LENGTH) {
            Some((id, mark)) if mark.starts_with('-') => id,
            _ => name,
        };
        CrashId::parse(id).ok()
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Documents of one kind, to list them.
///
/// ```
/// use socorro_storage::DocumentFolder;
///
/// let folder = DocumentFolder::outbox("telemetry")?;
/// assert_eq!(folder.as_str(), "outbox/telemetry");
/// # Ok::<(), socorro_storage::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentFolder(String);

impl DocumentFolder {
    /// The records of messages that were given up on `date`.
    #[must_use]
    pub fn dead_letters(date: Date) -> Self {
        Self(format!("dead-letter/{}", layout::day(date)))
    }

    /// The notes of what a destination has not taken yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDestination`] unless the name is 1 to 64 ASCII letters, digits, `_` or `-`.
    pub fn outbox(destination: &str) -> Result<Self, Error> {
        let fits = (1..=MAX_DESTINATION).contains(&destination.len());
        if fits && destination.bytes().all(is_plain) {
            Ok(Self(format!("outbox/{destination}")))
        } else {
            Err(Error::InvalidDestination {
                name: destination.chars().take(MAX_DESTINATION).collect(),
            })
        }
    }

    /// The notes of which crashes lacked the symbols of a module.
    #[must_use]
    pub fn missing_symbols(module: &MissingModule) -> Self {
        Self(module.folder())
    }

    /// The key below the root of the storage, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document at a key of the store, if it lies right in this folder and has a name that a
    /// document can have.
    pub(crate) fn key_of(&self, key: &str) -> Option<DocumentKey> {
        let file = key.strip_prefix(&self.0)?.strip_prefix('/')?;
        let name = file.strip_suffix(".json").unwrap_or(file);
        (!name.is_empty() && name.bytes().all(is_plain)).then(|| DocumentKey(key.to_owned()))
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 1, 2);

    #[test]
    fn bodies_without_a_crash_id_get_a_name_of_their_own() {
        let key = DocumentKey::dead_letter_of_body(DAY, b"not a crash id");
        assert!(key.as_str().starts_with("dead-letter/20260102/"));
        assert_eq!(key.as_str().len(), "dead-letter/20260102/.json".len() + 64);
        assert_eq!(
            key,
            DocumentKey::dead_letter_of_body(DAY, b"not a crash id")
        );
        assert_ne!(key, DocumentKey::dead_letter_of_body(DAY, b"another one"));
    }

    #[test]
    fn only_documents_are_found_in_a_folder() {
        let folder = DocumentFolder::dead_letters(DAY);
        let id = CrashId::mint(DAY, 0);
        let key = DocumentKey::dead_letter(DAY, &id);
        assert_eq!(folder.key_of(key.as_str()), Some(key.clone()));
        assert_eq!(key.crash_id(), Some(id));
        let of_body = DocumentKey::dead_letter_of_body(DAY, b"x");
        assert_eq!(folder.key_of(of_body.as_str()), Some(of_body.clone()));
        assert_eq!(of_body.crash_id(), None);
        for key in ["", "a/b.json", "x#1", ".json", "a b.json"] {
            assert_eq!(folder.key_of(&format!("{}/{key}", folder.as_str())), None);
        }
        assert_eq!(folder.key_of("dead-letter/20260103/a.json"), None);
    }

    #[test]
    fn a_destination_cannot_lead_elsewhere() {
        let id = CrashId::mint(DAY, 0);
        let key = DocumentKey::outbox("telemetry", &id).unwrap();
        assert_eq!(key.as_str(), format!("outbox/telemetry/{id}"));
        assert_eq!(key.crash_id(), Some(id));
        let aside = DocumentKey::outbox_set_aside("telemetry", &id, 7).unwrap();
        assert_eq!(
            aside.as_str(),
            format!("outbox/telemetry/{id}-0000000000000007")
        );
        assert_eq!(aside.crash_id(), Some(id));
        let folder = DocumentFolder::outbox("telemetry").unwrap();
        assert_eq!(folder.key_of(aside.as_str()), Some(aside));
        for name in ["", "..", "a/b", "a b", "é", &"x".repeat(65)] {
            let error = DocumentKey::outbox(name, &id).unwrap_err();
            assert!(
                matches!(error, Error::InvalidDestination { .. }),
                "{name:?}"
            );
        }
    }
}
