//! Versions from a table.

use std::{collections::HashMap, fmt, fs::File, io::Read as _, path::Path};

use async_trait::async_trait;
use serde_json::{Map, Value};
use socorro_core::json;

use super::{LookupError, VersionLookup};

/// How large a table may be, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Product, channel and build id.
type Build = (String, String, String);

/// Versions of builds, in memory.
///
/// Read from a JSON array with an object for each build. The names are those of Mozilla's
/// crash-stats, a build may be there several times, and other members are ignored:
///
/// ```
/// use socorro_processor::version_lookup::{VersionLookup as _, VersionTable};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let table = VersionTable::from_json(br#"[
///     {"product": "Firefox", "channel": "beta", "build_id": "20261106093015", "version_string": "145.0b3"}
/// ]"#)?;
/// let version = table.version("Firefox", "beta", "20261106093015").await?;
/// assert_eq!(version.as_deref(), Some("145.0b3"));
/// # Ok::<(), socorro_processor::version_lookup::LookupError>(())
/// # }).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The last beta and the release candidates have one build under several versions. On the channels
/// `beta` and `aurora` a version with a `b` is preferred to one with `rc`. Source of that: Socorro
/// `webapp/crashstats/api/views.py`, `VersionString`.
#[derive(Clone, Default)]
pub struct VersionTable {
    versions: HashMap<Build, Vec<String>>,
}

impl VersionTable {
    /// Reads a table from JSON.
    ///
    /// # Errors
    ///
    /// [`LookupError::BadTable`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, LookupError> {
        Self::read(bytes).map_err(|reason| LookupError::BadTable {
            place: "(given)".to_owned(),
            reason,
        })
    }

    /// Reads a table from a JSON file of at most 64 MiB.
    ///
    /// # Errors
    ///
    /// [`LookupError::BadTable`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LookupError> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        let read = File::open(path)
            .and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes))
            .map_err(|error| error.to_string());
        read.and_then(|_| Self::read(&bytes))
            .map_err(|reason| LookupError::BadTable {
                place: path.display().to_string(),
                reason,
            })
    }

    /// How many builds there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let rows = match json::read(bytes, MAX_SIZE).map_err(|error| error.to_string())? {
            Value::Array(rows) => rows,
            other => {
                return Err(format!(
                    "expected an array, found {}",
                    json::type_name(&other)
                ));
            }
        };
        let mut table = Self::default();
        for (index, row) in rows.into_iter().enumerate() {
            let Value::Object(mut row) = row else {
                return Err(format!("row {index} is not an object"));
            };
            let mut text =
                |name| text(&mut row, name).ok_or(format!("row {index} has no text {name:?}"));
            let build = (text("product")?, text("channel")?, text("build_id")?);
            let version = text("version_string")?;
            table.versions.entry(build).or_default().push(version);
        }
        Ok(table)
    }
}

fn text(row: &mut Map<String, Value>, name: &str) -> Option<String> {
    match row.get_mut(name)?.take() {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[async_trait]
impl VersionLookup for VersionTable {
    async fn version(
        &self,
        product: &str,
        channel: &str,
        build_id: &str,
    ) -> Result<Option<String>, LookupError> {
        let build = (product.to_owned(), channel.to_owned(), build_id.to_owned());
        let versions = self.versions.get(&build).map_or(&[][..], Vec::as_slice);
        Ok(select(versions, channel).map(str::to_owned))
    }
}

/// The version that counts of several under which a build went out.
fn select<'a>(versions: &'a [String], channel: &str) -> Option<&'a str> {
    let first = versions.first()?;
    let mut versions = versions.iter().map(String::as_str);
    if !["beta", "aurora"].contains(&channel) {
        return Some(first);
    }
    let candidates = !first.contains('b');
    versions.find(|version| version.contains("rc") == candidates)
}

/// The number of builds; there may be many.
impl fmt::Debug for VersionTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionTable({} builds)", self.versions.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn betas_come_before_release_candidates() {
        let select = |versions: &[&str], channel| {
            let versions: Vec<String> = versions.iter().map(|text| (*text).to_owned()).collect();
            select(&versions, channel).map(str::to_owned)
        };
        assert_eq!(select(&["3.0b4"], "beta").as_deref(), Some("3.0b4"));
        assert_eq!(
            select(&["3.0b4", "3.0rc1"], "beta").as_deref(),
            Some("3.0b4")
        );
        assert_eq!(
            select(&["3.0", "3.0rc1"], "beta").as_deref(),
            Some("3.0rc1")
        );
        assert_eq!(select(&["3.0"], "beta"), None);
        assert_eq!(
            select(&["3.0", "3.0rc1"], "release").as_deref(),
            Some("3.0")
        );
        assert_eq!(select(&[], "beta"), None);
    }

    #[tokio::test]
    async fn only_the_very_build_is_found() {
        let row =
            r#"[{"product": "P", "channel": "beta", "build_id": "1", "version_string": "1.0b1"}]"#;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, row.as_bytes()).unwrap();
        let table = VersionTable::from_file(file.path()).unwrap();
        assert_eq!(table.len(), 1);
        for (build_id, version) in [("1", Some("1.0b1")), ("2", None)] {
            let found = table.version("P", "beta", build_id).await.unwrap();
            assert_eq!(found.as_deref(), version);
        }
    }

    #[test]
    fn a_bad_table_is_refused_with_the_row() {
        for (text, reason) in [
            ("{}", "expected an array, found object"),
            ("[5]", "row 0 is not an object"),
            (r#"[{"product": 5}]"#, "row 0 has no text \"product\""),
        ] {
            let error = VersionTable::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("cannot read version table (given): {reason}")
            );
        }
        let error = VersionTable::from_file("/nonexistent/table.json").unwrap_err();
        assert!(error.to_string().contains("/nonexistent/table.json"));
    }
}
