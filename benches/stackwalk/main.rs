//! Minidumps per second: in this process, through the pool of child processes, and by the published
//! program `minidump-stackwalk`, started once per minidump as Mozilla's processor does. All take
//! turns in one run, so that whatever else the machine does hits all. Medians.
//!
//! `cargo bench --bench stackwalk` takes the minidumps from the corpus in `SOCORRO_CORPUS` (default
//! `../shared/corpus`), those with large symbol files only if `SOCORRO_CORPUS_BIG` names a directory
//! that has them. The published program is found on `PATH` or named by `MINIDUMP_STACKWALK`; version
//! 0.27.0 is meant (`cargo install minidump-stackwalk --version 0.27.0 --locked`). With `-- --test`
//! everything runs once.

#![expect(clippy::expect_used, reason = "this is how a bench fails")]

mod busy;
mod cases;
mod large;
mod memory;
mod program;
mod small;
mod timing;
mod walkers;

use std::env;
use std::process::ExitCode;

use cases::Corpus;
use program::Program;

/// How often things are measured.
#[derive(Clone, Copy, Debug)]
struct Rounds {
    /// Of what takes milliseconds.
    many: usize,
    /// Of what takes a second.
    few: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some(walkers::CHILD) => return walkers::serve(),
        Some(memory::ONE_WALK) => return memory::walk_once(&arguments[2..]),
        _ => {}
    }
    let rounds = if arguments.iter().any(|argument| argument == "--test") {
        Rounds { many: 1, few: 1 }
    } else {
        Rounds { many: 41, few: 5 }
    };
    let Some(corpus) = Corpus::find() else {
        println!("SKIPPED: no corpus: set SOCORRO_CORPUS to its directory");
        return ExitCode::SUCCESS;
    };
    let program = Program::find();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        small::bench(&corpus, program.as_ref(), rounds).await;
        busy::bench(&corpus, rounds).await;
        large::bench(&corpus, program.as_ref(), rounds).await;
    });
    ExitCode::SUCCESS
}
