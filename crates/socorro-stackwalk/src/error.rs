//! Why a minidump could not be walked.

use std::path::PathBuf;
use std::time::Duration;

use crate::fence::Panic;
use crate::walker::{WalkOutcome, WalkOutput};

/// Why a minidump could not be walked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// The file of the minidump could not be read.
    #[error("cannot read minidump {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The path given for a minidump is that of a directory.
    #[error("cannot read minidump {}: it is a directory; name the .dmp file in it", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// The minidump is larger than the walker accepts.
    #[error(
        "minidump of {size} bytes is over the limit of {limit} bytes; raise it with InProcessStackwalker::max_dump_size"
    )]
    TooLarge {
        /// Size of the minidump in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes are not a minidump, or the minidump lacks its beginning.
    #[error("cannot read minidump: {reason} ({name})")]
    Unreadable {
        /// Name of the failure, as in the field `mdsw_status_string`: `HeaderMismatch`, `MissingHeader`, ...
        name: &'static str,
        /// The failure in words.
        reason: String,
    },
    /// The minidump lacks what a walk cannot do without: its thread list or its system information.
    #[error("cannot walk minidump: {reason} ({name})")]
    Unprocessable {
        /// Name of the failure, as in the field `mdsw_status_string`: `MissingThreadList`, `MissingSystemInfo`.
        name: &'static str,
        /// The failure in words.
        reason: String,
    },
    /// The walk panicked. The panic was caught; only this walk is lost.
    #[error("the walk panicked at {location}: {message}")]
    Panicked {
        /// `file:line` of the panic.
        location: String,
        /// What the panic said.
        message: String,
    },
    /// The walk took too long before it had anything to show. Otherwise it has a [partial result](crate::Partial).
    #[error("the walk took longer than its deadline of {} s", deadline.as_secs_f64())]
    DeadlinePassed {
        /// The deadline.
        deadline: Duration,
    },
    /// There is no child process that could walk.
    #[error("no walker: {reason}")]
    NoWalker {
        /// What keeps it from being there.
        reason: String,
    },
    /// No thread could be started for the walk.
    #[error("cannot start a thread for the walk: {source}")]
    NoThread {
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl WalkError {
    /// Names the failure in one word, as in the field `mdsw_status_string`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "FileNotFound"
            }
            Self::File { .. } | Self::Directory { .. } => "IoError",
            Self::TooLarge { .. } => "TooLarge",
            Self::Unreadable { name, .. } | Self::Unprocessable { name, .. } => name,
            Self::Panicked { .. } => "Panic",
            Self::DeadlinePassed { .. } => "DeadlinePassed",
            Self::NoWalker { .. } => "NoWalker",
            Self::NoThread { .. } => "NoThread",
        }
    }

    /// Whether the same minidump may fare better later, with nothing changed but the time.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() != std::io::ErrorKind::NotFound,
            // A deadline may have passed because a symbol server was slow.
            Self::DeadlinePassed { .. } | Self::NoWalker { .. } | Self::NoThread { .. } => true,
            _ => false,
        }
    }

    /// How long to wait before trying again; `None` if that is not worth trying.
    pub fn retry_after(&self) -> Option<Duration> {
        self.is_temporary().then_some(Duration::from_secs(30))
    }

    /// The exit code that stands for this failure (see [`WalkOutcome::exit_code`]).
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Panicked { .. } => WalkOutcome::PANICKED,
            Self::DeadlinePassed { .. } => WalkOutcome::KILLED,
            _ => WalkOutcome::BAD_DUMP,
        }
    }

    /// The line that the reference program logs for this failure. It logs nothing when it is killed.
    fn log_line(&self) -> Option<String> {
        let name = self.name();
        match self {
            Self::Unreadable { reason, .. } => {
                Some(format!("ERROR {name} - Error reading dump: {reason}"))
            }
            Self::Unprocessable { reason, .. } => {
                Some(format!("ERROR {name} - Error processing dump: {reason}"))
            }
            Self::Panicked { location, message } => Some(format!(
                "ERROR {name} - A panic occurred at {location}: {message}"
            )),
            Self::DeadlinePassed { .. } => None,
            _ => Some(format!("ERROR {name} - Error reading dump: {self}")),
        }
    }
}

impl From<Panic> for WalkError {
    fn from(panic: Panic) -> Self {
        Self::Panicked {
            location: panic.location,
            message: panic.message,
        }
    }
}

impl From<WalkError> for WalkOutcome {
    fn from(error: WalkError) -> Self {
        let output = match error {
            WalkError::NoWalker { .. } | WalkError::NoThread { .. } => {
                WalkOutput::NotWalked(error.to_string())
            }
            _ => WalkOutput::None,
        };
        Self {
            exit_code: error.exit_code(),
            output,
            log: error.log_line(),
            symbolication: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_become_the_exit_codes_and_log_lines_of_the_reference() {
        let panicked = WalkError::Panicked {
            location: "src/a.rs:7".into(),
            message: "boom".into(),
        };
        let outcome = WalkOutcome::from(panicked);
        assert_eq!(outcome.exit_code, 101);
        assert_eq!(
            outcome.log.as_deref(),
            Some("ERROR Panic - A panic occurred at src/a.rs:7: boom")
        );

        let late = WalkOutcome::from(WalkError::DeadlinePassed {
            deadline: Duration::from_secs(1),
        });
        assert_eq!((late.exit_code, late.log), (-9, None));
    }

    #[test]
    fn only_failures_that_may_pass_are_worth_a_retry() {
        let missing = WalkError::File {
            path: "x".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        assert_eq!(missing.retry_after(), None);
        let late = WalkError::DeadlinePassed {
            deadline: Duration::from_secs(1),
        };
        assert!(late.retry_after().is_some());
    }
}
