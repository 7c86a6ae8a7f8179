//! Loading lists.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::entries::read_entries;
use super::pattern_list::check_all;
use super::{ListName, ListTexts, Origin, PatternList, SignatureLists};
use crate::error::{ListSource, SignatureError};

/// Largest list, in bytes. Real ones have some ten thousand.
const SIZE_LIMIT: u64 = 1 << 20;

/// The lists that come with the product.
pub(super) const INCLUDED: ListTexts<'static> = ListTexts {
    irrelevant: include_str!("../../lists/irrelevant_signature_re.txt"),
    prefix: include_str!("../../lists/prefix_signature_re.txt"),
    with_line_numbers: include_str!("../../lists/signatures_with_line_numbers_re.txt"),
    sentinels: include_str!("../../lists/signature_sentinels.txt"),
};

/// The bytes of one list and where they are from.
pub(super) struct RawList<'a> {
    pub(super) source: ListSource,
    pub(super) bytes: std::borrow::Cow<'a, [u8]>,
}

impl SignatureLists {
    /// The lists that come with the product.
    ///
    /// # Errors
    ///
    /// None in practice: a test loads them.
    pub fn default_lists() -> Result<Self, SignatureError> {
        Self::compile(Origin::Included, |name| Ok(raw_text(&INCLUDED, name)))
    }

    /// Loads the lists of a directory.
    ///
    /// It must hold four UTF-8 text files: `irrelevant_signature_re.txt`, `prefix_signature_re.txt`,
    /// `signatures_with_line_numbers_re.txt` and `signature_sentinels.txt`. Each line is an entry; empty lines and
    /// lines that start with `#` are not.
    ///
    /// # Errors
    ///
    /// If a file is missing, unreadable, too large or not UTF-8, or an entry (a sentinel too) is not a valid Python
    /// expression or needs backtracking.
    pub fn from_directory(directory: impl AsRef<Path>) -> Result<Self, SignatureError> {
        let directory = directory.as_ref();
        Self::compile(Origin::Directory(directory.to_owned()), |name| {
            read_file(directory, name)
        })
    }

    /// Lists from texts in the format of the files.
    ///
    /// # Errors
    ///
    /// As [`SignatureLists::from_directory`].
    pub fn from_texts(texts: &ListTexts<'_>) -> Result<Self, SignatureError> {
        Self::compile(Origin::Texts, |name| Ok(raw_text(texts, name)))
    }

    fn compile<'a>(
        origin: Origin,
        read: impl Fn(ListName) -> Result<RawList<'a>, SignatureError>,
    ) -> Result<Self, SignatureError> {
        let patterns = |name| {
            let raw = read(name)?;
            PatternList::compile(&raw.source, &read_entries(&raw.source, &raw.bytes)?)
        };
        let sentinels = read(ListName::Sentinels)?;
        let sentinel_entries = read_entries(&sentinels.source, &sentinels.bytes)?;
        // Sentinels are plain names, but upstream refuses those that are not valid expressions, so files that work
        // here must not break there.
        check_all(&sentinels.source, &sentinel_entries)?;
        Ok(Self {
            origin_text: origin.to_string().into(),
            origin,
            irrelevant: patterns(ListName::Irrelevant)?,
            prefix: patterns(ListName::Prefix)?,
            with_line_numbers: patterns(ListName::WithLineNumbers)?,
            sentinels: sentinel_entries
                .iter()
                .rev()
                .map(|entry| (entry.text.to_owned(), entry.line))
                .collect(),
        })
    }
}

impl Default for SignatureLists {
    /// The lists that come with the product.
    #[expect(
        clippy::expect_used,
        reason = "the lists are part of the program and a test loads them"
    )]
    fn default() -> Self {
        Self::default_lists().expect("the included lists are valid")
    }
}

pub(super) fn raw_text<'a>(texts: &ListTexts<'a>, name: ListName) -> RawList<'a> {
    RawList {
        source: ListSource { name, path: None },
        bytes: texts.of(name).as_bytes().into(),
    }
}

pub(super) fn read_file(
    directory: &Path,
    name: ListName,
) -> Result<RawList<'static>, SignatureError> {
    let path = directory.join(name.file_name());
    let bytes = match read_bounded(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(SignatureError::Unreadable { path, source }),
    };
    let source = ListSource {
        name,
        path: Some(path),
    };
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(SignatureError::TooLarge {
            list: source,
            limit: SIZE_LIMIT,
        });
    }
    Ok(RawList {
        source,
        bytes: bytes.into(),
    })
}

/// Reads a file up to one byte more than the limit.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(SIZE_LIMIT + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_included_lists_load_and_none_is_empty() {
        let lists = SignatureLists::default_lists().unwrap();
        assert_eq!(lists.empty_lists(), []);
    }

    #[test]
    fn empty_lists_are_known() {
        let texts = ListTexts {
            prefix: "a\n",
            sentinels: "s\n",
            ..ListTexts::default()
        };
        let lists = SignatureLists::from_texts(&texts).unwrap();
        assert_eq!(
            lists.empty_lists(),
            [ListName::Irrelevant, ListName::WithLineNumbers]
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = SignatureLists::from_directory("no-such-directory").unwrap_err();
        assert!(error.to_string().contains("no-such-directory"), "{error}");
        assert!(
            error.to_string().contains("signature_sentinels.txt"),
            "{error}"
        );
        assert!(!error.is_temporary());
    }

    #[test]
    fn sentinels_must_be_valid_expressions_yet_are_plain_names() {
        let with = |sentinels| {
            SignatureLists::from_texts(&ListTexts {
                sentinels,
                ..ListTexts::default()
            })
        };
        assert!(with("a(b\n").is_err());
        assert!(with("s+\n").unwrap().is_sentinel("s+"));
        assert!(!with("s+\n").unwrap().is_sentinel("ss"));
    }
}
