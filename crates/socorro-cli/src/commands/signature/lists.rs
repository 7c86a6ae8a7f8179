//! `socorro signature lists`: the built-in lists as files.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use socorro_signature::{ListName, ListTexts};

use crate::{exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro signature lists ./lists
  socorro signature diff --new ./lists crashes.ndjson

Lists of your own take the place of the built-in ones: start from a copy, change it, check it with
`socorro signature check`, and see with `socorro signature diff` what it would change.";

/// Write the built-in signature lists to a directory, to start lists of your own from.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListsArguments {
    /// Directory to write the four lists to; it is made if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) fn run(arguments: &ListsArguments, output: &mut Output) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    let files = ListName::ALL.map(|list| (directory.join(list.file_name()), list));
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        let what = format!("{} exists already", path.display());
        return Err(Failure::new(what).hint("name a directory without lists; nothing was written"));
    }
    fs::create_dir_all(directory).map_err(|error| {
        Failure::because(format_args!("cannot make {}", directory.display()), &error)
    })?;
    for (path, list) in &files {
        write_new(path, ListTexts::included().of(*list))?;
        output.line(path.display())?;
    }
    Ok(Exit::Success)
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || File::create_new(path)?.write_all(text.as_bytes());
    write()
        .map_err(|error| Failure::because(format_args!("cannot write {}", path.display()), &error))
}
