//! The four lists that say what becomes of a frame.

mod check;
mod dialect;
mod entries;
mod load;
mod pattern_list;
mod prefix_table;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::check::{
    ListProblem, ListReport, ProblemKind, Severity, check_list_texts, check_lists,
};
pub use self::pattern_list::PatternList;
use crate::explain::ListEntry;

/// One of the four lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListName {
    /// Frames that are never shown.
    Irrelevant,
    /// Frames that are shown together with their callers.
    Prefix,
    /// Frames that are shown with their line number.
    WithLineNumbers,
    /// Frames at which the signature starts, if the stack has one.
    Sentinels,
}

impl ListName {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Irrelevant,
        Self::Prefix,
        Self::WithLineNumbers,
        Self::Sentinels,
    ];

    /// The list's file name in a directory of lists.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Irrelevant => "irrelevant_signature_re.txt",
            Self::Prefix => "prefix_signature_re.txt",
            Self::WithLineNumbers => "signatures_with_line_numbers_re.txt",
            Self::Sentinels => "signature_sentinels.txt",
        }
    }
}

/// The texts of the four lists, each in the format of a list file.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListTexts<'a> {
    /// Frames that are never shown.
    pub irrelevant: &'a str,
    /// Frames that are shown together with their callers.
    pub prefix: &'a str,
    /// Frames that are shown with their line number.
    pub with_line_numbers: &'a str,
    /// Frames at which the signature starts, if the stack has one.
    pub sentinels: &'a str,
}

impl<'a> ListTexts<'a> {
    /// The lists that come with the product, to start lists of your own from.
    pub fn included() -> ListTexts<'static> {
        load::INCLUDED
    }

    /// The text of one list.
    pub fn of(&self, list: ListName) -> &'a str {
        match list {
            ListName::Irrelevant => self.irrelevant,
            ListName::Prefix => self.prefix,
            ListName::WithLineNumbers => self.with_line_numbers,
            ListName::Sentinels => self.sentinels,
        }
    }
}

/// Where lists come from, as the debug log says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    #[default]
    Included,
    Directory(PathBuf),
    Texts,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Included => formatter.write_str("included signature lists"),
            Self::Directory(path) => write!(formatter, "signature lists from {}", path.display()),
            Self::Texts => formatter.write_str("signature lists given as texts"),
        }
    }
}

/// The lists that say which frames of a native stack make its signature.
///
/// Entries are expressions in Python's dialect, matched case-sensitively at the start of normalised names; sentinels
/// are plain names. See [`SignatureLists::from_directory`] for the files.
#[derive(Debug)]
pub struct SignatureLists {
    origin: Origin,
    origin_text: Arc<str>,
    irrelevant: PatternList,
    prefix: PatternList,
    with_line_numbers: PatternList,
    /// Names with their lines in the list.
    sentinels: HashMap<String, usize>,
}

impl SignatureLists {
    /// Lists without entries: every frame is taken for what it is, and the first makes the signature.
    pub fn empty() -> Self {
        Self {
            origin: Origin::Texts,
            origin_text: Origin::Texts.to_string().into(),
            irrelevant: PatternList::default(),
            prefix: PatternList::default(),
            with_line_numbers: PatternList::default(),
            sentinels: HashMap::new(),
        }
    }

    /// Frames that are never shown.
    pub fn irrelevant(&self) -> &PatternList {
        &self.irrelevant
    }

    /// Frames that are shown together with their callers.
    pub fn prefix(&self) -> &PatternList {
        &self.prefix
    }

    /// Frames that are shown with their line number.
    pub fn with_line_numbers(&self) -> &PatternList {
        &self.with_line_numbers
    }

    /// Whether a signature starts at a frame of this normalised name.
    pub fn is_sentinel(&self, name: &str) -> bool {
        self.sentinels.contains_key(name)
    }

    /// The lists that have no entries. They match nothing, which is worth a warning: a mistake is more likely.
    pub fn empty_lists(&self) -> Vec<ListName> {
        let is_empty = |name: &ListName| match name {
            ListName::Irrelevant => self.irrelevant.is_empty(),
            ListName::Prefix => self.prefix.is_empty(),
            ListName::WithLineNumbers => self.with_line_numbers.is_empty(),
            ListName::Sentinels => self.sentinels.is_empty(),
        };
        ListName::ALL.into_iter().filter(is_empty).collect()
    }

    /// The first entry of a list that matches a name.
    pub(crate) fn entry(&self, list: ListName, name: &str) -> Option<ListEntry> {
        let (line, text) = match list {
            ListName::Irrelevant => self.irrelevant.matching_entry(name)?,
            ListName::Prefix => self.prefix.matching_entry(name)?,
            ListName::WithLineNumbers => self.with_line_numbers.matching_entry(name)?,
            ListName::Sentinels => (*self.sentinels.get(name)?, name),
        };
        Some(ListEntry {
            list,
            file: self
                .directory()
                .map(|directory| directory.join(list.file_name())),
            line,
            text: text.to_owned(),
        })
    }

    /// The directory that the lists were read from, if they were.
    pub fn directory(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Directory(directory) => Some(directory),
            Origin::Included | Origin::Texts => None,
        }
    }

    /// Where the lists come from, as the debug log says it.
    pub(crate) fn origin_text(&self) -> Arc<str> {
        Arc::clone(&self.origin_text)
    }
}
