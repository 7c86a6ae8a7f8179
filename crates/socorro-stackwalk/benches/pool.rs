//! What walking in child processes costs: the same minidumps in process and in a pool, symbols warm.
//!
//! Needs the corpus in the directory named by `SOCORRO_CORPUS` (default: `../shared/corpus` beside the repository); with
//! `SOCORRO_CORPUS_BIG` that of browsers, too. A benchmark is `HOW/CASE/N at once`; throughput is in minidumps.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    if std::env::args().nth(1).as_deref() == Some(pool::CHILD) {
        return socorro_stackwalk::pool::serve();
    }
    pool::run();
    std::process::ExitCode::SUCCESS
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
#[path = "../tests/common/mod.rs"]
mod common;

#[cfg(unix)]
mod pool {
    #![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

    use std::sync::Arc;

    use criterion::{BenchmarkId, Criterion, Throughput};
    use socorro_stackwalk::{
        InProcessStackwalker, Stackwalker, SymbolStore, WalkOutcome, WalkRequest, WalkerPool,
        pool::this_program,
    };
    use tokio::runtime::Runtime;
    use tokio::task::JoinSet;

    use super::common::corpus::{Case, Corpus};

    /// The argument that makes this program a child.
    pub(super) const CHILD: &str = "walker-child";

    /// Minidumps of one frame, of many threads, of one long stack, and of a browser.
    const CASES: [&str; 4] = [
        "c-null-deref",
        "threads-64-crash",
        "c-stack-overflow",
        "firefox-parent-segv",
    ];

    /// How many minidumps are on their way at once; of the second, twice as many as there are children.
    const AT_ONCE: [u64; 2] = [1, 4];

    const CHILDREN: usize = 2;

    pub(super) fn run() {
        let Some(corpus) = Corpus::find() else { return };
        let mut criterion = Criterion::default().configure_from_args();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(CHILDREN)
            .enable_all()
            .build()
            .unwrap();
        for case in corpus.cases() {
            if CASES.contains(&case.name.as_str()) {
                compare(&mut criterion, &runtime, &Arc::new(case));
            }
        }
        criterion.final_summary();
    }

    fn compare(criterion: &mut Criterion, runtime: &Runtime, case: &Arc<Case>) {
        let symbols = SymbolStore::new(case.sources());
        let pool = WalkerPool::builder(this_program().unwrap())
            .argument(CHILD)
            .children(CHILDREN)
            .symbols(symbols.clone())
            .build();
        let walkers: [(&str, Arc<dyn Stackwalker>); 2] = [
            (
                "in process",
                Arc::new(InProcessStackwalker::new().symbols(symbols)),
            ),
            ("pool", Arc::new(pool)),
        ];
        for at_once in AT_ONCE {
            let mut group = criterion.benchmark_group(format!("{}/{at_once} at once", case.name));
            group.throughput(Throughput::Elements(at_once));
            for (name, walker) in &walkers {
                // Until all children know the symbols.
                runtime.block_on(walk(walker, case, 8));
                group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                    bencher.iter(|| runtime.block_on(walk(walker, case, at_once)));
                });
            }
            group.finish();
        }
    }

    async fn walk(walker: &Arc<dyn Stackwalker>, case: &Arc<Case>, times: u64) {
        let mut walks = JoinSet::new();
        for _ in 0..times {
            let (walker, case) = (Arc::clone(walker), Arc::clone(case));
            walks.spawn(async move {
                let request = WalkRequest {
                    dump: case.dump.as_path().into(),
                    annotations: &case.annotations,
                };
                walker.walk(request).await
            });
        }
        while let Some(walked) = walks.join_next().await {
            assert_eq!(walked.unwrap().exit_code, WalkOutcome::GOOD);
        }
    }
}
