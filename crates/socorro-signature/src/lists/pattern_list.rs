//! A list of expressions that names are matched against.

use std::collections::HashSet;

use regex::{RegexSet, RegexSetBuilder};

use super::dialect::{DialectError, Flags, PlainText, Translation, translate};
use super::entries::ListEntry;
use super::prefix_table::PrefixTable;
use crate::error::{ListSource, SignatureError};

/// Bound on the memory of a compiled list, in bytes.
const COMPILED_SIZE_LIMIT: usize = 16 << 20;

/// A compiled list of expressions, each matched at the start of a name.
///
/// Most entries are plain text and go into tables; only true expressions are left to the regex engine. An empty list
/// matches nothing. (Upstream's matches everything.)
#[derive(Debug, Default)]
pub struct PatternList {
    entries: Vec<Entry>,
    prefixes: PrefixTable,
    whole_names: HashSet<String>,
    expressions: Option<RegexSet>,
    /// Which entry each expression of the set is.
    expression_entries: Vec<usize>,
}

/// An entry with what it compiled to.
#[derive(Debug)]
struct Entry {
    line: usize,
    text: String,
    /// What it stands for, if it is plain text.
    plain: Option<PlainText>,
}

impl PatternList {
    /// Compiles the entries of one list.
    pub(super) fn compile(
        source: &ListSource,
        entries: &[ListEntry<'_>],
    ) -> Result<Self, SignatureError> {
        let mut list = Self::default();
        let mut expressions = Vec::new();
        for (entry, translation) in entries.iter().zip(translate_all(source, entries)?) {
            if translation.plain.is_none() {
                expressions.push(anchored(&translation));
                list.expression_entries.push(list.entries.len());
            }
            list.entries.push(Entry {
                line: entry.line,
                text: entry.text.to_owned(),
                plain: translation.plain,
            });
        }
        list.index_plain_texts();
        if !expressions.is_empty() {
            let compiled = compile_set(&expressions);
            let set = compiled.map_err(|reason| list.too_large(source, &expressions, reason))?;
            list.expressions = Some(set);
        }
        Ok(list)
    }

    fn index_plain_texts(&mut self) {
        let mut prefixes = Vec::new();
        for entry in &self.entries {
            match &entry.plain {
                Some(PlainText::Prefix(prefix)) => prefixes.push(prefix.as_str()),
                Some(PlainText::Whole(whole)) => {
                    self.whole_names.insert(whole.clone());
                }
                None => {}
            }
        }
        self.prefixes = PrefixTable::new(prefixes);
    }

    /// The error for expressions that grow too large, the only reason why translated ones do not compile. If they
    /// are too large only all together, the last one gets the blame.
    fn too_large(
        &self,
        source: &ListSource,
        expressions: &[String],
        reason: String,
    ) -> SignatureError {
        let culprit = expressions
            .iter()
            .position(|one| compile_set([one]).is_err());
        let index = culprit.unwrap_or(expressions.len() - 1);
        let entry = &self.entries[self.expression_entries[index]];
        SignatureError::BadEntry {
            list: source.clone(),
            line: entry.line,
            entry: entry.text.clone(),
            reason,
        }
    }

    /// Whether an entry matches at the start of the name.
    pub fn matches(&self, name: &str) -> bool {
        let without_newline = name.strip_suffix('\n');
        self.prefixes.matches(name)
            || self.whole_names.contains(name)
            || without_newline.is_some_and(|name| self.whole_names.contains(name))
            || self
                .expressions
                .as_ref()
                .is_some_and(|set| set.is_match(name))
    }

    /// The first entry that matches the name: its line in the list, counted from 1, and its text.
    pub fn matching_entry(&self, name: &str) -> Option<(usize, &str)> {
        let is_match = |entry: &Entry| {
            entry
                .plain
                .as_ref()
                .is_some_and(|plain| plain.matches(name))
        };
        let by_text = self.entries.iter().position(is_match);
        let by_expression = self.expressions.as_ref().and_then(|set| {
            let first = set.matches(name).iter().next()?;
            self.expression_entries.get(first).copied()
        });
        let first = by_text.into_iter().chain(by_expression).min()?;
        let entry = self.entries.get(first)?;
        Some((entry.line, &entry.text))
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

/// The expression as it is compiled: for the start of a name.
pub(super) fn anchored(translation: &Translation) -> String {
    format!(r"\A(?:{})", translation.expression)
}

/// Compiles anchored expressions, as far as they do not grow too large.
pub(super) fn compile_set<T: AsRef<str>>(
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
    let mut names = HashSet::new();
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
            if !names.insert(name) {
                return Err(bad_combination(
                    source,
                    entry,
                    "an earlier group has the same name",
                ));
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::ListName;
    use crate::lists::entries::read_entries;

    fn compile(text: &str) -> Result<PatternList, SignatureError> {
        let source = ListSource {
            name: ListName::Prefix,
            path: None,
        };
        PatternList::compile(&source, &read_entries(&source, text.as_bytes()).unwrap())
    }

    #[test]
    fn plain_texts_and_expressions_match_alike() {
        let list = compile("mem\nfree$\n(a|b)c\nx$y\n").unwrap();
        for name in ["memcpy", "free", "free\n", "ac", "bcd"] {
            assert!(list.matches(name), "{name:?}");
            assert!(list.matching_entry(name).is_some(), "{name:?}");
        }
        for name in ["xmem", "free_list", "free\n\n", "c", "xy", ""] {
            assert!(!list.matches(name), "{name:?}");
            assert_eq!(list.matching_entry(name), None, "{name:?}");
        }
    }

    #[test]
    fn the_first_matching_entry_is_named_with_its_line() {
        let list = compile("# c\n.*cpy\nmemcpy\nmem\n").unwrap();
        assert_eq!(list.matching_entry("memcpy"), Some((2, ".*cpy")));
        assert_eq!(list.matching_entry("memmove"), Some((4, "mem")));
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        assert!(!PatternList::default().matches("f"));
        assert!(!compile("# none\n").unwrap().matches(""));
    }

    #[test]
    fn flags_of_the_first_entry_hold_for_all() {
        let list = compile("(?i)a\nb\n").unwrap();
        assert!(list.matches("A") && list.matches("B"));
        for text in ["a\n(?i)b\n", "(?P<n>a)\n(?P<n>b)\n"] {
            let error = compile(text).unwrap_err();
            assert!(
                matches!(error, SignatureError::BadCombination { line: 2, .. }),
                "{error}"
            );
        }
    }

    #[test]
    fn errors_name_the_place() {
        assert_eq!(
            compile("ok\n\na(b\n").unwrap_err().to_string(),
            "bad expression \"a(b\" in signature list prefix_signature_re.txt at line 3: \
             a group is not closed"
        );
        let error = compile("a(?=b)").unwrap_err();
        assert!(
            matches!(error, SignatureError::Unsupported { line: 1, .. }),
            "{error}"
        );
    }

    #[test]
    fn an_expression_that_grows_too_large_is_refused_by_line() {
        let error = compile("a\n((a{1000}){1000}){1000}\n").unwrap_err();
        assert!(
            matches!(error, SignatureError::BadEntry { line: 2, .. }),
            "{error}"
        );
    }
}
