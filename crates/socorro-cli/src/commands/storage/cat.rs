//! `socorro storage cat`.

use clap::{Args, ValueEnum};
use socorro_core::{CrashId, DumpName, json::Form};

use crate::{
    arguments::{PermissionArguments, StorageArguments},
    exit::Exit,
    failure::Failure,
    output::Output,
    result,
};

const EXAMPLES: &str = "\
Examples:
  ID=de1bb258-cbbf-4589-a673-34f800160918
  socorro storage cat processed $ID --storage file:///srv/crashes | jq .signature
  socorro storage cat processed $ID --storage file:///srv/crashes --permissions public
  socorro storage cat dump $ID --storage file:///srv/crashes > crash.dmp";

/// Print what a storage holds for a crash.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatArguments {
    #[command(flatten)]
    storage: StorageArguments,
    /// What to print
    #[arg(value_enum)]
    what: What,
    /// Of which crash
    #[arg(value_name = "CRASHID", value_parser = CrashId::parse_lenient)]
    id: CrashId,
    /// Which dump
    #[arg(long, value_name = "NAME", default_value_t = DumpName::main())]
    name: DumpName,
    /// Indent JSON and sort its keys, terminal or not
    #[arg(long)]
    pretty: bool,
    #[command(flatten)]
    permissions: PermissionArguments,
}

/// What a storage holds for a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The annotations
    Raw,
    /// What the pipeline made of the report
    Processed,
    /// The names of the files that came with the report, one on each line
    DumpNames,
    /// One of these files
    Dump,
}

pub(crate) async fn run(arguments: &CatArguments, output: &mut Output) -> Result<Exit, Failure> {
    if arguments.what == What::Dump && output.is_terminal() {
        return Err(Failure::usage("a dump is nothing to look at on a terminal")
            .hint("write it to a file: … > crash.dmp"));
    }
    if arguments.what == What::Dump && arguments.permissions.is_public() {
        return Err(
            Failure::usage("a dump is not public: it is a picture of somebody's memory")
                .hint("`cat processed --permissions public` shows what is public about it"),
        );
    }
    let storage = arguments.storage.open_existing().await?;
    let id = &arguments.id;
    match arguments.what {
        What::Raw => {
            let raw = arguments.permissions.raw(storage.raw_crash(id).await?);
            let pretty = arguments.pretty || output.is_terminal();
            let form = if pretty {
                Form::Pretty
            } else {
                Form::Collector
            };
            output.json(raw.as_map(), form)?;
        }
        What::Processed => {
            let processed = storage.processed_crash(id).await?.value;
            let processed = arguments.permissions.processed(processed);
            result::print(output, &processed, arguments.pretty)?;
        }
        What::DumpNames => {
            for name in storage.dump_names(id).await?.names {
                output.line(name)?;
            }
        }
        What::Dump => output.bytes(&storage.dump(id, &arguments.name).await?)?,
    }
    Ok(Exit::Success)
}
