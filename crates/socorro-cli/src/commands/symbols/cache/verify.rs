//! `socorro symbols cache verify`.

use clap::Args;
use serde_json::{Map, Value};
use socorro_core::json::Form;

use crate::{
    arguments::CacheArguments,
    commands::symbols::{Format, LARGEST_SYMBOL_FILE, report},
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols cache verify
  socorro symbols cache verify --remove --format json

Reads every file. Damaged ones come from disks, and from other programs: what this program downloads
is checked before it enters the cache, and a damaged file is removed when somebody wants to use it.

Exit code 0: every file is good, or damaged ones are removed. Exit code 1: anything else.";

/// Look for damaged symbol files in the cache.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    cache: CacheArguments,
    /// Remove damaged files; whoever wants them downloads them anew
    #[arg(long)]
    remove: bool,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &VerifyArguments, output: &mut Output) -> Result<Exit, Failure> {
    let cache = arguments.cache.open_or_fail()?;
    let progress = report::progress(cache.status().files);
    let (mut good, mut damaged, mut left) = (0_u64, 0_u64, 0_u64);
    for file in cache.verify(LARGEST_SYMBOL_FILE) {
        progress.inc(1);
        let Some(damage) = file.damage else {
            good += 1;
            continue;
        };
        damaged += 1;
        let path = file.path.display().to_string();
        progress.suspend(|| tell(&path, &damage, arguments.format, output))?;
        if !arguments.remove {
            left += 1;
        } else if let Err(error) = cache.discard(&file.path) {
            left += 1;
            output.report(&Failure::because(
                format_args!("cannot remove {path}"),
                &error,
            ));
        }
    }
    progress.finish_and_clear();
    if arguments.format == Format::Text {
        let removed = damaged - left;
        output.line(format_args!(
            "{good} files are good, {damaged} damaged, {removed} of them removed"
        ))?;
    }
    Ok(Exit::failure_if(left > 0))
}

fn tell(path: &str, damage: &str, format: Format, output: &mut Output) -> Result<(), Failure> {
    match format {
        Format::Text => output.line(format_args!("{}: {}", Clean(path), Clean(damage))),
        Format::Json => output.json(
            &Map::from_iter([
                ("path".to_owned(), Value::from(path)),
                ("damage".to_owned(), damage.into()),
            ]),
            Form::Processor,
        ),
    }
}
