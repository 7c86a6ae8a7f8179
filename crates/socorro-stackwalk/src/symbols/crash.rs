//! What one crash finds of the symbols in the store.

use std::collections::HashMap;
use std::future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use breakpad_symbols::{FileError, FileKind, FillSymbolError, FrameSymbolizer, FrameWalker};
use minidump::Module;
use minidump_unwind::{StackFrame, SymbolProvider};
use tracing::debug;

use super::lookup::{LookUpSymbols, ModuleSymbols, SymbolLookup};
use super::name::ModuleName;
use crate::in_process::Budget;

/// Answers one walk from the shared store, and records which symbols this walk asked for and what it got.
///
/// The record is what the fields `loaded_symbols`, `missing_symbols` and so on are made from; keeping it per walk keeps
/// them independent of what else the store was asked.
pub(crate) struct CrashSymbols {
    source: Arc<dyn LookUpSymbols>,
    budget: Arc<Budget>,
    modules: Mutex<HashMap<Place, Arc<ModuleSymbols>>>,
}

/// Base address and size: what tells the modules of one minidump apart.
type Place = (u64, u64);

fn place_of(module: &dyn Module) -> Place {
    (module.base_address(), module.size())
}

/// The symbols that one walk asked for.
#[derive(Debug, Default)]
pub(crate) struct LookedUpSymbols(HashMap<Place, Arc<ModuleSymbols>>);

impl LookedUpSymbols {
    /// What became of the symbols of `module`; `None` if the walk never asked for them.
    pub(crate) fn of(&self, module: &dyn Module) -> Option<&ModuleSymbols> {
        self.0.get(&place_of(module)).map(|symbols| &**symbols)
    }
}

impl CrashSymbols {
    /// Answers from `source` until the budget is spent.
    pub(crate) fn new(source: Arc<dyn LookUpSymbols>, budget: Arc<Budget>) -> Self {
        Self {
            source,
            budget,
            modules: Mutex::default(),
        }
    }

    /// The record.
    pub(crate) fn into_looked_up(self) -> LookedUpSymbols {
        LookedUpSymbols(
            self.modules
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Names a frame that the walk did not come to, if the symbols for it are there already.
    pub(crate) fn name_if_known(&self, frame: &mut StackFrame) {
        if frame.function_name.is_some() {
            return;
        }
        let Some(module) = frame.module.clone() else {
            return;
        };
        let known = self.lock().get(&place_of(&module)).cloned();
        if let Some(SymbolLookup::Loaded(file)) = known.as_deref().map(|known| &*known.lookup) {
            file.fill_symbol(&module, frame);
            // They come outermost first, and are shown the other way round.
            frame.inlines.reverse();
        }
    }

    async fn symbols(&self, module: &(dyn Module + Sync)) -> Arc<ModuleSymbols> {
        let place = place_of(module);
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

    /// Never returns once the budget is spent: the walk is then dropped where it waits, and its frames are kept.
    async fn wait_if_spent(&self) {
        if self.budget.is_spent() {
            future::pending::<()>().await;
        }
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
        self.wait_if_spent().await;
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
        self.wait_if_spent().await;
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
