//! The report for people.

mod crash;
mod modules;
mod symbolication;
mod threads;

use std::fmt;

use serde_json::{Map, Value};

use crate::report::StackwalkView;
use crate::symbolication::SymbolicationView;

/// A stackwalk document as text for people: the crash, the crashing thread first and in full with its registers, the
/// other threads in short, modules with and without symbols, and why frames have no names.
///
/// It is made from the JSON, so the `json_dump` of a stored processed crash will do. Control characters in text that
/// comes from the dump are replaced: nothing in it can steer a terminal.
#[derive(Clone, Copy, Debug)]
pub struct TextReport<'a> {
    document: &'a Map<String, Value>,
    symbolication: Option<&'a Map<String, Value>>,
    all_threads: bool,
    color: bool,
}

impl<'a> TextReport<'a> {
    /// A report in short, without colour.
    pub fn new(document: &'a Map<String, Value>) -> Self {
        Self {
            document,
            symbolication: None,
            all_threads: false,
            color: false,
        }
    }

    /// Tells why frames have no names, from the field `symbolication` of a processed crash or
    /// [`Stackwalk::symbolication`](crate::Stackwalk::symbolication). Default: it is not told.
    #[must_use]
    pub fn symbolication(mut self, symbolication: Option<&'a Map<String, Value>>) -> Self {
        self.symbolication = symbolication;
        self
    }

    /// Whether to show all frames of all threads. Default: those of the crashing thread only.
    #[must_use]
    pub fn all_threads(mut self, all: bool) -> Self {
        self.all_threads = all;
        self
    }

    /// Whether to mark headings and functions with terminal colour codes. Default: no.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }
}

impl fmt::Display for TextReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = StackwalkView::new(self.document);
        let style = Style { color: self.color };
        crash::write(f, document, style)?;
        let symbolication = self.symbolication.map(SymbolicationView::new);
        threads::write(f, document, symbolication, style, self.all_threads)?;
        modules::write(f, document, style)?;
        symbolication.map_or(Ok(()), |view| symbolication::write(f, view, style))
    }
}

/// How headings and function names are set off.
#[derive(Clone, Copy, Debug)]
struct Style {
    color: bool,
}

impl Style {
    fn heading(self, text: &str) -> String {
        if self.color {
            format!("\x1b[1m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn function(self, text: &str) -> String {
        if self.color {
            format!("\x1b[36m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
