//! `socorro queue dead`: messages that were set aside.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};
use socorro_core::{CrashId, json::Form};
use socorro_queue::{CrashQueue, DeadLetter, DeadLetterId, DeadLetters};

use crate::{
    arguments::{FailureArguments, QueueArguments},
    exit::Exit,
    failure::Failure,
    listing::{ListArguments, ListFormat, Listing},
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro queue dead list --queue sqlite:///srv/queue.sqlite
  socorro queue dead show --queue sqlite:///srv/queue.sqlite 17
  socorro queue dead replay --queue sqlite:///srv/queue.sqlite de1bb258-cbbf-4589-a673-34f800160918
  socorro queue dead replay --queue sqlite:///srv/queue.sqlite --all";

/// How many dead letters are asked for at a time.
const PAGE: usize = 500;

/// What is told of a dead letter.
const COLUMNS: [&str; 10] = [
    "id",
    "lane",
    "message",
    "reason",
    "last_error",
    "attempts",
    "published_at",
    "first_received_at",
    "dead_lettered_at",
    "host",
];

/// List, show, replay or drop dead letters: messages that were set aside with a reason.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeadCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: id, lane, reason, deliveries, time, message
    #[command(after_help = EXAMPLES)]
    List {
        #[command(flatten)]
        queue: QueueArguments,
        /// The same as --format ndjson
        #[arg(long, conflicts_with = "format")]
        json: bool,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show one with everything that is known about it
    #[command(after_help = EXAMPLES)]
    Show {
        #[command(flatten)]
        queue: QueueArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Its id, as the list has it, or its crash id
        #[arg(value_name = "ID|CRASHID")]
        id: String,
    },
    /// Publish their messages again, in their lanes, as if for the first time
    #[command(after_help = EXAMPLES)]
    Replay(Selection),
    /// Forget them, and with them their messages
    #[command(after_help = EXAMPLES)]
    Drop(Selection),
}

/// Which dead letters.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "all"]))]
struct Selection {
    #[command(flatten)]
    queue: QueueArguments,
    /// Their ids, as the list has them; a crash id stands for all of that crash
    #[arg(value_name = "ID|CRASHID")]
    ids: Vec<String>,
    /// All there are
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    failures: FailureArguments,
}

/// What to do with a dead letter.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Replay,
    Drop,
}

pub(crate) async fn run(command: &DeadCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::List { queue, json, list } => {
            let queue = queue.open_existing().await?;
            let listing = if *json {
                Listing::new(ListFormat::Ndjson, COLUMNS)
            } else {
                list.begin(&COLUMNS)
            };
            print_list(dead_letters(&*queue)?, listing, output).await
        }
        Command::Show { queue, json, id } => {
            let queue = queue.open_existing().await?;
            let letters = dead_letters(&*queue)?;
            for id in named(&*queue, letters, id).await? {
                if let Some(letter) = letters.get(&id).await? {
                    show(&letter, *json, output)?;
                }
            }
            Ok(Exit::Success)
        }
        Command::Replay(selection) => decide(selection, Fate::Replay, output).await,
        Command::Drop(selection) => decide(selection, Fate::Drop, output).await,
    }
}

fn dead_letters(queue: &dyn CrashQueue) -> Result<&dyn DeadLetters, Failure> {
    queue.dead_letters().ok_or_else(|| {
        Failure::new(format!("{queue} cannot list its dead letters"))
            .hint("look at its dead-letter topic or queue with the tools of its vendor")
    })
}

async fn print_list(
    letters: &dyn DeadLetters,
    mut listing: Listing,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut after = None;
    while !output.is_closed() {
        let page = letters.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for letter in &page {
            let line = format!(
                "{}\t{}\t{}\t{}\t{}\t{}",
                letter.id,
                letter.lane,
                Clean(letter.cause.reason.as_str()),
                letter.attempts,
                letter.dead_lettered_at,
                Clean(&String::from_utf8_lossy(&letter.body)),
            );
            listing.item(&to_json(letter), line, output)?;
        }
    }
    listing.finish(output)?;
    Ok(Exit::Success)
}

