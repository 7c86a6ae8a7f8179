//! How much memory the walk of a large minidump takes. Alone in its program, because a program has one peak.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use common::synthetic::{BASE, Crash, HANDLE_DATA, STACK, symbols, write_symbols};
use serde_json::Map;
use socorro_stackwalk::{InProcessStackwalker, SymbolSource, SymbolStore};
use tempfile::NamedTempFile;

/// `Memory64ListStream`.
const MEMORY_64_LIST: u32 = 9;
/// Bytes of the memory in the minidump, nearly all of them a hole in the file.
const MEMORY: u64 = 1 << 30;
/// Where in the file the memory begins.
const MEMORY_OFFSET: u64 = 1 << 16;
/// What the walk may take: this, and not a gigabyte.
const MOST_KILOBYTES: u64 = 200 << 10;

/// A minidump with full memory, of which the last part is the stack; with a malformed stream, so that it needs a change.
fn full_memory_dump() -> NamedTempFile {
    let stack = [BASE + 0x2050, 0, 0, 0].map(u64::to_le_bytes).concat();
    let ranges = [
        2,
        MEMORY_OFFSET,
        0x10_0000_0000,
        MEMORY,
        STACK,
        stack.len() as u64,
    ];
    let words: Vec<u32> = ranges
        .iter()
        .flat_map(|number| [*number as u32, (number >> 32) as u32])
        .collect();
    let mut dump = Crash::new(1)
        .stream(MEMORY_64_LIST, &words)
        .stream(HANDLE_DATA, &[16, 0, u32::MAX, 0])
        .dump();
    forget_stack(&mut dump);
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&dump).unwrap();
    file.seek(SeekFrom::Start(MEMORY_OFFSET + MEMORY)).unwrap();
    file.write_all(&stack).unwrap();
    file
}

/// Lets the descriptors of the stack (address, 32-bit size and offset) hold nothing, so that it is found in the full
/// memory only.
fn forget_stack(dump: &mut [u8]) {
    let descriptor = [&STACK.to_le_bytes()[..], &24_u32.to_le_bytes()].concat();
    let found: Vec<_> = (0..dump.len() - 16)
        .filter(|at| dump[*at..].starts_with(&descriptor))
        .collect();
    assert!(!found.is_empty());
    for at in found {
        dump[at + 8..at + 16].fill(0);
    }
}

/// A number of `/proc/self/status`, in kilobytes.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_minidump_of_a_gigabyte_is_not_read_into_memory() {
    let root = tempfile::tempdir().unwrap();
    write_symbols(root.path(), 1, &symbols(1));
    let store = SymbolStore::new([SymbolSource::directory(root.path()).unwrap()]);
    let dump = full_memory_dump();
    assert!(dump.as_file().metadata().unwrap().len() > MEMORY);
    let walker = InProcessStackwalker::new().symbols(store);
    let stackwalk = walker.stackwalk(dump.path(), &Map::new()).await.unwrap();
    let crashing = stackwalk.crashing_thread().unwrap();
    let functions: Vec<_> = crashing.frames().map(|frame| frame.function()).collect();
    assert_eq!(functions, [Some("crash_here"), Some("main")]);
    let peak = status("VmHWM");
    assert!(peak < MOST_KILOBYTES, "{peak} kB");
}
