//! `socorro fetch-missing`.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use socorro_core::json::Form;
use socorro_crash_stats::client::Missing;

use crate::{
    arguments::{HostArguments, TokenArguments},
    exit::Exit,
    failure::Failure,
    listing::{ListFormat, Listing},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro fetch-missing --print stats
  socorro fetch-missing --is-processed no | socorro fetch-crash-data ./crashdata
  socorro fetch-missing --print result --format csv > missing.csv

These are crashes that Crash Stats found to be stored, but not processed, and had processed then.
Prints one crash id on each line; with --print result a JSON object, unless --format says
otherwise. Exit code 0: done, even when there are none.";

/// More pages than there can be: the server, not the list, is at fault then.
const MAX_PAGES: u32 = 100_000;
const COLUMNS: [&str; 3] = ["crash_id", "is_processed", "created"];

/// Fetch the ids of crashes that Crash Stats found unprocessed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FetchMissingArguments {
    #[command(flatten)]
    host: HostArguments,
    #[command(flatten)]
    token: TokenArguments,
    /// What to print
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    print: Print,
    /// Only those that are processed by now, or only those that are not
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    is_processed: IsProcessed,
    /// The form of the list [default: text, or ndjson with --print result]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<ListFormat>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Print {
    /// All that is known of each
    Result,
    /// The crash ids
    #[default]
    Crashid,
    /// How many there are
    Stats,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum IsProcessed {
    #[default]
    All,
    Yes,
    No,
}

impl IsProcessed {
    fn fits(self, missing: &Missing) -> bool {
        match self {
            Self::All => true,
            Self::Yes => missing.is_processed,
            Self::No => !missing.is_processed,
        }
    }
}

pub(crate) async fn run(
    arguments: &FetchMissingArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let crash_stats = arguments.host.client(arguments.token.token())?;
    let (usual, columns) = match arguments.print {
        Print::Result => (ListFormat::Ndjson, &COLUMNS[..]),
        Print::Crashid | Print::Stats => (ListFormat::Text, &COLUMNS[..1]),
    };
    let format = arguments.format.unwrap_or(usual);
    let mut listing = Listing::new(format, columns.iter().copied());
    let mut counts = Counts::default();
    for page in 1..=MAX_PAGES {
        let found = crash_stats.missing(page).await?;
        for missing in &found.missing {
            if !arguments.is_processed.fits(missing) {
                continue;
            }
            counts.add(missing);
            if arguments.print != Print::Stats {
                listing.row(&row(missing), output)?;
            }
        }
        if !found.has_next || found.missing.is_empty() || output.is_closed() {
            break;
        }
    }
    if arguments.print == Print::Stats {
        counts.print(format, output)?;
    } else {
        listing.finish(output)?;
    }
    Ok(Exit::Success)
}

fn row(missing: &Missing) -> Map<String, Value> {
    let values = [
        Value::from(missing.id.as_str()),
        missing.is_processed.into(),
        missing.created.as_deref().into(),
    ];
    COLUMNS.map(str::to_owned).into_iter().zip(values).collect()
}

#[derive(Debug, Default)]
struct Counts {
    total: u64,
    processed: u64,
}

impl Counts {
    fn add(&mut self, missing: &Missing) {
        self.total += 1;
        self.processed += u64::from(missing.is_processed);
    }

    fn print(&self, format: ListFormat, output: &mut Output) -> Result<(), Failure> {
        let not_processed = self.total - self.processed;
        let counts = [
            ("total", self.total),
            ("processed", self.processed),
            ("not_processed", not_processed),
        ];
        match format {
            ListFormat::Text => {
                output.line(format_args!("Total:         {}", self.total))?;
                for (name, count) in [
                    ("Processed:", self.processed),
                    ("Not processed:", not_processed),
                ] {
                    // Of nothing, nothing.
                    let share = 100.0 * count as f64 / self.total.max(1) as f64;
                    output.line(format_args!("{name:<14} {count} ({share:.2}%)"))?;
                }
                Ok(())
            }
            ListFormat::Csv => {
                output.line(counts.map(|(name, _)| name).join(","))?;
                output.line(counts.map(|(_, count)| count.to_string()).join(","))
            }
            ListFormat::Json | ListFormat::Ndjson => {
                let object = counts.map(|(name, count)| (name.to_owned(), json!(count)));
                output.json(&Map::from_iter(object), Form::Processor)
            }
        }
    }
}
