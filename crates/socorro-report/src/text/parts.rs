//! The parts of a report as text.

use std::fmt;

use super::paper::{Ink, Paper, columns, plain};
use crate::{
    model::{Fact, Field, Frame, Module, ModuleSymbols, Row, Stack, Thread, Walk},
    words,
};

/// Columns of a name with its colon, as in `Crash reason:`.
const NAMES: usize = 18;
/// The indent of what belongs to a frame.
const FRAME: usize = 6;
/// Columns that names of threads get in a list, at most.
const THREAD_NAMES: usize = 32;
/// Modules without symbols that are listed.
const MOST_MODULES: usize = 50;

/// One line `name: text`, aligned with the others.
pub(super) fn line(paper: &mut Paper<'_>, name: &str, text: &str, ink: Ink) -> fmt::Result {
    let name = format!("{:<NAMES$} ", format!("{name}:"));
    paper.line(NAMES + 1, &[(&name, Ink::Heading), (text, ink)])
}

pub(super) fn facts(paper: &mut Paper<'_>, facts: &[Fact]) -> fmt::Result {
    for fact in facts {
        let name = format!("{:<NAMES$} ", format!("{}:", fact.name));
        let mark = if fact.protected { " (protected)" } else { "" };
        paper.line(
            NAMES + 1,
            &[
                (&name, Ink::Heading),
                plain(&fact.value),
                (mark, Ink::Warning),
            ],
        )?;
    }
    Ok(())
}

/// A field, cut to `most` characters.
pub(super) fn field(paper: &mut Paper<'_>, field: &Field, most: usize) -> fmt::Result {
    let name = format!("  {}: ", field.name);
    let mark = if field.protected { " (protected)" } else { "" };
    let value = words::line(&field.value, most);
    paper.line(6, &[plain(&name), (&value, Ink::Dim), (mark, Ink::Warning)])
}

pub(super) fn java(paper: &mut Paper<'_>, stack: &Stack) -> fmt::Result {
    paper.heading("Java stack")?;
    for line in &stack.lines {
        paper.line(8, &[plain("  "), plain(line)])?;
    }
    match stack.left_out {
        0 => Ok(()),
        left => paper.line(
            4,
            &[plain(&format!(
                "  ... {} more",
                words::grouped(left as u64)
            ))],
        ),
    }
}

/// A thread in full.
pub(super) fn thread(paper: &mut Paper<'_>, thread: &Thread, mark: &str) -> fmt::Result {
    let mut details = String::new();
    if !thread.name.is_empty() {
        details.push_str(&format!(" {}", thread.name));
    }
    if let Some(id) = thread.id {
        details.push_str(&format!(" [{id}]"));
    }
    details.push_str(&format!(
        ", {}",
        words::count(thread.frame_count, "frame", "frames")
    ));
    if let Some(error) = &thread.last_error {
        details.push_str(&format!(", last error {error}"));
    }
    let heading = format!("Thread {}{mark}", thread.index);
    paper.gap()?;
    paper.line(2, &[(&heading, Ink::Heading), plain(&details)])?;
    for row in &thread.rows {
        match row {
            Row::Gap(note) => paper.line(FRAME, &[(&format!("     ... {note} ..."), Ink::Dim)])?,
            Row::Frame(frame) => {
                self::frame(paper, frame)?;
                registers(paper, frame)?;
            }
        }
    }
    Ok(())
}

fn frame(paper: &mut Paper<'_>, frame: &Frame) -> fmt::Result {
    let number = format!("{:>4}  ", frame.number);
    let module = frame.module.as_ref().map(|module| format!("{module} "));
    let unloaded = frame.unloaded.iter();
    let unloaded: String = unloaded
        .map(|module| format!(" (unloaded {module})"))
        .collect();
    let source = frame
        .source
        .as_ref()
        .map(|source| format!(" at {}", source.place()));
    let found = match frame.reason {
        Some(reason) => format!(" ({}; {reason})", frame.trust),
        None => format!(" ({})", frame.trust),
    };
    let name = if frame.named {
        Ink::Function
    } else {
        Ink::Plain
    };
    let trust = if frame.is_guess() {
        Ink::Warning
    } else {
        Ink::Dim
    };
    paper.line(
        FRAME,
        &[
            plain(&number),
            plain(module.as_deref().unwrap_or_default()),
            (&frame.function, name),
            plain(&unloaded),
            plain(source.as_deref().unwrap_or_default()),
            (&found, trust),
        ],
    )
}

