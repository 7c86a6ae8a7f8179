//! Days on the command line.

use std::iter;

use socorro_core::{
    Environment,
    time::{self, Date},
};

use crate::failure::Failure;

/// The most days of one run.
const MAX_DAYS: i32 = 3660;

/// Reads `YYYY-MM-DD`, `today` or `yesterday` (UTC).
pub(super) fn day(text: &str) -> Result<Date, String> {
    let today = time::date(Environment::system().now());
    match text {
        "today" => Ok(today),
        "yesterday" => today.yesterday().map_err(|error| error.to_string()),
        _ => text
            .parse()
            .map_err(|_| "a day is written YYYY-MM-DD, today or yesterday".to_owned()),
    }
}

/// All days from the first to the last one.
///
/// # Errors
///
/// When the last one is before the first, or too long after it.
pub(super) fn span(first: Date, last: Date) -> Result<Vec<Date>, Failure> {
    let span = first.until(last).map_or(i32::MAX, |span| span.get_days());
    if !(0..MAX_DAYS).contains(&span) {
        return Err(Failure::usage(format!(
            "--until {last} is not within ten years after --date {first}"
        )));
    }
    let days = iter::successors(Some(first), |day| day.tomorrow().ok());
    Ok(days.take_while(|day| *day <= last).collect())
}
