//! Whether a file has to be transferred again.

use std::{fs::File, io, path::PathBuf};

use clap::Args;
use socorro_core::time::Timestamp;
use socorro_storage::bucket::Checksum;

use super::side::{Entry, Side, file};

/// How the two sides are compared.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Comparison {
    /// Take files of the same size for the same, without a look at their content
    #[arg(long)]
    pub(super) size_only: bool,
    /// When fetching, take files of the same size for the same only if their times are, too
    #[arg(long, conflicts_with = "size_only")]
    pub(super) exact_timestamps: bool,
}

impl Comparison {
    /// Whether what is at the target is what the source has: by size, then by checksum, and by time
    /// where nobody knows a checksum.
    ///
    /// # Errors
    ///
    /// When a local file cannot be read.
    pub(super) async fn is_same(
        self,
        (from, source): (&Side, &Entry),
        (to, target): (&Side, &Entry),
    ) -> io::Result<bool> {
        if source.size != target.size {
            return Ok(false);
        }
        if self.size_only {
            return Ok(true);
        }
        let is_fetched = matches!(to, Side::Local { .. });
        let second = |entry: &Entry| entry.modified.map(Timestamp::as_second);
        if self.exact_timestamps && is_fetched {
            return Ok(second(source) == second(target));
        }
        let by_content = match (from, to) {
            (Side::Local { root, .. }, Side::Bucket { .. }) => {
                fits(target.checksum, source.size, file(root, &source.name)).await?
            }
            (Side::Bucket { .. }, Side::Local { root, .. }) => {
                fits(source.checksum, target.size, file(root, &target.name)).await?
            }
            _ => equal(source.checksum, target.checksum),
        };
        if let Some(same) = by_content {
            return Ok(same);
        }
        // What is fetched gets the time of its object: a later one was written by somebody else.
        Ok(match (second(source), second(target)) {
            (Some(source), Some(target)) if is_fetched => target <= source,
            (Some(source), Some(target)) => target >= source,
            _ => false,
        })
    }
}

/// Whether two objects have the same content, where that can be said.
fn equal(one: Option<Checksum>, other: Option<Checksum>) -> Option<bool> {
    match (one?, other?) {
        (Checksum::Md5(one), Checksum::Md5(other)) => Some(one == other),
        // Other parts make another checksum of the same content.
        (one, other) => (one == other).then_some(true),
    }
}

async fn fits(checksum: Option<Checksum>, size: u64, path: PathBuf) -> io::Result<Option<bool>> {
    let Some(checksum) = checksum else {
        return Ok(None);
    };
    let look = move || checksum.fits(size, || File::open(&path));
    tokio::task::spawn_blocking(look).await?
}
