//! Crashes from files, one after another.

use std::{
    fmt, fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use socorro_core::{CrashId, json};
use socorro_signature::CrashInput;

use crate::{
    documents::{Document, Documents},
    failure::Failure,
    input,
    output::{Clean, Output},
};

/// Largest document, in bytes, as in crash storage.
const LIMIT: usize = 256 << 20;
/// How many crashes that cannot be read are told one by one.
const TOLD: u64 = 100;
/// From how many bytes on the work is long enough to show how far it is.
const MANY: u64 = 16 << 20;

/// Where the crashes are.
#[derive(Debug, Args)]
pub(super) struct CrashFiles {
    /// Files with processed crashes, stackwalk JSON or crash data, one or many in each; `-`, or
    /// nothing with a pipe as standard input, reads them from there
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
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
    /// Line on which the document begins, counted from 1.
    line: u64,
    /// Which item of an array, counted from 1.
    item: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
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
            each,
            unreadable: 0,
        };
        for file in &files {
            if let Err(failure) = run.file(file)? {
                run.tell(&failure);
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
        let file = file_name(path);
        let mut documents = Documents::new(input, LIMIT);
        let mut any = false;
        while !self.output.is_closed() {
            let document = match documents.read() {
                Ok(None) => break,
                Ok(Some(document)) => document,
                Err(error) => {
                    let what = format!("cannot read crashes {}", input::name(path));
                    return Ok(Err(Failure::because(what, &error)));
                }
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

    fn document(&mut self, file: &str, document: Document) -> Result<(), Failure> {
        let place = |item| Place {
            file: file.to_owned(),
            line: document.line,
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
    if CrashId::parse_lenient(name).is_ok() {
        return failure.hint(format!(
            "a crash in storage: `socorro storage cat processed {name} | socorro signature`"
        ));
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
