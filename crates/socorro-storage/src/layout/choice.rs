//! Which layout a storage has.

use socorro_core::{CrashId, DumpName, time::Date};

use super::{collector_tree, day, processor_tree};
use crate::item::Item;

/// How crashes lie in a storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// That of Mozilla's buckets, which [`crate::layout`] has; the only one that is written.
    #[default]
    Objects,
    /// [`processor_tree`].
    ProcessorTree,
    /// [`collector_tree`]; it has no processed crashes.
    CollectorTree,
}

impl Layout {
    /// Its name in addresses.
    const NAMES: [(&str, Self); 3] = [
        ("objects", Self::Objects),
        ("processor", Self::ProcessorTree),
        ("collector", Self::CollectorTree),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, layout)| *layout)
    }

    /// The keys under which an item may lie, in the order in which they are tried. None when the
    /// layout has no such item.
    pub(crate) fn keys(self, id: &CrashId, item: &Item, legacy_keys: bool) -> Vec<String> {
        let key = match (self, item) {
            (Self::Objects, Item::RawCrash) => return super::raw_crash_candidates(id, legacy_keys),
            (Self::Objects, item) => super::item(id, item),
            (Self::ProcessorTree, Item::RawCrash) => processor_tree::raw_crash(id),
            (Self::ProcessorTree, Item::Dump(name)) => processor_tree::dump(id, name),
            (Self::ProcessorTree, Item::ProcessedCrash) => processor_tree::processed_crash(id),
            (Self::CollectorTree, Item::RawCrash) => collector_tree::raw_crash(id),
            (Self::CollectorTree, Item::DumpNames) => collector_tree::dump_names(id),
            (Self::CollectorTree, Item::Dump(name)) => collector_tree::dump(id, name),
            (Self::ProcessorTree, Item::DumpNames)
            | (Self::CollectorTree, Item::ProcessedCrash) => return Vec::new(),
        };
        vec![key]
    }

    /// The prefix below which all crashes of a day have an item, without the slash at its end.
    pub(crate) fn prefix(self, date: Date, item: &Item) -> Option<String> {
        match (self, item) {
            (Self::Objects, Item::RawCrash) => Some(super::raw_crashes_of(date)),
            (Self::Objects, Item::ProcessedCrash) => Some(super::PROCESSED_CRASHES.to_owned()),
            (Self::ProcessorTree, _) => Some(format!("{}/name", day(date))),
            (Self::CollectorTree, Item::RawCrash) => Some(format!("{}/raw_crash", day(date))),
            (Self::Objects | Self::CollectorTree, _) => None,
        }
    }

    /// The name of the dump in a file of a [`processor_tree`], if it is a dump of that crash.
    pub(crate) fn dump_in_file(id: &CrashId, file: &str) -> Option<Result<DumpName, String>> {
        let name = file.strip_prefix(id.as_str())?.strip_suffix(".dump")?;
        if name.is_empty() {
            return Some(Ok(DumpName::main()));
        }
        let name = name.strip_prefix('.')?;
        Some(DumpName::parse(name).map_err(|_| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dumps_of_the_crash_are_its_dumps() {
        let id = CrashId::mint(Date::constant(2024, 7, 16), 0);
        let other = CrashId::mint(Date::constant(2024, 7, 16), 0);
        let dump = |file: String| Layout::dump_in_file(&id, &file);
        let browser = DumpName::parse("upload_file_minidump_browser").unwrap();
        assert_eq!(dump(format!("{id}.dump")), Some(Ok(DumpName::main())));
        assert_eq!(dump(format!("{id}.{browser}.dump")), Some(Ok(browser)));
        assert_eq!(
            dump(format!("{id}.raw_crash.dump")),
            Some(Err("raw_crash".to_owned()))
        );
        for file in [
            format!("{id}.json"),
            format!("{id}.jsonz"),
            format!("{other}.dump"),
            format!("{id}x.dump"),
            String::new(),
        ] {
            assert_eq!(dump(file.clone()), None, "{file}");
        }
    }
}
