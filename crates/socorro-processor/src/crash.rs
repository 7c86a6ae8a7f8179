//! A crash on its way through the pipeline.

use serde_json::Value;
use socorro_core::{CrashId, Dumps, ProcessedCrash, RawCrash};

/// One crash while rules work on it: what came in, what has been found out, and the notes.
#[derive(Debug, Clone)]
pub struct Crash {
    /// The id under which the crash is stored.
    pub id: CrashId,
    /// The annotations. The first rules clean them up.
    pub raw: RawCrash,
    /// The minidumps and other files.
    pub dumps: Dumps,
    /// What the rules have found out.
    pub processed: ProcessedCrash,
    notes: Vec<String>,
    rule: &'static str,
}

impl Crash {
    /// A crash about which nothing has been found out.
    #[must_use]
    pub fn new(id: CrashId, raw: RawCrash, dumps: Dumps) -> Self {
        Self {
            id,
            raw,
            dumps,
            processed: ProcessedCrash::new(),
            notes: Vec::new(),
            rule: "",
        }
    }

    /// The same crash with the result of an earlier run.
    #[must_use]
    pub fn with_processed(self, processed: ProcessedCrash) -> Self {
        Self { processed, ..self }
    }

    /// Adds a line to the processor notes of this run. Notes are public: no values of annotations,
    /// no paths of this machine.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Notes that the value at `place` is not what it should be (`expected`: "text", "an array" …)
    /// and is treated as absent.
    pub fn wrong_type(&mut self, place: &str, expected: &str) {
        let rule = self.rule;
        self.note(format!("{rule}: {place} is not {expected}"));
    }

    /// The text of an annotation. One that is there but not text leaves a note and counts as absent.
    pub fn text_annotation(&mut self, name: &str) -> Option<String> {
        match self.raw.get(name)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.wrong_type(name, "text");
                None
            }
        }
    }

    /// The text at a place in the processed crash, or the null there. Anything else leaves a note and
    /// counts as absent.
    pub fn text_or_null(&mut self, place: &str) -> Option<Value> {
        match self.processed.lookup(place)? {
            value @ (Value::String(_) | Value::Null) => Some(value.clone()),
            _ => {
                self.wrong_type(place, "text");
                None
            }
        }
    }

    /// The notes of this run.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Says which rule works on the crash from here on.
    pub(crate) fn enter(&mut self, rule: &'static str) {
        self.rule = rule;
    }
}
