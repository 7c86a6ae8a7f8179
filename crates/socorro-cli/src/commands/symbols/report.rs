//! What became of symbols that were wanted.

use std::path::PathBuf;

use futures::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use socorro_core::json::Form;
use socorro_stackwalk::{MissingSymbols, ModuleName, SymbolLookup, SymbolStore};

use super::Format;
use crate::{
    failure::Failure,
    output::{Clean, Output},
};

/// How many symbol files are loaded at the same time.
const CONCURRENCY: usize = 16;

/// What is told about each symbol file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Whatever became of it.
    All,
    /// Only that it could not be had, though it may be there.
    Failures,
}

/// How many symbol files there are and how many not.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) found: u64,
    pub(super) missing: u64,
    pub(super) failed: u64,
}

/// Loads the symbols of modules and tells what became of them, in their order.
pub(super) async fn load(
    store: &SymbolStore,
    wanted: &[ModuleName],
    told: Told,
    format: Format,
    output: &mut Output,
) -> Result<Numbers, Failure> {
    let progress = progress(wanted.len() as u64);
    let mut loaded = stream::iter(wanted)
        .map(|module| async move { Loaded::new(store, module).await })
        .buffered(CONCURRENCY);
    let mut numbers = Numbers::default();
    while let Some(loaded) = loaded.next().await {
        let (count, is_told) = match loaded.status {
            "found" => (&mut numbers.found, told == Told::All),
            "missing" => (&mut numbers.missing, told == Told::All),
            _ => (&mut numbers.failed, true),
        };
        *count += 1;
        progress.inc(1);
        if is_told {
            progress.suspend(|| loaded.print(format, output))?;
        }
    }
    progress.finish_and_clear();
    Ok(numbers)
}

/// What became of the symbols of one module.
struct Loaded {
    name: String,
    status: &'static str,
    path: Option<PathBuf>,
    url: Option<String>,
    reason: Option<String>,
}

impl Loaded {
    async fn new(store: &SymbolStore, module: &ModuleName) -> Self {
        let name = match (module.symbols(), module.code()) {
            (Some(name), _) => name.path_parts()[..2].join("/"),
            (None, Some(code)) => code.path_parts()[..2].join("/"),
            (None, None) => module.code_file.clone(),
        };
        let (status, path, url, reason) = match &*store.lookup(module).await {
            SymbolLookup::Loaded(symbols) => (
                "found",
                symbols.text_path().map(PathBuf::from),
                symbols.url().map(str::to_owned),
                None,
            ),
            SymbolLookup::Corrupt { place, reason, .. } => {
                ("corrupt", None, None, Some(format!("{place}: {reason}")))
            }
            SymbolLookup::Missing(why) => {
                let status = match why {
                    MissingSymbols::Unavailable { .. } => "unavailable",
                    _ => "missing",
                };
                (status, None, None, Some(why.to_string()))
            }
        };
        Self {
            name,
            status,
            path,
            url,
            reason,
        }
    }

    fn print(&self, format: Format, output: &mut Output) -> Result<(), Failure> {
        let path = self.path.as_ref().map(|path| path.display().to_string());
        match format {
            Format::Text => {
                let detail = path.as_ref().or(self.reason.as_ref()).or(self.url.as_ref());
                let detail = detail.map_or("", String::as_str);
                output.line(format_args!(
                    "{:<11}  {}  {}",
                    self.status,
                    Clean(&self.name),
                    Clean(detail)
                ))
            }
            Format::Json => {
                let members = [
                    ("symbols", Some(self.name.clone())),
                    ("status", Some(self.status.to_owned())),
                    ("path", path),
                    ("url", self.url.clone()),
                    ("reason", self.reason.clone()),
                ];
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), Value::from(value)));
                output.json(&Map::from_iter(members), Form::Processor)
            }
        }
    }
}

/// Shows how far the work is: on a terminal, and unless quiet is wanted.
pub(super) fn progress(files: u64) -> ProgressBar {
    if !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos}/{len} symbol files {wide_bar} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(files).with_style(style)
}
