//! Checking lists: everything that is wrong with them, at once.

mod coverage;
mod names;
mod promises;
mod read;
mod report;
mod usable;

use std::path::Path;

use self::coverage::Coverage;
use self::read::{CheckedList, read_list};
pub use self::report::{ListProblem, ListReport, ProblemKind, Severity};
use self::usable::Expressions;
use super::entries::ListEntry;
use super::load::{RawList, raw_text, read_file};
use super::{ListName, ListTexts, PatternList};
use crate::error::{ListSource, SignatureError};

/// Checks the lists of a directory, for people who write them.
///
/// Unlike loading, this does not stop at the first error, and finds more than errors:
///
/// * files that are missing, too large or not UTF-8, and entries that cannot be used, alone or together: everything
///   that keeps [`SignatureLists::from_directory`](crate::SignatureLists::from_directory) from loading the lists;
/// * examples that do not hold, see below;
/// * entries without effect: duplicates, plain texts that another entry of the list covers, and, since an irrelevant
///   frame is never asked whether it is a prefix, prefixes that an irrelevant entry covers;
/// * sentinels that no frame can have as its name, because names are normalised;
/// * lists without entries.
///
/// # Examples in lists
///
/// Comments directly above an entry say what it is for. Each names a frame: a function as symbols have it, or a
/// normalised name.
///
/// ```text
/// # example: void operator delete(void*)
/// # counterexample: delete_everything
/// operator (new|delete)
/// ```
///
/// It is an error if the entry itself does not match an example, or matches a counterexample.
pub fn check_lists(directory: impl AsRef<Path>) -> ListReport {
    let directory = directory.as_ref();
    check(|name| read_file(directory, name))
}

/// Checks lists given as texts; see [`check_lists`].
///
/// ```
/// use socorro_signature::{ListTexts, ProblemKind, check_list_texts};
///
/// let report = check_list_texts(&ListTexts {
///     irrelevant: "raise\n",
///     prefix: "mem\nmemcpy\n# example: calloc\n.*malloc\n",
///     with_line_numbers: "interpret\n",
///     sentinels: "assert_fail\n",
/// });
/// let found: Vec<_> = report.problems.iter().map(|problem| (problem.kind, problem.line)).collect();
/// assert_eq!(
///     found,
///     [(ProblemKind::Unreachable, Some(2)), (ProblemKind::UnmatchedExample, Some(3))]
/// );
/// ```
pub fn check_list_texts(texts: &ListTexts<'_>) -> ListReport {
    check(|name| Ok(raw_text(texts, name)))
}

fn check<'a>(read: impl Fn(ListName) -> Result<RawList<'a>, SignatureError>) -> ListReport {
    let mut report = ListReport::default();
    let mut files = Vec::new();
    for name in ListName::ALL {
        match read(name) {
            Ok(file) => files.push(file),
            Err(error) => report.add(unreadable(name, &error)),
        }
    }
    let lists: Vec<_> = files
        .iter()
        .map(|file| UnderstoodList::read(file, &mut report))
        .collect();
    let named = |name| lists.iter().find(|list| list.checked.name == name);
    let with_line_numbers =
        named(ListName::WithLineNumbers).map_or_else(PatternList::default, UnderstoodList::compile);
    for list in &lists {
        list.check(&with_line_numbers, &mut report);
    }
    if let (Some(irrelevant), Some(prefix)) = (named(ListName::Irrelevant), named(ListName::Prefix))
    {
        let irrelevant = Coverage::new(&irrelevant.checked, irrelevant.expressions.as_ref());
        irrelevant.check_later(&prefix.checked, &mut report);
    }
    report.sort();
    report
}

/// A list whose usable entries have a meaning.
struct UnderstoodList<'a> {
    checked: CheckedList<'a>,
    expressions: Option<Expressions>,
}

impl<'a> UnderstoodList<'a> {
    fn read(file: &'a RawList<'_>, report: &mut ListReport) -> Self {
        let mut checked = read_list(file.source.name, &file.bytes, report);
        report.entries += checked.entries.len();
        usable::translate_entries(&mut checked, report);
        // Sentinels have to be valid expressions, but are used as plain names.
        let expressions = if checked.name == ListName::Sentinels {
            None
        } else {
            usable::combine_entries(&mut checked, report);
            usable::compile_expressions(&mut checked, report)
        };
        Self {
            checked,
            expressions,
        }
    }

    /// The list as it would be without what cannot be used.
    fn compile(&self) -> PatternList {
        let usable = self.checked.entries.iter();
        let entries: Vec<_> = usable
            .filter(|entry| entry.translation.is_some())
            .map(|entry| ListEntry {
                line: entry.line,
                text: entry.text,
            })
            .collect();
        let source = ListSource {
            name: self.checked.name,
            path: None,
        };
        PatternList::compile(&source, &entries).unwrap_or_default()
    }

    fn check(&self, with_line_numbers: &PatternList, report: &mut ListReport) {
        let list = &self.checked;
        if list.entries.is_empty() {
            report.add(empty(list.name));
        }
        let duplicates = coverage::find_duplicates(list, report);
        match list.name {
            ListName::Sentinels => promises::check_sentinels(list, with_line_numbers, report),
            _ => Coverage::new(list, self.expressions.as_ref()).check_itself(&duplicates, report),
        }
        // An entry decides about the line number before there is one.
        let no_line_numbers = PatternList::default();
        let with_line_numbers = match list.name {
            ListName::WithLineNumbers => &no_line_numbers,
            _ => with_line_numbers,
        };
        promises::check_examples(list, with_line_numbers, report);
    }
}

fn unreadable(name: ListName, error: &SignatureError) -> ListProblem {
    match error {
        SignatureError::TooLarge { limit, .. } => {
            let message = format!("the list has more than {limit} bytes");
            ListProblem::new(ProblemKind::TooLarge, name, message)
        }
        SignatureError::Unreadable { source, .. } => {
            let message = format!("the list cannot be read: {source}");
            ListProblem::new(ProblemKind::Unreadable, name, message)
        }
        other => ListProblem::new(ProblemKind::Unreadable, name, other.to_string()),
    }
}

fn empty(name: ListName) -> ListProblem {
    let effect = match name {
        ListName::Irrelevant => "no frame is passed over",
        ListName::Prefix => "the first frame ends every signature",
        ListName::WithLineNumbers => "no frame is shown with its line number",
        ListName::Sentinels => "every signature starts at the first frame",
    };
    let message = format!("the list has no entries: {effect}");
    ListProblem::new(ProblemKind::EmptyList, name, message)
}

#[cfg(test)]
mod tests;
