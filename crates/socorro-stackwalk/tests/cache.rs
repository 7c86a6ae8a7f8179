//! The cache on disk, as the store uses it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use socorro_stackwalk::{
    CacheOptions, FetchSymbols, FoundSymbols, ModuleName, SymbolCache, SymbolContent, SymbolError,
    SymbolIndex, SymbolLookup, SymbolRequest, SymbolSource, SymbolStore,
};

const ID: &str = "111111111111111111111111111111111";

/// A server far away that has symbols of everything, and counts how often it is asked.
#[derive(Clone, Debug, Default)]
struct Remote(Arc<AtomicUsize>);

#[async_trait]
impl FetchSymbols for Remote {
    fn place(&self) -> String {
        "remote".to_owned()
    }

    async fn fetch(
        &self,
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let text = text(request.name().debug_file());
        Ok(Some(FoundSymbols {
            content: SymbolContent::Bytes(text.into()),
            url: Some("http://remote/".to_owned()),
        }))
    }
}

impl Remote {
    fn requests(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn store(&self, cache: &SymbolCache) -> SymbolStore {
        let source = SymbolSource::custom(self.clone());
        SymbolStore::builder()
            .source(source)
            .cache(cache.clone())
            .build()
    }
}

fn text(name: &str) -> String {
    format!("MODULE Linux x86_64 {ID} {name}\nFUNC 1000 10 0 {name}_main\n")
}

fn module(name: &str) -> ModuleName {
    ModuleName {
        debug_file: Some(name.to_owned()),
        debug_id: Some(ID.parse().unwrap()),
        ..ModuleName::default()
    }
}

async fn function(store: &SymbolStore, name: &str) -> Option<String> {
    match &*store.lookup(&module(name)).await {
        SymbolLookup::Loaded(symbols) => symbols.at(0x1004).function,
        other => panic!("{name}: {other:?}"),
    }
}

/// A cache that lets go of nothing by itself.
fn unbounded() -> CacheOptions {
    CacheOptions {
        largest: u64::MAX,
        oldest: Duration::MAX,
        keep_free: Some(0),
    }
}

/// Opens a cache whose files were counted already, so that nothing is done behind the back of the test.
fn open(root: &Path, options: CacheOptions) -> SymbolCache {
    SymbolCache::open(root, unbounded())
        .unwrap()
        .prune()
        .unwrap();
    SymbolCache::open(root, options).unwrap()
}

fn path(cache: &SymbolCache, name: &str) -> PathBuf {
    cache.path_of(&module(name).symbols().unwrap())
}

/// Makes a file look as if it had been used last so many hours ago.
fn age(path: &Path, hours: u64) {
    let time = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
    let file = File::options()
        .append(true)
        .open(SymbolIndex::path_for(path))
        .unwrap();
    file.set_modified(time).unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_downloaded_anew() {
    let directory = tempfile::tempdir().unwrap();
    let cache = open(directory.path(), unbounded());
    let remote = Remote::default();
    function(&remote.store(&cache), "app").await;
    let path = path(&cache, "app");
    let good = fs::read(&path).unwrap();
    for damage in ["", "rubbish\n", &text("app")[..60]] {
        // As a whole: the file is mapped, and cutting it off would be the end of us.
        fs::write(path.with_extension("new"), damage).unwrap();
        fs::rename(path.with_extension("new"), &path).unwrap();
        let before = remote.requests();
        let found = function(&remote.store(&cache), "app").await;
        assert_eq!(found.as_deref(), Some("app_main"), "{damage:?}");
        assert_eq!(remote.requests(), before + 1);
        assert_eq!(fs::read(&path).unwrap(), good);
    }
    function(&remote.store(&cache), "app").await;
    assert_eq!(remote.requests(), 4);
}

#[tokio::test]
async fn a_damaged_index_is_made_anew_without_a_download() {
    let directory = tempfile::tempdir().unwrap();
    let cache = open(directory.path(), unbounded());
    let remote = Remote::default();
    function(&remote.store(&cache), "app").await;
    let index = SymbolIndex::path_for(&path(&cache, "app"));
    fs::remove_file(&index).unwrap();
    fs::write(&index, "rubbish").unwrap();
    let found = function(&remote.store(&cache), "app").await;
    assert_eq!(found.as_deref(), Some("app_main"));
    assert_eq!(remote.requests(), 1);
}

#[tokio::test]
async fn files_used_last_stay() {
    let directory = tempfile::tempdir().unwrap();
    let cache = open(directory.path(), unbounded());
    let store = Remote::default().store(&cache);
    let names = ["a", "b", "c"];
    for (name, hours) in names.into_iter().zip([9, 8, 7]) {
        function(&store, name).await;
        age(&path(&cache, name), hours);
    }
    // Another process finds it on disk; this store had it in memory all the time.
    function(&Remote::default().store(&cache), "a").await;
    let bytes = cache.status().bytes;
    let bounded = CacheOptions {
        largest: bytes - 1,
        ..unbounded()
    };
    // Over its size, it is put right by the thread of the one that opens it or by this.
    let pruned = SymbolCache::open(directory.path(), bounded).unwrap();
    pruned.prune().unwrap();
    let left: Vec<_> = names
        .into_iter()
        .filter(|name| path(&cache, name).exists())
        .collect();
    assert_eq!(left, ["a", "c"]);
    assert!(cache.status().bytes <= bytes * 9 / 10);
}

#[tokio::test]
async fn what_is_in_use_may_be_removed() {
    let directory = tempfile::tempdir().unwrap();
    let cache = open(directory.path(), unbounded());
    let remote = Remote::default();
    let store = remote.store(&cache);
    function(&store, "app").await;
    age(&path(&cache, "app"), 2);
    let store = remote.store(&cache);
    let in_use = store.lookup(&module("app")).await;
    let nothing = CacheOptions {
        largest: 0,
        ..unbounded()
    };
    let pruned = SymbolCache::open(directory.path(), nothing).unwrap();
    pruned.prune().unwrap();
    assert!(!path(&cache, "app").exists());
    let SymbolLookup::Loaded(symbols) = &*in_use else {
        panic!("{in_use:?}");
    };
    assert_eq!(symbols.at(0x1004).function.as_deref(), Some("app_main"));
    assert_eq!(function(&store, "app").await.as_deref(), Some("app_main"));
}

#[tokio::test]
async fn a_cache_that_is_too_large_when_it_is_opened_is_put_right_without_being_asked() {
    let directory = tempfile::tempdir().unwrap();
    let cache = open(directory.path(), unbounded());
    function(&Remote::default().store(&cache), "app").await;
    let nothing = CacheOptions {
        largest: 0,
        ..unbounded()
    };
    SymbolCache::open(directory.path(), nothing).unwrap();
    let path = path(&cache, "app");
    let gone = async {
        while path.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone)
        .await
        .unwrap();
}

#[tokio::test]
async fn indexes_of_a_users_tree_are_kept_in_the_cache_only() {
    let (tree, directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [name, id, file] = module("app").symbols().unwrap().path_parts();
    let folder = tree.path().join(name).join(id);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(file), text("app")).unwrap();
    let cache = open(directory.path(), unbounded());
    let look_up = || async {
        let source = SymbolSource::directory(tree.path()).unwrap();
        let store = SymbolStore::builder().source(source).cache(cache.clone());
        let found = store.build().lookup(&module("app")).await;
        let SymbolLookup::Loaded(symbols) = &*found else {
            panic!("{found:?}");
        };
        symbols.index_path().unwrap().to_owned()
    };
    let index = look_up().await;
    assert!(index.starts_with(directory.path()));
    assert_eq!(look_up().await, index);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    let status = cache.status();
    assert_eq!((status.files, status.foreign_indexes), (0, 1));
}

#[tokio::test]
async fn things_that_are_not_ours_stay() {
    let directory = tempfile::tempdir().unwrap();
    let theirs = [
        "letter.txt",
        "photos/holiday/beach.jpg",
        "app/not-an-id/app.sym",
    ];
    for file in theirs {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "theirs").unwrap();
    }
    let cache = open(directory.path(), unbounded());
    function(&Remote::default().store(&cache), "app").await;
    let nothing = CacheOptions {
        largest: 0,
        ..unbounded()
    };
    let pruned = SymbolCache::open(directory.path(), nothing).unwrap();
    pruned.prune().unwrap();
    assert_eq!(cache.status().files, 0);
    for file in theirs {
        assert!(directory.path().join(file).exists(), "{file}");
    }
}
