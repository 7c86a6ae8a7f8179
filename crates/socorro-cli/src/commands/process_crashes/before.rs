//! How a crash comes into the storage.

use std::{path::Path, sync::Arc};

use socorro_core::CrashId;
use socorro_crash_stats::client::CrashStats;
use socorro_storage::CrashStorage;

use crate::{
    commands::{
        fetch_crash_data::{Dumps, Fetched, Fetcher, NotDone, Target, Wanted},
        storage::Tree,
    },
    failure::Failure,
};

/// How a crash comes into the storage.
pub(super) enum Before {
    /// From a server.
    Fetched(Fetcher),
    /// From a directory.
    Tree(Tree, Arc<dyn CrashStorage>),
}

/// The fetcher of whole crashes, as far as they can be had.
pub(super) fn fetcher(crash_stats: CrashStats, target: Target) -> Fetcher {
    let dumps = if crash_stats.has_token() {
        Dumps::Fetched
    } else {
        Dumps::Withheld
    };
    let wanted = Wanted {
        raw: true,
        dumps,
        processed: false,
        overwrite: false,
    };
    Fetcher::new(crash_stats, target, wanted)
}

/// The crashes in a directory.
///
/// # Errors
///
/// When there is no such directory.
pub(super) fn tree(directory: &Path) -> Result<Tree, Failure> {
    Tree::open(directory)
}

impl Before {
    /// Brings a crash into the storage.
    ///
    /// # Errors
    ///
    /// Why it is not there, or not whole.
    pub(super) async fn store(&self, id: CrashId) -> Result<Fetched, NotDone> {
        match self {
            Self::Fetched(fetcher) => fetcher.fetch(id).await,
            Self::Tree(tree, storage) => {
                let crash = tree.crash(&id).await?;
                storage
                    .save_raw_crash(&id, &crash.raw, &crash.dumps)
                    .await?;
                Ok(Fetched {
                    is_new: true,
                    withheld: crash.raw.has_dumps_withheld(),
                    ..Fetched::default()
                })
            }
        }
    }

    /// Waits until everything is written that was begun.
    pub(super) async fn finish_writing(&self) {
        if let Self::Fetched(fetcher) = self {
            fetcher.finish_writing().await;
        }
    }
}
