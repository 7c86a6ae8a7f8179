//! Showing a processed crash.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use socorro_core::{
    ProcessedCrash,
    json::{self, Form},
};
use socorro_report::Report;
use tempfile::NamedTempFile;

use crate::{failure::Failure, output::Output};

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
    let mut content = json::to_vec(processed.as_map(), form(pretty));
    content.push(b'\n');
    write_whole(path, &content)
}

/// Writes a file whole or not at all, readable for its owner only: crashes hold private data.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::because(format_args!("cannot write {}", path.display()), &error)
    };
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
    let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
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
pub(crate) fn print_summary(output: &mut Output, report: &Report) -> Result<(), Failure> {
    let text = report
        .text()
        .short()
        .width(output.width())
        .color(output.color());
    output.bytes(text.to_string().as_bytes())
}
