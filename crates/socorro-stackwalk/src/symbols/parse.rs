//! From the bytes of a symbol file to symbols.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use breakpad_symbols::{SymbolError as BreakpadError, SymbolFile};

use super::source::{FoundSymbols, SymbolContent};
use crate::fence;

/// A symbol file that was parsed.
pub(super) struct Parsed {
    pub(super) file: SymbolFile,
    /// Bytes of the file.
    pub(super) size: u64,
}

/// Why a symbol file that was found gives no symbols.
#[derive(Debug)]
pub(super) enum ParseFailure {
    /// It is not a symbol file, or a damaged one.
    Corrupt(String),
    /// It could not be read, or is too large to be.
    Unreadable(String),
}

/// Parses a symbol file. Blocks for as long as it takes: some 300 MB/s.
///
/// One bad line rejects the whole file, as in the reference: what a damaged file still holds may be misplaced.
pub(super) fn parse(found: &FoundSymbols, limit: u64) -> Result<Parsed, ParseFailure> {
    let parsed = fence::catch(|| match &found.content {
        SymbolContent::File(path) => parse_file(path, limit),
        SymbolContent::Bytes(bytes) => parse_reader(&bytes[..], bytes.len() as u64, limit),
    });
    match parsed {
        Ok(Ok(mut parsed)) => {
            if parsed.file.url.is_none() {
                parsed.file.url.clone_from(&found.url);
            }
            Ok(parsed)
        }
        Ok(Err(failure)) => Err(failure),
        Err(panic) => Err(ParseFailure::Corrupt(format!(
            "parser panicked at {}: {}",
            panic.location, panic.message
        ))),
    }
}

fn parse_file(path: &Path, limit: u64) -> Result<Parsed, ParseFailure> {
    let unreadable = |source: io::Error| {
        ParseFailure::Unreadable(format!("cannot read {}: {source}", path.display()))
    };
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    parse_reader(file, size, limit)
}

fn parse_reader(reader: impl Read, size: u64, limit: u64) -> Result<Parsed, ParseFailure> {
    if size > limit {
        return Err(ParseFailure::Unreadable(format!(
            "file of {size} bytes is over the limit of {limit} bytes"
        )));
    }
    match SymbolFile::parse(reader.take(limit), |_| ()) {
        Ok(file) => Ok(Parsed { file, size }),
        Err(BreakpadError::LoadError(source)) => Err(ParseFailure::Unreadable(source.to_string())),
        Err(error) => Err(ParseFailure::Corrupt(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const GOOD: &str =
        "MODULE Linux x86_64 ABCD1234ABCD1234ABCDABCD12345678a foo\nFUNC 1000 10 0 main\n";

    fn parse_text(text: &str, limit: u64) -> Result<Parsed, ParseFailure> {
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
        let parsed = parse_text(GOOD, 1000).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(parsed.size, GOOD.len() as u64);
        assert_eq!(parsed.file.url.as_deref(), Some("http://symbols/foo"));
        let with_info = format!("{GOOD}INFO URL http://elsewhere/foo\n");
        let parsed = parse_text(&with_info, 1000).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(parsed.file.url.as_deref(), Some("http://elsewhere/foo"));
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
