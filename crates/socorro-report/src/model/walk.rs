//! The stacks of one process.

use serde_json::{Map, Value};
use socorro_stackwalk::StackwalkView;

use super::{
    Module, NAME, Thread, Unnamed,
    fields::symbolication,
    modules,
    unnamed::{self, Reasons, Statuses},
};
use crate::words;

/// Frames shown of the thread that crashed.
const MOST_FRAMES: usize = 500;
/// Frames shown of any other thread.
const MOST_FRAMES_OF_OTHERS: usize = 200;
/// Frames shown of all threads.
const MOST_FRAMES_IN_ALL: usize = 10_000;
/// Threads shown.
const MOST_THREADS: usize = 2_000;
/// Further minidumps shown.
const MOST_MINIDUMPS: usize = 8;

/// The stacks of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Walk {
    /// The field name of the minidump, where it is not that of the process that crashed.
    pub minidump: Option<String>,
    /// Why there are no stacks, or not all of them.
    pub problem: Option<String>,
    /// Why this process was dumped.
    pub reason: Option<String>,
    /// The threads, that which crashed first.
    pub threads: Vec<Thread>,
    /// How many threads are not shown.
    pub threads_left_out: usize,
    /// What keeps frames from having names.
    pub unnamed: Vec<Unnamed>,
    /// How many frames have names, and what would name more of them.
    pub names: String,
    /// The modules, those with most frames first.
    pub modules: Vec<Module>,
}

impl Walk {
    /// Those of the process that crashed, then those of others.
    pub(super) fn all(crash: &Map<String, Value>, is_java: bool) -> Vec<Self> {
        let mut main = Self::of(crash, None);
        if is_java && main.threads.is_empty() && !crash.contains_key("mdsw_status_string") {
            // A Java crash has no minidump, and misses none.
            main.problem = None;
        }
        let others = additional(crash)
            .take(MOST_MINIDUMPS)
            .map(|(name, result)| Self::of(result, Some(words::line(name, NAME))));
        std::iter::once(main).chain(others).collect()
    }

    fn of(result: &Map<String, Value>, minidump: Option<String>) -> Self {
        let problem = problem(result);
        let document = result.get("json_dump").and_then(Value::as_object);
        let Some(document) = document.filter(|document| !document.is_empty()) else {
            return Self {
                minidump,
                problem,
                reason: None,
                threads: Vec::new(),
                threads_left_out: 0,
                unnamed: Vec::new(),
                names: String::new(),
                modules: Vec::new(),
            };
        };
        let view = StackwalkView::new(document);
        let threads = threads(result, view);
        let (unnamed, names) = unnamed::causes(view, symbolication(result));
        Self {
            minidump,
            problem,
            reason: view.crash_text("type").map(|text| words::line(text, NAME)),
            threads_left_out: view.threads().count().saturating_sub(threads.len()),
            threads,
            unnamed,
            names,
            modules: modules::all(view),
        }
    }

    /// The thread that crashed.
    #[must_use]
    pub fn crashing_thread(&self) -> Option<&Thread> {
        self.threads.first().filter(|thread| thread.crashed)
    }

    /// All threads but the one that crashed.
    #[must_use]
    pub fn other_threads(&self) -> &[Thread] {
        let crashed = usize::from(self.crashing_thread().is_some());
        &self.threads[crashed..]
    }
}

/// The results of further minidumps, by their names.
pub(super) fn additional(
    crash: &Map<String, Value>,
) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
    let names = crash.get("additional_minidumps").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| Some((name, crash.get(name)?.as_object()?)))
}

/// The crashing thread first, then the others in their order, within the bounds.
fn threads(result: &Map<String, Value>, view: StackwalkView<'_>) -> Vec<Thread> {
    let crashing = view.crashing_thread_index();
    let statuses = Statuses::of(view);
    let reasons = |index| match symbolication(result) {
        Some(report) => Reasons::Told(report.reasons(index)),
        None => Reasons::Inferred(&statuses),
    };
    let first = view.crashing_thread().map(|thread| {
        let index = crashing.unwrap_or(0);
        Thread::new(thread, index, true, &reasons(index), MOST_FRAMES)
    });
    let mut left = MOST_FRAMES_IN_ALL;
    let most = MOST_THREADS - usize::from(first.is_some());
    let is_first = |index| first.is_some() && Some(index) == crashing;
    let others: Vec<Thread> = view
        .threads()
        .enumerate()
        .filter(|(index, _)| !is_first(*index))
        .take(most)
        .map(|(index, thread)| {
            let most = left.min(MOST_FRAMES_OF_OTHERS);
            let thread = Thread::new(thread, index, false, &reasons(index), most);
            left = left.saturating_sub(thread.rows.len());
            thread
        })
        .collect();
    first.into_iter().chain(others).collect()
}

/// Why there are no stacks, or not all of them.
fn problem(result: &Map<String, Value>) -> Option<String> {
    let status = result.get("mdsw_status_string");
    match status.and_then(|status| words::value(status, NAME)) {
        Some(status) if status == "OK" => None,
        Some(status) if status == "EmptyMinidump" => Some(format!(
            "The minidump is empty, so that there are no stacks ({status})."
        )),
        Some(status) => Some(format!("The minidump could not be walked: {status}.")),
        None if result.contains_key("json_dump") => None,
        None => Some("There are no stacks: no minidump came with the report.".to_owned()),
    }
}
