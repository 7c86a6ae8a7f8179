//! `socorro submit`.

mod answer;
mod contents;
mod server;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use self::{
    answer::Answer,
    contents::ContentArguments,
    server::{Server, ServerArguments},
};
use crate::{
    exit::Exit,
    failure::Failure,
    input, interrupt,
    listing::{ListArguments, Listing, members},
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro submit crash.dmp -a ProductName=MyApp -a Version=1.2
  socorro submit *.dmp --beside --url https://crashes.example.com
  socorro submit crash.dmp --annotations crash.json --file memory_report=memory.json.gz --gzip
  socorro submit -a ProductName=MyApp -a JavaStackTrace=…

Sends each minidump as a crash report to a collector, and prints the crash id of each on a line.
Without a minidump, a report of the annotations alone is sent. Annotations of -a count before those
of --annotations, and those before what --beside finds.

What fails for the moment (no connection, and the answers 408, 429 and 5xx) is tried again, after
as long as the server says. A report whose answer was lost on the way is stored twice then. When
the retries are used up, the reports that follow are not sent, either.

Exit code 0: all were accepted. Exit code 1: one was not, because it failed or because a throttling
rule of the collector did not want it; standard error tells which and why.";

/// Send crash reports to a collector.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SubmitArguments {
    /// The minidumps, or - for one from standard input
    #[arg(value_name = "FILE.dmp")]
    minidumps: Vec<PathBuf>,
    #[command(flatten)]
    contents: ContentArguments,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    list: ListArguments,
}

pub(super) async fn run(arguments: &SubmitArguments, output: &mut Output) -> Result<Exit, Failure> {
    tokio::select! {
        result = submit(arguments, output) => result,
        signal = interrupt::signal() => Ok(Exit::Interrupted(signal?)),
    }
}

async fn submit(arguments: &SubmitArguments, output: &mut Output) -> Result<Exit, Failure> {
    let server = Server::new(&arguments.server)?;
    let minidumps: Vec<Option<&PathBuf>> = if arguments.minidumps.is_empty() {
        vec![None]
    } else {
        arguments.minidumps.iter().map(Some).collect()
    };
    let columns = ["file", "result", "crash_id", "rule", "view_url", "error"];
    let mut listing = arguments.list.begin(&columns);
    let mut failed = false;
    for minidump in minidumps {
        let name = minidump.map(|path| input::name(path));
        let sent = match arguments.contents.form(minidump.map(PathBuf::as_path)) {
            Ok(form) => server.submit(&form).await,
            Err(failure) => Err(server::Unsent::Report(failure)),
        };
        let failure = match sent {
            Ok(answer) => tell(name.as_deref(), &answer, &mut listing, output)?,
            Err(unsent) => {
                let is_last = unsent.is_about_the_server();
                let failure = unsent.into_failure();
                let item = item(name.as_deref(), "failed", [("error", failure.message())]);
                if !listing.is_text() {
                    listing.item(&item, "", output)?;
                }
                if is_last {
                    // Others would not get through, either.
                    listing.finish(output)?;
                    return Err(failure);
                }
                Some(failure)
            }
        };
        if let Some(failure) = failure {
            failed = true;
            output.report(&failure);
        }
    }
    listing.finish(output)?;
    Ok(Exit::failure_if(failed))
}

/// Prints what the collector answered; gives what is to be said of a report that is not wanted.
fn tell(
    name: Option<&str>,
    answer: &Answer,
    listing: &mut Listing,
    output: &mut Output,
) -> Result<Option<Failure>, Failure> {
    match answer {
        Answer::Accepted {
            id,
            view_url,
            stop_sending,
        } => {
            let mut texts = vec![("crash_id", id.as_str())];
            texts.extend(view_url.as_deref().map(|url| ("view_url", url)));
            listing.item(&item(name, "accepted", texts), id, output)?;
            if let Some(url) = view_url {
                output.note(format_args!("it will be shown at {}", Clean(url)));
            }
            if let Some(version) = stop_sending {
                let version = Clean(version);
                output.note(format_args!(
                    "the collector wants no more crashes of version {version}"
                ));
            }
            Ok(None)
        }
        Answer::Rejected { rule } => {
            if !listing.is_text() {
                listing.item(&item(name, "rejected", [("rule", &**rule)]), "", output)?;
            }
            let (name, rule) = (name.unwrap_or("the report"), Clean(rule));
            let failure = Failure::new(format!(
                "{name} was rejected: throttling rule {rule} of the collector does not want it"
            ));
            Ok(Some(failure.hint(
                "it was received but not stored; the rules say which annotations are wanted (-a KEY=VALUE)",
            )))
        }
    }
}

/// An item of the list.
fn item<'a>(
    name: Option<&str>,
    result: &str,
    texts: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Map<String, Value> {
    let texts = texts
        .into_iter()
        .map(|(name, text)| (name, Value::from(text)));
    members(
        [("file", name.into()), ("result", result.into())]
            .into_iter()
            .chain(texts),
    )
}
