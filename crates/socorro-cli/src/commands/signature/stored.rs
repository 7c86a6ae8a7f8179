//! Crashes in storage.

use std::{
    io::{self, BufRead, Read},
    sync::Arc,
};

use serde_json::Value;
use socorro_core::CrashId;
use socorro_storage::{CrashStorage, StorageOptions};
use tokio::{runtime::Handle, task::block_in_place};

use crate::{arguments::open_storage, crash_ids::CrashIds, failure::Failure};

/// How much of the beginning of a file tells whether it is a list of crash ids.
const BEGINNING: u64 = 128;

/// The storage that crash ids are about; opened when the first crash is wanted.
pub(super) struct Stored<'a> {
    address: Option<&'a str>,
    storage: Option<Arc<dyn CrashStorage>>,
}

impl<'a> Stored<'a> {
    pub(super) fn at(address: Option<&'a str>) -> Self {
        Self {
            address,
            storage: None,
        }
    }

    /// The processed crash.
    ///
    /// # Errors
    ///
    /// When it is not there, no storage is configured, or it does not answer.
    pub(super) fn processed(&mut self, id: &CrashId) -> Result<Value, Failure> {
        // Between two crashes nothing else goes on in this program.
        block_in_place(|| Handle::current().block_on(self.fetch(id)))
            .map_err(|failure| failure.within(format_args!("cannot read crash {id}")))
    }

    async fn fetch(&mut self, id: &CrashId) -> Result<Value, Failure> {
        let storage = match &self.storage {
            Some(storage) => Arc::clone(storage),
            None => {
                let address = self.address.ok_or_else(|| {
                    Failure::new("crash ids are looked for in a storage, and none is configured")
                        .hint("--storage, or SOCORRO_STORAGE, says where crashes are")
                })?;
                let options = StorageOptions {
                    create: false,
                    ..StorageOptions::default()
                };
                Arc::clone(self.storage.insert(open_storage(address, options).await?))
            }
        };
        let processed = storage.processed_crash(id).await?.value;
        Ok(Value::Object(processed.into_map()))
    }
}

/// The crash id that stands for a crash in storage, if a name is one and no file.
pub(super) fn id_of(name: &str) -> Option<CrashId> {
    CrashIds::among([name]).ids.first().copied()
}

/// Looks at how a file begins: whether it is a list of crash ids. Gives it back from its beginning.
///
/// # Errors
///
/// When it cannot be read.
pub(super) fn looked_at(mut input: Box<dyn BufRead>) -> io::Result<(bool, Box<dyn BufRead>)> {
    let mut beginning = Vec::new();
    (&mut input).take(BEGINNING).read_to_end(&mut beginning)?;
    let is_list = begins_a_list(&beginning);
    Ok((is_list, Box::new(io::Cursor::new(beginning).chain(input))))
}

/// JSON begins in another way than a comment, the URL of a report or a crash id.
fn begins_a_list(beginning: &[u8]) -> bool {
    let text = String::from_utf8_lossy(beginning);
    let first = text.split_whitespace().next().unwrap_or_default();
    first.starts_with('#') || first.starts_with("http") || CrashId::parse_lenient(first).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_ids_and_json_are_told_apart() {
        let id = "de1bb258-cbbf-4589-a673-34f800160918";
        for text in [
            format!("\n {id}\n"),
            format!("bp-{id}\r\n{id}"),
            "# ids of today\n".to_owned(),
            format!("https://crash-stats.mozilla.org/report/index/{id}"),
        ] {
            assert!(begins_a_list(text.as_bytes()), "{text}");
        }
        for text in ["", "  ", "{\"uuid\": 1}", "[{}]", "nonsense", "MDMP"] {
            assert!(!begins_a_list(text.as_bytes()), "{text}");
        }
        let (_, mut input) = looked_at(Box::new(io::Cursor::new(id.repeat(9)))).unwrap();
        let mut text = String::new();
        input.read_to_string(&mut text).unwrap();
        assert_eq!(text, id.repeat(9));
    }
}
