//! Standard output: results, and nothing else.

use std::{
    fmt,
    io::{self, ErrorKind, IsTerminal as _, Write as _},
};

use serde_json::{Map, Value};
pub(crate) use socorro_core::Clean;
use socorro_core::json::{self, Form};

use crate::{arguments::GlobalArguments, failure::Failure, logging::Reporter};

/// Standard output.
///
/// When the reader at the other end of a pipe has gone, what is written is dropped without a word:
/// a command whose work is more than its output still does it.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: io::Stdout,
    is_terminal: bool,
    color: bool,
    closed: bool,
    reporter: Reporter,
}

impl Output {
    pub(crate) fn new(arguments: &GlobalArguments) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        Self {
            stdout,
            is_terminal,
            color: arguments.color.fits(is_terminal),
            closed: false,
            reporter: Reporter::new(arguments),
        }
    }

    /// Tells a failure, on standard error, that does not end the command.
    pub(crate) fn report(&self, failure: &Failure) {
        self.reporter.report(failure);
    }

    /// Tells something on standard error that is no failure, unless quiet is wanted.
    #[cfg(any(feature = "crash-stats", feature = "submit"))]
    pub(crate) fn note(&self, text: impl fmt::Display) {
        self.reporter.note(&text.to_string());
    }

    /// Whether a person reads along.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether colour codes are welcome.
    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// How many columns a person reads; `None` when none does.
    pub(crate) fn width(&self) -> Option<usize> {
        let size = terminal_size::terminal_size_of(&self.stdout);
        let (terminal_size::Width(columns), _) = size.filter(|_| self.is_terminal)?;
        Some(columns.into())
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes text as it is, with a line break at its end.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes a JSON object: on one line as it is stored, or indented with sorted keys.
    pub(crate) fn json(&mut self, object: &Map<String, Value>, form: Form) -> Result<(), Failure> {
        let mut bytes = json::to_vec(object, form);
        bytes.push(b'\n');
        self.bytes(&bytes)
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let mut stdout = self.stdout.lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::because("cannot write to standard output", &error)),
        }
    }
}
