//! Minidumps of a browser and of a Java virtual machine, with symbol files of up to hundreds of megabytes.

use std::path::Path;

use crate::Rounds;
use crate::cases::{Case, Corpus};
use crate::memory;
use crate::program::Program;
use crate::timing::{Times, shown};
use crate::walkers::{self, walk};

pub(crate) async fn bench(corpus: &Corpus, program: Option<&Program>, rounds: Rounds) {
    let Some(large) = corpus.large_symbols() else {
        println!(
            "SKIPPED: large symbol files: set SOCORRO_CORPUS_BIG to a directory that has them"
        );
        return;
    };
    println!("\nlarge symbol files, of {}: milliseconds", large.display());
    for case in corpus.large() {
        one(&case, program, rounds).await;
    }
}

async fn one(case: &Case, program: Option<&Program>, rounds: Rounds) {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    let mut published = Times::default();
    let mut first = Times::default();
    for round in 0..rounds.few {
        if let Some(program) = program {
            let output = directory.path().join("output.json");
            published.measure_blocking(|| program.walk(case, &output));
        }
        first_walk(
            case,
            &directory.path().join(format!("cache-{round}")),
            &mut first,
        )
        .await;
    }
    let steady = steady(case, &cache, rounds).await;
    let mut new_process = Times::default();
    let mut private = 0;
    for _ in 0..rounds.many {
        private =
            private.max(new_process.measure_blocking(|| memory::in_new_process(case, &cache)));
    }
    let [pool, in_process, document] = &steady;
    println!("{}", case.name);
    println!("  published program, once per minidump {published}");
    println!(
        "  pool, no index yet                   {first}   {}",
        shown(published.ratio(&first))
    );
    println!(
        "  pool                                 {pool}   {}",
        shown(published.ratio(pool))
    );
    println!(
        "  in process, document as a tree       {in_process}   pool: {}",
        shown(pool.ratio(in_process))
    );
    println!("  in process, document as JSON text    {document}");
    println!("  new process, document as JSON text   {new_process}   {private} kB private memory");
}

/// The first crash of a build: its symbols are on disk, their indexes are not.
async fn first_walk(case: &Case, cache: &Path, times: &mut Times) {
    let pool = walkers::pool(walkers::store(case, Some(cache)), 1);
    pool.check().await.expect("a pool");
    times.measure(walk(&*pool, case)).await;
}

/// Once the indexes are there: through the pool, in process, and in process with the document written as text.
async fn steady(case: &Case, cache: &Path, rounds: Rounds) -> [Times; 3] {
    let symbols = walkers::store(case, Some(cache));
    let pool = walkers::pool(symbols.clone(), 1);
    let in_process = walkers::in_process(symbols);
    walk(&*pool, case).await;
    walk(&in_process, case).await;
    let mut times = [Times::default(), Times::default(), Times::default()];
    for _ in 0..rounds.many {
        times[0].measure(walk(&*pool, case)).await;
        times[1].measure(walk(&in_process, case)).await;
        let written = async {
            let walked = in_process.walked(case.dump.as_path(), &case.annotations);
            let walked = walked.await.expect("a walk");
            walked.write_json(std::io::sink()).expect("a document");
        };
        times[2].measure(written).await;
    }
    times
}
