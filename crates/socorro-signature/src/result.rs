//! What comes out of signature generation.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::events::Event;

/// A signature and how it came about.
///
/// `Debug` leaves out the debug log, which is protected data.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureResult {
    /// The signature: printable ASCII, at most [`MAXIMUM_LENGTH`](crate::MAXIMUM_LENGTH) characters, maybe empty.
    pub signature: String,
    /// Remarks for the processor notes, each `RuleName: remark`.
    pub notes: Vec<String>,
    /// All normalised frames joined with ` | `; only for native crashes with at least one frame.
    pub proto_signature: Option<String>,
    /// The normalised frames of the crashing thread, at most [`FRAME_LIMIT`](crate::FRAME_LIMIT); empty where
    /// `proto_signature` is `None`.
    pub normalized_frames: Vec<Arc<str>>,
    /// What was done, in order.
    pub(crate) events: Vec<Event>,
}

impl SignatureResult {
    /// Sets the signature and says so in the debug log, also if it stays the same.
    pub fn set_signature(&mut self, rule: &str, signature: String) {
        self.change_signature(Cow::Owned(rule.to_owned()), signature);
    }

    pub(crate) fn change_signature(&mut self, rule: Cow<'static, str>, signature: String) {
        let to = signature.clone();
        let from = std::mem::replace(&mut self.signature, signature);
        self.events.push(Event::Change { rule, from, to });
    }

    /// Adds a remark.
    pub fn note(&mut self, rule: &str, remark: &str) {
        self.notes.push(format!("{rule}: {remark}"));
    }

    /// Adds a line to the debug log.
    pub fn debug(&mut self, rule: &str, line: &str) {
        self.events.push(Event::Line {
            rule: rule.to_owned(),
            text: line.to_owned(),
        });
    }

    /// What was done in order, each `RuleName: what`. Holds parts of the crash report: protected data.
    ///
    /// Written when asked for: making it takes longer than the signature.
    pub fn debug_log(&self) -> Vec<String> {
        let lines = self.events.iter().filter_map(|event| {
            let line = event.line()?;
            Some(format!("{}: {line}", event.rule()))
        });
        lines.collect()
    }

    /// Takes over what a tool did for a rule, but for the signature.
    pub(crate) fn absorb(&mut self, rule: &str, mut outcome: ToolOutcome) {
        for note in &outcome.notes {
            self.note(rule, note);
        }
        self.events.append(&mut outcome.events);
    }
}

impl fmt::Debug for SignatureResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignatureResult")
            .field("signature", &self.signature)
            .field("notes", &self.notes.len())
            .field("normalized_frames", &self.normalized_frames)
            .finish_non_exhaustive()
    }
}

/// What one of the tools (native, Java stack trace, Java exception) made of a crash.
#[derive(Debug, Default)]
pub(crate) struct ToolOutcome {
    pub(crate) signature: String,
    pub(crate) notes: Vec<String>,
    pub(crate) events: Vec<Event>,
}
