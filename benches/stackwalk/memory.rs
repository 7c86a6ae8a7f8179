//! What one walk takes in a process of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::cases::{Case, Corpus};
use crate::walkers;

/// Starts this program for one walk: of the large case of this name, with indexes in this directory.
pub(crate) const ONE_WALK: &str = "one-walk";

/// Walks the minidump `CASE` with the cache `CACHE`, writes its document to nowhere, and prints the memory that belongs
/// to this process alone, in kilobytes.
pub(crate) fn walk_once(arguments: &[String]) -> ExitCode {
    let [name, cache] = arguments else {
        return ExitCode::FAILURE;
    };
    let cases = Corpus::find().expect("a corpus").large();
    let case = cases
        .iter()
        .find(|case| &case.name == name)
        .expect("the case");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let walker = walkers::in_process(walkers::store(case, Some(Path::new(cache))));
        let walked = walker
            .walked(case.dump.as_path(), &case.annotations)
            .await
            .expect("a walk");
        walked.write_json(std::io::sink()).expect("a document");
        // While all of it is still there.
        println!("{}", private_kilobytes().unwrap_or(0));
    });
    ExitCode::SUCCESS
}

/// Walks one minidump in a new process. Answers with the private memory of that process in kilobytes, 0 where the
/// system does not tell.
pub(crate) fn in_new_process(case: &Case, cache: &Path) -> u64 {
    let program: PathBuf = env::current_exe().expect("this program");
    let output = Command::new(program)
        .args([ONE_WALK, &case.name])
        .arg(cache)
        .output()
        .expect("this program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().expect("a number")
}

/// Memory that no file stands behind (Linux).
fn private_kilobytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.split_whitespace().next()?.parse().ok()
}
