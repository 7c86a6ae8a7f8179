//! What is odd about a report.

use super::{ParseError, buffer};
use crate::Reservation;

/// What a note takes besides its text.
const OVERHEAD: usize = size_of::<String>() + 16;

/// Notes in the order in which they were made.
#[derive(Debug)]
pub(super) struct Notes {
    notes: Vec<String>,
    observations: bool,
}

impl Notes {
    /// `observations`: see [`Options::observations`](super::Options::observations).
    pub(super) fn new(observations: bool) -> Self {
        Self {
            notes: Vec::new(),
            observations,
        }
    }

    /// Notes what Mozilla's collector notes, too, or what was mended.
    pub(super) fn add(
        &mut self,
        note: impl Into<String>,
        memory: &mut Reservation,
    ) -> Result<(), ParseError> {
        let note = note.into();
        buffer::reserve(memory, note.len() + OVERHEAD)?;
        self.notes.push(note);
        Ok(())
    }

    /// Notes what Mozilla's collector passes over in silence, if that is wanted.
    pub(super) fn observe(
        &mut self,
        note: impl FnOnce() -> String,
        memory: &mut Reservation,
    ) -> Result<(), ParseError> {
        if self.observations {
            self.add(note(), memory)?;
        }
        Ok(())
    }

    pub(super) fn into_inner(self) -> Vec<String> {
        self.notes
    }
}
