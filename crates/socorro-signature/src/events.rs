//! What happened while a signature was made, kept cheaply.
//!
//! Every crash has events and few are ever read, so they are kept as data: the debug log is written from them, and
//! explanations are made from them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::frames::FrameName;
use crate::rules::SignatureGeneration;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// What the first signature is made from was chosen.
    Source(Source),
    /// The lists in use, as the log names them.
    Lists(Arc<str>),
    /// The walk starts at a sentinel.
    StartAtSentinel {
        /// The frame.
        frame: FrameName,
        /// Its place in the stack.
        index: usize,
    },
    /// Something was decided about a frame.
    Frame {
        /// The frame.
        frame: FrameName,
        /// Its place in the stack.
        index: usize,
        /// What was decided.
        decision: Decision,
    },
    /// A rule set the signature.
    Change {
        /// The rule.
        rule: Cow<'static, str>,
        /// The signature before.
        from: String,
        /// The signature after.
        to: String,
    },
    /// A rule wrote a line to the log.
    Line {
        /// The rule.
        rule: String,
        /// The line.
        text: String,
    },
}

/// What a first signature is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Source {
    /// The stack of a thread.
    NativeStack {
        /// The thread's number as the crash gives it; negative ones count from the last thread.
        thread: i128,
    },
    /// The Java stack trace.
    JavaStackTrace,
    /// The Java exception object.
    JavaException,
}

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// Dropped: a sentinel comes after it.
    BeforeSentinel,
    /// Dropped: it was found by scanning the stack, and frames found by better means decide.
    Scanned,
    /// Passed over: it has no name.
    Empty,
    /// Passed over: the irrelevant list has it.
    Irrelevant,
    /// Passed over: it is the same module as the frame before.
    RepeatedModule,
    /// Taken, and so is its caller: the prefix list has it.
    Prefix,
    /// Taken, and the last one.
    Last,
}

impl Event {
    /// The rule that the log names.
    pub(crate) fn rule(&self) -> &str {
        match self {
            Self::Change { rule, .. } => rule,
            Self::Line { rule, .. } => rule,
            _ => SignatureGeneration::NAME,
        }
    }

    /// The line in the debug log, without the rule; some events have none.
    pub(crate) fn line(&self) -> Option<LineText<'_>> {
        let silent = matches!(
            self,
            Self::Frame {
                decision: Decision::BeforeSentinel | Decision::Scanned | Decision::RepeatedModule,
                ..
            }
        );
        (!silent).then_some(LineText(self))
    }
}

/// Writes an event as the debug log has it, in the words of upstream.
pub(crate) struct LineText<'a>(&'a Event);

impl fmt::Display for LineText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::Source(source) => {
                let tool = match source {
                    Source::NativeStack { .. } => "CSignatureTool",
                    Source::JavaStackTrace => "JavaSignatureTool",
                    Source::JavaException => "JavaExceptionSignatureTool",
                };
                write!(formatter, "using {tool}")
            }
            Event::Lists(lists) => write!(formatter, "using {lists}"),
            Event::StartAtSentinel { frame, index } => {
                write!(
                    formatter,
                    "sentinel; starting at \"{}\" index {index}",
                    frame.text()
                )
            }
            Event::Frame {
                frame, decision, ..
            } => write!(formatter, "{}: \"{}\"", log_words(*decision), frame.text()),
            Event::Change { from, to, .. } => {
                write!(formatter, "change signature: \"{from}\" -> \"{to}\"")
            }
            Event::Line { text, .. } => formatter.write_str(text),
        }
    }
}

/// How the debug log says it.
fn log_words(decision: Decision) -> &'static str {
    match decision {
        Decision::BeforeSentinel => "before the sentinel; dropping",
        Decision::Scanned => "found by scanning; dropping",
        Decision::Empty => "empty string; ignoring",
        Decision::Irrelevant => "irrelevant; ignoring",
        Decision::RepeatedModule => "same module; ignoring",
        Decision::Prefix => "prefix; continue iterating",
        Decision::Last => "not a prefix; stop",
    }
}
