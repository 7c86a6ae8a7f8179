//! From debug information to the text of a symbol file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dump_syms::dumper::{self, Config, Output};
use memchr::memmem;
use tokio::sync::Semaphore;
use tracing::debug;

use crate::fence;
use crate::symbols::error::SymbolError;
use crate::symbols::file;
use crate::symbols::name::SymbolName;

/// How long to wait for one conversion.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What begins each line with unwind rules.
const UNWIND_RULES: &[u8] = b"STACK ";

/// Converts one file after the other: each takes several times its size in memory.
#[derive(Debug)]
pub(super) struct Converter {
    largest: u64,
    one_at_a_time: Arc<Semaphore>,
}

impl Converter {
    /// Converts files of at most `largest` bytes.
    pub(super) fn new(largest: u64) -> Self {
        Self {
            largest,
            one_at_a_time: Arc::new(Semaphore::new(1)),
        }
    }

    /// Makes the text of the symbol file `name` from those of `files` that have its debug id. The first of them gives
    /// everything; if it has no unwind rules, as separate debug information does not, the next one that has gives these.
    ///
    /// # Errors
    ///
    /// When it takes too long. A thread may be at work on it for longer, but no second one.
    pub(super) async fn convert(
        &self,
        files: Vec<PathBuf>,
        name: &SymbolName,
    ) -> Result<Option<Vec<u8>>, SymbolError> {
        let permit = Arc::clone(&self.one_at_a_time).acquire_owned();
        let (name, largest) = (name.clone(), self.largest);
        let place = files.first().cloned().unwrap_or_default();
        let work = async {
            let permit = permit.await;
            let work = move || {
                let _permit = permit;
                joined(&files, &name, largest)
            };
            tokio::task::spawn_blocking(work).await
        };
        let failed = |reason: String| SymbolError::Unusable {
            path: place,
            reason,
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!(
                "not converted within {} seconds",
                PATIENCE.as_secs()
            ))),
        }
    }
}

fn joined(files: &[PathBuf], name: &SymbolName, largest: u64) -> Option<Vec<u8>> {
    let convert = |path: &PathBuf| match text_of(path, name, largest) {
        Ok(text) => Some(text),
        Err(reason) => {
            debug!(path = %path.display(), reason, "no symbols from debug information");
            None
        }
    };
    let mut texts = files.iter().filter_map(convert);
    let mut text = texts.next()?;
    if !has_unwind_rules(&text)
        && let Some(other) = texts.find(|text| has_unwind_rules(text))
    {
        let lines = other.split_inclusive(|byte| *byte == b'\n');
        let rules = lines.filter(|line| line.starts_with(UNWIND_RULES));
        rules.for_each(|line| text.extend_from_slice(line));
    }
    Some(text)
}

fn has_unwind_rules(text: &[u8]) -> bool {
    memmem::find(text, b"\nSTACK ").is_some()
}

/// Converts one file, if it has the debug id that is wanted.
fn text_of(path: &Path, name: &SymbolName, largest: u64) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > largest {
        return Err(format!("{size} bytes are over the limit of {largest}"));
    }
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let output = directory.path().join("symbols");
    let config = Config {
        check_cfi: false,
        ..Config::with_output(Output::from(output.clone()))
    };
    let input = path.to_str().ok_or("the path is not UTF-8")?;
    let converted = fence::catch(|| dumper::single_file(&config, input));
    match converted {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(error.to_string()),
        Err(panic) => return Err(format!("panic at {}: {}", panic.location, panic.message)),
    }
    let text = fs::read(&output).map_err(|error| error.to_string())?;
    match file::name_in(&text) {
        Some(found) if found.debug_id() == name.debug_id() => Ok(text),
        Some(found) => Err(format!("its debug id is {}", found.debug_id().breakpad())),
        None => Err("it has no debug id".to_owned()),
    }
}