fn show(letter: &DeadLetter, json: bool, output: &mut Output) -> Result<(), Failure> {
    if json {
        let form = if output.is_terminal() {
            Form::Pretty
        } else {
            Form::Processor
        };
        return output.json(&to_json(letter), form);
    }
    for (name, value) in &to_json(letter) {
        let value = match value {
            Value::String(text) => Clean(text).to_string(),
            other => other.to_string(),
        };
        output.line(format_args!("{:<19}{value}", format!("{name}:")))?;
    }
    Ok(())
}

async fn decide(selection: &Selection, fate: Fate, output: &mut Output) -> Result<Exit, Failure> {
    let queue = selection.queue.open_existing().await?;
    let letters = dead_letters(&*queue)?;
    let mut failed = false;
    let mut ids = Vec::new();
    if selection.all {
        ids = those(letters, |_| true).await?;
    }
    for name in &selection.ids {
        match named(&*queue, letters, name).await {
            Ok(found) => ids.extend(found),
            Err(failure) => {
                failed = true;
                output.report(&failure);
            }
        }
    }
    for id in ids {
        if failed && selection.failures.fail_fast() {
            break;
        }
        let result = match fate {
            Fate::Replay => letters.replay(&id).await,
            Fate::Drop => letters.discard(&id).await,
        };
        match result {
            Ok(()) => output.line(&id)?,
            Err(error) => {
                failed = true;
                output.report(&error.into());
            }
        }
    }
    Ok(Exit::failure_if(failed))
}

/// The ids of the dead letters that a person means: the one of this id, or all of a crash.
async fn named(
    queue: &dyn CrashQueue,
    letters: &dyn DeadLetters,
    name: &str,
) -> Result<Vec<DeadLetterId>, Failure> {
    let id = DeadLetterId::new(name);
    if letters.get(&id).await?.is_some() {
        return Ok(vec![id]);
    }
    let ids = match CrashId::parse_lenient(name) {
        Ok(crash) => those(letters, |letter| is_about(letter, &crash)).await?,
        Err(_) => Vec::new(),
    };
    if ids.is_empty() {
        return Err(Failure::from(socorro_queue::Error::NoSuchDeadLetter {
            queue: queue.to_string(),
            id,
        }));
    }
    Ok(ids)
}

/// Whether the message is a crash id, or a crash id with the ruleset for it.
fn is_about(letter: &DeadLetter, crash: &CrashId) -> bool {
    let rest = letter.body.strip_prefix(crash.as_str().as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b":"))
}

/// The ids of those dead letters there are now. What is replayed may die again meanwhile.
async fn those(
    letters: &dyn DeadLetters,
    wanted: impl Fn(&DeadLetter) -> bool,
) -> Result<Vec<DeadLetterId>, Failure> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = letters.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(ids);
        };
        after = Some(last.id.clone());
        ids.extend(page.into_iter().filter(&wanted).map(|letter| letter.id));
    }
}

fn to_json(letter: &DeadLetter) -> Map<String, Value> {
    let mut fields = match json!({
        "id": letter.id.as_str(),
        "lane": letter.lane.as_str(),
        "message": String::from_utf8_lossy(&letter.body),
        "reason": letter.cause.reason.as_str(),
        "last_error": letter.cause.last_error,
        "attempts": letter.attempts,
        "published_at": letter.published_at.to_string(),
        "first_received_at": letter.first_received_at.to_string(),
        "dead_lettered_at": letter.dead_lettered_at.to_string(),
        "host": letter.host,
    }) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    if std::str::from_utf8(&letter.body).is_err() {
        let bytes: Vec<Value> = letter.body.iter().map(|byte| (*byte).into()).collect();
        fields.insert("message_bytes".to_owned(), bytes.into());
    }
    fields
}
