//! A symbol file while it arrives.

mod receiving;
mod sink;

use std::fmt;

use bytes::BytesMut;

use self::receiving::Receiving;
use super::cache::SymbolCache;
use super::error::SymbolError;
use super::index::{CorruptSymbols, SymbolIndex};
use super::name::SymbolName;

/// How much arrives before it is written and read, in bytes. Less would cost more changes of thread.
const BATCH: usize = 1 << 20;

/// Where downloads go, and how large they may be.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    /// Files are kept there; in memory, if there is none.
    pub(super) cache: Option<SymbolCache>,
    /// Largest file, in bytes.
    pub(super) largest_file: u64,
    /// Largest file that may be held in memory, in bytes.
    pub(super) largest_in_memory: u64,
}

/// A symbol file while it arrives. Bytes are written to the cache, or held in memory where there is none, and indexed at
/// the same time. A file that is not [finished](Self::finish), is too large or turns out to be damaged leaves nothing
/// behind.
pub struct Download {
    /// Absent while a thread is at work on it, and after that failed.
    receiving: Option<Box<Receiving>>,
    waiting: BytesMut,
    size: u64,
    largest: u64,
    is_damaged: bool,
    place: String,
}

impl Download {
    /// Begins to receive the symbol file `name` from `place`, a URL without secrets.
    pub(super) async fn begin(
        inbox: &Inbox,
        name: &SymbolName,
        place: String,
    ) -> Result<Self, SymbolError> {
        let (owned_inbox, name, url) = (inbox.clone(), name.clone(), place.clone());
        let receiving = in_thread(move || Ok(Receiving::begin(owned_inbox, name, url))).await?;
        Ok(Self {
            receiving: Some(Box::new(receiving)),
            waiting: BytesMut::new(),
            size: 0,
            largest: inbox.largest_file,
            is_damaged: false,
            place,
        })
    }

    /// Bytes that have arrived.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the file is known to be damaged already. What is still to come will not change that, so it need not be
    /// written; [`finish`](Self::finish) says so, too.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Whether a file of so many bytes would be too large, for those who know beforehand.
    ///
    /// # Errors
    ///
    /// [`SymbolError::TooLarge`] if so.
    pub fn check_size(&self, bytes: u64) -> Result<(), SymbolError> {
        if bytes > self.largest {
            return Err(SymbolError::TooLarge {
                place: self.place.clone(),
                limit: self.largest,
            });
        }
        Ok(())
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// [`SymbolError::TooLarge`], or [`SymbolError::Io`] when they cannot be kept.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), SymbolError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        self.check_size(self.size)?;
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= BATCH {
            self.flush().await?;
        }
        Ok(())
    }

    /// Says that everything has arrived. The file is in the cache afterwards, unless it is damaged.
    ///
    /// # Errors
    ///
    /// [`SymbolError::Io`] when the file cannot be kept.
    pub async fn finish(mut self) -> Result<Downloaded, SymbolError> {
        self.flush().await?;
        let receiving = self.receiving.take().ok_or_else(gone)?;
        let symbols = in_thread(move || receiving.finish()).await?;
        Ok(Downloaded(symbols.map(Box::new)))
    }

    async fn flush(&mut self) -> Result<(), SymbolError> {
        let mut receiving = self.receiving.take().ok_or_else(gone)?;
        let mut bytes = std::mem::take(&mut self.waiting);
        let (receiving, bytes) = in_thread(move || {
            receiving.take(&bytes)?;
            bytes.clear();
            Ok((receiving, bytes))
        })
        .await?;
        self.is_damaged = receiving.is_damaged();
        self.receiving = Some(receiving);
        self.waiting = bytes;
        Ok(())
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("place", &self.place)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A symbol file that has arrived and been read.
#[derive(Debug)]
pub struct Downloaded(pub(super) Result<Box<SymbolIndex>, CorruptSymbols>);

/// Files and symbols are handled by threads that may block.
async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SymbolError> + Send + 'static,
) -> Result<T, SymbolError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(interrupted(std::io::Error::other(error))))
}

fn gone() -> SymbolError {
    interrupted(std::io::Error::other("an earlier write failed"))
}

fn interrupted(source: std::io::Error) -> SymbolError {
    SymbolError::Io {
        path: "download".into(),
        source,
    }
}
