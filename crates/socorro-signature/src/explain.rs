//! Why a crash has the signature it has.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::crash_data::CrashData;
use crate::events::{Decision, Event, Source};
use crate::frames::{FrameName, stack_entries};
use crate::lists::{ListName, SignatureLists};
use crate::result::SignatureResult;

/// One step from a crash to its signature; see [`SignatureGenerator::explain`](crate::SignatureGenerator::explain).
///
/// Prints as one line. Holds parts of the crash report: protected data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "step")]
#[non_exhaustive]
pub enum Step {
    /// What the first signature is made from was chosen.
    Source(Source),
    /// A frame was dropped, passed over or taken.
    Frame {
        /// Its place in the stack, inlined functions counted, from 0.
        index: usize,
        /// Its normalised name.
        name: String,
        /// The function as the stack has it, if it has one.
        function: Option<String>,
        /// What was decided.
        decision: Decision,
        /// The list entry that decided, if one did.
        entry: Option<ListEntry>,
    },
    /// A frame at which the walk starts, whatever is above it.
    StartAtSentinel {
        /// Its place in the stack.
        index: usize,
        /// Its normalised name.
        name: String,
        /// The entry in the list of sentinels.
        entry: Option<ListEntry>,
    },
    /// A rule set the signature.
    Signature {
        /// The rule.
        rule: String,
        /// The signature before.
        from: String,
        /// The signature after.
        to: String,
    },
    /// A rule said something else.
    Remark {
        /// The rule.
        rule: String,
        /// What it said.
        text: String,
    },
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListEntry {
    /// The list.
    pub list: ListName,
    /// The list's file; none if the list is built in.
    pub file: Option<PathBuf>,
    /// Line, counted from 1.
    pub line: usize,
    /// The entry.
    pub text: String,
}

impl fmt::Display for ListEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(formatter, "{}", file.display())?,
            None => formatter.write_str(self.list.file_name())?,
        }
        write!(formatter, ":{}: {}", self.line, self.text)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(Source::NativeStack { thread }) => {
                write!(formatter, "the stack of thread {thread}")
            }
            Self::Source(Source::JavaStackTrace) => formatter.write_str("the Java stack trace"),
            Self::Source(Source::JavaException) => formatter.write_str("the Java exception"),
            Self::StartAtSentinel { index, name, entry } => {
                write!(formatter, "start    {index:>2}  {name}")?;
                write_entry(formatter, entry.as_ref())
            }
            Self::Frame {
                index,
                name,
                decision,
                entry,
                ..
            } => {
                let (verb, reason) = in_words(*decision);
                write!(formatter, "{verb:<8} {index:>2}  {name}{reason}")?;
                write_entry(formatter, entry.as_ref())
            }
            Self::Signature { rule, from, to } if from.is_empty() => {
                write!(formatter, "{rule}: {to}")
            }
            Self::Signature { rule, from, to } => write!(formatter, "{rule}: {from} -> {to}"),
            Self::Remark { rule, text } => write!(formatter, "{rule}: {text}"),
        }
    }
}

fn write_entry(formatter: &mut fmt::Formatter<'_>, entry: Option<&ListEntry>) -> fmt::Result {
    match entry {
        Some(entry) => write!(formatter, "  [{entry}]"),
        None => Ok(()),
    }
}

/// What became of a frame, and why, where no list entry says it.
fn in_words(decision: Decision) -> (&'static str, &'static str) {
    match decision {
        Decision::BeforeSentinel => ("dropped", "  (a sentinel follows)"),
        Decision::Scanned => ("dropped", "  (found by scanning)"),
        Decision::Empty => ("ignored", "(no name)"),
        Decision::Irrelevant => ("ignored", ""),
        Decision::RepeatedModule => ("ignored", "  (same module as the frame before)"),
        Decision::Prefix => ("joined", ""),
        Decision::Last => ("kept", ""),
    }
}

/// The steps of a result that was made with the given lists.
pub(crate) fn steps(
    result: &SignatureResult,
    crash: &CrashData<'_>,
    lists: &SignatureLists,
) -> Vec<Step> {
    let mut explainer = Explainer {
        crash,
        lists,
        functions: Vec::new(),
    };
    result
        .events
        .iter()
        .filter_map(|event| explainer.step(event))
        .collect()
}

struct Explainer<'a> {
    crash: &'a CrashData<'a>,
    lists: &'a SignatureLists,
    /// Functions of the stack that is being walked.
    functions: Vec<Option<&'a str>>,
}

impl Explainer<'_> {
    fn step(&mut self, event: &Event) -> Option<Step> {
        Some(match event {
            Event::Lists(_) => return None,
            Event::Source(source) => {
                if let Source::NativeStack { thread } = source {
                    let entries = self.crash.thread(*thread).map(stack_entries);
                    self.functions = entries
                        .into_iter()
                        .flatten()
                        .map(|one| one.function)
                        .collect();
                }
                Step::Source(*source)
            }
            Event::StartAtSentinel { frame, index } => Step::StartAtSentinel {
                index: *index,
                name: frame.text().to_string(),
                entry: self.lists.entry(ListName::Sentinels, frame.text()),
            },
            Event::Frame {
                frame,
                index,
                decision,
            } => Step::Frame {
                index: *index,
                name: frame.text().to_string(),
                function: self
                    .functions
                    .get(*index)
                    .and_then(|function| function.map(str::to_owned)),
                decision: *decision,
                entry: self.deciding_entry(frame, *decision),
            },
            Event::Change { rule, from, to } => Step::Signature {
                rule: rule.to_string(),
                from: from.clone(),
                to: to.clone(),
            },
            Event::Line { rule, text } => Step::Remark {
                rule: rule.clone(),
                text: text.clone(),
            },
        })
    }

    fn deciding_entry(&self, frame: &FrameName, decision: Decision) -> Option<ListEntry> {
        let list = match decision {
            Decision::Irrelevant => ListName::Irrelevant,
            Decision::Prefix => ListName::Prefix,
            _ => return None,
        };
        self.lists.entry(list, frame.listed_text())
    }
}
