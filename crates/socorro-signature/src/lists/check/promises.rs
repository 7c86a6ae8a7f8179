//! What entries are said to do: examples, and sentinels that ought to be found.

use regex::RegexSet;

use super::names::{frame_names, function_names, may_name_module};
use super::read::{CheckedEntry, CheckedList};
use super::report::{ListReport, ProblemKind};
use crate::lists::dialect::PlainText;
use crate::lists::pattern_list::{anchored, compile_set};
use crate::lists::{ListName, PatternList};

/// One entry, for matching names against it alone.
enum Matcher<'a> {
    Name(&'a str),
    Plain(&'a PlainText),
    Expression(RegexSet),
}

impl<'a> Matcher<'a> {
    /// `None` if the entry cannot be used.
    fn new(list: ListName, entry: &'a CheckedEntry<'_>) -> Option<Self> {
        let translation = entry.translation.as_ref()?;
        if list == ListName::Sentinels {
            return Some(Self::Name(entry.text));
        }
        match &translation.plain {
            Some(plain) => Some(Self::Plain(plain)),
            None => compile_set([anchored(translation)])
                .ok()
                .map(Self::Expression),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Name(sentinel) => name == *sentinel,
            Self::Plain(plain) => plain.matches(name),
            Self::Expression(set) => set.is_match(name),
        }
    }
}

/// Takes note of entries that do not match their examples, or do match their counterexamples.
pub(super) fn check_examples(
    list: &CheckedList<'_>,
    with_line_numbers: &PatternList,
    report: &mut ListReport,
) {
    for entry in list
        .entries
        .iter()
        .filter(|entry| !entry.examples.is_empty())
    {
        let Some(matcher) = Matcher::new(list.name, entry) else {
            continue;
        };
        for example in &entry.examples {
            let names = frame_names(example.frame, with_line_numbers);
            let matching = names.iter().find(|name| matcher.matches(name));
            let (kind, message) = match (example.matches, matching) {
                (true, None) => (
                    ProblemKind::UnmatchedExample,
                    format!(
                        "{:?} does not match its example {:?}{}",
                        entry.text,
                        example.frame,
                        named(example.frame, &names)
                    ),
                ),
                (false, Some(name)) => (
                    ProblemKind::MatchedCounterexample,
                    format!(
                        "{:?} matches its counterexample {:?}{}",
                        entry.text,
                        example.frame,
                        named(example.frame, std::slice::from_ref(name))
                    ),
                ),
                _ => continue,
            };
            report.add(list.problem(kind, entry, message).at_line(example.line));
        }
    }
}

/// Takes note of sentinels that are the name of no frame.
///
/// A name that could be one of a module is left alone: nearly any text could be.
pub(super) fn check_sentinels(
    sentinels: &CheckedList<'_>,
    with_line_numbers: &PatternList,
    report: &mut ListReport,
) {
    let usable = sentinels.entries.iter();
    for entry in usable.filter(|entry| entry.translation.is_some()) {
        let names = function_names(entry.text, with_line_numbers);
        // Arguments keep the qualifiers before them, as in `operator&`, from being taken for those of the function.
        let with_arguments = format!("{}()", entry.text);
        let found = |names: &[String]| names.iter().any(|name| name == entry.text);
        let possible = found(&names)
            || found(&function_names(&with_arguments, with_line_numbers))
            || may_name_module(entry.text) && !with_line_numbers.matches(entry.text);
        if possible {
            continue;
        }
        let message = format!(
            "no frame is named {:?}: the function's name is {}",
            entry.text,
            quoted(&names)
        );
        report.add(sentinels.problem(ProblemKind::ImpossibleSentinel, entry, message));
    }
}

/// How a frame is named, where that is something else than how it is written.
fn named(frame: &str, names: &[String]) -> String {
    if names.iter().all(|name| name == frame) {
        return String::new();
    }
    format!(", which is named {}", quoted(names))
}

/// The names for a message, each once.
fn quoted(names: &[String]) -> String {
    let mut texts: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    texts.dedup();
    if texts.is_empty() {
        return "nothing".to_owned();
    }
    texts.join(" or ")
}
