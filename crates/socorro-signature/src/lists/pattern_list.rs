//! A list of expressions that names are matched against.

use regex::{RegexSet, RegexSetBuilder};

use super::dialect::{DialectError, Flags, Translation, translate};
use super::entries::ListEntry;
use super::prefix_table::PrefixTable;
use crate::error::{ListSource, SignatureError};

/// Bound on the memory of a compiled list, in bytes.
const COMPILED_SIZE_LIMIT: usize = 16 << 20;

/// A compiled list of expressions, each matched at the start of a name.
///
/// Most entries are plain text and go into a table; only true expressions are left to the regex engine. An empty
/// list matches nothing. (Upstream's matches everything.)
#[derive(Debug, Default)]
pub struct PatternList {
    prefixes: PrefixTable,
    expressions: Option<RegexSet>,
    entries: Vec<Entry>,
    /// Which entry each expression of the set is.
    expression_entries: Vec<usize>,
}

/// An entry with what it compiled to.
#[derive(Debug)]
struct Entry {
    line: usize,
    text: String,
    /// The plain text, if it is one.
    literal: Option<String>,
}

impl PatternList {
    /// Compiles the entries of one list.
    pub(super) fn compile(
        source: &ListSource,
        entries: &[ListEntry<'_>],
    ) -> Result<Self, SignatureError> {
        let translations = translate_all(source, entries)?;
        let mut list = Self::default();
        let mut expressions = Vec::new();
        for (entry, translation) in entries.iter().zip(translations) {
            if translation.literal.is_none() {
                expressions.push(format!(r"\A(?:{})", translation.expression));
                list.expression_entries.push(list.entries.len());
            }
            list.entries.push(Entry {
                line: entry.line,
                text: entry.text.to_owned(),
                literal: translation.literal,
            });
        }
        list.prefixes = PrefixTable::new(
            list.entries
                .iter()
                .filter_map(|entry| entry.literal.as_deref()),
        );
        if !expressions.is_empty() {
            list.expressions = Some(compile_set(&expressions).map_err(|reason| {
                let culprit = expressions
                    .iter()
                    .position(|one| compile_set([one]).is_err())
                    .unwrap_or(0);
                let entry = &list.entries[list.expression_entries[culprit]];
                SignatureError::BadEntry {
                    list: source.clone(),
                    line: entry.line,
                    entry: entry.text.clone(),
                    reason,
                }
            })?);
        }
        Ok(list)
    }

    /// Whether an entry matches at the start of the name.
    pub fn matches(&self, name: &str) -> bool {
        self.prefixes.matches(name)
            || self
                .expressions
                .as_ref()
                .is_some_and(|expressions| expressions.is_match(name))
    }

    /// The first entry that matches the name: its line in the list, counted from 1, and its text.
    pub fn matching_entry(&self, name: &str) -> Option<(usize, &str)> {
        let by_text = self.entries.iter().position(|entry| {
            entry
                .literal
                .as_deref()
                .is_some_and(|literal| name.starts_with(literal))
        });
        let by_expression = self.expressions.as_ref().and_then(|expressions| {
            let first = expressions.matches(name).iter().next()?;
            self.expression_entries.get(first).copied()
        });
        let first = by_text.into_iter().chain(by_expression).min()?;
        self.entries
            .get(first)
            .map(|entry| (entry.line, entry.text.as_str()))
    }

    /// Whether the list has no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries the list has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

fn compile_set<T: AsRef<str>>(
    expressions: impl IntoIterator<Item = T>,
) -> Result<RegexSet, String> {
    RegexSetBuilder::new(expressions)
        .size_limit(COMPILED_SIZE_LIMIT)
        .build()
        .map_err(|error| error.to_string())
}

/// Translates all entries as upstream would join them: flags of the first hold for all, group names are shared.
fn translate_all(
    source: &ListSource,
    entries: &[ListEntry<'_>],
) -> Result<Vec<Translation>, SignatureError> {
    let alone = check_all(source, entries)?;
    let shared_flags = alone
        .first()
        .map_or(Flags::default(), |first| first.global_flags);
    let mut names: Vec<&str> = Vec::new();
    for (entry, translation) in entries.iter().zip(&alone).skip(1) {
        if translation.global_flags != Flags::default() {
            return Err(bad_combination(
                source,
                entry,
                "only the first entry may set flags for all",
            ));
        }
    }
    for (entry, translation) in entries.iter().zip(&alone) {
        for name in &translation.group_names {
            if names.contains(&name.as_str()) {
                return Err(bad_combination(
                    source,
                    entry,
                    "an earlier group has the same name",
                ));
            }
            names.push(name);
        }
    }
    if shared_flags == Flags::default() {
        return Ok(alone);
    }
    entries
        .iter()
        .map(|entry| {
            translate(entry.text, shared_flags).map_err(|error| entry_error(source, entry, error))
        })
        .collect()
}

/// Translates every entry on its own.
pub(super) fn check_all(
    source: &ListSource,
    entries: &[ListEntry<'_>],
) -> Result<Vec<Translation>, SignatureError> {
    entries
        .iter()
        .map(|entry| {
            translate(entry.text, Flags::default())
                .map_err(|error| entry_error(source, entry, error))
        })
        .collect()
}

fn entry_error(source: &ListSource, entry: &ListEntry<'_>, error: DialectError) -> SignatureError {
    let (list, line, text) = (source.clone(), entry.line, entry.text.to_owned());
    match error {
        DialectError::Bad(reason) => SignatureError::BadEntry {
            list,
            line,
            entry: text,
            reason,
        },
        DialectError::Unsupported(reason) => SignatureError::Unsupported {
            list,
            line,
            entry: text,
            reason,
        },
    }
}

fn bad_combination(source: &ListSource, entry: &ListEntry<'_>, reason: &str) -> SignatureError {
    SignatureError::BadCombination {
        list: source.clone(),
        line: entry.line,
        entry: entry.text.to_owned(),
        reason: reason.to_owned(),
    }
}
