//! `socorro queue dead`: messages that were set aside.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};
use socorro_core::json::Form;
use socorro_queue::{CrashQueue, DeadLetter, DeadLetterId, DeadLetters};

use crate::{
    arguments::QueueArguments,
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro queue dead list --queue sqlite:///srv/queue.sqlite
  socorro queue dead show --queue sqlite:///srv/queue.sqlite 17
  socorro queue dead replay --queue sqlite:///srv/queue.sqlite --all";

/// How many dead letters are asked for at a time.
const PAGE: usize = 500;

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
        /// Print a JSON object on each line
        #[arg(long)]
        json: bool,
    },
    /// Show one with everything that is known about it
    #[command(after_help = EXAMPLES)]
    Show {
        #[command(flatten)]
        queue: QueueArguments,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Its id, as the list has it
        #[arg(value_name = "ID")]
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
    /// Their ids, as the list has them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All there are
    #[arg(long)]
    all: bool,
}

/// What to do with a dead letter.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Replay,
    Drop,
}

pub(crate) async fn run(command: &DeadCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::List { queue, json } => {
            let queue = queue.open().await?;
            list(dead_letters(&*queue)?, *json, output).await
        }
        Command::Show { queue, json, id } => {
            let queue = queue.open().await?;
            let id = DeadLetterId::new(id.as_str());
            let letter = dead_letters(&*queue)?.get(&id).await?;
            let letter = letter.ok_or_else(|| {
                Failure::from(socorro_queue::Error::NoSuchDeadLetter {
                    queue: queue.to_string(),
                    id,
                })
            })?;
            show(&letter, *json, output)
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

async fn list(letters: &dyn DeadLetters, json: bool, output: &mut Output) -> Result<Exit, Failure> {
    let mut after = None;
    while !output.is_closed() {
        let page = letters.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for letter in &page {
            if json {
                output.json(&to_json(letter), Form::Processor)?;
            } else {
                output.line(format_args!(
                    "{}\t{}\t{}\t{}\t{}\t{}",
                    letter.id,
                    letter.lane,
                    Clean(letter.cause.reason.as_str()),
                    letter.attempts,
                    letter.dead_lettered_at,
                    Clean(&String::from_utf8_lossy(&letter.body)),
                ))?;
            }
        }
    }
    Ok(Exit::Success)
}

fn show(letter: &DeadLetter, json: bool, output: &mut Output) -> Result<Exit, Failure> {
    if json {
        let form = if output.is_terminal() {
            Form::Pretty
        } else {
            Form::Processor
        };
        output.json(&to_json(letter), form)?;
        return Ok(Exit::Success);
    }
    for (name, value) in &to_json(letter) {
        let value = match value {
            Value::String(text) => Clean(text).to_string(),
            other => other.to_string(),
        };
        output.line(format_args!("{:<19}{value}", format!("{name}:")))?;
    }
    Ok(Exit::Success)
}

async fn decide(selection: &Selection, fate: Fate, output: &mut Output) -> Result<Exit, Failure> {
    let queue = selection.queue.open().await?;
    let letters = dead_letters(&*queue)?;
    let ids = if selection.all {
        all(letters).await?
    } else {
        selection.ids.iter().map(DeadLetterId::new).collect()
    };
    let mut failed = false;
    for id in ids {
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

/// The ids of all dead letters there are now. What is replayed may die again meanwhile.
async fn all(letters: &dyn DeadLetters) -> Result<Vec<DeadLetterId>, Failure> {
    let mut ids: Vec<DeadLetterId> = Vec::new();
    loop {
        let page = letters.list(ids.last(), PAGE).await?;
        if page.is_empty() {
            return Ok(ids);
        }
        ids.extend(page.into_iter().map(|letter| letter.id));
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
