//! Which entries can be used, alone and together.

use std::collections::HashSet;

use regex::RegexSet;

use super::read::CheckedList;
use super::report::{ListReport, ProblemKind};
use crate::lists::dialect::{DialectError, Flags, Translation, translate};
use crate::lists::pattern_list::{anchored, compile_set};

/// The true expressions of a list, compiled.
#[derive(Debug)]
pub(super) struct Expressions {
    pub(super) set: RegexSet,
    /// Which entry each expression of the set is.
    pub(super) entries: Vec<usize>,
}

/// Gives every entry its meaning. Takes note of those that have none, and leaves them without.
pub(super) fn translate_entries(list: &mut CheckedList<'_>, report: &mut ListReport) {
    for index in 0..list.entries.len() {
        let entry = &list.entries[index];
        match translate(entry.text, Flags::default()) {
            Ok(translation) => list.entries[index].translation = Some(translation),
            Err(error) => {
                let (kind, message) = match error {
                    DialectError::Bad(reason) => (
                        ProblemKind::BadEntry,
                        format!("{:?} is not a valid expression: {reason}", entry.text),
                    ),
                    DialectError::Unsupported(reason) => (
                        ProblemKind::UnsupportedEntry,
                        format!("{:?} cannot be used: {reason}", entry.text),
                    ),
                };
                report.add(list.problem(kind, entry, message));
            }
        }
    }
}

/// Looks at the entries as upstream joins them: flags of the first hold for all, group names are shared.
pub(super) fn combine_entries(list: &mut CheckedList<'_>, report: &mut ListReport) {
    let mut group_names = HashSet::new();
    for index in 0..list.entries.len() {
        let entry = &list.entries[index];
        let Some(translation) = &entry.translation else {
            continue;
        };
        let refused = if index > 0 && translation.global_flags != Flags::default() {
            Some("only the first entry may set flags for all")
        } else {
            let mut names = translation.group_names.iter();
            names
                .any(|name| !group_names.insert(name.clone()))
                .then_some("an earlier group has the same name")
        };
        if let Some(reason) = refused {
            let message = format!(
                "{:?} does not go with the entries before it: {reason}",
                entry.text
            );
            report.add(list.problem(ProblemKind::BadCombination, entry, message));
            list.entries[index].translation = None;
        }
    }
    share_flags(list);
}

/// Has the flags of the first entry hold for all.
fn share_flags(list: &mut CheckedList<'_>) {
    let first = list.entries.first();
    let first = first.and_then(|entry| entry.translation.as_ref());
    let flags = first.map_or(Flags::default(), |first| first.global_flags);
    if flags == Flags::default() {
        return;
    }
    for entry in &mut list.entries {
        if entry.translation.is_some() {
            entry.translation = translate(entry.text, flags).ok();
        }
    }
}

/// Compiles the true expressions, and takes note of those that grow too large.
pub(super) fn compile_expressions(
    list: &mut CheckedList<'_>,
    report: &mut ListReport,
) -> Option<Expressions> {
    if let Ok(expressions) = try_compile(list) {
        return expressions;
    }
    let mut culprits: Vec<_> = expression_entries(list)
        .filter_map(|(index, translation)| {
            let reason = compile_set([anchored(translation)]).err()?;
            Some((index, reason))
        })
        .collect();
    if culprits.is_empty() {
        // Too large only all together: the last one gets the blame.
        let last = expression_entries(list).last();
        let reason = "all expressions together grow too large".to_owned();
        culprits.extend(last.map(|(index, _)| (index, reason)));
    }
    for (index, reason) in culprits {
        let entry = &list.entries[index];
        let message = format!("{:?} cannot be used: {reason}", entry.text);
        report.add(list.problem(ProblemKind::BadEntry, entry, message));
        list.entries[index].translation = None;
    }
    try_compile(list).ok().flatten()
}

fn try_compile(list: &CheckedList<'_>) -> Result<Option<Expressions>, String> {
    let (entries, expressions): (Vec<_>, Vec<_>) = expression_entries(list)
        .map(|(index, translation)| (index, anchored(translation)))
        .unzip();
    if entries.is_empty() {
        return Ok(None);
    }
    let set = compile_set(expressions)?;
    Ok(Some(Expressions { set, entries }))
}

/// The entries that are more than plain text.
fn expression_entries<'a>(
    list: &'a CheckedList<'_>,
) -> impl Iterator<Item = (usize, &'a Translation)> {
    let entries = list.entries.iter().enumerate();
    entries.filter_map(|(index, entry)| {
        let translation = entry.translation.as_ref()?;
        translation.plain.is_none().then_some((index, translation))
    })
}
