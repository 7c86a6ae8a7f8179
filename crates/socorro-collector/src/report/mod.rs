//! From a parsed report to the raw crash that is stored: aliases, metadata, crash id, forbidden
//! fields.

use socorro_core::{CrashId, Dumps, RawCrash, time::Timestamp};

use crate::{
    Malformed, Reservation,
    parse::Report,
    throttle::{ThrottleResult, Verdict},
};

/// How raw crashes are made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Annotations that are removed before a report is stored.
    pub forbidden: Vec<String>,
    /// Names under which clients send annotations that have another one here: the standard name and
    /// where it is looked for when it is absent.
    pub aliases: Vec<(String, Vec<String>)>,
    /// The token with which clients may bring crash ids of their own.
    pub submitter_token: Option<String>,
}

/// A report with its id, ready to be stored.
#[derive(Debug)]
pub struct Crash {
    /// The crash id.
    pub id: CrashId,
    /// What is stored as the raw crash.
    pub raw_crash: RawCrash,
    /// The files.
    pub dumps: Dumps,
    /// Whether its id is published once it is stored.
    pub publish: bool,
    /// The directory that holds the large files; deleted with the crash.
    pub scratch: Option<tempfile::TempDir>,
    /// The memory that it holds.
    pub memory: Reservation,
}

/// Why a report gets no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It brought a crash id without being allowed to.
    UnauthorizedUuid,
    /// Malformed: it brought one that is none.
    Malformed(Malformed),
}

/// Fills in absent annotations from their aliases.
pub fn apply_aliases(report: &mut Report, options: &Options) {
    let _ = (report, options);
}

/// The id of a report: the one it brought, if it may (`authorization` is that header), or a new one.
///
/// # Errors
///
/// See [`Refused`].
pub fn crash_id(
    report: &Report,
    authorization: Option<&[u8]>,
    result: ThrottleResult,
    now: Timestamp,
    options: &Options,
) -> Result<CrashId, Refused> {
    let _ = (report, authorization, result, now, options);
    Err(Refused::UnauthorizedUuid)
}

/// Makes the raw crash.
#[must_use]
pub fn assemble(
    report: Report,
    id: CrashId,
    verdict: &Verdict,
    user_agent: Option<&str>,
    now: Timestamp,
    options: &Options,
) -> Crash {
    let _ = (verdict, user_agent, now, options);
    Crash {
        id,
        raw_crash: RawCrash::new(),
        dumps: Dumps::new(),
        publish: true,
        scratch: report.scratch,
        memory: report.memory,
    }
}
