//! Why frames have no name.

use std::collections::BTreeMap;

use socorro_stackwalk::{StackwalkView, SymbolStatus, SymbolicationView};

use super::NAME;
use crate::words;

/// Causes that are shown.
const MOST_CAUSES: usize = 100;

/// What keeps frames from having names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unnamed {
    /// How many frames.
    pub frames: u64,
    /// The module that they lie in.
    pub module: Option<String>,
    /// The reason, in words.
    pub reason: String,
    /// What more is known: places that were asked, what is wrong with a file.
    pub details: String,
    /// Whether symbols would help that were not to be had.
    pub lacks_symbols: bool,
}

/// What keeps frames from having names, those of most frames first, and a summary. From the field `symbolication`, or,
/// where it is not there, from what the stackwalk tells of its modules.
pub(super) fn causes(
    document: StackwalkView<'_>,
    symbolication: Option<SymbolicationView<'_>>,
) -> (Vec<Unnamed>, String) {
    match symbolication {
        Some(view) => (told(view), words::line(&view.summary(), NAME)),
        None => inferred(document),
    }
}

fn told(symbolication: SymbolicationView<'_>) -> Vec<Unnamed> {
    let causes = symbolication.causes().take(MOST_CAUSES);
    causes
        .map(|cause| Unnamed {
            frames: cause.frames(),
            module: cause.text("module").map(|name| words::line(name, NAME)),
            reason: cause
                .reason()
                .map_or("unknown reason", |reason| reason.words())
                .to_owned(),
            details: words::line(&cause.details(), NAME),
            lacks_symbols: cause
                .reason()
                .is_some_and(|reason| reason.is_lack_of_symbols()),
        })
        .collect()
}

fn inferred(document: StackwalkView<'_>) -> (Vec<Unnamed>, String) {
    let (mut frames, mut unnamed) = (0, 0);
    let mut by_module: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for frame in document.threads().flat_map(|thread| thread.frames()) {
        frames += 1;
        if frame.function().is_none() && frame.truncation().is_none() {
            unnamed += 1;
            *by_module.entry(frame.module()).or_default() += 1;
        }
    }
    let status = |name: &str| {
        let mut modules = document.modules();
        modules
            .find(|module| module.filename() == Some(name))
            .and_then(|module| module.symbols())
    };
    let mut causes: Vec<Unnamed> = by_module
        .into_iter()
        .map(|(module, frames)| {
            let (reason, lacks_symbols) = match module.map(status) {
                None => ("in no module", false),
                Some(Some(SymbolStatus::Loaded)) => ("no symbol at this address", false),
                Some(Some(SymbolStatus::Corrupt)) => ("symbols corrupt", true),
                Some(Some(SymbolStatus::Missing)) => ("symbols not found", true),
                Some(None) => ("symbols not looked up", false),
            };
            Unnamed {
                frames,
                module: module.map(|name| words::line(name, NAME)),
                reason: reason.to_owned(),
                details: String::new(),
                lacks_symbols,
            }
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.frames));
    causes.truncate(MOST_CAUSES);
    let summary = format!(
        "{} of {} have names.",
        words::grouped(frames - unnamed),
        words::count(frames, "frame", "frames")
    );
    (causes, summary)
}
