//! Dumps damaged at random: each must end with a document or a status, never the process.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use common::synthetic::{Crash, HANDLE_DATA, symbols, write_symbols};
use proptest::prelude::*;
use serde_json::Map;
use socorro_stackwalk::testkit::is_orderly;
use socorro_stackwalk::{
    InProcessStackwalker, Stackwalker, SymbolSource, SymbolStore, WalkOutcome, WalkRequest,
};

fn walk(dump: Vec<u8>) -> WalkOutcome {
    let root = tempfile::tempdir().unwrap();
    write_symbols(root.path(), 1, &symbols(1));
    let store = SymbolStore::new([SymbolSource::directory(root.path()).unwrap()]);
    let walker = InProcessStackwalker::new().symbols(store);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let annotations = Map::new();
    runtime.block_on(walker.walk(WalkRequest {
        dump: dump.into(),
        annotations: &annotations,
    }))
}

/// A good dump with handles, so that there is something to damage in them, too.
fn good() -> Vec<u8> {
    let handles = [16, 40, 1, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    Crash::new(1).stream(HANDLE_DATA, &handles).dump()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overwritten_words(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 1..6)) {
        let mut dump = good();
        for (place, word) in damage {
            let at = place.index(dump.len() / 4) * 4;
            dump[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        let outcome = walk(dump);
        prop_assert!(is_orderly(&outcome), "{outcome:?}");
    }

    #[test]
    fn cut_off_anywhere(length in any::<prop::sample::Index>()) {
        let mut dump = good();
        dump.truncate(length.index(dump.len()));
        let outcome = walk(dump);
        prop_assert!(is_orderly(&outcome), "{outcome:?}");
    }
}

#[test]
fn the_undamaged_dump_is_good() {
    assert_eq!(walk(good()).exit_code, WalkOutcome::GOOD);
}
