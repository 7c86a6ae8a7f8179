//! Pools of this test program.

use std::sync::atomic::{AtomicU32, Ordering};

use socorro_stackwalk::WalkerPool;
use socorro_stackwalk::pool::{WalkerPoolBuilder, this_program};

/// A pool of this program, and a text that is on the command line of its children and no others.
pub(super) fn pool() -> (WalkerPoolBuilder, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mark = format!("pool-{}-{number}", std::process::id());
    let mut builder = WalkerPool::builder(this_program().unwrap());
    for argument in ["walker_child", "--exact", "--ignored", "--nocapture", "--test-threads=1", "--skip"] {
        builder = builder.argument(argument);
    }
    (builder.argument(&mark), mark)
}
