//! Whether minidumps can be walked in child processes, and what keeps those in.

use socorro_stackwalk::pool::Isolation;

use super::{DoctorArguments, finding::Finding};

const NAME: &str = "walkers";

pub(super) async fn check(arguments: &DoctorArguments) -> Option<Finding> {
    // Symbols that cannot be used are told elsewhere.
    let pool = arguments.walk.pool(1).ok()?;
    let checked = pool.check().await;
    pool.close().await;
    Some(match checked {
        Ok(isolation) => found(&isolation),
        Err(error) => Finding::error(NAME, format!("cannot start child processes: {error}"))
            .hint("--walkers in-process does without, but a hostile minidump then takes down the processor"),
    })
}

fn found(isolation: &Isolation) -> Finding {
    let message = format!("child processes: {isolation}");
    if isolation.is_complete() {
        return Finding::ok(NAME, message);
    }
    Finding::warning(NAME, message).hint(
        "hostile minidumps still cannot take down the processor; a Linux with Landlock and seccomp would confine them more",
    )
}