/// The registers of a frame that has them.
fn registers(paper: &mut Paper<'_>, frame: &Frame) -> fmt::Result {
    let cells = frame
        .registers
        .iter()
        .map(|(name, value)| format!("{name:>4}={value}"));
    paper.cells(FRAME, &cells.collect::<Vec<_>>(), Ink::Dim)
}

/// The threads that did not crash, a line each.
pub(super) fn other_threads(paper: &mut Paper<'_>, walk: &Walk) -> fmt::Result {
    let threads = walk.other_threads();
    if threads.is_empty() {
        return Ok(());
    }
    let count = threads.len() + walk.threads_left_out;
    let title = if walk.crashing_thread().is_some() {
        "Other threads"
    } else {
        "Threads"
    };
    paper.heading(&format!("{title} ({count})"))?;
    let names = threads
        .iter()
        .map(|thread| columns(&thread.name))
        .max()
        .unwrap_or(0);
    let names = names.min(THREAD_NAMES);
    for thread in threads {
        let padding = " ".repeat(names.saturating_sub(columns(&thread.name)));
        let start = format!("{:>4}  {}{padding}  ", thread.index, thread.name);
        let (function, module, ink) = match thread.top() {
            None => ("no frames".to_owned(), String::new(), Ink::Plain),
            Some(frame) => top(frame),
        };
        paper.line(
            FRAME + names + 2,
            &[plain(&start), (&function, ink), (&module, Ink::Dim)],
        )?;
    }
    match walk.threads_left_out {
        0 => Ok(()),
        left => paper.line(FRAME, &[plain(&format!("      ... {left} more"))]),
    }
}

/// A frame in short: its function with the module, or where in the module it is.
fn top(frame: &Frame) -> (String, String, Ink) {
    match (&frame.module, frame.named) {
        (Some(module), true) => (
            frame.function.clone(),
            format!(" ({module})"),
            Ink::Function,
        ),
        (Some(module), false) => (
            format!("{module} {}", frame.function),
            String::new(),
            Ink::Plain,
        ),
        (None, _) => (frame.function.clone(), String::new(), Ink::Plain),
    }
}

/// What keeps frames from having names.
pub(super) fn unnamed(paper: &mut Paper<'_>, walk: &Walk, most: usize) -> fmt::Result {
    paper.heading("Unnamed frames")?;
    for cause in walk.unnamed.iter().take(most) {
        let module = cause.module.as_ref().map(|name| format!("{name}  "));
        let details = match cause.details.as_str() {
            "" => String::new(),
            details => format!(" ({details})"),
        };
        let ink = if cause.lacks_symbols {
            Ink::Warning
        } else {
            Ink::Plain
        };
        paper.line(
            8,
            &[
                plain(&format!("{:>6}  ", words::grouped(cause.frames))),
                plain(module.as_deref().unwrap_or_default()),
                (&cause.reason, ink),
                (&details, Ink::Dim),
            ],
        )?;
    }
    match walk.unnamed.len().saturating_sub(most) {
        0 => {}
        left => paper.line(8, &[plain(&format!("        ... {left} more causes"))])?,
    }
    paper.line(2, &[plain("  "), plain(&walk.names)])
}

/// The modules on the stacks whose symbols were not to be had.
pub(super) fn modules(paper: &mut Paper<'_>, walk: &Walk) -> fmt::Result {
    let lacking = |module: &&Module| {
        matches!(
            module.symbols,
            ModuleSymbols::Missing | ModuleSymbols::Corrupt
        )
    };
    let modules: Vec<&Module> = walk.modules.iter().filter(lacking).collect();
    if modules.is_empty() {
        return Ok(());
    }
    paper.heading(&format!("Modules without symbols ({})", modules.len()))?;
    for module in modules.iter().take(MOST_MODULES) {
        let reason = walk.unnamed.iter().find(|cause| {
            cause.lacks_symbols && cause.module.as_deref() == Some(module.name.as_str())
        });
        let reason = reason.map_or_else(
            || format!("symbols {}", module.symbols.words()),
            |cause| cause.reason.clone(),
        );
        let about = format!(
            "  {} {} ({}/{})",
            module.name, module.version, module.debug_file, module.debug_id
        );
        paper.line(6, &[plain(&about), plain(": "), (&reason, Ink::Warning)])?;
    }
    match modules.len().saturating_sub(MOST_MODULES) {
        0 => Ok(()),
        left => paper.line(6, &[plain(&format!("  ... {left} more"))]),
    }
}
