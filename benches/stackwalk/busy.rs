//! Small minidumps with all processors busy, as in a service that has more crashes than time: what a
//! walk costs, not how long one waits for it.

use std::sync::Arc;
use std::thread;

use futures::{StreamExt as _, stream};
use socorro_stackwalk::Stackwalker;

use crate::Rounds;
use crate::cases::{Case, Corpus};
use crate::timing::{Times, median, shown};
use crate::walkers::{self, walk};

/// How many walks are measured together.
const TOGETHER: usize = 64;

pub(crate) async fn bench(corpus: &Corpus, rounds: Rounds) {
    let children = thread::available_parallelism().map_or(1, usize::from);
    println!("\nthe same, {TOGETHER} with {children} at once");
    println!("{:<30} {:>10} {:>10}", "", "pool", "in process");
    let mut overheads = Vec::new();
    for case in corpus.small() {
        let name = case.name.clone();
        let [pool, in_process] = times(case, children, rounds).await;
        let overhead = pool.ratio(&in_process);
        println!("{name:<30} {pool} {in_process}   {}", shown(overhead));
        overheads.extend(overhead);
    }
    println!("median: pool / in process {}", shown(median(overheads)));
}

/// Both ways, in turns.
async fn times(case: Case, children: usize, rounds: Rounds) -> [Times; 2] {
    let directory = tempfile::tempdir().expect("a directory");
    let symbols = walkers::store(&case, Some(directory.path()));
    let pool: Arc<dyn Stackwalker> = walkers::pool(symbols.clone(), children);
    let in_process: Arc<dyn Stackwalker> = Arc::new(walkers::in_process(symbols));
    let case = Arc::new(case);
    let mut times = [Times::default(), Times::default()];
    walk_all(&pool, &case, children).await;
    walk_all(&in_process, &case, children).await;
    for _ in 0..rounds.few {
        times[0].measure(walk_all(&pool, &case, children)).await;
        times[1]
            .measure(walk_all(&in_process, &case, children))
            .await;
    }
    times
}

/// Each walk is a task, as in a service.
async fn walk_all(walker: &Arc<dyn Stackwalker>, case: &Arc<Case>, at_once: usize) {
    let walks = (0..TOGETHER).map(|_| {
        let (walker, case) = (Arc::clone(walker), Arc::clone(case));
        tokio::spawn(async move { walk(&*walker, &case).await })
    });
    stream::iter(walks)
        .buffer_unordered(at_once)
        .for_each(async |walked| walked.expect("a walk"))
        .await;
}
