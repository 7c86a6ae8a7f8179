//! Exit codes.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for was done.
    Success,
    /// Something failed: 1.
    Failure,
    /// The program was called wrongly: 2, as with the errors of the argument parser.
    Usage,
    /// Nothing was found where that matters: 3.
    NothingFound,
    /// There is no such bucket to list: 255, as `aws s3` has it.
    NoBucket,
    /// A signal of this number ended the work early: 128 and the number, as shells have it.
    Interrupted(u8),
}

impl Exit {
    /// The code that the caller of the program sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NothingFound => 3,
            Self::NoBucket => 255,
            Self::Interrupted(signal) => signal.saturating_add(128),
        }
    }

    /// Success, unless something failed.
    pub(crate) fn failure_if(failed: bool) -> Self {
        if failed { Self::Failure } else { Self::Success }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
