//! The log on standard error, and what is said when the program itself is wrong.

use std::{env, io, panic};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    arguments::{GlobalArguments, LogFormat},
    failure::Failure,
    output,
};

/// The variable that decides alone what is logged.
const VARIABLE: &str = "RUST_LOG";

/// Starts logging. A `service` logs what it does, with times; a command that somebody waits for
/// only what is wrong.
///
/// # Errors
///
/// When RUST_LOG is set and makes no sense.
pub(crate) fn start(
    arguments: &GlobalArguments,
    service: bool,
    color: bool,
) -> Result<(), Failure> {
    let filter = filter(arguments, service)?;
    let log = fmt::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(color)
        .log_internal_errors(false);
    match (arguments.log_format, service) {
        (LogFormat::Json, _) => log.json().flatten_event(true).init(),
        (LogFormat::Text, true) => log.with_target(false).init(),
        (LogFormat::Text, false) => log.with_target(false).without_time().init(),
    }
    Ok(())
}

/// What is logged: our own crates at the level asked for, the others only when something is wrong,
/// unless very much is asked for.
fn filter(arguments: &GlobalArguments, service: bool) -> Result<EnvFilter, Failure> {
    if let Some(directives) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        let directives = directives.to_string_lossy();
        return EnvFilter::try_new(&*directives).map_err(|error| {
            Failure::usage(format!("{VARIABLE} cannot be read: {error}"))
                .hint("it is written like RUST_LOG=info or RUST_LOG=socorro_queue=debug,warn")
        });
    }
    let (ours, others) = levels(arguments.verbose, arguments.quiet, service);
    Ok(EnvFilter::new(format!("{others},socorro={ours}")))
}

/// The level for our own crates, and that for the others.
fn levels(verbose: u8, quiet: u8, service: bool) -> (LevelFilter, LevelFilter) {
    const LEVELS: [LevelFilter; 6] = [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    let usual: usize = if service { 3 } else { 2 };
    let chosen = (usual + usize::from(verbose)).saturating_sub(usize::from(quiet));
    let ours = LEVELS[chosen.min(LEVELS.len() - 1)];
    let others = match ours {
        LevelFilter::TRACE => LevelFilter::DEBUG,
        _ => ours.min(LevelFilter::WARN),
    };
    (ours, others)
}

/// Tells a failure to whoever reads standard error: a person, or a program in JSON mode.
pub(crate) fn report(failure: &Failure, format: LogFormat, color: bool) {
    let message = failure.message();
    // Before logging has started there is no log to tell it to.
    match format {
        LogFormat::Json if tracing::dispatcher::has_been_set() => {
            tracing::error!(hint = failure.way_out(), "{message}")
        }
        _ => {
            let label = if color {
                "\x1b[1;31merror:\x1b[0m"
            } else {
                "error:"
            };
            output::note(format_args!("{label} {message}"));
            if let Some(hint) = failure.way_out() {
                output::note(format_args!("  {hint}"));
            }
        }
    }
}

/// Says where the program panicked. What the panic says may quote a crash report, so a service
/// keeps it to itself; most panics are caught and become a note in the result.
pub(crate) fn watch_panics(service: bool) {
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(
            || "unknown place".to_owned(),
            |place| format!("{}:{}", place.file(), place.line()),
        );
        if service {
            tracing::error!(place, "panicked");
            return;
        }
        let said = info.payload_as_str().unwrap_or("no message");
        output::note(format_args!(
            "socorro panicked at {place}: {}\n  this is a bug: please report it at {}",
            output::Clean(said),
            env!("CARGO_PKG_REPOSITORY"),
        ));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_or_q_is_one_level() {
        assert_eq!(levels(0, 0, false), (LevelFilter::WARN, LevelFilter::WARN));
        assert_eq!(levels(0, 0, true), (LevelFilter::INFO, LevelFilter::WARN));
        assert_eq!(levels(2, 0, false), (LevelFilter::DEBUG, LevelFilter::WARN));
        assert_eq!(levels(9, 0, true), (LevelFilter::TRACE, LevelFilter::DEBUG));
        assert_eq!(
            levels(0, 1, false),
            (LevelFilter::ERROR, LevelFilter::ERROR)
        );
        assert_eq!(levels(0, 9, true), (LevelFilter::OFF, LevelFilter::OFF));
    }
}
