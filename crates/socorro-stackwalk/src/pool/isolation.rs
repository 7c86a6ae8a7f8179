//! What keeps a child in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What keeps the children of a [`WalkerPool`](super::WalkerPool) from doing harm, as they report it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Isolation {
    /// Bounds on memory, processor time and files (`setrlimit`).
    pub limits: Confinement,
    /// No file can be opened, no address connected to (Landlock, Linux 5.13).
    pub files: Confinement,
    /// Only the system calls that a walk needs are allowed (seccomp, Linux on x86-64 and aarch64).
    pub system_calls: Confinement,
}

/// How far one means of isolation is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Confinement {
    /// It is in force.
    Enforced,
    /// It is in force as far as this kernel knows it.
    Partial {
        /// What is missing.
        reason: String,
    },
    /// It is not in force.
    Unavailable {
        /// Why not.
        reason: String,
    },
}

impl Isolation {
    /// Whether all of it is in force.
    pub fn is_complete(&self) -> bool {
        [&self.limits, &self.files, &self.system_calls]
            .into_iter()
            .all(|confinement| *confinement == Confinement::Enforced)
    }
}

impl Confinement {
    pub(super) fn unavailable(reason: impl fmt::Display) -> Self {
        Self::Unavailable {
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "limits {}, files {}, system calls {}",
            self.limits, self.files, self.system_calls
        )
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enforced => f.write_str("enforced"),
            Self::Partial { reason } => write!(f, "partly enforced ({reason})"),
            Self::Unavailable { reason } => write!(f, "not enforced ({reason})"),
        }
    }
}
