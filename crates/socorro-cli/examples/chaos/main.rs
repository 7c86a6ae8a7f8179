//! The loss test in full: real processors, and everything going wrong around them.
//!
//! ```text
//! cargo run --release --example chaos -- --crashes 10000
//! cargo run --release --example chaos -- --crashes 10000 --store directory --seed 42
//! cargo run --release --example chaos -- --s3 http://127.0.0.1:4566
//! ```
//!
//! Crashes go through a storage behind a proxy that answers with errors, cuts and stalls
//! connections, tears bodies and lets requests overtake each other. Processors are killed, stopped
//! and continued; their clocks jump, the disk runs full, the queue is locked, destinations are
//! down. In the end every crash has to be processed and everywhere, or dead-lettered for the right
//! reason, and every result has to be what a run without any trouble gives. Prints a table; the
//! exit code is 1 when anything is not as it has to be.

#[cfg(all(unix, feature = "s3", feature = "webhook"))]
#[path = "../../tests/faults/chaos/mod.rs"]
mod chaos;
#[cfg(all(unix, feature = "s3", feature = "webhook"))]
#[path = "../../tests/cli/support/minidump.rs"]
#[expect(clippy::unwrap_used, reason = "shared with tests")]
mod minidump;

#[cfg(all(unix, feature = "s3", feature = "webhook"))]
mod command_line {
    use std::{path::PathBuf, process::Command, time::Duration};

    use anyhow::{Context as _, Result, ensure};
    use clap::{Parser, ValueEnum};

    use crate::chaos::{self, Plan, Queue, Store};

    /// The loss test in full: real processors, and everything going wrong around them.
    #[derive(Debug, Parser)]
    struct Arguments {
        /// How many crashes
        #[arg(long, default_value_t = 1000)]
        crashes: usize,
        /// How many processors at once
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..))]
        processors: u8,
        /// Repeats the decisions of the run that printed this number
        #[arg(long)]
        seed: Option<u64>,
        /// Where crashes are stored
        #[arg(long, value_enum, default_value_t = Kind::Buckets)]
        store: Kind,
        /// The S3 server that has the buckets, instead of one in this process
        #[arg(long, value_name = "URL")]
        s3: Option<String>,
        /// The program, instead of the one that is built from here
        #[arg(long)]
        program: Option<PathBuf>,
    }

    #[derive(Debug, Clone, Copy, ValueEnum)]
    enum Kind {
        Buckets,
        Directory,
    }

    /// Builds the program with the same settings as this one, which lies below it.
    fn build() -> Result<PathBuf> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // Together with this example, so that the dependencies are those it was built with.
        build.args(["build", "--bin", "socorro", "--example", "chaos"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        ensure!(build.status()?.success(), "cannot build the program");
        let here = std::env::current_exe()?;
        let directory = here.ancestors().nth(2).context("no target directory")?;
        Ok(directory.join("socorro"))
    }

    pub(crate) async fn run() -> Result<bool> {
        let arguments = Arguments::parse();
        let program = arguments.program.map_or_else(build, Ok)?;
        let plan = Plan {
            seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..)),
            crashes: arguments.crashes,
            processors: arguments.processors.into(),
            store: match (arguments.store, arguments.s3) {
                (Kind::Directory, _) => Store::Directory,
                (Kind::Buckets, None) => Store::OwnServer,
                (Kind::Buckets, Some(endpoint)) => Store::Server(endpoint),
            },
            queue: Queue::Sqlite,
            program,
            patience: Duration::from_secs(300),
            progress: true,
        };
        eprintln!("repeat with --seed {}", plan.seed);
        let report = chaos::run(&plan).await?;
        println!("{report}");
        Ok(report.problems().is_empty())
    }
}

#[cfg(all(unix, feature = "s3", feature = "webhook"))]
#[tokio::main]
async fn main() -> anyhow::Result<std::process::ExitCode> {
    let nothing_lost = command_line::run().await?;
    Ok(u8::from(!nothing_lost).into())
}

#[cfg(not(all(unix, feature = "s3", feature = "webhook")))]
fn main() {
    eprintln!("the loss test needs Unix, and the features s3 and webhook");
    std::process::exit(2);
}
