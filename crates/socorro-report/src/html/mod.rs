//! A report as one page for a browser.

use std::fmt;

use askama::Template;

use crate::{
    model::{Fact, Report, Row, Thread, Walk},
    words,
};

/// What the page looks like. The policy of the page names its checksum, so that no other style applies.
const STYLE: &str = include_str!("../../templates/page.css");
/// The base64 of the SHA-256 of [`STYLE`]; a test compares them.
const STYLE_CHECKSUM: &str = "YMRCGK+kUH/+XyKu5EiG8ZMEdWZTxRZB7MZ83yJPPBU=";

/// A report as a page: made by [`Report::page`], written by `Display`.
///
/// It is one file that needs nothing else: no network, no script. What it shows is text; a content security policy
/// keeps it so even if it were not.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    report: &'a Report,
    opened: &'a [usize],
}

impl Report {
    /// The report as a page. Threads but the one that crashed are folded.
    #[must_use]
    pub fn page(&self) -> Page<'_> {
        Page {
            report: self,
            opened: &[],
        }
    }
}

impl<'a> Page<'a> {
    /// Unfolds some threads of the process that crashed, by their indexes.
    #[must_use]
    pub fn opened(self, indexes: &'a [usize]) -> Self {
        Self {
            opened: indexes,
            ..self
        }
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, opened } = *self;
        PageTemplate { report, opened }.fmt(f)
    }
}

#[derive(Template)]
#[template(path = "page.html", whitespace = "minimize")]
struct PageTemplate<'a> {
    report: &'a Report,
    opened: &'a [usize],
}

impl<'a> PageTemplate<'a> {
    fn title(&self) -> String {
        let signature = self.report.signature.as_deref();
        let parts = [signature, Some(self.report.product.as_str())];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() {
            "Crash".to_owned()
        } else {
            words::line(&parts.join(" – "), 200)
        }
    }

    /// The value of a fact, if it is known.
    fn fact(&self, name: &str) -> Option<&'a str> {
        let fact = self.report.why.iter().find(|fact| fact.name == name);
        fact.map(|fact| fact.value.as_str())
    }

    fn walks(&self) -> impl Iterator<Item = WalkTemplate<'a>> {
        let opened = self.opened;
        self.report.walks.iter().map(move |walk| WalkTemplate {
            walk,
            opened: if walk.minidump.is_none() { opened } else { &[] },
        })
    }

    fn facts(&self, facts: &'a [Fact]) -> FactsTemplate<'a> {
        FactsTemplate { facts }
    }
}

#[derive(Template)]
#[template(path = "facts.html", whitespace = "minimize")]
struct FactsTemplate<'a> {
    facts: &'a [Fact],
}

#[derive(Template)]
#[template(path = "walk.html", whitespace = "minimize")]
struct WalkTemplate<'a> {
    walk: &'a Walk,
    opened: &'a [usize],
}

impl<'a> WalkTemplate<'a> {
    fn frames(&self, thread: &'a Thread) -> FramesTemplate<'a> {
        FramesTemplate { thread }
    }

    fn is_opened(&self, thread: &Thread) -> bool {
        self.opened.contains(&thread.index)
    }

    fn frame_count(&self, thread: &Thread) -> String {
        words::count(thread.frame_count, "frame", "frames")
    }

    fn thread_count(&self) -> usize {
        self.walk.other_threads().len() + self.walk.threads_left_out
    }
}

#[derive(Template)]
#[template(path = "frames.html", whitespace = "minimize")]
struct FramesTemplate<'a> {
    thread: &'a Thread,
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_style() {
        assert_eq!(
            BASE64_STANDARD.encode(Sha256::digest(STYLE)),
            STYLE_CHECKSUM
        );
        // As it would not be the text that was summed up.
        assert!(!STYLE.contains('\r'));
    }
}
