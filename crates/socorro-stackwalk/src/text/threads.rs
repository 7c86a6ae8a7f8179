//! The middle of the report: threads, the crashing one first.

use std::collections::HashMap;
use std::fmt;

use socorro_core::Clean;

use super::Style;
use crate::report::{Frame, StackwalkView, Thread};
use crate::symbolication::{Reason, SymbolicationView};

/// Frames shown of a thread that did not crash.
const FRAMES_IN_SHORT: usize = 3;

/// Why frames of a thread have no name, by their number.
type Reasons = HashMap<u64, Reason>;

pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    document: StackwalkView<'_>,
    symbolication: Option<SymbolicationView<'_>>,
    style: Style,
    all: bool,
) -> fmt::Result {
    let reasons = |thread| {
        symbolication
            .map(|view| view.reasons(thread))
            .unwrap_or_default()
    };
    let crashing = document.crashing_thread_index();
    if let (Some(index), Some(thread)) = (crashing, document.crashing_thread()) {
        write_heading(f, style, index, thread, " (crashed)")?;
        write_frames(f, style, thread, &reasons(index), usize::MAX)?;
    }
    for (index, thread) in document
        .threads()
        .enumerate()
        .filter(|(index, _)| Some(*index) != crashing)
    {
        write_heading(f, style, index, thread, "")?;
        let most = if all { usize::MAX } else { FRAMES_IN_SHORT };
        write_frames(f, style, thread, &reasons(index), most)?;
    }
    Ok(())
}

fn write_heading(
    f: &mut fmt::Formatter<'_>,
    style: Style,
    index: usize,
    thread: Thread<'_>,
    mark: &str,
) -> fmt::Result {
    writeln!(f)?;
    write!(f, "{}", style.heading(&format!("Thread {index}{mark}")))?;
    if let Some(name) = thread.name() {
        write!(f, " {}", Clean(name))?;
    }
    if let Some(id) = thread.id() {
        write!(f, " [{id}]")?;
    }
    if let Some(error) = thread.last_error() {
        write!(f, ", last error {}", Clean(error))?;
    }
    writeln!(f)
}

/// Writes up to `most` frames and says how many are left. Inlined functions come before the frame they are inlined in
/// and share its number.
fn write_frames(
    f: &mut fmt::Formatter<'_>,
    style: Style,
    thread: Thread<'_>,
    reasons: &Reasons,
    most: usize,
) -> fmt::Result {
    let mut frames = (0..).zip(thread.frames());
    let mut expected = 0;
    for (index, frame) in frames.by_ref().take(most) {
        let number = frame.number().unwrap_or(index);
        if number > expected {
            writeln!(f, "     ... {} left out ...", number - expected)?;
        }
        expected = number.saturating_add(1);
        for inline in frame.inlines() {
            write_frame(f, style, number, inline, frame, "inlined")?;
        }
        match frame.truncation() {
            Some(note) => {
                writeln!(f, "     ... {} ...", Clean(note))?;
                // The note says it: nothing is left to be said of what is left out.
                expected = u64::MAX;
            }
            None => {
                let trust = frame.trust().unwrap_or("unknown");
                let found = match reasons.get(&number) {
                    Some(reason) => format!("{trust}; {}", reason.words()),
                    None => trust.to_owned(),
                };
                write_frame(f, style, number, frame, frame, &found)?;
            }
        }
        write_registers(f, frame)?;
    }
    match frames.count() {
        0 => Ok(()),
        left => writeln!(f, "     ... {left} more"),
    }
}

/// Writes the function of `place`, which is `frame` itself or inlined in it.
fn write_frame(
    f: &mut fmt::Formatter<'_>,
    style: Style,
    number: u64,
    place: Frame<'_>,
    frame: Frame<'_>,
    found: &str,
) -> fmt::Result {
    write!(f, "{number:>4} ")?;
    if let Some(module) = frame.module() {
        write!(f, " {}", Clean(module))?;
    }
    match (place.function(), frame.module_offset(), frame.address()) {
        (Some(function), ..) => write!(f, " {}", style.function(&Clean(function).to_string()))?,
        (None, Some(offset), _) => write!(f, " + {}", Clean(offset))?,
        (None, None, address) => write!(f, " {}", Clean(address.unwrap_or("unknown address")))?,
    }
    for (name, offsets) in frame.unloaded_modules() {
        write!(
            f,
            " (unloaded {} at {})",
            Clean(name),
            Clean(&offsets.join(", "))
        )?;
    }
    if let Some(file) = place.file() {
        write!(f, " at {}", Clean(file))?;
        if let Some(line) = place.line() {
            write!(f, ":{line}")?;
        }
    }
    writeln!(f, " ({})", Clean(found))
}

/// Writes the registers of a frame that has them, four to a line.
fn write_registers(f: &mut fmt::Formatter<'_>, frame: Frame<'_>) -> fmt::Result {
    let registers: Vec<_> = frame.registers().collect();
    for line in registers.chunks(4) {
        write!(f, "     ")?;
        for (name, value) in line {
            write!(f, " {:>4}={}", Clean(name), Clean(value))?;
        }
        writeln!(f)?;
    }
    Ok(())
}
