//! Normalised names, made once.
//!
//! The same functions come again in crash after crash. A [`NameCache`] keeps their normalised names, together with
//! what the lists say of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::lists::SignatureLists;

/// Longest text that is kept, in bytes. Real names are shorter.
const LONGEST_KEPT: usize = 4096;

/// How much text each of the two generations holds, in bytes: the whole cache stays below 16 MiB.
const GENERATION_SIZE: usize = 4 << 20;

/// What a kept text costs besides itself, about: key, value, two counters, table.
const ENTRY_OVERHEAD: usize = 128;

/// How a text becomes a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// By the rules for C and C++ functions.
    Cpp,
    /// By the rules for Rust functions.
    Rust,
    /// By the rules for modules.
    Module,
    /// By the rules for modules, in lower case.
    LowerCaseModule,
}

const KINDS: usize = 4;

/// What the lists say of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListVerdict {
    Irrelevant,
    Prefix,
    /// Neither.
    Other,
}

/// A frame's normalised name. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct FrameName {
    inner: Arc<Inner>,
    /// The frame was found by scanning the stack, and that counts.
    scanned: bool,
}

#[derive(Debug)]
struct Inner {
    text: Arc<str>,
    /// The module, where the text is a module with an offset: it is what lists are about.
    module: Option<Box<str>>,
    /// 0 for not asked yet, else the verdict.
    verdict: AtomicU8,
}

impl PartialEq for FrameName {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.scanned == other.scanned
    }
}

impl Eq for FrameName {}

impl FrameName {
    pub(crate) fn new(text: &str) -> Self {
        Self::with_module(text, None)
    }

    /// A name of a module with an offset.
    pub(crate) fn with_offset(text: &str, module: &str) -> Self {
        Self::with_module(text, Some(module.into()))
    }

    fn with_module(text: &str, module: Option<Box<str>>) -> Self {
        Self {
            inner: Arc::new(Inner {
                text: text.into(),
                module,
                verdict: AtomicU8::new(0),
            }),
            scanned: false,
        }
    }

    /// The same for a frame that was found by scanning.
    pub(crate) fn scanned(self, scanned: bool) -> Self {
        Self { scanned, ..self }
    }

    /// Whether the frame was found by scanning, and that counts.
    pub(crate) fn is_scanned(&self) -> bool {
        self.scanned
    }

    /// Whether the name is a module with an offset.
    pub(crate) fn has_offset(&self) -> bool {
        self.inner.module.is_some()
    }

    /// The name.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.inner.text
    }

    /// What lists are asked about.
    pub(crate) fn listed_text(&self) -> &str {
        self.inner.module.as_deref().unwrap_or(&self.inner.text)
    }

    /// What the lists say, which must be the same lists at every call.
    pub(crate) fn verdict(&self, lists: &SignatureLists) -> ListVerdict {
        match self.inner.verdict.load(Ordering::Relaxed) {
            1 => ListVerdict::Irrelevant,
            2 => ListVerdict::Prefix,
            3 => ListVerdict::Other,
            _ => {
                let (number, verdict) = if lists.irrelevant().matches(self.listed_text()) {
                    (1, ListVerdict::Irrelevant)
                } else if lists.prefix().matches(self.listed_text()) {
                    (2, ListVerdict::Prefix)
                } else {
                    (3, ListVerdict::Other)
                };
                // Whoever stores last stores the same.
                self.inner.verdict.store(number, Ordering::Relaxed);
                verdict
            }
        }
    }
}

/// Names by the texts they were made from.
///
/// Bounded: when the young generation is full it becomes the old one, and the old one goes. What is asked for again
/// moves back to the young one.
#[derive(Debug, Default)]
pub(crate) struct NameCache {
    generations: RwLock<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    names: [HashMap<Box<str>, FrameName>; KINDS],
    size: usize,
}

impl Generation {
    fn get(&self, kind: NameKind, text: &str) -> Option<&FrameName> {
        self.names[kind as usize].get(text)
    }
}

impl NameCache {
    fn keep(&self, new: Vec<NewName<'_>>) {
        let mut generations = self
            .generations
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for NewName { kind, text, name } in new {
            let size = text.len() + name.text().len() + ENTRY_OVERHEAD;
            if generations.young.size + size > GENERATION_SIZE {
                generations.old = std::mem::take(&mut generations.young);
            }
            generations.young.size += size;
            generations.young.names[kind as usize].insert(text.into(), name);
        }
    }
}

