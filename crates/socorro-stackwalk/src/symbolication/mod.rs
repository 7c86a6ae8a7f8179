//! Which frames have no name, and why: a report beside the stackwalk document, which has no place for it.
//!
//! ```json
//! {
//!   "causes": [{"frames": 2, "reason": "not_found", "module": "libc.so.6", "debug_id": "…", "places": ["/symbols"]}],
//!   "frames": 9,
//!   "modules": 3,
//!   "modules_without_symbols": 1,
//!   "named": 7,
//!   "unnamed": [[0, 1, 0], [0, 4, 0]]
//! }
//! ```
//!
//! What is known of a cause is told once; `unnamed` refers to it: index of the thread, number of the frame, index of the
//! cause. Both lists are bounded, the counts are those of all. Frames of the crashing thread come first.

mod cause;
mod reason;
mod view;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use minidump::MinidumpModule;
use minidump_processor::ProcessState;
use minidump_unwind::StackFrame;
use serde::Serialize;

use crate::symbols::LookedUpSymbols;
use cause::Cause;
pub use reason::Reason;
pub use view::{CauseView, SymbolicationView};

/// The most unnamed frames that are listed.
const MOST_FRAMES: usize = 5000;
/// The most causes that are listed. Real crashes have some dozens.
const MOST_CAUSES: usize = 500;

/// Which frames have no name, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Symbolication {
    causes: Vec<Cause>,
    frames: usize,
    modules: usize,
    modules_without_symbols: usize,
    named: usize,
    unnamed: Vec<(usize, usize, usize)>,
}

impl Symbolication {
    /// Looks at all frames of a walk.
    pub(crate) fn of(state: &ProcessState, symbols: &LookedUpSymbols) -> Self {
        let mut causes = Causes {
            symbols,
            known: HashMap::new(),
            by_module: HashMap::new(),
            counts: Vec::new(),
        };
        let mut modules = HashSet::new();
        let mut report = Self {
            causes: Vec::new(),
            frames: 0,
            modules: 0,
            modules_without_symbols: 0,
            named: 0,
            unnamed: Vec::new(),
        };
        for index in threads(state) {
            let frames = &state.threads[index].frames;
            report.frames += frames.len();
            modules.extend(
                frames
                    .iter()
                    .filter_map(|frame| Some(place(frame.module.as_ref()?))),
            );
            for (number, frame) in frames.iter().enumerate() {
                if frame.function_name.is_some() {
                    report.named += 1;
                    continue;
                }
                let cause = causes.of(frame);
                if report.unnamed.len() < MOST_FRAMES {
                    report.unnamed.push((index, number, cause));
                }
            }
        }
        report.modules = modules.len();
        let lacks = |module: &&(u64, u64)| causes.lacks_symbols(**module);
        report.modules_without_symbols = modules.iter().filter(lacks).count();
        report.list(causes);
        report
    }

    /// Lists the causes, those of most frames first.
    fn list(&mut self, causes: Causes<'_>) {
        let mut listed: Vec<_> = causes.known.into_iter().collect();
        listed.sort_unstable_by_key(|(_, index)| (Reverse(causes.counts[*index]), *index));
        listed.truncate(MOST_CAUSES);
        let moved: HashMap<_, _> = listed.iter().map(|(_, index)| *index).zip(0..).collect();
        self.unnamed
            .retain_mut(|(_, _, cause)| match moved.get(cause) {
                Some(place) => {
                    *cause = *place;
                    true
                }
                None => false,
            });
        let counted = |(mut cause, index): (Cause, usize)| {
            cause.frames = causes.counts[index];
            cause
        };
        self.causes = listed.into_iter().map(counted).collect();
    }
}

/// Indexes of the threads, that of the crashing one first.
fn threads(state: &ProcessState) -> impl Iterator<Item = usize> {
    let count = state.threads.len();
    let crashing = state.requesting_thread.filter(|index| *index < count);
    let others = (0..count).filter(move |index| Some(*index) != crashing);
    crashing.into_iter().chain(others)
}

/// Base address and size: what tells the modules of one minidump apart.
fn place(module: &MinidumpModule) -> (u64, u64) {
    (module.raw.base_of_image, module.raw.size_of_image.into())
}

/// The causes met so far, numbered as they were met.
struct Causes<'a> {
    symbols: &'a LookedUpSymbols,
    known: HashMap<Cause, usize>,
    by_module: HashMap<(u64, u64), (usize, bool)>,
    counts: Vec<usize>,
}

impl Causes<'_> {
    /// The number of the cause of an unnamed frame, which is counted.
    fn of(&mut self, frame: &StackFrame) -> usize {
        let index = match &frame.module {
            Some(module) => self.of_module(module),
            None => {
                let unloaded = frame.unloaded_modules.keys().next();
                self.number(Cause::without_module(unloaded.map(String::as_str)))
            }
        };
        self.counts[index] += 1;
        index
    }

    fn of_module(&mut self, module: &MinidumpModule) -> usize {
        if let Some((index, _)) = self.by_module.get(&place(module)) {
            return *index;
        }
        let cause = Cause::of(module, self.symbols.of(module));
        let lacks_symbols = cause.reason.is_lack_of_symbols();
        let index = self.number(cause);
        self.by_module.insert(place(module), (index, lacks_symbols));
        index
    }

    fn number(&mut self, cause: Cause) -> usize {
        let next = self.counts.len();
        let index = *self.known.entry(cause).or_insert(next);
        if index == next {
            self.counts.push(0);
        }
        index
    }

    /// Whether the module at this place has no symbols. Then all its frames are unnamed, and so it is known here.
    fn lacks_symbols(&self, module: (u64, u64)) -> bool {
        self.by_module
            .get(&module)
            .is_some_and(|(_, lacks_symbols)| *lacks_symbols)
    }
}
