//! The notes about what a destination has not taken.
//!
//! A worker writes the note of a crash at `outbox/{destination}/{crash id}`. Whoever settles it
//! moves it to a key of their own first; see [`Entry::set_aside`].

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use serde_json::{Map, Value};
use socorro_core::{
    CrashId,
    json::{self, Form},
};
use socorro_storage::{CrashStorage, DocumentKey, Error, ErrorKind};

use super::Entry;

/// How much of a reason is kept, in characters.
const LONGEST_REASON: usize = 500;

impl Entry {
    /// Notes that the destination has not taken a crash.
    pub(super) async fn note(
        &self,
        storage: &dyn CrashStorage,
        id: &CrashId,
        reason: &str,
    ) -> Result<(), Error> {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let note = Map::from_iter([("reason".to_owned(), Value::from(reason))]);
        let key = DocumentKey::outbox(&self.name, id)?;
        let content = json::to_vec(&note, Form::Processor);
        storage.save_document(&key, content.into()).await
    }

    /// Takes the note of a crash away.
    pub(super) async fn clear(
        &self,
        storage: &dyn CrashStorage,
        id: &CrashId,
    ) -> Result<(), Error> {
        let key = DocumentKey::outbox(&self.name, id)?;
        storage.delete_document(&key).await
    }

    /// Moves a note to where no worker writes, unless it is there already. Gives its key, or `None`
    /// when the note is gone.
    ///
    /// Only such a note may be deleted after its crash was read and taken: one at the usual key may
    /// have been written in between, about a newer result. The copy is there before the note goes,
    /// so that whoever is killed in between leaves one of them.
    pub(super) async fn set_aside(
        &self,
        storage: &dyn CrashStorage,
        note: DocumentKey,
        id: &CrashId,
    ) -> Result<Option<DocumentKey>, Error> {
        let content = match storage.document(&note).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            content => content?,
        };
        if note != DocumentKey::outbox(&self.name, id)? {
            return Ok(Some(note));
        }
        // Every state of the standard library's hasher is seeded at random.
        let mark = RandomState::new().build_hasher().finish();
        let aside = DocumentKey::outbox_set_aside(&self.name, id, mark)?;
        storage.save_document(&aside, content).await?;
        storage.delete_document(&note).await?;
        Ok(Some(aside))
    }
}
