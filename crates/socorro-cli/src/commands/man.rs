//! `socorro man`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::{arguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro man | man -l -
  socorro man queue publish | man -l -
  socorro man --output /usr/local/share/man/man1";

/// Print a man page, or write those of all commands.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArguments {
    /// Write the pages of all commands into this directory, which is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "names")]
    output: Option<PathBuf>,
    /// Of which command [default: of the program as a whole]
    #[arg(value_name = "COMMAND")]
    names: Vec<String>,
}

pub(super) fn run(arguments: &ManArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut program = arguments::program();
    program.build();
    if let Some(directory) = &arguments.output {
        let failed = |error: &io::Error| {
            Failure::because(
                format_args!("cannot write to {}", directory.display()),
                error,
            )
        };
        fs::create_dir_all(directory).map_err(|error| failed(&error))?;
        let mut written = Vec::new();
        write_all(&program, directory, &mut written).map_err(|error| failed(&error))?;
        for path in written {
            output.line(path.display())?;
        }
        return Ok(Exit::Success);
    }
    let mut command = &program;
    for name in &arguments.names {
        command = command.find_subcommand(name).ok_or_else(|| {
            let of = command.get_bin_name().unwrap_or_default();
            Failure::usage(format!("{of} has no command {name:?}"))
                .hint("`socorro --help` lists them")
        })?;
    }
    let page = page(command).map_err(|error| Failure::because("cannot make the page", &error))?;
    output.bytes(&page)?;
    Ok(Exit::Success)
}

/// Writes the page of a command and those of its subcommands.
fn write_all(command: &Command, directory: &Path, written: &mut Vec<PathBuf>) -> io::Result<()> {
    let path = directory.join(format!("{}.1", page_name(command)));
    fs::write(&path, page(command)?)?;
    written.push(path);
    let subcommands = command.get_subcommands();
    subcommands
        .filter(|command| command.get_name() != "help")
        .try_for_each(|command| write_all(command, directory, written))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let name = page_name(command);
    let mut text = Vec::new();
    Man::new(command.clone().display_name(name)).render(&mut text)?;
    Ok(text)
}

/// `socorro-queue-publish`.
fn page_name(command: &Command) -> String {
    let name = command.get_bin_name();
    name.unwrap_or_else(|| command.get_name()).replace(' ', "-")
}
