//! Why frames have no name.

use std::collections::{BTreeMap, HashMap};

use socorro_stackwalk::{
    Frame as StackFrame, StackwalkView, SymbolStatus, SymbolicationView, UnnamedReason,
};

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
                .is_some_and(UnnamedReason::is_lack_of_symbols),
        })
        .collect()
}

fn inferred(document: StackwalkView<'_>) -> (Vec<Unnamed>, String) {
    let (mut frames, mut unnamed) = (0, 0);
    let statuses = Statuses::of(document);
    let mut by_module: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for frame in document.threads().flat_map(|thread| thread.frames()) {
        frames += 1;
        if frame.function().is_none() && frame.truncation().is_none() {
            unnamed += 1;
            *by_module.entry(frame.module()).or_default() += 1;
        }
    }
    let mut causes: Vec<Unnamed> = by_module
        .into_iter()
        .map(|(module, frames)| {
            let reason = statuses.reason(module);
            Unnamed {
                frames,
                module: module.map(|name| words::line(name, NAME)),
                reason: reason.words().to_owned(),
                details: String::new(),
                lacks_symbols: reason.is_lack_of_symbols(),
            }
        })
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.frames));
    causes.truncate(MOST_CAUSES);
    let (named, frames) = (words::grouped(frames - unnamed), words::grouped(frames));
    (causes, format!("{named} of {frames} frames have names."))
}

/// Why the frames of a thread have no name.
pub(super) enum Reasons<'a> {
    /// By the number of the frame.
    Told(HashMap<u64, UnnamedReason>),
    /// By the module.
    Inferred(&'a Statuses<'a>),
}

impl Reasons<'_> {
    /// The reason for one frame without a name.
    pub(super) fn of(&self, number: u64, frame: StackFrame<'_>) -> Option<UnnamedReason> {
        match self {
            Self::Told(reasons) => reasons.get(&number).copied(),
            Self::Inferred(statuses) => Some(statuses.reason(frame.module())),
        }
    }
}

/// What a stackwalk tells of the symbols of its modules, by their names.
pub(super) struct Statuses<'a>(HashMap<&'a str, Option<SymbolStatus>>);

impl<'a> Statuses<'a> {
    pub(super) fn of(document: StackwalkView<'a>) -> Self {
        let named = document
            .modules()
            .filter_map(|module| Some((module.filename()?, module.symbols())));
        Self(named.collect())
    }

    fn reason(&self, module: Option<&str>) -> UnnamedReason {
        match module.map(|name| self.0.get(name).copied().flatten()) {
            None => UnnamedReason::NoModule,
            Some(Some(SymbolStatus::Loaded)) => UnnamedReason::StrippedRange,
            Some(Some(SymbolStatus::Corrupt)) => UnnamedReason::Corrupt,
            Some(Some(SymbolStatus::Missing)) => UnnamedReason::NotFound,
            Some(None) => UnnamedReason::NotLookedUp,
        }
    }
}
