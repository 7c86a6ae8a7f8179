//! What happens when one of many items fails.

use clap::Args;

/// Whether the others go on when one of many items fails.
#[derive(Debug, Default, Args)]
pub(crate) struct FailureArguments {
    /// Stop at the first item that fails
    #[arg(long, overrides_with = "keep_going")]
    fail_fast: bool,
    /// Go on with the others when one fails; this is how it is without --fail-fast
    #[arg(long, overrides_with = "fail_fast")]
    keep_going: bool,
}

impl FailureArguments {
    /// Whether the first failure ends the work.
    pub(crate) fn fail_fast(&self) -> bool {
        self.fail_fast && !self.keep_going
    }
}
