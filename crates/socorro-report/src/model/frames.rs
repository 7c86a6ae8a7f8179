//! Threads and their frames.

use socorro_stackwalk::{Frame as StackFrame, Thread as StackThread, UnnamedReason};

use super::{NAME, Source, unnamed::Reasons};
use crate::words;

/// Functions shown that are inlined at one address.
const MOST_INLINES: usize = 100;

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thread {
    /// Its place among the threads, from 0.
    pub index: usize,
    /// The operating system's number of it.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// Whether it is the one that crashed.
    pub crashed: bool,
    /// Its last error (Windows).
    pub last_error: Option<String>,
    /// How many frames it has, shown or not.
    pub frame_count: u64,
    /// The frames, innermost first.
    pub rows: Vec<Row>,
}

/// What stands on one line of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A frame, or a function that is inlined in the frame below it.
    Frame(Frame),
    /// A word on frames that are left out.
    Gap(String),
}

/// A frame, or a function that is inlined in one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The number of the frame. Functions that are inlined in it share it.
    pub number: u64,
    /// The function, or else where in which module the frame is.
    pub function: String,
    /// Whether `function` is the name of a function.
    pub named: bool,
    /// File name of the module.
    pub module: Option<String>,
    /// The line of the source.
    pub source: Option<Source>,
    /// How the frame was found: `context`, `cfi`, `frame_pointer`, `scan` and others, or `inlined`.
    pub trust: String,
    /// Why it has no name.
    pub reason: Option<&'static str>,
    /// Modules that had been unloaded from its address, as in `plugin.so at 0x1130`.
    pub unloaded: Vec<String>,
    /// Names and values of the registers.
    pub registers: Vec<(String, String)>,
}

impl Frame {
    /// Whether the frame was only guessed from what lies on the stack.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        matches!(self.trust.as_str(), "scan" | "cfi_scan" | "none")
    }
}

impl Thread {
    /// A thread with at most `most` frames.
    pub(super) fn new(
        thread: StackThread<'_>,
        index: usize,
        crashed: bool,
        reasons: &Reasons<'_>,
        most: usize,
    ) -> Self {
        let counted = || thread.frames().count() as u64;
        Self {
            index,
            id: thread.id(),
            name: words::line(thread.name().unwrap_or_default(), NAME),
            crashed,
            last_error: thread.last_error().map(|error| words::line(error, NAME)),
            frame_count: thread.frame_count().unwrap_or_else(counted),
            rows: rows(thread, reasons, most),
        }
    }

    /// The frame that tells most in one line: the first with a name, or else the first.
    #[must_use]
    pub fn top(&self) -> Option<&Frame> {
        let frames = || {
            self.rows.iter().filter_map(|row| match row {
                Row::Frame(frame) => Some(frame),
                Row::Gap(_) => None,
            })
        };
        frames()
            .find(|frame| frame.named)
            .or_else(|| frames().next())
    }
}

/// Up to `most` frames, with what is left out.
fn rows(thread: StackThread<'_>, reasons: &Reasons<'_>, most: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut expected = 0;
    let mut frames = (0..).zip(thread.frames());
    for (index, frame) in frames.by_ref().take(most) {
        if let Some(note) = frame.truncation() {
            rows.push(Row::Gap(words::line(note, NAME)));
            // It has accounted for the numbers up to that of the next frame.
            expected = u64::MAX;
            continue;
        }
        let number = frame.number().unwrap_or(index);
        if number > expected {
            rows.push(left_out(number - expected));
        }
        expected = number.saturating_add(1);
        let inlines = frame.inlines().take(MOST_INLINES);
        rows.extend(inlines.map(|inline| Row::Frame(inlined(number, inline, frame))));
        rows.push(Row::Frame(whole(number, frame, reasons)));
    }
    let left = frames.count() as u64;
    if left > 0 {
        rows.push(left_out(left));
    }
    rows
}

fn left_out(number: u64) -> Row {
    Row::Gap(format!(
        "{} left out",
        words::count(number, "frame is", "frames are")
    ))
}

fn inlined(number: u64, inline: StackFrame<'_>, frame: StackFrame<'_>) -> Frame {
    Frame {
        module: frame.module().map(|name| words::line(name, NAME)),
        trust: "inlined".to_owned(),
        ..at(number, inline)
    }
}

fn whole(number: u64, frame: StackFrame<'_>, reasons: &Reasons<'_>) -> Frame {
    let unloaded = frame
        .unloaded_modules()
        .map(|(name, offsets)| words::line(&format!("{name} at {}", offsets.join(", ")), NAME));
    let registers = frame.registers();
    let place = at(number, frame);
    let reason = if place.named {
        None
    } else {
        reasons.of(number, frame)
    };
    Frame {
        module: frame.module().map(|name| words::line(name, NAME)),
        trust: words::line(frame.trust().unwrap_or("unknown"), NAME),
        reason: reason.map(UnnamedReason::words),
        unloaded: unloaded.take(MOST_INLINES).collect(),
        registers: registers
            .take(MOST_INLINES)
            .map(|(name, value)| (words::line(name, 32), words::line(value, 64)))
            .collect(),
        ..place
    }
}

/// What a frame and a function inlined in it have in common.
fn at(number: u64, place: StackFrame<'_>) -> Frame {
    let function = place.function().filter(|name| !name.is_empty());
    let shown = match (function, place.module_offset(), place.address()) {
        (Some(name), ..) => name.to_owned(),
        (None, Some(offset), _) => format!("+ {offset}"),
        (None, None, Some(address)) => address.to_owned(),
        (None, None, None) => "unknown address".to_owned(),
    };
    Frame {
        number,
        function: words::line(&shown, NAME),
        named: function.is_some(),
        module: None,
        source: place.file().map(|file| Source::new(file, place.line())),
        trust: String::new(),
        reason: None,
        unloaded: Vec::new(),
        registers: Vec::new(),
    }
}
