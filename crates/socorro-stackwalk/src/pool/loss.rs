//! Children that did not answer, in the terms of the reference program.

use std::fmt;
use std::sync::Arc;

use super::process::End;
use crate::walker::WalkOutcome;

/// A child that ended, or had to be ended, instead of answering.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) cause: Cause,
    pub(super) end: Arc<End>,
}

/// Who ended a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Itself, or the operating system, or somebody from outside.
    Death,
    /// The pool, because the deadline had long passed.
    Deadline,
    /// The pool, because of what it sent.
    Nonsense(String),
}

/// Statuses that stand for signals.
const STATUSES: [(&str, &str); 7] = [
    ("SIGILL", "IllegalInstruction"),
    ("SIGBUS", "BusError"),
    ("SIGFPE", "ArithmeticError"),
    ("SIGKILL", "WalkerKilled"),
    ("SIGSEGV", "SegmentationFault"),
    ("SIGXCPU", "ProcessorTimeUsedUp"),
    ("SIGSYS", "ForbiddenSystemCall"),
];

/// What Rust's runtime says before it aborts, and what that means.
const LAST_WORDS: [(&str, &str); 2] = [
    ("memory allocation of", "OutOfMemory"),
    ("has overflowed its stack", "StackOverflow"),
];

impl Loss {
    /// The exit code that stands for it: the negative number of the signal, where -9 also stands for a passed deadline.
    pub(super) fn exit_code(&self) -> i32 {
        match (&self.cause, self.end.signal()) {
            (Cause::Death, Some(signal)) => -signal,
            // Killed by us; or it ended by itself and did not answer, which is as good as killed.
            _ => WalkOutcome::KILLED,
        }
    }

    /// Names what happened in one word, as in the field `mdsw_status_string`.
    pub(super) fn name(&self) -> &'static str {
        match self.cause {
            Cause::Deadline => "DeadlinePassed",
            Cause::Nonsense(_) => "WalkerMisbehaved",
            Cause::Death => self.name_of_death(),
        }
    }

    fn name_of_death(&self) -> &'static str {
        let name = match (self.end.signal(), self.end.signal_name()) {
            (None, _) => return "WalkerExited",
            (Some(_), name) => name.unwrap_or_default(),
        };
        if name == "SIGABRT" {
            let why = LAST_WORDS
                .iter()
                .find(|(words, _)| self.end.said.contains(words));
            return why.map_or("WalkerAborted", |(_, status)| status);
        }
        let status = STATUSES.iter().find(|(signal, _)| *signal == name);
        status.map_or("WalkerDied", |(_, status)| status)
    }

    /// The line for the log, like those of the reference program, and what the child said last.
    pub(super) fn log(&self) -> String {
        let line = format!("ERROR {} - {self}", self.name());
        if self.end.said.is_empty() {
            return line;
        }
        format!("{line}\n{}", self.end.said)
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Death => write!(f, "The walker {}", self.end),
            Cause::Deadline => f.write_str("The walker did not stop at its deadline"),
            Cause::Nonsense(reason) => write!(f, "The walker sent what is not an answer: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn loss(cause: Cause, raw_status: i32, said: &str) -> Loss {
        Loss {
            cause,
            end: Arc::new(End {
                status: Some(ExitStatus::from_raw(raw_status)),
                said: said.to_owned(),
            }),
        }
    }

    #[test]
    fn an_abort_tells_why() {
        let aborted = loss(Cause::Death, 6, "memory allocation of 5 bytes failed");
        assert_eq!(aborted.exit_code(), -6);
        assert_eq!(
            aborted.log(),
            "ERROR OutOfMemory - The walker ended by signal 6 (SIGABRT)\nmemory allocation of 5 bytes failed"
        );
        let overflow = "thread 'stackwalk' has overflowed its stack\nfatal runtime error";
        assert_eq!(loss(Cause::Death, 6, overflow).name(), "StackOverflow");
        assert_eq!(loss(Cause::Death, 6, "").name(), "WalkerAborted");
    }

    #[test]
    fn who_killed_it_is_told_apart() {
        assert_eq!(loss(Cause::Death, 9, "").name(), "WalkerKilled");
        let late = loss(Cause::Deadline, 9, "");
        assert_eq!((late.exit_code(), late.name()), (-9, "DeadlinePassed"));
        let exited = loss(Cause::Death, 3 << 8, "");
        assert_eq!((exited.exit_code(), exited.name()), (-9, "WalkerExited"));
        assert_eq!(loss(Cause::Death, 31, "").exit_code(), -31);
    }
}
