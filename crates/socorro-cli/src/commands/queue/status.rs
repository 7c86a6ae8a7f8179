//! `socorro queue status`.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};
use socorro_core::json::Form;
use socorro_queue::{Lane, LaneDepth, QueueDepth};

use crate::{
    arguments::QueueArguments,
    exit::Exit,
    failure::Failure,
    listing::{ListFormat, Listing},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro queue status --queue sqlite:///srv/queue.sqlite
  socorro queue status --queue sqlite:///srv/queue.sqlite --json | jq .total.dead

waiting: would be delivered now
delayed: given back for a later try
leased:  in work somewhere
dead:    set aside, see `socorro queue dead`
oldest:  how long ago the oldest message that is not dead was published";

/// The lanes in the order in which they are served.
pub(super) const SERVED: [Lane; 3] = [Lane::Priority, Lane::Standard, Lane::Reprocessing];

/// What is told of a lane.
const COLUMNS: [&str; 6] = [
    "lane",
    "waiting",
    "delayed",
    "leased",
    "dead",
    "oldest_age_seconds",
];

/// Show how much is in each lane of a queue.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    queue: QueueArguments,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// How to print it: a table, one object, or an object or a line of a table for each lane
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ListFormat,
}

pub(crate) async fn run(arguments: &StatusArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.open_existing().await?;
    let depth = queue.depth().await?;
    if let ListFormat::Ndjson | ListFormat::Csv = arguments.format {
        let mut listing = Listing::new(arguments.format, COLUMNS);
        for lane in depth
            .iter()
            .flat_map(|depth| SERVED.map(|lane| (lane, depth.lane(lane))))
        {
            let (name, depth) = lane;
            let mut members = Map::from_iter([("lane".to_owned(), name.as_str().into())]);
            members.extend(lane_to_json(depth));
            listing.item(&members, name, output)?;
        }
        listing.finish(output)?;
        return Ok(Exit::Success);
    }
    if arguments.json || arguments.format == ListFormat::Json {
        let form = if output.is_terminal() {
            Form::Pretty
        } else {
            Form::Processor
        };
        output.json(&to_json(&queue.to_string(), depth.as_ref()), form)?;
        return Ok(Exit::Success);
    }
    let Some(depth) = depth else {
        output.line(format_args!("{queue} cannot tell how much is in it"))?;
        return Ok(Exit::Success);
    };
    output.line(format_args!(
        "{:<13}{:>9}{:>9}{:>9}{:>9}  oldest",
        "lane", "waiting", "delayed", "leased", "dead"
    ))?;
    for lane in SERVED {
        output.line(row(lane.as_str(), depth.lane(lane)))?;
    }
    output.line(row("total", &depth.total()))?;
    Ok(Exit::Success)
}

/// What keeps a queue from being empty, if anything.
pub(crate) fn what_is_left(depth: &LaneDepth) -> Option<String> {
    let left = depth.outstanding();
    (left > 0).then(|| {
        format!(
            "{left} still in the queue ({} waiting, {} delayed, {} leased)",
            depth.waiting, depth.delayed, depth.leased
        )
    })
}

fn row(name: &str, depth: &LaneDepth) -> String {
    format!(
        "{name:<13}{:>9}{:>9}{:>9}{:>9}  {}",
        depth.waiting,
        depth.delayed,
        depth.leased,
        depth.dead,
        depth.oldest_age.map_or_else(|| "-".to_owned(), age)
    )
}

/// An age in its two largest units.
fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{}s", seconds % 60),
        (0, _, _) => format!("{hours}h{}m", minutes % 60),
        _ => format!("{days}d{}h", hours % 24),
    }
}

fn to_json(queue: &str, depth: Option<&QueueDepth>) -> Map<String, Value> {
    let lanes = depth.map(|depth| {
        let lanes = SERVED.map(|lane| {
            (
                lane.as_str().to_owned(),
                lane_to_json(depth.lane(lane)).into(),
            )
        });
        Value::Object(lanes.into_iter().collect())
    });
    let total = depth.map(|depth| Value::from(lane_to_json(&depth.total())));
    Map::from_iter([
        ("queue".to_owned(), queue.into()),
        ("lanes".to_owned(), lanes.into()),
        ("total".to_owned(), total.into()),
    ])
}

fn lane_to_json(depth: &LaneDepth) -> Map<String, Value> {
    let age = depth.oldest_age.map(|age| age.as_secs());
    Map::from_iter([
        ("waiting".to_owned(), Value::from(depth.waiting)),
        ("delayed".to_owned(), depth.delayed.into()),
        ("leased".to_owned(), depth.leased.into()),
        ("dead".to_owned(), depth.dead.into()),
        ("oldest_age_seconds".to_owned(), age.into()),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ages_are_short() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (200, "3m20s"),
            (7260, "2h1m"),
            (90_000, "1d1h"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_queue_that_cannot_tell_says_null() {
        let json = Value::Object(to_json("q", None));
        assert_eq!(json, json!({"queue": "q", "lanes": null, "total": null}));
    }
}
