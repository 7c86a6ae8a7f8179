//! What is counted of lookups of symbols is what the table of metrics says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use async_trait::async_trait;
use debugid::DebugId;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use socorro_stackwalk::{
    FetchSymbols, FoundSymbols, METRICS, ModuleName, SymbolContent, SymbolError, SymbolName,
    SymbolSource, SymbolStore,
};

const ID: &str = "111111111111111111111111111111111";

/// A server far away: has `here.so`, has rubbish for `damaged.so`, fails for `failing.so`.
#[derive(Debug)]
struct Remote;

#[async_trait]
impl FetchSymbols for Remote {
    fn place(&self) -> String {
        "remote".to_owned()
    }

    async fn fetch(
        &self,
        name: &SymbolName,
        _: &ModuleName,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let content = match name.debug_file() {
            "here.so" => format!("MODULE Linux x86_64 {ID} here.so\nPUBLIC 1000 0 main\n"),
            "damaged.so" => "rubbish".to_owned(),
            "failing.so" => {
                return Err(SymbolError::Io {
                    path: "failing.so".into(),
                    source: std::io::Error::other("told to fail"),
                });
            }
            _ => return Ok(None),
        };
        Ok(Some(FoundSymbols {
            content: SymbolContent::Bytes(content.into()),
            url: None,
        }))
    }
}

// One thread, so that a recorder of this test alone sees everything.
#[tokio::test]
async fn every_lookup_is_counted_once_by_what_became_of_it() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let store = SymbolStore::new([SymbolSource::custom(Remote)]);
    let looked_up = [
        "here.so",
        "here.so",
        "here.so",
        "absent.so",
        "absent.so",
        "damaged.so",
        "failing.so",
    ];
    for name in looked_up {
        let module = ModuleName {
            debug_file: Some(name.to_owned()),
            debug_id: Some(DebugId::from_breakpad(ID).unwrap()),
            ..ModuleName::default()
        };
        store.lookup(&module).await;
    }
    let mut counts = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let DebugValue::Counter(count) = value else {
            panic!("{key:?}: {value:?}");
        };
        counts.insert(key.key().name().to_owned(), count);
    }
    let expected = [
        ("hit", 2),
        ("negative_hit", 1),
        ("miss", 1),
        ("fetch", 1),
        ("error", 2),
    ];
    let expected: BTreeMap<String, u64> = expected
        .into_iter()
        .map(|(name, count)| (format!("socorro.processor.symbols.{name}"), count))
        .collect();
    assert_eq!(counts, expected);
    let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    names.sort_unstable();
    assert!(names.into_iter().eq(counts.keys()));
}