/// A name that is to be kept.
#[derive(Debug)]
struct NewName<'text> {
    kind: NameKind,
    text: &'text str,
    name: FrameName,
}

/// The lookups of one stack. The cache is locked once for reading, and once for writing if there is something new.
#[derive(Debug)]
pub(crate) struct NameLookup<'cache, 'text> {
    cache: Option<&'cache NameCache>,
    known: Option<RwLockReadGuard<'cache, Generations>>,
    new: Vec<NewName<'text>>,
}

impl<'cache, 'text> NameLookup<'cache, 'text> {
    /// Starts; without a cache every name is made.
    pub(crate) fn new(cache: Option<&'cache NameCache>) -> Self {
        let lock = |cache: &'cache NameCache| {
            cache
                .generations
                .read()
                .unwrap_or_else(PoisonError::into_inner)
        };
        Self {
            cache,
            known: cache.map(lock),
            new: Vec::new(),
        }
    }

    /// The name of a text, if it is known.
    pub(crate) fn get(&mut self, kind: NameKind, text: &'text str) -> Option<FrameName> {
        let known = self.known.as_ref()?;
        if let Some(name) = known.young.get(kind, text) {
            return Some(name.clone());
        }
        let name = known.old.get(kind, text)?.clone();
        self.keep(kind, text, &name);
        Some(name)
    }

    /// Remembers the name of a text.
    pub(crate) fn keep(&mut self, kind: NameKind, text: &'text str, name: &FrameName) {
        if self.cache.is_some() && text.len() <= LONGEST_KEPT {
            let name = name.clone();
            self.new.push(NewName { kind, text, name });
        }
    }

    /// Ends, and gives what is new to the cache.
    pub(crate) fn finish(self) {
        let Self { cache, known, new } = self;
        drop(known);
        if let Some(cache) = cache
            && !new.is_empty()
        {
            cache.keep(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::ListTexts;

    fn look_up(cache: &NameCache, text: &str) -> Option<FrameName> {
        let mut lookup = NameLookup::new(Some(cache));
        let found = lookup.get(NameKind::Cpp, text);
        lookup.finish();
        found
    }

    fn keep(cache: &NameCache, text: &str) {
        let mut lookup = NameLookup::new(Some(cache));
        lookup.keep(NameKind::Cpp, text, &FrameName::new(text));
        lookup.finish();
    }

    fn size(cache: &NameCache) -> usize {
        let generations = cache.generations.read().unwrap();
        generations.young.size + generations.old.size
    }

    #[test]
    fn names_are_kept_by_kind() {
        let cache = NameCache::default();
        keep(&cache, "f");
        assert_eq!(&**look_up(&cache, "f").unwrap().text(), "f");
        assert!(
            NameLookup::new(Some(&cache))
                .get(NameKind::Rust, "f")
                .is_none()
        );
        assert!(NameLookup::new(None).get(NameKind::Cpp, "f").is_none());
    }

    #[test]
    fn the_cache_is_bounded_and_what_is_used_stays() {
        let cache = NameCache::default();
        keep(&cache, "used");
        keep(&cache, "unused");
        for number in 0..20_000 {
            keep(&cache, &format!("{number:0>1000}"));
            assert!(look_up(&cache, "used").is_some());
            assert!(size(&cache) <= 2 * GENERATION_SIZE);
        }
        assert!(look_up(&cache, "unused").is_none());
        keep(&cache, &"x".repeat(LONGEST_KEPT + 1));
        assert!(look_up(&cache, &"x".repeat(LONGEST_KEPT + 1)).is_none());
    }

    #[test]
    fn the_verdict_is_that_of_the_lists_at_every_call() {
        let lists = SignatureLists::from_texts(&ListTexts {
            irrelevant: "i\n",
            prefix: "p\ni\n",
            ..ListTexts::default()
        })
        .unwrap();
        for (text, verdict) in [
            ("i", ListVerdict::Irrelevant),
            ("p", ListVerdict::Prefix),
            ("o", ListVerdict::Other),
        ] {
            let name = FrameName::new(text);
            assert_eq!(name.verdict(&lists), verdict);
            assert_eq!(name.verdict(&lists), verdict);
        }
    }
}
