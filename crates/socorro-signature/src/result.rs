//! What comes out of signature generation.

use std::fmt;

/// A signature and how it came about.
///
/// `Debug` leaves out the debug log, which is protected data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignatureResult {
    /// The signature: printable ASCII, at most [`MAXIMUM_LENGTH`](crate::MAXIMUM_LENGTH) characters, maybe empty.
    pub signature: String,
    /// Remarks for the processor notes, each `RuleName: remark`.
    pub notes: Vec<String>,
    /// What was done in order, each `RuleName: what`. Holds parts of the crash report: protected data.
    pub debug_log: Vec<String>,
    /// All normalised frames joined with ` | `; only for native crashes with at least one frame.
    pub proto_signature: Option<String>,
    /// The normalised frames of the crashing thread, at most [`FRAME_LIMIT`](crate::FRAME_LIMIT); empty where
    /// `proto_signature` is `None`.
    pub normalized_frames: Vec<String>,
}

impl SignatureResult {
    /// Sets the signature and says so in the debug log, also if it stays the same.
    pub fn set_signature(&mut self, rule: &str, signature: String) {
        self.debug_log.push(format!(
            "{rule}: change signature: \"{}\" -> \"{signature}\"",
            self.signature
        ));
        self.signature = signature;
    }

    /// Adds a remark.
    pub fn note(&mut self, rule: &str, remark: &str) {
        self.notes.push(format!("{rule}: {remark}"));
    }

    /// Adds a line to the debug log.
    pub fn debug(&mut self, rule: &str, line: &str) {
        self.debug_log.push(format!("{rule}: {line}"));
    }

    /// Takes over the remarks and the log of a tool that ran for a rule.
    pub(crate) fn absorb(&mut self, rule: &str, outcome: &ToolOutcome) {
        for note in &outcome.notes {
            self.note(rule, note);
        }
        for line in &outcome.debug_log {
            self.debug(rule, line);
        }
    }
}

impl fmt::Debug for SignatureResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignatureResult")
            .field("signature", &self.signature)
            .field("notes", &self.notes.len())
            .field("debug_log", &self.debug_log.len())
            .field("normalized_frames", &self.normalized_frames)
            .finish_non_exhaustive()
    }
}

/// What one of the tools (native, Java stack trace, Java exception) made of a crash.
#[derive(Debug, Default)]
pub(crate) struct ToolOutcome {
    pub(crate) signature: String,
    pub(crate) notes: Vec<String>,
    pub(crate) debug_log: Vec<String>,
}
