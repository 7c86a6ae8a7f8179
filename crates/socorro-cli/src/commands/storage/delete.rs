//! `socorro storage delete`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use futures::{StreamExt as _, stream};
use serde_json::{Map, Value};
use socorro_core::{CrashId, json::Form};
use socorro_storage::{CrashStorage, DeleteReport, Error, ErrorKind, Remaining};

use crate::{
    arguments::{FailureArguments, StorageArguments},
    crash_ids::{CrashIds, given_texts},
    exit::Exit,
    failure::{Failure, with_causes},
    input,
    output::{Clean, Output},
    question::agreed,
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
    #[command(flatten)]
    failures: FailureArguments,
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

/// The crashes to delete: named, listed, or on standard input.
fn given(arguments: &DeleteArguments) -> Result<CrashIds, Failure> {
    let Some(list) = &arguments.list else {
        return CrashIds::in_arguments(&arguments.ids);
    };
    let list = input::list(list)?;
    let named = match arguments.ids.as_slice() {
        [] => Vec::new(),
        ids => given_texts(ids)?,
    };
    Ok(CrashIds::among(
        named.iter().map(String::as_str).chain(list.lines()),
    ))
}

pub(crate) async fn run(arguments: &DeleteArguments, output: &mut Output) -> Result<Exit, Failure> {
    let CrashIds { ids, bad } = given(arguments)?;
    for error in &bad {
        output.report(&Failure::because("not deleted", error));
    }
    let fail_fast = arguments.failures.fail_fast();
    if fail_fast && !bad.is_empty() {
        return Ok(Exit::Failure);
    }
    let storage = arguments.storage.open_existing().await?;
    let asks = !arguments.yes && !arguments.dry_run && !ids.is_empty();
    let count = ids.len();
    let question = format_args!("Delete {count} crashes from {storage} for good?");
    if asks && !agreed(question)? {
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
        if failed && fail_fast {
            break;
        }
    }
    Ok(Exit::failure_if(failed))
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
