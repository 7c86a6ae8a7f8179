//! Our walkers.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use socorro_stackwalk::pool::{self, WalkerPool};
use socorro_stackwalk::{
    CacheOptions, InProcessStackwalker, Stackwalker, SymbolCache, SymbolSource, SymbolStore,
    WalkOutcome, WalkOutput, WalkRequest,
};

use crate::cases::Case;

/// Starts this program as a walker of the pool.
pub(crate) const CHILD: &str = "walker";

/// Is a walker of the pool.
pub(crate) fn serve() -> ExitCode {
    pool::serve()
}

/// Symbols for a minidump. Their indexes are kept in the directory `cache`, if there is one.
pub(crate) fn store(case: &Case, cache: Option<&Path>) -> SymbolStore {
    let sources = case
        .symbols
        .iter()
        .map(|directory| SymbolSource::directory(directory).expect("a directory of symbols"));
    let store = SymbolStore::builder().sources(sources);
    match cache {
        Some(cache) => store
            .cache(SymbolCache::open(cache, CacheOptions::default()).expect("a cache"))
            .build(),
        None => store.build(),
    }
}

pub(crate) fn in_process(symbols: SymbolStore) -> InProcessStackwalker {
    InProcessStackwalker::new().symbols(symbols)
}

pub(crate) fn pool(symbols: SymbolStore, children: usize) -> Arc<WalkerPool> {
    let program = pool::this_program().expect("this program");
    let pool = WalkerPool::builder(program)
        .argument(CHILD)
        .children(children)
        .symbols(symbols);
    Arc::new(pool.build())
}

/// Walks one minidump, to the document as the rules of a processor want it.
pub(crate) async fn walk(walker: &dyn Stackwalker, case: &Case) {
    let request = WalkRequest {
        dump: case.dump.as_path().into(),
        annotations: &case.annotations,
    };
    let outcome = walker.walk(request).await;
    assert_eq!(
        outcome.exit_code,
        WalkOutcome::GOOD,
        "{}: {:?}",
        case.name,
        outcome.log
    );
    assert!(matches!(outcome.output, WalkOutput::Json(_)));
}
