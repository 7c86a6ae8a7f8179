//! The results of a search, page after page.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};
use socorro_core::CrashId;

use super::{DATE, Search, UUID, Window};
use crate::client::{CrashStats, error::Error, exchange::Question};

/// How many results the server gives at a time.
const PAGE: u64 = 1_000;
/// How far into the results of one search the server goes.
const REACH: u64 = 10_000;

/// A crash that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub id: CrashId,
    /// The columns that were asked for, the id among them (`uuid`).
    pub columns: Map<String, Value>,
}

/// The results of a search, page after page, each crash once.
///
/// The server goes no further than 10,000 results. When there are more, and more are wanted, the
/// time that is searched is parted into halves, again and again. More than 10,000 crashes within one
/// second are cut off, and a warning is logged; so is what the server says about results that may be
/// missing.
#[derive(Debug)]
pub struct SearchResults {
    crash_stats: CrashStats,
    search: Search,
    /// What is to be searched yet, the next one at the end.
    pending: Vec<Part>,
    seen: HashSet<CrashId>,
    left: u64,
    total: Option<u64>,
    warned: BTreeSet<String>,
}

/// A stretch of time, and how far it was read.
#[derive(Debug, Clone, Copy)]
struct Part {
    window: Option<Window>,
    offset: u64,
}

impl SearchResults {
    pub(super) fn new(crash_stats: CrashStats, search: Search) -> Self {
        let whole = Part {
            window: search.window,
            offset: 0,
        };
        Self {
            crash_stats,
            pending: vec![whole],
            seen: HashSet::new(),
            left: search.limit.unwrap_or(u64::MAX),
            total: None,
            warned: BTreeSet::new(),
            search,
        }
    }

    /// How many crashes the search matches, whatever its limit; known after the first page.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The next results; nothing when there are no more. A page may be empty when all of it is known
    /// already.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] when the server does not take a filter, [`Error::Denied`], and all that
    /// can go wrong with any question.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Hit>>, Error> {
        while self.left > 0 {
            let Some(part) = self.pending.pop() else {
                return Ok(None);
            };
            let number = PAGE.min(REACH - part.offset).min(self.left);
            let page = self.ask(part, number).await?;
            if part.offset == 0 && self.is_to_be_parted(part, page.total) {
                continue;
            }
            let count = page.hits.len() as u64;
            self.follow(part, number, count, page.total);
            let mut hits = page.hits;
            hits.retain(|hit| self.seen.insert(hit.id));
            hits.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= hits.len() as u64;
            return Ok(Some(hits));
        }
        Ok(None)
    }

    /// Parts a stretch with more results than the server gives, when so many are wanted.
    fn is_to_be_parted(&mut self, part: Part, total: u64) -> bool {
        if total <= REACH || self.left <= REACH {
            return false;
        }
        let Some((first, second)) = part.window.and_then(Window::halves) else {
            tracing::warn!(
                total,
                "more than {REACH} results that cannot be parted by time: the others are cut off"
            );
            return false;
        };
        let mut halves = [second, first];
        match self.search.sort.first().map(String::as_str) {
            Some("-date") => halves.reverse(),
            Some(DATE) | None => {}
            Some(field) => self.warn(&format!(
                "more than {REACH} results: they are sorted by {field} within stretches of time only"
            )),
        }
        let parts = halves.map(|window| Part {
            window: Some(window),
            offset: 0,
        });
        self.pending.extend(parts);
        true
    }

    /// Comes back to a stretch for its next page, if it has one.
    fn follow(&mut self, part: Part, asked: u64, got: u64, total: u64) {
        let offset = part.offset + asked;
        if got > 0 && offset < total.min(REACH) {
            self.pending.push(Part { offset, ..part });
        }
    }

    async fn ask(&mut self, part: Part, number: u64) -> Result<Page, Error> {
        let question = self.question(part, number);
        let answer = self.crash_stats.json(&question).await?;
        let page = Page::read(&answer)
            .map_err(|reason| self.crash_stats.malformed(&question, reason.to_owned()))?;
        self.total.get_or_insert(page.total);
        for error in &page.errors {
            self.warn(&format!("results may be missing: {error}"));
        }
        Ok(page)
    }

    fn question(&self, part: Part, number: u64) -> Question {
        let search = Search {
            window: part.window,
            ..self.search.clone()
        };
        let mut parameters = search.parameters();
        for (name, value) in [
            ("_results_offset", part.offset),
            ("_results_number", number),
            // Nobody looks at them, and they are what costs the server most.
            ("_facets_size", 0),
        ] {
            parameters.push((name.to_owned(), value.to_string()));
        }
        let parameters = parameters.iter();
        let parameters = parameters.map(|(name, value)| (name.as_str(), value.as_str()));
        self.crash_stats
            .question("SuperSearch", parameters, "search results".to_owned())
    }

    /// Warns once.
    fn warn(&mut self, text: &str) {
        if self.warned.insert(text.to_owned()) {
            tracing::warn!("{text}");
        }
    }
}

/// An answer.
#[derive(Debug)]
struct Page {
    hits: Vec<Hit>,
    total: u64,
    errors: Vec<String>,
}

impl Page {
    fn read(answer: &Value) -> Result<Self, &'static str> {
        let hits = answer.get("hits").and_then(Value::as_array);
        let total = answer.get("total").and_then(Value::as_u64);
        let (Some(hits), Some(total)) = (hits, total) else {
            return Err("it has no hits");
        };
        let hits: Option<Vec<_>> = hits.iter().map(hit).collect();
        let errors = answer.get("errors").and_then(Value::as_array);
        Ok(Self {
            hits: hits.ok_or("a hit has no crash id")?,
            total,
            errors: errors.into_iter().flatten().map(told).collect(),
        })
    }
}

fn hit(hit: &Value) -> Option<Hit> {
    let columns = hit.as_object()?;
    let id = columns.get(UUID)?.as_str()?;
    Some(Hit {
        id: CrashId::parse(id).ok()?,
        columns: columns.clone(),
    })
}

/// What the server says about results that may be missing.
fn told(error: &Value) -> String {
    let text = |name| error.get(name).and_then(Value::as_str);
    match (text("type"), text("index")) {
        (Some("missing_index"), Some(index)) => format!("there is no index {index}"),
        (Some("shards"), Some(index)) => format!("a part of the index {index} did not answer"),
        (Some(kind), _) => kind.to_owned(),
        _ => "the server reports an error".to_owned(),
    }
}
