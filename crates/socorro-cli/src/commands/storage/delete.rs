//! `socorro storage delete`.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use futures::{StreamExt as _, stream};
use serde_json::{Map, Value};
use socorro_core::{CrashId, json::Form};
use socorro_storage::{CrashStorage, DeleteReport, Error, ErrorKind, Remaining};

use crate::{
    arguments::StorageArguments,
    crash_ids::CrashIds,
    exit::Exit,
    failure::{Failure, with_causes},
    input,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  ID=de1bb258-cbbf-4589-a673-34f800160918
  socorro storage delete $ID --storage file:///srv/crashes
  socorro storage delete --dry-run - --storage s3://crashes < ids.txt
  socorro storage delete --ids ids.txt --storage s3://crashes

Deletes everything there is for a crash: dumps, processed crash, raw crash (at the key used until
2022, too), a telemetry copy in the same storage, and the list of dumps last. What processors noted
beside the crashes stays, and so do copies in other storages.

In a list, empty lines and lines that begin with # are passed over; an id may be the URL of a
report. A crash that is not there is deleted already. Asks before it deletes when a person is at the
terminal.

Exit code 0: nothing of these crashes is left. Exit code 1: something is, or may be; run it again.";

/// How many crashes are deleted at the same time.
const CONCURRENT: usize = 4;

/// Delete crashes with all their parts, for good.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeleteArguments {
    #[command(flatten)]
    storage: StorageArguments,
    /// Crash ids; `-` reads them from standard input, one on each line
    #[arg(value_name = "CRASHID", required_unless_present = "list")]
    ids: Vec<String>,
    /// Also those in this list of crash ids, one on each line
    #[arg(long = "ids", id = "list", value_name = "FILE")]
    list: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// How it is told what was deleted
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// How it is told what was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each crash
    #[default]
    Text,
    /// A JSON object for each crash
    Json,
}

pub(crate) async fn run(arguments: &DeleteArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut given = arguments.ids.clone();
    if let Some(list) = &arguments.list {
        given.extend(input::list(list)?.lines().map(str::to_owned));
    }
    let CrashIds { ids, bad } = CrashIds::in_arguments(&given)?;
    for error in &bad {
        output.report(&Failure::because("not deleted", error));
    }
    let storage = arguments.storage.open_existing().await?;
    let asks = !arguments.yes && !arguments.dry_run && !ids.is_empty();
    if asks && !agreed(ids.len(), &*storage)? {
        return Err(Failure::new("nothing was deleted"));
    }
    let storage = &*storage;
    let mut deletions = stream::iter(ids)
        .map(|id| async move { (id, Deletion::of(storage, &id, arguments.dry_run).await) })
        .buffered(CONCURRENT);
    let mut failed = !bad.is_empty();
    while let Some((id, result)) = deletions.next().await {
        match result {
            Ok(deletion) => {
                failed |= !deletion.is_complete();
                deletion.tell(id, arguments.format, output)?;
            }
            Err(error) => {
                failed = true;
                let failure = Failure::from(error);
                output.report(&failure.within(format_args!("{id} was not deleted")));
            }
        }
    }
    Ok(Exit::failure_if(failed))
}

/// Asks, where somebody is there to answer.
fn agreed(count: usize, storage: &dyn CrashStorage) -> Result<bool, Failure> {
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Ok(true);
    }
    let failed = |error: io::Error| Failure::because("cannot ask", &error);
    write!(
        stderr,
        "Delete {count} crashes from {storage} for good? [y/N] "
    )
    .map_err(failed)?;
    stderr.flush().map_err(failed)?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(failed)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// What became of a crash.
pub(crate) struct Deletion {
    outcome: &'static str,
    /// What there was; unknown where the list of dumps is damaged.
    items: Option<Vec<String>>,
    /// What is left.
    remaining: Vec<String>,
}

impl Deletion {
    /// Deletes a crash, or only looks at what there is of it.
    pub(crate) async fn of(
        storage: &dyn CrashStorage,
        id: &CrashId,
        dry_run: bool,
    ) -> Result<Self, Error> {
        let items = match storage.catalog(id).await {
            Ok(catalog) => {
                let items = catalog.present.iter();
                Some(
                    items
                        .map(|entry| entry.item.to_string())
                        .collect::<Vec<_>>(),
                )
            }
            // That must not keep anybody from deleting it.
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::TooLarge) => None,
            Err(error) => return Err(error),
        };
        let is_absent = items.as_ref().is_some_and(Vec::is_empty);
        // Something may lie at keys that no catalog has, so it is deleted in any case.
        let report = if dry_run {
            DeleteReport::default()
        } else {
            storage.delete(id).await?
        };
        let outcome = match (report.is_complete(), is_absent, dry_run) {
            (false, _, _) => "incomplete",
            (true, true, _) => "absent",
            (true, false, true) => "present",
            (true, false, false) => "deleted",
        };
        tracing::info!(%id, outcome, "deletion");
        let remaining = report.remaining.iter().map(shown).collect();
        Ok(Self {
            outcome,
            items,
            remaining,
        })
    }

    /// Whether nothing is left.
    pub(crate) fn is_complete(&self) -> bool {
        self.remaining.is_empty()
    }

    /// Tells it in a line.
    pub(crate) fn tell_text(&self, id: CrashId, output: &mut Output) -> Result<(), Failure> {
        self.tell(id, Format::Text, output)
    }

    fn tell(&self, id: CrashId, format: Format, output: &mut Output) -> Result<(), Failure> {
        if format == Format::Json {
            return output.json(&self.members(id), Form::Processor);
        }
        let what = match self.outcome {
            "absent" => return output.line(format_args!("{id} is not there")),
            "present" => "would be deleted",
            "deleted" => "was deleted",
            _ => {
                let left = self.remaining.join("; ");
                output.report(
                    &Failure::new(format!("{id} was not deleted completely: {left}"))
                        .hint("run it again: what leads to the rest is still there"),
                );
                return Ok(());
            }
        };
        match &self.items {
            Some(items) => output.line(format_args!("{id} {what}: {}", items.join(", "))),
            None => output.line(format_args!("{id} {what}")),
        }
    }

    fn members(&self, id: CrashId) -> Map<String, Value> {
        let mut members = Map::from_iter([
            ("crash_id".to_owned(), Value::from(id.as_str())),
            ("outcome".to_owned(), self.outcome.into()),
        ]);
        if let Some(items) = &self.items {
            members.insert("items".to_owned(), items.clone().into());
        }
        if !self.remaining.is_empty() {
            members.insert("remaining".to_owned(), self.remaining.clone().into());
        }
        members
    }
}

fn shown(remaining: &Remaining) -> String {
    match remaining {
        Remaining::Failed { key, error } => format!("{key} ({})", with_causes(error)),
        Remaining::Kept { key } => format!("{key} (kept: it may lead to a dump that is left)"),
        Remaining::Unknown { error } => {
            format!("dumps that nobody can name ({})", with_causes(error))
        }
        Remaining::Unreachable { name } => {
            format!("a file called {}, which is no name of a dump", Clean(name))
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_deletes() {
        for answer in ["y\n", "YES\n", " y "] {
            assert!(is_yes(answer), "{answer}");
        }
        for answer in ["", "\n", "n\n", "yup\n", "no, y\n"] {
            assert!(!is_yes(answer), "{answer}");
        }
    }
}
