//! What can go wrong with a collector itself; what goes wrong with a report is its
//! [`Outcome`](crate::Outcome).

use std::{io, path::PathBuf};

use crate::Ailment;

/// Why there is no collector, or why it is not ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The builder was not given something that a collector cannot do without.
    #[error("a collector needs a {what}: give it to the builder with `{what}(…)`")]
    Missing {
        /// The method of the builder.
        what: &'static str,
    },
    /// Another process works with the spool.
    #[error(
        "the spool {} is in use by another process{}, which holds {}: stop that one, or use another directory",
        directory.display(), pid(*holder), file.display()
    )]
    SpoolInUse {
        /// The directory of the spool.
        directory: PathBuf,
        /// The file that is locked.
        file: PathBuf,
        /// The id of that process, as far as is known.
        holder: Option<u32>,
    },
    /// The spool cannot be used.
    #[error("cannot {action} {}, which the spool needs", path.display())]
    Spool {
        /// What was tried, as in "cannot …".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no spool to work on.
    #[error("this collector has no spool: give its directory to the builder with `spool(…)`")]
    NoSpool,
    /// Storage, queue or spool do not work.
    #[error("not ready to take reports: {}", list(problems))]
    NotReady {
        /// What does not work.
        problems: Vec<Ailment>,
    },
}

fn pid(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |pid| format!(" ({pid})"))
}

fn list(problems: &[Ailment]) -> String {
    let texts: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.name, problem.message))
        .collect();
    texts.join("; ")
}
