//! A file of a report with its name: `upload_file_minidump_browser=browser.dmp`.

use std::path::PathBuf;

use socorro_core::DumpName;

/// A file, and the name under which it came with the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedFile {
    pub(crate) name: DumpName,
    pub(crate) path: PathBuf,
}

impl NamedFile {
    /// Reads `NAME=FILE`.
    ///
    /// # Errors
    ///
    /// When there is no name, or one that cannot be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, path) = text
            .split_once('=')
            .filter(|(name, path)| !name.is_empty() && !path.is_empty())
            .ok_or("write it as NAME=FILE, as in upload_file_minidump_browser=browser.dmp")?;
        Ok(Self {
            name: DumpName::parse(name).map_err(|error| error.to_string())?,
            path: path.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_a_name_that_can_be() {
        let file = NamedFile::parse("memory_report=a=b.gz").unwrap();
        assert_eq!(file.name.as_str(), "memory_report");
        assert_eq!(file.path, PathBuf::from("a=b.gz"));
        for text in [
            "browser.dmp",
            "=browser.dmp",
            "name=",
            "raw_crash=x",
            "../x=y",
        ] {
            assert!(NamedFile::parse(text).is_err(), "{text}");
        }
    }
}
