//! What one crash finds of the symbols in the store.

use std::collections::HashMap;
use std::future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use breakpad_symbols::{FileError, FileKind, FillSymbolError, FrameSymbolizer, FrameWalker};
use minidump::Module;
use minidump_unwind::SymbolProvider;
use tracing::debug;

use super::lookup::{LookUpSymbols, ModuleSymbols, SymbolLookup};
use super::name::ModuleName;
use crate::in_process::{Cancelled, Progress};

/// Answers one walk from the shared store, and records which symbols this walk asked for and what it got.
///
/// The record is what the fields `loaded_symbols`, `missing_symbols` and so on are made from; keeping it per walk keeps
/// them independent of what else the store was asked.
pub(crate) struct CrashSymbols {
    source: Arc<dyn LookUpSymbols>,
    cancelled: Cancelled,
    progress: Arc<Progress>,
    max_frames: u64,
    modules: Mutex<HashMap<Place, Arc<ModuleSymbols>>>,
}

/// Base address and size: what tells the modules of one minidump apart.
type Place = (u64, u64);

impl CrashSymbols {
    /// Answers from `source` until the walk is cancelled or has `max_frames` frames.
    pub(crate) fn new(
        source: Arc<dyn LookUpSymbols>,
        cancelled: Cancelled,
        progress: Arc<Progress>,
        max_frames: u64,
    ) -> Self {
        Self {
            source,
            cancelled,
            progress,
            max_frames,
            modules: Mutex::default(),
        }
    }

    /// What the walk asked for `module`; `None` if it never did.
    pub(crate) fn of(&self, module: &dyn Module) -> Option<Arc<ModuleSymbols>> {
        self.lock()
            .get(&(module.base_address(), module.size()))
            .cloned()
    }

    async fn symbols(&self, module: &(dyn Module + Sync)) -> Arc<ModuleSymbols> {
        let place = (module.base_address(), module.size());
        if let Some(known) = self.lock().get(&place) {
            return Arc::clone(known);
        }
        let name = ModuleName::of(module);
        let symbols = self.source.look_up(&name).await;
        debug!(code_file = name.code_file, ?symbols, "looked up symbols");
        // Two threads of the dump may have asked at once. They got the same answer unless the store changed its mind in
        // between; the first one counts, so that one walk sees one answer.
        Arc::clone(self.lock().entry(place).or_insert(Arc::new(symbols)))
    }

    /// Never returns once the walk is cancelled: the walk is then dropped where it waits.
    async fn wait_if_cancelled(&self) {
        if self.cancelled.get() {
            future::pending::<()>().await;
        }
    }

    /// Whether the walk has all the frames it may have. Unwinding then finds no more symbols and no more rules, and
    /// stops soon.
    fn is_exhausted(&self) -> bool {
        self.progress.frames() >= self.max_frames
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Arc<ModuleSymbols>>> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SymbolProvider for CrashSymbols {
    async fn fill_symbol(
        &self,
        module: &(dyn Module + Sync),
        frame: &mut (dyn FrameSymbolizer + Send),
    ) -> Result<(), FillSymbolError> {
        self.wait_if_cancelled().await;
        if self.is_exhausted() {
            return Ok(());
        }
        match &*self.symbols(module).await.lookup {
            SymbolLookup::Loaded(file) => {
                file.fill_symbol(module, frame);
                Ok(())
            }
            SymbolLookup::Corrupt { .. } | SymbolLookup::Missing(_) => Err(FillSymbolError {}),
        }
    }

    async fn walk_frame(
        &self,
        module: &(dyn Module + Sync),
        walker: &mut (dyn FrameWalker + Send),
    ) -> Option<()> {
        self.wait_if_cancelled().await;
        if self.is_exhausted() {
            return None;
        }
        match &*self.symbols(module).await.lookup {
            SymbolLookup::Loaded(file) => file.walk_frame(module, walker),
            SymbolLookup::Corrupt { .. } | SymbolLookup::Missing(_) => None,
        }
    }

    /// Nobody asks for files in a walk.
    async fn get_file_path(
        &self,
        _: &(dyn Module + Sync),
        _: FileKind,
    ) -> Result<PathBuf, FileError> {
        Err(FileError::NotFound)
    }
}
