//! `socorro show`: a processed crash for human eyes.

mod crash;
mod parts;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::Value;
use serde_json_path::JsonPath;
use socorro_core::{
    ProcessedCrash,
    json::{self, Form},
};
use socorro_report::{Audience, Report};

use crate::{arguments::Permissions, exit::Exit, failure::Failure, input, output::Output, result};
use parts::ThreadChoice;

const EXAMPLES: &str = "\
Examples:
  socorro show de1bb258-cbbf-4589-a673-34f800160918 --storage file:///srv/crashes
  socorro show processed_crash.json
  socorro show processed_crash.json --html crash.html
  socorro show processed_crash.json --thread 3 --thread 5
  socorro show processed_crash.json --field signature
  socorro show processed_crash.json --json-path '$.json_dump.modules[?@.missing_symbols == true].filename'
  curl -s \"https://crash-stats.mozilla.org/api/ProcessedCrash/?crash_id=$ID\" | socorro show -

A page made by --html needs neither network nor scripts, and shows public fields only unless
--permissions protected is given. Exit code 3: there is no such crash, thread, field or value.";

/// Show a processed crash: what crashed, where, why.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("part").args(["threads", "fields", "json_path"])))]
pub(crate) struct ShowArguments {
    /// Which crash: its id (also in the URL of a report), looked up in --storage; or a file with a
    /// processed crash as JSON, compressed or not; `-` reads it from standard input
    #[arg(value_name = "ID|FILE")]
    crash: PathBuf,
    /// Where crashes are: file:///DIR, or s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME] with
    /// credentials from the AWS_* variables
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_STORAGE",
        hide_env_values = true
    )]
    storage: Option<String>,
    /// Show this thread in full, by its index, or `all` of them, and nothing else; may be repeated.
    /// With --html: unfold it
    #[arg(long = "thread", value_name = "N|all", value_parser = ThreadChoice::parse)]
    threads: Vec<ThreadChoice>,
    /// Print the value of this field, as in `signature` or `json_dump.crash_info.type`; may be
    /// repeated
    #[arg(long = "field", value_name = "NAME")]
    fields: Vec<String>,
    /// Print all values at this path: a JSONPath query (RFC 9535)
    #[arg(long, value_name = "PATH", value_parser = parts::json_path)]
    json_path: Option<JsonPath>,
    /// How to print: for people, or JSON with sorted members
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write a page for a browser to this file, in place of all else; `-` writes it to standard
    /// output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fields", "json_path", "format"])]
    html: Option<PathBuf>,
    /// What whoever reads it may see [default: protected; with --html: public]
    #[arg(
        long,
        value_enum,
        value_name = "PERMISSIONS",
        conflicts_with = "public"
    )]
    permissions: Option<Permissions>,
    /// Show public fields only; the same as --permissions public
    #[arg(long)]
    public: bool,
    /// Break lines at this many columns [default: those of the terminal]
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl ShowArguments {
    fn permissions(&self) -> Permissions {
        match self.permissions {
            Some(permissions) => permissions,
            None if self.public || self.html.is_some() => Permissions::Public,
            None => Permissions::Protected,
        }
    }

    fn width(&self, output: &Output) -> Option<usize> {
        self.width.or_else(|| output.width())
    }
}

/// The report for somebody who may see so much.
pub(crate) fn report(crash: &ProcessedCrash, permissions: Permissions) -> Report {
    match permissions {
        Permissions::Protected => Report::of(crash),
        Permissions::Public => Report::public(crash),
    }
}

pub(crate) async fn run(arguments: &ShowArguments, output: &mut Output) -> Result<Exit, Failure> {
    let crash = crash::find(&arguments.crash, arguments.storage.as_deref()).await?;
    let permissions = arguments.permissions();
    if let Some(path) = &arguments.html {
        let report = report(&crash, permissions);
        let opened = parts::indexes(&arguments.threads, &report)?;
        let page = report.page().opened(&opened).to_string();
        return write_page(path, &report, &page, output);
    }
    match arguments.format {
        Format::Json => {
            let crash = permissions.processed(crash);
            let value = part(arguments, &crash)?;
            let value = value.unwrap_or_else(|| Value::Object(crash.into_map()));
            output.line(json::to_string(&value, Form::Pretty))?;
        }
        Format::Text if !arguments.threads.is_empty() => {
            let report = report(&crash, permissions);
            let text = report
                .text()
                .width(arguments.width(output))
                .color(output.color());
            let indexes = parts::indexes(&arguments.threads, &report)?;
            let threads = text.threads(&indexes);
            let threads = threads.map_err(|index| parts::no_thread(index, &report))?;
            output.bytes(threads.as_bytes())?;
        }
        Format::Text => {
            let reduced = permissions.processed(crash.clone());
            match part(arguments, &reduced)? {
                Some(values) => parts::print(&values, output)?,
                None => {
                    let report = report(&crash, permissions);
                    let text = report.text().width(arguments.width(output));
                    output.bytes(text.color(output.color()).to_string().as_bytes())?;
                }
            }
        }
    }
    Ok(Exit::Success)
}

/// The part of the crash that was asked for, if not all of it was.
fn part(arguments: &ShowArguments, crash: &ProcessedCrash) -> Result<Option<Value>, Failure> {
    if !arguments.threads.is_empty() {
        return parts::threads(&arguments.threads, crash).map(Some);
    }
    if !arguments.fields.is_empty() {
        return parts::fields(&arguments.fields, crash, arguments.permissions()).map(Some);
    }
    match &arguments.json_path {
        Some(path) => parts::values(path, crash).map(Some),
        None => Ok(None),
    }
}

fn write_page(
    path: &Path,
    report: &Report,
    page: &str,
    output: &mut Output,
) -> Result<Exit, Failure> {
    if let Audience::Protected { shown } = &report.audience
        && !shown.is_empty()
    {
        tracing::warn!(fields = shown.len(), "the page shows protected data");
    }
    if input::is_stdin(path) {
        output.bytes(page.as_bytes())?;
    } else {
        result::write_whole(path, page.as_bytes())?;
    }
    Ok(Exit::Success)
}
