//! Keeping a panic from going further than the work it is in.

use std::{fmt, panic::AssertUnwindSafe};

use futures::FutureExt as _;

use crate::pipeline::panic_message;

/// Some code panicked. What it said may be private and is in the debug log only.
#[derive(Debug)]
pub(crate) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the worker panicked")
    }
}

/// Does some work, which ends here if it panics.
pub(crate) async fn fence<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    // Nothing that the work had borrowed is looked at after a panic but counters.
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| {
            tracing::debug!(message = panic_message(panic.as_ref()), "panicked");
            Panicked
        })
}
