//! Minidumps of small programs, with symbols of some megabytes: what most crashes are.

use crate::Rounds;
use crate::cases::{Case, Corpus};
use crate::program::Program;
use crate::timing::{Times, median, shown};
use crate::walkers::{self, walk};

pub(crate) async fn bench(corpus: &Corpus, program: Option<&Program>, rounds: Rounds) {
    println!("\nsmall symbol files: milliseconds for one minidump, indexes on disk");
    println!(
        "{:<30} {:>10} {:>10} {:>10}   program / pool",
        "", "program", "pool", "in process"
    );
    let mut ratios = Vec::new();
    let mut overheads = Vec::new();
    for case in corpus.small() {
        let [published, pool, in_process] = times(&case, program, rounds).await;
        let ratio = published.ratio(&pool);
        println!(
            "{:<30} {published} {pool} {in_process}   {}",
            case.name,
            shown(ratio)
        );
        ratios.extend(ratio);
        overheads.extend(pool.ratio(&in_process));
    }
    println!("median: program / pool {}", shown(median(ratios)));
    println!("median: pool / in process {}", shown(median(overheads)));
}

/// All three ways, in turns.
async fn times(case: &Case, program: Option<&Program>, rounds: Rounds) -> [Times; 3] {
    let directory = tempfile::tempdir().expect("a directory");
    let output = directory.path().join("output.json");
    let symbols = walkers::store(case, Some(&directory.path().join("cache")));
    let pool = walkers::pool(symbols.clone(), 1);
    let in_process = walkers::in_process(symbols);
    walk(&*pool, case).await;
    walk(&in_process, case).await;
    let mut times = [Times::default(), Times::default(), Times::default()];
    for round in 0..rounds.many {
        if let Some(program) = program
            && round < rounds.few
        {
            times[0].measure_blocking(|| program.walk(case, &output));
        }
        times[1].measure(walk(&*pool, case)).await;
        times[2].measure(walk(&in_process, case)).await;
    }
    times
}
