//! Any bytes as a minidump: the walk ends with a document, or with an error that has a name.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Map;
use socorro_stackwalk::testkit::{SameSymbols, is_orderly};
use socorro_stackwalk::{
    InProcessStackwalker, Stackwalker as _, SymbolSource, SymbolStore, WalkRequest,
};
use tokio::runtime::{Builder, Runtime};

/// Symbols with all that a walk looks at.
const SYMBOLS: &[u8] = include_bytes!("../seeds/symbol_file/linux.sym");

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

static WALKER: LazyLock<InProcessStackwalker> = LazyLock::new(|| {
    let source = SymbolSource::custom(SameSymbols(SYMBOLS.into()));
    InProcessStackwalker::new().symbols(SymbolStore::new([source]))
});

fuzz_target!(|bytes: &[u8]| {
    let annotations = Map::new();
    let request = WalkRequest {
        dump: bytes.to_vec().into(),
        annotations: &annotations,
    };
    let outcome = RUNTIME.block_on(WALKER.walk(request));
    assert!(is_orderly(&outcome), "{outcome:?}");
});
