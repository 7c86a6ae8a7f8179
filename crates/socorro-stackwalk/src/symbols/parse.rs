//! From the bytes of a symbol file to symbols.

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::index::{CorruptSymbols, SymbolIndex};
use super::source::{FoundSymbols, SymbolContent};
use crate::fence;

/// Why a symbol file that was found gives no symbols.
#[derive(Debug)]
pub(super) enum ParseFailure {
    /// It is not a symbol file, or a damaged one.
    Corrupt(CorruptSymbols),
    /// It could not be read, or is too large to be.
    Unreadable(String),
}

/// Makes symbols from a symbol file. Blocks for as long as it takes.
pub(super) fn parse(found: &FoundSymbols, limit: u64) -> Result<SymbolIndex, ParseFailure> {
    let parsed = fence::catch(|| match &found.content {
        SymbolContent::File(path) => read(path, limit).and_then(|text| index(text, limit)).map(|index| index.of_file(path)),
        SymbolContent::Bytes(bytes) => index(bytes.clone(), limit),
    });
    match parsed {
        Ok(parsed) => parsed.map(|symbols| symbols.or_url(found.url.as_deref())),
        Err(panic) => Err(ParseFailure::Corrupt(CorruptSymbols {
            line: None,
            reason: format!("parser panicked at {}: {}", panic.location, panic.message),
        })),
    }
}

fn read(path: &Path, limit: u64) -> Result<Bytes, ParseFailure> {
    let unreadable = |source: io::Error| {
        ParseFailure::Unreadable(format!("cannot read {}: {source}", path.display()))
    };
    check_size(fs::metadata(path).map_err(unreadable)?.len(), limit)?;
    Ok(fs::read(path).map_err(unreadable)?.into())
}

fn index(text: Bytes, limit: u64) -> Result<SymbolIndex, ParseFailure> {
    check_size(text.len() as u64, limit)?;
    SymbolIndex::from_text(text).map_err(ParseFailure::Corrupt)
}

fn check_size(size: u64, limit: u64) -> Result<(), ParseFailure> {
    if size > limit {
        return Err(ParseFailure::Unreadable(format!(
            "file of {size} bytes is over the limit of {limit} bytes"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "MODULE Linux x86_64 ABCD1234ABCD1234ABCDABCD12345678a foo\nFUNC 1000 10 0 main\n";

    fn parse_text(text: &str, limit: u64) -> Result<SymbolIndex, ParseFailure> {
        let content = SymbolContent::Bytes(Bytes::copy_from_slice(text.as_bytes()));
        parse(
            &FoundSymbols {
                content,
                url: Some("http://symbols/foo".into()),
            },
            limit,
        )
    }

    #[test]
    fn a_good_file_keeps_the_url_it_came_from() {
        let parsed = parse_text(GOOD, 1000).unwrap();
        assert_eq!(parsed.url(), Some("http://symbols/foo"));
        let with_info = format!("{GOOD}INFO URL http://elsewhere/foo\n");
        let parsed = parse_text(&with_info, 1000).unwrap();
        assert_eq!(parsed.url(), Some("http://elsewhere/foo"));
    }

    #[test]
    fn one_bad_line_rejects_the_whole_file() {
        for bad in [
            "",
            "garbage\n",
            &format!("{GOOD}nonsense here\n"),
            GOOD.trim_end(),
        ] {
            assert!(
                matches!(parse_text(bad, 1000), Err(ParseFailure::Corrupt(_))),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        assert!(matches!(
            parse_text(GOOD, 10),
            Err(ParseFailure::Unreadable(_))
        ));
    }
}
