//! `socorro process`: the whole pipeline on one crash, without storage and queue.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use socorro_core::{CrashId, DumpName, Dumps, Environment, ProcessedCrash, RawCrash, time};
use socorro_processor::Crash;

use super::show::report;
use crate::{
    arguments::{PermissionArguments, RulesetArguments, SignatureArguments, WalkArguments},
    exit::Exit,
    failure::Failure,
    input,
    named_file::NamedFile,
    output::{Clean, Output},
    pipeline::pipeline,
    result,
};

const EXAMPLES: &str = "\
Examples:
  socorro process crash.dmp --annotations raw_crash.json --symbols ./symbols --summary
  socorro process crash.dmp --annotations raw_crash.json --output processed_crash.json
  socorro process crash.dmp --annotations raw_crash.json --permissions public
  socorro process tab.dmp --dump upload_file_minidump_browser=browser.dmp | jq .signature

The crash id is that of the annotations (uuid), or a new one. JSON goes to a terminal indented,
elsewhere on one line exactly as crash storage would hold it.";

/// Run the pipeline on one crash: symbolicated stacks, signature and all fields.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProcessArguments {
    /// The minidump; `-` reads it from standard input. Not needed with annotations, as a Java
    /// crash has none
    #[arg(value_name = "FILE.dmp", required_unless_present = "annotations")]
    dump: Option<PathBuf>,
    /// The crash annotations: a JSON object
    #[arg(long, value_name = "FILE")]
    annotations: Option<PathBuf>,
    /// Another file of the same report by its field name, as in
    /// upload_file_minidump_browser=browser.dmp; may be repeated
    #[arg(long = "dump", value_name = "NAME=FILE", value_parser = NamedFile::parse)]
    dumps: Vec<NamedFile>,
    #[command(flatten)]
    walk: WalkArguments,
    #[command(flatten)]
    signature: SignatureArguments,
    #[command(flatten)]
    rulesets: RulesetArguments,
    /// Which ruleset to run
    #[arg(long, value_name = "NAME", default_value = "default")]
    ruleset: String,
    #[command(flatten)]
    permissions: PermissionArguments,
    /// Print signature, reason, crashing thread and notes for people, in place of JSON
    #[arg(long)]
    summary: bool,
    /// Indent the JSON and sort its keys, terminal or not
    #[arg(long)]
    pretty: bool,
    /// Write the JSON to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(
    arguments: &ProcessArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let raw = input::annotations_or_none(arguments.annotations.as_deref())?;
    let crash = Crash::new(crash_id(&raw), raw, dumps(arguments)?);
    let signatures = arguments.signature.generator()?;
    let walker = Arc::new(arguments.walk.walker()?);
    let pipeline = pipeline(walker, &signatures, &arguments.rulesets)?;
    let processed = pipeline.run(&arguments.ruleset, crash).await?.processed;
    let processed = arguments.permissions.processed(processed);

    if let Some(path) = &arguments.output {
        result::write_file(path, &processed, arguments.pretty)?;
    }
    if arguments.summary {
        let report = report(&processed, arguments.permissions.which());
        result::print_summary(output, &report)?;
    } else if arguments.output.is_none() {
        result::print(output, &processed, arguments.pretty)?;
    }
    match &arguments.dump {
        Some(path) => walked(path, &processed).map(|()| Exit::Success),
        None => Ok(Exit::Success),
    }
}

/// The id that the collector gave the crash, or a new one.
fn crash_id(raw: &RawCrash) -> CrashId {
    let given = raw.annotation("uuid").map(CrashId::parse_lenient);
    if let Some(Err(error)) = &given {
        tracing::warn!(%error, "the annotation uuid is not used");
    }
    given.and_then(Result::ok).unwrap_or_else(|| {
        let today = time::date(Environment::system().now());
        CrashId::mint(today, 0)
    })
}

fn dumps(arguments: &ProcessArguments) -> Result<Dumps, Failure> {
    let limit = arguments.walk.limit();
    let mut dumps = Dumps::new();
    if let Some(path) = &arguments.dump {
        dumps.insert(DumpName::main(), input::dump(path, limit)?);
    }
    for file in &arguments.dumps {
        let dump = input::dump(&file.path, limit)?;
        if dumps.insert(file.name.clone(), dump).is_some() {
            return Err(Failure::usage(format!("{} is given twice", file.name)));
        }
    }
    Ok(dumps)
}

/// A minidump that cannot be walked is a result, but not the one that was hoped for.
fn walked(path: &Path, processed: &ProcessedCrash) -> Result<(), Failure> {
    let status = match processed.text("mdsw_status_string") {
        None | Some("OK") => return Ok(()),
        Some(status) => status,
    };
    let log = processed.text("mdsw_stderr").unwrap_or_default();
    let said = log
        .strip_prefix("ERROR ")
        .and_then(|log| log.split_once(" - "))
        .map_or(log, |(_, said)| said);
    let file = input::name(path);
    // What the walker said is not public.
    let reason = match said.trim() {
        "" => status.to_owned(),
        said => format!("{} ({status})", Clean(said)),
    };
    Err(
        Failure::new(format!("cannot walk minidump {file}: {reason}"))
            .hint(input::minidump_hint(path, status)),
    )
}
