//! Entries that another entry makes superfluous.

use std::collections::HashMap;

use super::read::{CheckedEntry, CheckedList};
use super::report::{ListReport, ProblemKind};
use super::usable::Expressions;
use crate::lists::dialect::PlainText;

/// Takes note of entries that are in the list twice, with the same text.
///
/// Returns for every entry whether it is one.
pub(super) fn find_duplicates(list: &CheckedList<'_>, report: &mut ListReport) -> Vec<bool> {
    let mut first_lines = HashMap::new();
    let mut duplicates = Vec::with_capacity(list.entries.len());
    for entry in &list.entries {
        let first = *first_lines.entry(entry.text).or_insert(entry.line);
        duplicates.push(first != entry.line);
        if first != entry.line {
            let message = format!("{:?} is there already, on line {first}", entry.text);
            report.add(list.problem(ProblemKind::Duplicate, entry, message));
        }
    }
    duplicates
}

/// What the entries of a list match, for asking whether that is all that another entry does.
#[derive(Debug)]
pub(super) struct Coverage<'a> {
    list: &'a CheckedList<'a>,
    /// Prefixes with their entries, sorted; none is a prefix of another.
    prefixes: Vec<(&'a str, usize)>,
    /// Whole names with the first entry for each.
    whole_names: HashMap<&'a str, usize>,
    expressions: Option<&'a Expressions>,
}

impl<'a> Coverage<'a> {
    /// The coverage of a list whose entries have been translated.
    pub(super) fn new(list: &'a CheckedList<'a>, expressions: Option<&'a Expressions>) -> Self {
        let mut sorted = Vec::new();
        let mut whole_names = HashMap::new();
        for (index, entry) in list.entries.iter().enumerate() {
            match plain_text(entry) {
                Some(PlainText::Prefix(prefix)) => sorted.push((prefix.as_str(), index)),
                Some(PlainText::Whole(whole)) => {
                    whole_names.entry(whole.as_str()).or_insert(index);
                }
                None => {}
            }
        }
        sorted.sort_unstable();
        let mut prefixes: Vec<(&str, usize)> = Vec::with_capacity(sorted.len());
        for (prefix, index) in sorted {
            // Everything between a prefix and a longer one that starts with it starts with it too.
            let last = prefixes.last();
            if !last.is_some_and(|(shorter, _)| prefix.starts_with(shorter)) {
                prefixes.push((prefix, index));
            }
        }
        Self {
            list,
            prefixes,
            whole_names,
            expressions,
        }
    }

    /// An entry, other than the one of the index `own`, that matches every name that `plain` matches.
    ///
    /// One entry at a time: several that cover another only together are not found.
    fn covering(&self, plain: &PlainText, own: Option<usize>) -> Option<&'a CheckedEntry<'a>> {
        let other = |index: &usize| Some(*index) != own;
        let index = (self.covering_whole_name(plain).filter(other))
            .or_else(|| self.covering_prefix(plain).filter(other))
            .or_else(|| self.covering_expression(plain))?;
        self.list.entries.get(index)
    }

    fn covering_whole_name(&self, plain: &PlainText) -> Option<usize> {
        match plain {
            PlainText::Prefix(_) => None,
            PlainText::Whole(whole) => self.whole_names.get(whole.as_str()).copied(),
        }
    }

    fn covering_prefix(&self, plain: &PlainText) -> Option<usize> {
        let (PlainText::Prefix(text) | PlainText::Whole(text)) = plain;
        let following = self
            .prefixes
            .partition_point(|(prefix, _)| *prefix <= text.as_str());
        let (prefix, index) = self.prefixes.get(following.checked_sub(1)?)?;
        text.starts_with(prefix).then_some(*index)
    }

    fn covering_expression(&self, plain: &PlainText) -> Option<usize> {
        let expressions = self.expressions?;
        let (PlainText::Prefix(text) | PlainText::Whole(text)) = plain;
        let matching = expressions.set.matches(text);
        let mut matching = matching.iter().filter_map(|position| {
            let index = *expressions.entries.get(position)?;
            Some((position, index))
        });
        let looks_ahead = |index: usize| {
            let translation = self.list.entries[index].translation.as_ref();
            translation.is_none_or(|translation| translation.looks_ahead)
        };
        let found = match plain {
            // What has matched stays matched whatever follows, unless the expression looks at that.
            PlainText::Prefix(_) => matching.find(|(_, index)| !looks_ahead(*index)),
            PlainText::Whole(whole) => {
                let with_newline = expressions.set.matches(&format!("{whole}\n"));
                matching.find(|(position, _)| with_newline.matched(*position))
            }
        };
        found.map(|(_, index)| index)
    }

    /// Takes note of entries of this list that another of its entries covers.
    pub(super) fn check_itself(&self, duplicates: &[bool], report: &mut ListReport) {
        for (index, entry) in self.list.entries.iter().enumerate() {
            let covering = plain_text(entry).and_then(|plain| self.covering(plain, Some(index)));
            let is_duplicate = duplicates.get(index) == Some(&true);
            let Some(other) = covering.filter(|_| !is_duplicate) else {
                continue;
            };
            let message = format!(
                "{:?} has no effect: {:?} on line {} matches all that it does",
                entry.text, other.text, other.line
            );
            report.add(self.list.problem(ProblemKind::Unreachable, entry, message));
        }
    }

    /// Takes note of entries of a list that is asked only about what this list does not match.
    pub(super) fn check_later(&self, later: &CheckedList<'_>, report: &mut ListReport) {
        for entry in &later.entries {
            let covering = plain_text(entry).and_then(|plain| self.covering(plain, None));
            let Some(other) = covering else { continue };
            let message = format!(
                "{:?} is never asked: {:?} on line {} of {} matches all that it does, and comes first",
                entry.text,
                other.text,
                other.line,
                self.list.name.file_name()
            );
            report.add(later.problem(ProblemKind::Unreachable, entry, message));
        }
    }
}

fn plain_text<'a>(entry: &'a CheckedEntry<'_>) -> Option<&'a PlainText> {
    entry.translation.as_ref()?.plain.as_ref()
}
