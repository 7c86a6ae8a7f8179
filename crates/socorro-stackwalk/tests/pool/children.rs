//! Pools of this test program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use socorro_stackwalk::pool::{WalkerPoolBuilder, this_program};
use socorro_stackwalk::{FetchSymbols, FoundSymbols, SymbolError, SymbolRequest, WalkerPool};
use tokio::sync::Notify;

/// A pool of this program, and a text that is on the command line of its children and no others.
pub(super) fn pool() -> (WalkerPoolBuilder, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mark = format!("pool-{}-{number}", std::process::id());
    let mut builder = WalkerPool::builder(this_program().unwrap());
    for argument in [
        "walker_child",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
        "--skip",
    ] {
        builder = builder.argument(argument);
    }
    (builder.argument(&mark), mark)
}

/// A symbol server that is asked and does not answer: a walk that waits for it is in the midst of things.
#[derive(Debug, Default)]
pub(super) struct Silent {
    pub(super) asked: Arc<Notify>,
}

#[async_trait]
impl FetchSymbols for Silent {
    async fn fetch(&self, _: &SymbolRequest<'_>) -> Result<Option<FoundSymbols>, SymbolError> {
        self.asked.notify_one();
        std::future::pending().await
    }

    fn place(&self) -> String {
        "silence".to_owned()
    }
}
