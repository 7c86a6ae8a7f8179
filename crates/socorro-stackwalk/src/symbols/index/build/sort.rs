//! From the order of the file to the order of look-ups.

use super::super::cursor::Cursor;
use super::super::entry::{NameEntry, PublicEntry, RangeEntry, Sections};
use super::super::record::{self, Public};

/// Sorts everything, and removes what the reference would never find.
pub(super) fn sort(sections: &mut Sections, text: &[u8]) {
    remove_overlaps(&mut sections.functions, |function| &function.range);
    for ranges in [
        &mut sections.cfi,
        &mut sections.frame_data,
        &mut sections.fpo,
    ] {
        remove_overlaps(ranges, |range| range);
    }
    keep_last(&mut sections.files);
    keep_last(&mut sections.origins);
    keep_greatest(&mut sections.publics, text);
}

/// Of overlapping ranges the first is kept: the one with the lower start, then the lower end, then the one that comes
/// first in the file.
///
/// The reference merges equal records that touch; as records hold their own address and size, equal ones cover the
/// same, so that one of them is as good as both.
fn remove_overlaps<E>(entries: &mut Vec<E>, range: impl Fn(&E) -> &RangeEntry) {
    entries.sort_by_key(|entry| (range(entry).address, range(entry).size));
    let mut covered = None;
    entries.retain(|entry| {
        let range = range(entry);
        let is_free = covered.is_none_or(|covered| range.address > covered);
        if is_free {
            covered = range.end();
        }
        is_free
    });
}

/// Of several names for an id the last in the file is kept.
fn keep_last(names: &mut Vec<NameEntry>) {
    names.sort_by_key(|name| name.id);
    names.dedup_by(|later, earlier| {
        let is_same = later.id == earlier.id;
        if is_same {
            *earlier = *later;
        }
        is_same
    });
}

/// Of several symbols at an address the greatest is kept: it is the nearest for all addresses that any of them is
/// near to.
fn keep_greatest(publics: &mut Vec<PublicEntry>, text: &[u8]) {
    let read = |entry: &PublicEntry| -> Option<Public<'_>> {
        record::public(&mut Cursor::new(text.get(entry.offset as usize..)?))
    };
    publics.sort_by_key(|public| public.address);
    publics.dedup_by(|later, earlier| {
        let is_same = later.address == earlier.address;
        if is_same && read(later) > read(earlier) {
            *earlier = *later;
        }
        is_same
    });
}
