//! The log on standard error, and what is said when the program itself is wrong.

use std::{
    env, fmt,
    fs::File,
    io::{self, IsTerminal as _, Write as _},
    panic,
    sync::Mutex,
};

use socorro_core::Environment;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt::format::JsonFields, layer::SubscriberExt as _,
    registry::LookupSpan, util::SubscriberInitExt as _,
};

use crate::{
    arguments::{Color, GlobalArguments, LogFormat, LogLevel},
    failure::Failure,
    mozlog::Mozlog,
    output::Clean,
};

/// The variable that decides alone what is logged.
const VARIABLE: &str = "RUST_LOG";
/// What a file gets.
const FILE_FILTER: &str = "info,socorro=debug";

/// Starts logging. A `service` logs what it does, with times; a command that somebody waits for
/// only what is wrong.
///
/// # Errors
///
/// When RUST_LOG is set and makes no sense.
pub(crate) fn start(arguments: &GlobalArguments, service: bool) -> Result<(), Failure> {
    let filter = filter(arguments, service)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(color(arguments))
        .log_internal_errors(false);
    match (arguments.log_format, service) {
        (LogFormat::Json, _) => begin(log.json().flatten_event(true).finish()),
        (LogFormat::Mozlog, _) => {
            let environment = Environment::system();
            let log = log.fmt_fields(JsonFields::new());
            begin(
                log.event_format(Mozlog::of(environment.host_name()))
                    .finish(),
            );
        }
        (LogFormat::Text, true) => begin(log.with_target(false).finish()),
        (LogFormat::Text, false) => begin(log.with_target(false).without_time().finish()),
    }
    Ok(())
}

/// Starts logging for a command that somebody waits for, and has everything that is of any interest
/// written to a file, too.
///
/// # Errors
///
/// When RUST_LOG is set and makes no sense.
pub(crate) fn start_with_file(arguments: &GlobalArguments, file: File) -> Result<(), Failure> {
    let log = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(color(arguments))
        .with_target(false)
        .without_time();
    let log = match arguments.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json | LogFormat::Mozlog => log.json().flatten_event(true).boxed(),
    };
    let file = tracing_subscriber::fmt::layer()
        .with_writer(Mutex::new(file))
        .with_ansi(false)
        .with_filter(EnvFilter::new(FILE_FILTER));
    tracing_subscriber::registry()
        .with(log.with_filter(filter(arguments, false)?))
        .with(file)
        .init();
    Ok(())
}

/// Makes it the log of the program.
fn begin(log: impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync) {
    #[cfg(feature = "sentry")]
    let log = tracing_subscriber::layer::SubscriberExt::with(log, crate::operations::Errors);
    log.init();
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
    let usual = arguments.log_level.unwrap_or(if service {
        LogLevel::Info
    } else {
        LogLevel::Warning
    });
    let (ours, others) = levels(arguments.verbose, arguments.quiet, usual);
    Ok(EnvFilter::new(format!("{others},socorro={ours}")))
}

/// The level for our own crates, and that for the others.
fn levels(verbose: u8, quiet: u8, usual: LogLevel) -> (LevelFilter, LevelFilter) {
    const LEVELS: [LevelFilter; 6] = [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    let usual = match usual {
        LogLevel::Off => 0,
        LogLevel::Error => 1,
        LogLevel::Warning => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
        LogLevel::Trace => 5,
    };
    let chosen: usize = (usual + usize::from(verbose)).saturating_sub(usize::from(quiet));
    let ours = LEVELS[chosen.min(LEVELS.len() - 1)];
    // The crates that read minidumps warn of much that is usual.
    let others = LEVELS[chosen.saturating_sub(2).clamp(chosen.min(1), 3)];
    (ours, others)
}

/// Tells failures to whoever reads standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reporter {
    format: LogFormat,
    color: bool,
}

impl Reporter {
    /// For failures before it is known how they are to be told.
    pub(crate) fn early() -> Self {
        Self {
            format: LogFormat::Text,
            color: Color::Auto.fits(io::stderr().is_terminal()),
        }
    }

    pub(crate) fn new(arguments: &GlobalArguments) -> Self {
        Self {
            format: arguments.log_format,
            color: color(arguments),
        }
    }

    /// A line or two for a person; an entry of the log for a program.
    pub(crate) fn report(self, failure: &Failure) {
        let Self { format, color } = self;
        let message = failure.message();
        // Before the log has been started there is none to write to.
        if format != LogFormat::Text && tracing::dispatcher::has_been_set() {
            tracing::error!(hint = failure.way_out(), "{message}");
            return;
        }
        let label = if color {
            "\x1b[1;31merror:\x1b[0m"
        } else {
            "error:"
        };
        if failure.is_verbatim() {
            note(message);
        } else {
            note(format_args!("{label} {message}"));
        }
        if let Some(hint) = failure.way_out() {
            note(format_args!("  {hint}"));
        }
    }

    /// A line that is no failure, unless quiet is wanted.
    #[cfg(any(feature = "crash-stats", feature = "submit"))]
    pub(crate) fn note(self, text: &str) {
        if self.format != LogFormat::Text {
            tracing::info!("{text}");
        } else if tracing::enabled!(tracing::Level::WARN) {
            note(text);
        }
    }
}

/// Whether standard error wants colour.
fn color(arguments: &GlobalArguments) -> bool {
    arguments.color.fits(io::stderr().is_terminal())
}

/// Writes a line for people. There is nobody left to tell if that fails.
fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
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
        note(format_args!(
            "socorro panicked at {place}: {}\n  this is a bug: please report it at {}",
            Clean(said),
            env!("CARGO_PKG_REPOSITORY"),
        ));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_v_or_q_is_one_level() {
        use LevelFilter as Level;
        assert_eq!(levels(0, 0, LogLevel::Warning), (Level::WARN, Level::ERROR));
        assert_eq!(levels(0, 0, LogLevel::Info), (Level::INFO, Level::ERROR));
        assert_eq!(levels(2, 0, LogLevel::Warning), (Level::DEBUG, Level::WARN));
        assert_eq!(levels(9, 0, LogLevel::Info), (Level::TRACE, Level::INFO));
        assert_eq!(
            levels(0, 1, LogLevel::Warning),
            (Level::ERROR, Level::ERROR)
        );
        assert_eq!(levels(0, 9, LogLevel::Info), (Level::OFF, Level::OFF));
    }
}
