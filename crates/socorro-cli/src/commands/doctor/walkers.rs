//! Whether minidumps can be walked in child processes, and what keeps those in.

use super::{DoctorArguments, finding::Finding};

const NAME: &str = "walkers";

pub(super) async fn check(arguments: &DoctorArguments) -> Finding {
    if arguments.walkers.is_in_process() {
        return Finding::warning(NAME, "minidumps are walked in the processor's own process")
            .hint("on Unix, --walkers N walks them in child processes, so that a hostile one harms no others");
    }
    in_children(arguments).await
}

#[cfg(unix)]
async fn in_children(arguments: &DoctorArguments) -> Finding {
    use socorro_stackwalk::SymbolStore;

    let pool = match arguments.walk.pool(1, SymbolStore::empty()) {
        Ok(pool) => pool,
        Err(failure) => return Finding::failed(NAME, &failure),
    };
    let checked = pool.check().await;
    pool.close().await;
    match checked {
        Ok(isolation) => {
            let message = format!("child processes: {isolation}");
            if isolation.is_complete() {
                return Finding::ok(NAME, message);
            }
            Finding::warning(NAME, message)
                .hint("a Linux with Landlock and seccomp confines them more")
        }
        Err(error) => Finding::error(NAME, error.to_string())
            .hint("--walkers in-process does without, but a hostile minidump then harms others"),
    }
}

#[cfg(not(unix))]
async fn in_children(_: &DoctorArguments) -> Finding {
    Finding::ok(NAME, "minidumps are walked in the processor's own process")
}
