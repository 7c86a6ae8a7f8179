//! What is counted of lookups of symbols is what the table of metrics says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::FileTimes;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use debugid::DebugId;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use socorro_stackwalk::{
    CacheOptions, FetchSymbols, FoundSymbols, METRICS, ModuleName, SymbolCache, SymbolContent,
    SymbolError, SymbolRequest, SymbolSource, SymbolStore,
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
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let content = match request.name().debug_file() {
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
    let counts = counts(&snapshotter);
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
    assert_eq!(names_with(".symbols."), counts.into_keys().collect());
}

#[test]
fn a_disk_cache_tells_how_full_it_is() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let directory = tempfile::tempdir().unwrap();
    for (name, age) in [("old", 10), ("new", 0)] {
        let path = directory.path().join(name).join(ID);
        std::fs::create_dir_all(&path).unwrap();
        let file = std::fs::File::create(path.join(format!("{name}.sym"))).unwrap();
        file.set_len(100).unwrap();
        let times = FileTimes::new();
        let time = SystemTime::now() - Duration::from_secs(age);
        file.set_times(times.set_accessed(time).set_modified(time))
            .unwrap();
    }
    let unbounded = CacheOptions {
        largest: u64::MAX,
        oldest: Duration::MAX,
        keep_free: Some(0),
    };
    // Counts what is there, so that the next one need not do so behind our back.
    let cache = SymbolCache::open(directory.path(), unbounded).unwrap();
    assert_eq!(cache.prune().unwrap().removed, 0);
    let bounded = CacheOptions {
        oldest: Duration::from_secs(5),
        ..unbounded
    };
    let cache = SymbolCache::open(directory.path(), bounded).unwrap();
    cache.prune().unwrap();

    let counts = counts(&snapshotter);
    let of = |name: &str| counts[&format!("socorro.processor.cache_manager.{name}")];
    assert_eq!((of("evict"), of("usage"), of("files.count")), (1, 100, 2));
    assert_eq!((of("file_sizes.avg"), of("file_sizes.max")), (100, 100));
    assert_eq!(names_with(".cache_manager."), counts.into_keys().collect());
}

fn counts(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let count = match value {
            DebugValue::Counter(count) => count,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small whole numbers"
            )]
            DebugValue::Gauge(value) => value.into_inner() as u64,
            DebugValue::Histogram(_) => panic!("{key:?}: {value:?}"),
        };
        counts.insert(key.key().name().to_owned(), count);
    }
    counts
}

/// The names in the table of metrics with this in them.
fn names_with(part: &str) -> BTreeSet<String> {
    let names = METRICS.iter().map(|metric| metric.name.to_owned());
    names.filter(|name| name.contains(part)).collect()
}
