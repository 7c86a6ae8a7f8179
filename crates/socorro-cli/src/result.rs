//! Showing a processed crash.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use socorro_core::{
    ProcessedCrash,
    json::{self, Form},
};
use socorro_stackwalk::TextReport;
use tempfile::NamedTempFile;

use crate::{
    failure::Failure,
    output::{Clean, Output},
};

/// What a summary shows of a stackwalk: not the other threads, and not the modules.
const SUMMARISED: [&str; 4] = ["crash_info", "crashing_thread", "pid", "system_info"];

/// Prints a processed crash as JSON: indented for a person, as stored for a program.
pub(crate) fn print(
    output: &mut Output,
    processed: &ProcessedCrash,
    pretty: bool,
) -> Result<(), Failure> {
    let form = form(pretty || output.is_terminal());
    output.json(processed.as_map(), form)
}

/// Writes a processed crash to a file, whole or not at all.
pub(crate) fn write_file(
    path: &Path,
    processed: &ProcessedCrash,
    pretty: bool,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::because(format_args!("cannot write {}", path.display()), &error)
    };
    let mut content = json::to_vec(processed.as_map(), form(pretty));
    content.push(b'\n');
    // Devices and pipes cannot be replaced, only written.
    let special = fs::metadata(path).is_ok_and(|found| !found.is_file());
    if special {
        return fs::write(path, content).map_err(failed);
    }
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let directory = if directory.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        directory
    };
    // Readable for the owner only: many fields are private data.
    let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
    file.write_all(&content).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn form(pretty: bool) -> Form {
    if pretty {
        Form::Pretty
    } else {
        Form::Processor
    }
}

/// Prints what a person wants to know first: signature, reason, crashing thread, notes.
pub(crate) fn print_summary(
    output: &mut Output,
    processed: &ProcessedCrash,
) -> Result<(), Failure> {
    let color = output.color();
    for (name, field) in [
        ("Crash id", "uuid"),
        ("Signature", "signature"),
        ("Product", "product"),
        ("Version", "version"),
        ("Stackwalk", "mdsw_status_string"),
    ] {
        if let Some(text) = processed.text(field).filter(|text| !text.is_empty()) {
            let heading = heading(&format!("{:<18}", format!("{name}:")), color);
            output.line(format_args!("{heading} {}", Clean(text)))?;
        }
    }
    if let Some(walk) = processed.json_dump().filter(|walk| !walk.is_empty()) {
        let walk = summarised(walk);
        let symbolication = processed.get("symbolication").and_then(Value::as_object);
        let report = TextReport::new(&walk)
            .symbolication(symbolication)
            .color(color);
        output.bytes(report.to_string().as_bytes())?;
    }
    output.line(format_args!("\n{}", heading("Notes", color)))?;
    for note in processed.processor_notes() {
        output.line(format_args!("  {}", Clean(note)))?;
    }
    Ok(())
}

fn summarised(walk: &Map<String, Value>) -> Map<String, Value> {
    let mut parts = Map::new();
    for name in SUMMARISED {
        if let Some(part) = walk.get(name) {
            parts.insert(name.to_owned(), part.clone());
        }
    }
    parts
}

fn heading(text: &str, color: bool) -> String {
    if color {
        format!("\x1b[1m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
