//! Crashes from files, one after another.

use std::{
    fmt, fs,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use socorro_core::{CrashId, json};
use socorro_signature::CrashInput;

use super::stored::{Stored, id_of, looked_at};
use crate::{
    arguments::OptionalStorageArguments,
    crash_ids::CrashIds,
    documents::{Document, Documents},
    failure::Failure,
    input,
    output::{Clean, Output},
};

/// Largest document, in bytes, as in crash storage.
const LIMIT: usize = 256 << 20;
/// Longest list of crash ids, in bytes: room for a million.
const LIST_LIMIT: u64 = 64 << 20;
/// How many crashes that cannot be read are told one by one.
const TOLD: u64 = 100;
/// From how many bytes on the work is long enough to show how far it is.
const MANY: u64 = 16 << 20;

/// Where the crashes are.
#[derive(Debug, Args)]
pub(super) struct CrashFiles {
    /// Files with processed crashes, stackwalk JSON or crash data, one or many in each; ids of
    /// crashes in storage, or files with a list of them; `-`, or nothing with a pipe as standard
    /// input, reads them from there
    #[arg(value_name = "FILE|CRASHID")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    storage: OptionalStorageArguments,
}

/// A crash, and where it was found.
pub(super) struct Crash<'a> {
    pub(super) place: Place,
    pub(super) input: CrashInput<'a>,
}

impl Crash<'_> {
    /// The crash id fit for a terminal, or the place of a crash that has none.
    pub(super) fn label(&self) -> String {
        match &self.input.crash_id {
            Some(id) => Clean(id).to_string(),
            None => self.place.to_string(),
        }
    }
}

/// Where a crash was found: `crashes.ndjson:17`, for people and editors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    file: String,
    /// Line on which the document begins, counted from 1; none in a storage.
    line: Option<u64>,
    /// Which item of an array, counted from 1.
    item: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match self.item {
            Some(item) => write!(f, " item {item}"),
            None => Ok(()),
        }
    }
}

impl CrashFiles {
    /// Reads crash after crash and calls `each`, until nobody reads the output any more.
    ///
    /// What cannot be read is told, and the next crash goes on. Returns how many those were.
    ///
    /// # Errors
    ///
    /// When there is nothing to read, and what `each` fails with.
    pub(super) fn for_each(
        &self,
        output: &mut Output,
        show_progress: bool,
        each: impl FnMut(&Crash<'_>, &mut Output) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let files = self.files()?;
        let mut run = Run {
            output,
            progress: if show_progress {
                progress(&files)
            } else {
                ProgressBar::hidden()
            },
            stored: Stored::at(self.storage.address()),
            each,
            unreadable: 0,
        };
        for file in &files {
            // A file that is there is meant by its name, whatever else that could mean.
            let name = file.to_str().filter(|_| !file.exists());
            match name.and_then(id_of) {
                Some(id) => run.stored(&id)?,
                None => {
                    if let Err(failure) = run.file(file)? {
                        run.tell(&failure);
                    }
                }
            }
        }
        run.progress.finish_and_clear();
        if let Some(more) = run.unreadable.checked_sub(TOLD).filter(|more| *more > 0) {
            let message = format!("{more} more crashes could not be read");
            run.output.report(&Failure::new(message));
        }
        Ok(run.unreadable)
    }

    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        if io::stdin().is_terminal() {
            return Err(Failure::usage("no crashes").hint(
                "name files with processed crashes, or write them to standard input: \
                 `socorro signature --help` has examples",
            ));
        }
        Ok(vec![PathBuf::from("-")])
    }
}

/// One pass over all files.
struct Run<'a, F> {
    output: &'a mut Output,
    progress: ProgressBar,
    stored: Stored<'a>,
    each: F,
    unreadable: u64,
}

