//! How much memory a store takes when many crashes with many different modules go by.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::path::Path;

use socorro_stackwalk::{
    CacheOptions, ModuleName, SymbolCache, SymbolLookup, SymbolSource, SymbolStore,
};

const MODULES: u32 = 2_000;
const FUNCTIONS: u32 = 200;

fn module(number: u32) -> ModuleName {
    ModuleName {
        debug_file: Some(format!("lib{number}.so")),
        debug_id: Some(format!("{number:032X}0").parse().unwrap()),
        ..ModuleName::default()
    }
}

fn write_symbols(root: &Path, number: u32) {
    let [name, id, file] = module(number).symbols().unwrap().path_parts();
    let mut text = format!("MODULE Linux x86_64 {id} {name}\nFILE 0 a/source/file/of/{name}.c\n");
    for function in 0..FUNCTIONS {
        let address = function * 0x100;
        text += &format!(
            "FUNC {address:x} 100 0 {name}_function_{function}\n{address:x} 100 {function} 0\n"
        );
    }
    let directory = root.join(name).join(id);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(file), text).unwrap();
}

/// Memory of this process that is in use, in bytes: its own, and mapped files.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

fn mappings() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(".so.sym")).count()
}

/// Twenty crashes for each module there is, each with modules of its own choice.
#[tokio::test]
async fn memory_does_not_grow_with_the_number_of_modules() {
    const ROUNDS: u32 = 5;
    const MOST_FILES: usize = 100;
    let root = tempfile::tempdir().unwrap();
    let cache = tempfile::tempdir().unwrap();
    (0..MODULES).for_each(|number| write_symbols(root.path(), number));
    let cache = SymbolCache::open(cache.path(), CacheOptions::default()).unwrap();
    let store = SymbolStore::builder()
        .source(SymbolSource::directory(root.path()).unwrap())
        .cache(cache)
        .most_files(MOST_FILES)
        .build();
    let mut after_first_tenth = 0;
    let mut most = 0;
    for step in 0..MODULES * ROUNDS {
        // A stride that meets all modules, never one again soon.
        let number = (step * 769) % MODULES;
        let found = store.lookup(&module(number)).await;
        let SymbolLookup::Loaded(symbols) = &*found else {
            panic!("{found:?}");
        };
        let function = number % FUNCTIONS;
        let expected = format!("lib{number}.so_function_{function}");
        let address = u64::from(function) * 0x100 + 4;
        assert_eq!(symbols.at(address).function, Some(expected));
        if step == MODULES / 10 {
            after_first_tenth = resident();
        }
        if step % 100 == 0 {
            most = most.max(resident());
            assert!(mappings() <= MOST_FILES + 1, "{}", mappings());
        }
    }
    let growth = most.saturating_sub(after_first_tenth);
    assert!(growth < 16 << 20, "memory grew by {growth} bytes");
}
