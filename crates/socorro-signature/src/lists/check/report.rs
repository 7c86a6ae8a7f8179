//! What a check of lists found.

use std::fmt;

use serde::Serialize;

use crate::lists::ListName;

/// Everything that a check of four lists found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ListReport {
    /// How many entries the lists have, those with problems included.
    pub entries: usize,
    /// The problems: list by list, in the order of lines.
    pub problems: Vec<ListProblem>,
}

impl ListReport {
    /// How many problems are errors.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many problems are warnings.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        let problems = self.problems.iter();
        problems
            .filter(|problem| problem.severity == severity)
            .count()
    }

    /// Takes note of a problem.
    pub(super) fn add(&mut self, problem: ListProblem) {
        self.problems.push(problem);
    }

    /// Brings the problems into the order of lists and lines.
    pub(super) fn sort(&mut self) {
        let position = |list| ListName::ALL.iter().position(|name| *name == list);
        self.problems
            .sort_by_key(|problem| (position(problem.list), problem.line));
    }
}

/// One thing that is wrong with a list.
///
/// `Display` is one line in the form that compilers use: `file:line: severity: message`, without the line where the
/// whole list is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListProblem {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// The list.
    pub list: ListName,
    /// Line, counted from 1, comments and empty lines included; `None` where the whole list is meant.
    pub line: Option<usize>,
    /// The entry, if it is one that has the problem.
    pub entry: Option<String>,
    /// The problem in words.
    pub message: String,
}

impl ListProblem {
    /// A problem with a whole list.
    pub(super) fn new(kind: ProblemKind, list: ListName, message: impl Into<String>) -> Self {
        Self {
            severity: kind.severity(),
            kind,
            list,
            line: None,
            entry: None,
            message: message.into(),
        }
    }

    /// Says which line has it.
    pub(super) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Says which entry has it.
    pub(super) fn at_entry(mut self, line: usize, entry: &str) -> Self {
        self.entry = Some(entry.to_owned());
        self.at_line(line)
    }
}

impl fmt::Display for ListProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.list.file_name())?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}: {}", self.severity, self.message)
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The lists cannot be used, or do not do what their author says they do.
    Error,
    /// The lists can be used, but something in them does nothing.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// What can be wrong with lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file is missing or cannot be read.
    Unreadable,
    /// A list is larger than any list should be.
    TooLarge,
    /// A line is not UTF-8.
    NotUtf8,
    /// An entry is not a valid expression.
    BadEntry,
    /// An entry needs something that lists do not offer.
    UnsupportedEntry,
    /// An entry is valid, but not together with those before it.
    BadCombination,
    /// An entry does not match one of its examples.
    UnmatchedExample,
    /// An entry matches one of its counterexamples.
    MatchedCounterexample,
    /// An example is not directly above an entry.
    StrayExample,
    /// An entry is there already.
    Duplicate,
    /// Whatever an entry matches is matched by another one.
    Unreachable,
    /// No frame can have the name that a sentinel asks for.
    ImpossibleSentinel,
    /// A list has no entries, and matches nothing.
    EmptyList,
}

impl ProblemKind {
    /// How bad problems of this kind are.
    pub fn severity(self) -> Severity {
        match self {
            Self::Unreadable
            | Self::TooLarge
            | Self::NotUtf8
            | Self::BadEntry
            | Self::UnsupportedEntry
            | Self::BadCombination
            | Self::UnmatchedExample
            | Self::MatchedCounterexample => Severity::Error,
            Self::StrayExample
            | Self::Duplicate
            | Self::Unreachable
            | Self::ImpossibleSentinel
            | Self::EmptyList => Severity::Warning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_shown_as_compilers_show_them_and_serialised_by_name() {
        let mut report = ListReport::default();
        let (sentinels, prefix) = (ListName::Sentinels, ListName::Prefix);
        report.add(ListProblem::new(
            ProblemKind::EmptyList,
            sentinels,
            "no entries",
        ));
        let bad = ListProblem::new(ProblemKind::BadEntry, prefix, "not valid");
        report.add(bad.at_entry(3, "a("));
        report.sort();
        assert_eq!((report.errors(), report.warnings()), (1, 1));
        let lines: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "prefix_signature_re.txt:3: error: not valid",
                "signature_sentinels.txt: warning: no entries"
            ]
        );
        assert_eq!(
            serde_json::to_value(&report.problems[0]).unwrap(),
            serde_json::json!({
                "severity": "error", "kind": "bad_entry", "list": "prefix",
                "line": 3, "entry": "a(", "message": "not valid",
            })
        );
    }
}