impl<F: FnMut(&Crash<'_>, &mut Output) -> Result<(), Failure>> Run<'_, F> {
    /// Reads a file. The inner failure is one of this file, the outer one ends the run.
    fn file(&mut self, path: &Path) -> Result<Result<(), Failure>, Failure> {
        let input = match input::crashes(path, &self.progress) {
            Ok(input) => input,
            Err(failure) => return Ok(Err(hint_for_names(failure, path))),
        };
        let cannot_read = |error: &dyn std::error::Error| {
            Failure::because(format!("cannot read crashes {}", input::name(path)), error)
        };
        let (is_list, mut input) = match looked_at(input) {
            Ok(looked_at) => looked_at,
            Err(error) => return Ok(Err(cannot_read(&error))),
        };
        if is_list {
            let mut list = String::new();
            let read = (&mut input).take(LIST_LIMIT + 1).read_to_string(&mut list);
            return match read {
                Ok(length) if length as u64 > LIST_LIMIT => {
                    let what = input::name(path);
                    Ok(Err(Failure::new(format!(
                        "cannot read the list {what}: it has more than {LIST_LIMIT} bytes"
                    ))))
                }
                Ok(_) => self.list(&list).map(Ok),
                Err(error) => Ok(Err(cannot_read(&error))),
            };
        }
        let file = file_name(path);
        let mut documents = Documents::new(input, LIMIT);
        let mut any = false;
        while !self.output.is_closed() {
            let document = match documents.read() {
                Ok(None) => break,
                Ok(Some(document)) => document,
                Err(error) => return Ok(Err(cannot_read(&error))),
            };
            any = true;
            self.document(&file, document)?;
        }
        if !any && !self.output.is_closed() {
            let what = input::name(path);
            return Ok(Err(Failure::new(format!(
                "cannot read crashes {what}: it is empty"
            ))));
        }
        Ok(Ok(()))
    }

    /// Fetches the crashes of a list.
    fn list(&mut self, list: &str) -> Result<(), Failure> {
        let CrashIds { ids, bad } = CrashIds::among(list.lines());
        for error in &bad {
            self.tell(&Failure::because("cannot read a crash", error));
        }
        for id in &ids {
            if self.output.is_closed() {
                break;
            }
            self.stored(id)?;
        }
        Ok(())
    }

    /// Fetches a crash.
    fn stored(&mut self, id: &CrashId) -> Result<(), Failure> {
        let place = Place {
            file: id.to_string(),
            line: None,
            item: None,
        };
        match self.stored.processed(id) {
            Ok(document) => self.crash(place, &document),
            Err(failure) => {
                self.tell(&failure);
                Ok(())
            }
        }
    }

    fn document(&mut self, file: &str, document: Document) -> Result<(), Failure> {
        let place = |item| Place {
            file: file.to_owned(),
            line: Some(document.line),
            item,
        };
        let Some(text) = document.text else {
            let reason = format!("it has more than {LIMIT} bytes, the limit of crashes in storage");
            self.tell(&Failure::new(format!(
                "cannot read crash {}: {reason}",
                place(None)
            )));
            return Ok(());
        };
        let value = match json::read(&text, LIMIT as u64) {
            Ok(value) => value,
            Err(error) => {
                let what = format!("cannot read crash {}", place(None));
                self.tell(&Failure::because(what, &error));
                return Ok(());
            }
        };
        drop(text);
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.crash(place(Some(index + 1)), item)?;
                }
                Ok(())
            }
            value => self.crash(place(None), &value),
        }
    }

    fn crash(&mut self, place: Place, document: &Value) -> Result<(), Failure> {
        let input = match CrashInput::from_json(document) {
            Ok(input) => input,
            Err(error) => {
                let what = format!("cannot read crash {place}");
                self.tell(&Failure::because(what, &error));
                return Ok(());
            }
        };
        let crash = Crash { place, input };
        (self.each)(&crash, self.output)
    }

    fn tell(&mut self, failure: &Failure) {
        self.unreadable += 1;
        if self.unreadable <= TOLD {
            self.progress.suspend(|| self.output.report(failure));
        }
    }
}

/// The name of a file in front of a line number.
fn file_name(path: &Path) -> String {
    if input::is_stdin(path) {
        "standard input".to_owned()
    } else {
        Clean(&path.display().to_string()).to_string()
    }
}

/// Names that are no files, but mean something to somebody who knows the program.
fn hint_for_names(failure: Failure, path: &Path) -> Failure {
    let name = path.to_str().unwrap_or_default();
    if path.exists() {
        return failure;
    }
    if name == "diff" || name == "check" {
        return failure.hint(format!("options of `signature {name}` come after it"));
    }
    failure
}

/// Shows how far the work is: on a terminal, where it is long, and unless quiet is wanted.
fn progress(files: &[PathBuf]) -> ProgressBar {
    if !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let sizes = files.iter().map(|file| {
        let metadata = fs::metadata(file).ok()?;
        metadata.is_file().then_some(metadata.len())
    });
    let (bar, template) = match sizes.sum::<Option<u64>>() {
        Some(total) if total < MANY => return ProgressBar::hidden(),
        Some(total) => (
            ProgressBar::new(total),
            "{bytes} of {total_bytes} {wide_bar} {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} read"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
