//! What is told while objects are worked on.

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::WorkArguments;
use crate::{exit::Exit, failure::Failure, output::Output};

/// A line for each object, a bar, and what comes of it all.
pub(super) struct Report<'a> {
    output: &'a mut Output,
    bar: ProgressBar,
    dry_run: bool,
    only_errors: bool,
    failed: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(output: &'a mut Output, work: &WorkArguments, bytes: u64) -> Self {
        Self {
            output,
            bar: if work.no_progress || work.dry_run {
                ProgressBar::hidden()
            } else {
                bar(bytes)
            },
            dry_run: work.dry_run,
            only_errors: work.only_show_errors,
            failed: false,
        }
    }

    /// Counts bytes.
    pub(super) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Something was done, or would be.
    pub(super) fn done(&mut self, line: &str) -> Result<(), Failure> {
        if self.only_errors {
            return Ok(());
        }
        let prefix = if self.dry_run { "(dryrun) " } else { "" };
        let output = &mut *self.output;
        self.bar
            .suspend(|| output.line(format_args!("{prefix}{line}")))
    }

    /// Something was not done.
    pub(super) fn failed(&mut self, failure: &Failure) {
        self.failed = true;
        self.bar.suspend(|| self.output.report(failure));
    }

    pub(super) fn exit(self) -> Exit {
        self.bar.finish_and_clear();
        Exit::failure_if(self.failed)
    }

    /// The exit of work that a signal ended.
    pub(super) fn interrupted(self, signal: u8) -> Exit {
        self.bar.finish_and_clear();
        self.output.report(
            &Failure::new("interrupted: not everything was done")
                .hint("run it again: what is complete is left as it is"),
        );
        Exit::Interrupted(signal)
    }
}

/// On a terminal, and unless quiet is wanted.
fn bar(bytes: u64) -> ProgressBar {
    if !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let template = "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}
