//! `socorro fetch-crashids`.

mod query;
mod span;

use clap::Args;
use serde_json::{Map, Value};

pub(crate) use self::query::QueryArguments;
use crate::{
    arguments::{HostArguments, TokenArguments},
    exit::Exit,
    failure::Failure,
    listing::{ListFormat, Listing},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro fetch-crashids
  socorro fetch-crashids --date 2026-11-23 --product Fenix --num 500 > crashids.txt
  socorro fetch-crashids --signature-contains OOM --date thisweek --num all
  socorro fetch-crashids --url 'https://crash-stats.mozilla.org/search/?product=Firefox&…'
  socorro fetch-crashids --filter 'version=^140.' --filter 'uptime=<60' \\
    --columns uuid,date,signature --format csv
  socorro fetch-crashids --num 3 | socorro fetch-crash-data ./crashdata

Prints one crash id on each line. With --num all there is no limit: beyond 10,000 results, which is
as far as the server goes, the time is searched part by part. Filters have the form of Super
Search: a field, =, an operator such as ~ (contains), ^ (starts with), ! (not) and the value.

The address given to --url is that of any page of Super Search. Its filters and its order are
taken, and how it shows its results is not. --date, --signature-contains and --filter count before
what it says, and --product only where it names none.

Exit code 0: done, even when nothing was found, which is told on standard error.";

/// Fetch crash ids from Crash Stats by a search.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FetchCrashidsArguments {
    #[command(flatten)]
    host: HostArguments,
    #[command(flatten)]
    token: TokenArguments,
    #[command(flatten)]
    query: QueryArguments,
    /// How many crashes: a number, or all
    #[arg(long, value_name = "N|all", default_value = "100", value_parser = number)]
    num: Number,
    /// Which columns to print, by the names of Super Search; may be repeated
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', default_value = UUID)]
    columns: Vec<String>,
    /// The form of the list
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ListFormat,
}

/// The column with the crash id.
const UUID: &str = "uuid";

/// How many crashes.
#[derive(Debug, Clone, Copy)]
struct Number(Option<u64>);

fn number(text: &str) -> Result<Number, String> {
    if text == "all" {
        return Ok(Number(None));
    }
    let number = text.parse().map(Some).map(Number);
    number.map_err(|_| r#"num needs to be an integer or "all""#.to_owned())
}

pub(crate) async fn run(
    arguments: &FetchCrashidsArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let crash_stats = arguments.host.client(arguments.token.token())?;
    let mut search = arguments.query.search()?.columns(&arguments.columns);
    if let Number(Some(number)) = arguments.num {
        search = search.limit(number);
    }
    tracing::info!("Params: {}", shown(&search.parameters()));
    let mut results = crash_stats.search(search);
    let mut listing = Listing::new(arguments.format, arguments.columns.clone());
    let mut found = 0_usize;
    while let Some(hits) = results.next_page().await? {
        found += hits.len();
        for hit in &hits {
            listing.row(&hit.columns, output)?;
        }
        if output.is_closed() {
            return Ok(Exit::Success);
        }
    }
    listing.finish(output)?;
    if found == 0 && results.total().is_some() {
        output.note("no crashes were found");
    }
    tracing::info!(found, total = results.total(), "searched");
    Ok(Exit::Success)
}

/// Parameters as an object; those that come several times are lists.
fn shown(parameters: &[(String, String)]) -> Value {
    let mut shown = Map::new();
    for (name, value) in parameters {
        let value = Value::from(value.as_str());
        match shown.get_mut(name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                shown.insert(name.clone(), value);
            }
        }
    }
    shown.into()
}
