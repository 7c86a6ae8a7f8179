//! What can keep a crash from being processed and saved, and what follows from it.

use std::{fmt, io, time::Duration};

use socorro_core::with_sources;
use socorro_queue::{Blame, DeadLetterReason, Delivery};
use socorro_storage::ErrorKind;

use super::{fence::Panicked, options::WorkerOptions};
use crate::destinations::NotNoted;

/// The longest wait that a storage may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// Why a crash was not processed and saved this time.
///
/// What fails *inside* a crash, like a rule or the stackwalk, is not among these: that is a result,
/// with notes.
#[derive(Debug)]
pub struct Failure {
    message: String,
    fault: Fault,
}

/// Whose fault it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// Nobody's: something is out of order that will be repaired. Never counts against the crash.
    Outage { retry_after: Option<Duration> },
    /// The crash's, but it may get better.
    Crash {
        last: Last,
        reason: DeadLetterReason,
    },
    /// The crash's, and it will not get better.
    Hopeless { reason: DeadLetterReason },
}

/// Which failure is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    NotFound,
    Attempts,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    Fetch,
    Transform,
    Save,
}

/// What to do with the message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    GiveBack { delay: Duration, blame: Blame },
    Bury { reason: DeadLetterReason },
}

impl Failure {
    /// Fetching or saving failed.
    pub(super) fn storage(error: &socorro_storage::Error) -> Self {
        let fault = match error.kind() {
            ErrorKind::Unavailable
            | ErrorKind::Denied
            | ErrorKind::LocalFile
            | ErrorKind::Configuration => Fault::Outage {
                retry_after: error.retry_after(),
            },
            ErrorKind::NotFound => Fault::Crash {
                last: Last::NotFound,
                reason: DeadLetterReason::RawCrashNotFound,
            },
            ErrorKind::Corrupt => Fault::Hopeless {
                reason: DeadLetterReason::CorruptRawCrash,
            },
            ErrorKind::TooLarge => Fault::Hopeless {
                reason: DeadLetterReason::Other("too_large".to_owned()),
            },
            _ => Fault::Crash {
                last: Last::Attempts,
                reason: DeadLetterReason::TooManyAttempts,
            },
        };
        Self {
            message: with_sources(error),
            fault,
        }
    }

    /// A minidump that the report lists is not there (yet).
    pub(super) fn minidump_missing() -> Self {
        let fault = Fault::Crash {
            last: Last::NotFound,
            reason: DeadLetterReason::TooManyAttempts,
        };
        Self {
            message: "the minidump of the crash is listed but not in storage (yet)".to_owned(),
            fault,
        }
    }

    /// The copy of the crash in storage came without its dumps, so that it is not known what there
    /// is to walk.
    pub(super) fn dumps_withheld() -> Self {
        let fault = Fault::Hopeless {
            reason: DeadLetterReason::Other("dumps_withheld".to_owned()),
        };
        Self {
            message: "the crash was fetched without its dumps: fetch it again with an API token that has the permission View Raw Dumps".to_owned(),
            fault,
        }
    }

    /// This machine cannot do its part.
    pub(super) fn local(error: &io::Error) -> Self {
        Self::outage(format!("cannot make a temporary directory: {error}"))
    }

    /// The pipeline refused.
    pub(super) fn pipeline(error: &crate::Error) -> Self {
        if error.is_temporary() {
            return Self::outage(error.to_string());
        }
        let fault = Fault::Hopeless {
            reason: DeadLetterReason::UnknownRuleset,
        };
        Self {
            message: error.to_string(),
            fault,
        }
    }

    /// The crash takes down whoever works on it.
    pub(super) fn worker_died(message: String) -> Self {
        let fault = Fault::Hopeless {
            reason: DeadLetterReason::Other("worker_died".to_owned()),
        };
        Self { message, fault }
    }

    /// Another worker replaced the result that was to be changed.
    pub(super) fn overtaken(error: &socorro_storage::Error) -> Self {
        Self::outage(with_sources(error))
    }

    /// A required destination did not take the crash, and that could not be noted either.
    pub(super) fn not_noted(error: &NotNoted) -> Self {
        Self::outage(with_sources(error))
    }

    /// The time for one delivery is over. Only the rules depend on the crash.
    pub(super) fn too_slow(stage: Late, limit: Duration) -> Self {
        match stage {
            Late::Fetch => Self::outage(format!("not fetched within {limit:?}")),
            Late::Transform => Self::by_crash(format!("not processed within {limit:?}")),
            Late::Save => Self::outage(format!("not saved within {limit:?}")),
        }
    }

    fn outage(message: String) -> Self {
        let fault = Fault::Outage { retry_after: None };
        Self { message, fault }
    }

    fn by_crash(message: String) -> Self {
        let fault = Fault::Crash {
            last: Last::Attempts,
            reason: DeadLetterReason::TooManyAttempts,
        };
        Self { message, fault }
    }

    /// Whether something outside is out of order, so that the same crash will do later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self.fault, Fault::Outage { .. })
    }

    /// The kind in a word or two, without anything of the crash.
    pub(super) fn kind(&self) -> &str {
        match &self.fault {
            Fault::Outage { .. } => "outage",
            Fault::Crash { reason, .. } | Fault::Hopeless { reason } => reason.as_str(),
        }
    }

    /// What to do with the message of the crash.
    pub(super) fn verdict(&self, delivery: &Delivery, options: &WorkerOptions) -> Verdict {
        let usual = options.retry_delay(delivery);
        match &self.fault {
            Fault::Outage { retry_after } => Verdict::GiveBack {
                delay: retry_after.map_or(usual, |asked| asked.min(MAX_RETRY_AFTER).max(usual)),
                blame: Blame::Nobody,
            },
            Fault::Hopeless { reason } => Verdict::Bury {
                reason: reason.clone(),
            },
            Fault::Crash { last, reason } => {
                let last = match last {
                    Last::NotFound => options.not_found_attempts,
                    Last::Attempts => options.max_attempts,
                };
                if delivery.failures.saturating_add(1) < last {
                    Verdict::GiveBack {
                        delay: usual,
                        blame: Blame::Crash,
                    }
                } else {
                    Verdict::Bury {
                        reason: reason.clone(),
                    }
                }
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Panicked> for Failure {
    /// The code around the rules panicked, perhaps because of this crash.
    fn from(panicked: Panicked) -> Self {
        Self::by_crash(panicked.to_string())
    }
}
