//! One symbol file, looked at by itself.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use memchr::memchr_iter;

use super::error::SymbolError;
use super::index::SymbolIndex;
use super::name::SymbolName;

/// A symbol file that was found to be good, looked at by itself.
///
/// ```
/// use socorro_stackwalk::SymbolFile;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("app.sym");
/// std::fs::write(&path, "MODULE Linux x86_64 111111111111111111111111111111111 app\nFUNC 1000 10 0 main\n")?;
/// let file = SymbolFile::open(&path, 1 << 30)?;
/// assert_eq!(file.name().path_parts().join("/"), "app/111111111111111111111111111111111/app.sym");
/// assert_eq!(file.records().functions, 1);
/// assert_eq!(file.symbols().at(0x1004).function.as_deref(), Some("main"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SymbolFile {
    path: PathBuf,
    text: Bytes,
    module: ModuleRecord,
    symbols: SymbolIndex,
}

/// The first line of a symbol file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ModuleRecord {
    os: String,
    arch: String,
    name: SymbolName,
}

/// How many records of each kind a symbol file has. Source: Breakpad, "Symbol files".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SymbolRecords {
    /// Names of source files (`FILE`).
    pub files: u64,
    /// Functions (`FUNC`).
    pub functions: u64,
    /// Source lines of functions.
    pub lines: u64,
    /// Functions that are inlined somewhere (`INLINE_ORIGIN`).
    pub inline_origins: u64,
    /// Places where they are (`INLINE`).
    pub inlines: u64,
    /// Names of addresses without size (`PUBLIC`).
    pub publics: u64,
    /// Ranges with unwind rules (`STACK CFI INIT`).
    pub cfi_ranges: u64,
    /// Changes of rules within these (`STACK CFI`).
    pub cfi_changes: u64,
    /// Ranges with unwind rules of 32-bit Windows (`STACK WIN`).
    pub windows_ranges: u64,
}

impl SymbolFile {
    /// Opens a symbol file and reads all of it, without a use of its index.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, has more than `largest` bytes, or is not a good symbol file.
    pub fn open(path: &Path, largest: u64) -> Result<Self, SymbolError> {
        let unusable = |reason: String| SymbolError::Unusable {
            path: path.to_owned(),
            reason,
        };
        let symbols =
            SymbolIndex::build(path, largest).map_err(|error| unusable(error.to_string()))?;
        let text = symbols.text().clone();
        let module = ModuleRecord::of(&text)
            .ok_or_else(|| unusable("its name or debug id is unfit for a path".to_owned()))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            module,
            symbols,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// The name under which it has to lie to be found.
    pub fn name(&self) -> &SymbolName {
        &self.module.name
    }

    /// The operating system, as Breakpad calls it: `Linux`, `mac`, `windows`.
    pub fn os(&self) -> &str {
        &self.module.os
    }

    /// The processor, as Breakpad calls it: `x86_64`, `x86`, `arm64`, ...
    pub fn arch(&self) -> &str {
        &self.module.arch
    }

    /// The symbols in it.
    pub fn symbols(&self) -> &SymbolIndex {
        &self.symbols
    }

    /// Counts the records. Reads the whole file.
    pub fn records(&self) -> SymbolRecords {
        let mut records = SymbolRecords::default();
        let mut start = 0;
        for end in memchr_iter(b'\n', &self.text) {
            records.count(&self.text[start..end]);
            start = end + 1;
        }
        records
    }
}

/// The name of the symbol file with this text, whatever else is in it.
#[cfg(feature = "debug-info")]
pub(super) fn name_in(text: &[u8]) -> Option<SymbolName> {
    ModuleRecord::of(text).map(|module| module.name)
}

impl ModuleRecord {
    /// `MODULE operatingsystem architecture id name`; the name may have spaces.
    fn of(text: &[u8]) -> Option<Self> {
        let line = text.split(|byte| *byte == b'\n').next()?;
        let line = std::str::from_utf8(line).ok()?.trim_end();
        let mut fields = line.strip_prefix("MODULE ")?.splitn(4, ' ');
        let (os, arch, id) = (fields.next()?, fields.next()?, fields.next()?);
        let id = debugid::DebugId::from_breakpad(id).ok()?;
        Some(Self {
            os: os.to_owned(),
            arch: arch.to_owned(),
            name: SymbolName::new(fields.next()?.trim(), id)?,
        })
    }
}

impl SymbolRecords {
    fn count(&mut self, line: &[u8]) {
        let mut words = line.split(|byte| *byte == b' ');
        let Some(first) = words.next() else { return };
        let count = match first {
            b"FILE" => &mut self.files,
            b"FUNC" => &mut self.functions,
            b"INLINE_ORIGIN" => &mut self.inline_origins,
            b"INLINE" => &mut self.inlines,
            b"PUBLIC" => &mut self.publics,
            b"STACK" => match (words.next(), words.next()) {
                (Some(b"WIN"), _) => &mut self.windows_ranges,
                (Some(b"CFI"), Some(b"INIT")) => &mut self.cfi_ranges,
                _ => &mut self.cfi_changes,
            },
            b"MODULE" | b"INFO" | b"" | b"\r" => return,
            _ => &mut self.lines,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_the_name() {
        let module = |line: &str| ModuleRecord::of(format!("{line}\nFILE 0 a\n").as_bytes());
        let found =
            module("MODULE windows x86_64 ABCD1234ABCD1234ABCDABCD12345678a my app.pdb\r").unwrap();
        assert_eq!((&*found.os, &*found.arch), ("windows", "x86_64"));
        assert_eq!(
            found.name.path_parts(),
            [
                "my app.pdb",
                "ABCD1234ABCD1234ABCDABCD12345678a",
                "my app.sym"
            ]
        );
        for bad in ["MODULE Linux x86_64 1 app", "FILE 0 x", "MODULE Linux"] {
            assert_eq!(module(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_kind_of_record_is_counted() {
        let mut records = SymbolRecords::default();
        let text = "FILE 0 a.c\nINLINE_ORIGIN 0 g\nFUNC 1000 10 0 f\nINLINE 0 1 0 0 1000 4\n1000 4 1 0\n\
                    1004 4 2 0\nPUBLIC 2000 0 p\nSTACK CFI INIT 1000 10 .cfa: $rsp\nSTACK CFI 1004 .cfa: $rsp\n\
                    STACK WIN 4 1000 10 0 0 0 0 0 0 1 x\nINFO URL x";
        text.lines().for_each(|line| records.count(line.as_bytes()));
        let expected = SymbolRecords {
            files: 1,
            functions: 1,
            lines: 2,
            inline_origins: 1,
            inlines: 1,
            publics: 1,
            cfi_ranges: 1,
            cfi_changes: 1,
            windows_ranges: 1,
        };
        assert_eq!(records, expected);
    }
}
