//! `socorro storage cat`.

use clap::{Args, ValueEnum};
use socorro_core::{CrashId, DumpName, json::Form};
use socorro_storage::StorageOptions;

use crate::{
    arguments::{PermissionArguments, open_storage},
    commands::objects::{self, S3Arguments},
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
  socorro storage cat dump $ID --storage file:///srv/crashes > crash.dmp
  socorro storage cat s3://dev-bucket/v1/dump/$ID > crash.dmp";

/// Print what a storage holds for a crash, or an object by its address.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatArguments {
    /// Where crashes are: file:///DIR, or s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME] with
    /// credentials from the AWS_* variables
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_STORAGE",
        hide_env_values = true
    )]
    storage: Option<String>,
    /// What to print: raw, processed, dump-names or dump of a crash, or an object by its address
    #[arg(value_name = "WHAT|URL", value_parser = Target::read)]
    what: Target,
    /// Of which crash
    #[arg(value_name = "CRASHID", value_parser = CrashId::parse_lenient)]
    id: Option<CrashId>,
    /// Which dump
    #[arg(long, value_name = "NAME", default_value_t = DumpName::main())]
    name: DumpName,
    /// Indent JSON and sort its keys, terminal or not
    #[arg(long)]
    pretty: bool,
    #[command(flatten)]
    permissions: PermissionArguments,
    #[command(flatten)]
    s3: S3Arguments,
}

/// What is printed.
#[derive(Debug, Clone)]
enum Target {
    Item(What),
    Object(String),
}

impl Target {
    fn read(text: &str) -> Result<Self, String> {
        if objects::is_address(text) {
            return Ok(Self::Object(text.to_owned()));
        }
        What::from_str(text, false).map(Self::Item).map_err(|_| {
            "it is raw, processed, dump-names, dump, or the address of an object".to_owned()
        })
    }
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
    let what = match (&arguments.what, arguments.id) {
        (Target::Item(what), Some(_)) => *what,
        (Target::Item(_), None) => {
            return Err(Failure::usage("of which crash? CRASHID is missing"));
        }
        (Target::Object(_), Some(_)) => {
            return Err(Failure::usage("an object has no parts: leave out CRASHID"));
        }
        (Target::Object(url), None) if arguments.permissions.is_public() => {
            return Err(
                Failure::usage(format!("nobody knows what is public in {url}"))
                    .hint("`cat processed CRASHID --permissions public` does"),
            );
        }
        (Target::Object(url), None) => {
            objects::cat(url, &arguments.s3, output).await?;
            return Ok(Exit::Success);
        }
    };
    crash(arguments, what, output).await
}

/// Prints a part of a crash.
async fn crash(arguments: &CatArguments, what: What, output: &mut Output) -> Result<Exit, Failure> {
    if what == What::Dump && output.is_terminal() {
        return Err(Failure::usage("a dump is nothing to look at on a terminal")
            .hint("write it to a file: … > crash.dmp"));
    }
    if what == What::Dump && arguments.permissions.is_public() {
        return Err(
            Failure::usage("a dump is not public: it is a picture of somebody's memory")
                .hint("`cat processed --permissions public` shows what is public about it"),
        );
    }
    let (Some(address), Some(id)) = (&arguments.storage, &arguments.id) else {
        return Err(
            Failure::usage("where are the crashes? --storage is missing")
                .hint("give --storage URL, or set SOCORRO_STORAGE"),
        );
    };
    let options = StorageOptions {
        create: false,
        ..StorageOptions::default()
    };
    let storage = open_storage(address, options).await?;
    match what {
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
