//! The symbol index against the reference's parser, in the same run: making it, opening it, looking addresses up.
//!
//! The input is the largest symbol file under the directory named by `SOCORRO_CORPUS_BIG`, else the one of libc in the
//! corpus (directory from `SOCORRO_CORPUS`, by default `../shared/corpus` beside the repository), else an invented one.

#![expect(clippy::unwrap_used, reason = "a bench may stop at a broken set-up")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use breakpad_symbols::{FrameSymbolizer, FrameWalker, SimpleModule, SymbolFile};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use socorro_stackwalk::SymbolIndex;
use socorro_stackwalk::testkit::symbols::{addresses, fill_symbol, walk_frame};

/// Addresses that are looked up in turn.
const ADDRESSES: usize = 20_000;

/// A frame that keeps nothing. Its registers and memory hold what is read of them.
struct Frame {
    instruction: u64,
}

impl FrameSymbolizer for Frame {
    fn get_instruction(&self) -> u64 {
        self.instruction
    }

    fn set_function(&mut self, name: &str, base: u64, parameter_size: u32) {
        black_box((name, base, parameter_size));
    }

    fn set_source_file(&mut self, file: &str, line: u32, base: u64) {
        black_box((file, line, base));
    }
}

impl FrameWalker for Frame {
    fn get_instruction(&self) -> u64 {
        self.instruction
    }

    fn has_grand_callee(&self) -> bool {
        false
    }

    fn get_grand_callee_parameter_size(&self) -> u32 {
        0
    }

    fn get_register_at_address(&self, address: u64) -> Option<u64> {
        Some(address)
    }

    fn get_callee_register(&self, name: &str) -> Option<u64> {
        Some(name.len() as u64)
    }

    fn set_caller_register(&mut self, name: &str, value: u64) -> Option<()> {
        black_box((name, value));
        Some(())
    }

    fn clear_caller_register(&mut self, _name: &str) {}

    fn set_cfa(&mut self, value: u64) -> Option<()> {
        black_box(value);
        Some(())
    }

    fn set_ra(&mut self, value: u64) -> Option<()> {
        black_box(value);
        Some(())
    }
}

fn files_below(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "sym") {
            files.push(path);
        }
    }
}

/// A symbol file of some megabytes, with all that those of programs have.
fn invented() -> String {
    let mut text = String::from("MODULE Linux x86_64 ABCD1234ABCD1234ABCD1234ABCD12340 app\n");
    for id in 0..2_000 {
        writeln!(text, "FILE {id} src/component{id}/file.cpp").unwrap();
        writeln!(text, "INLINE_ORIGIN {id} component{id}::inlined(int)").unwrap();
    }
    for number in 0..20_000_u32 {
        let start = 0x1000 + number * 0x100;
        writeln!(text, "FUNC {start:x} f0 0 component::function{number}(int)").unwrap();
        writeln!(text, "INLINE 0 {number} 7 {} {start:x} 40", number % 2_000).unwrap();
        for line in 0..15 {
            let address = start + line * 16;
            writeln!(text, "{address:x} 10 {} {}", number + line, number % 2_000).unwrap();
        }
        writeln!(
            text,
            "STACK CFI INIT {start:x} f0 .cfa: $rsp 8 + .ra: .cfa 8 - ^"
        )
        .unwrap();
        writeln!(text, "STACK CFI {:x} .cfa: $rsp 16 +", start + 1).unwrap();
    }
    text
}

/// The symbol file, in a directory of the bench's own.
fn input(directory: &Path) -> PathBuf {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = env::var_os("SOCORRO_CORPUS").map_or(corpus, PathBuf::from);
    let root =
        env::var_os("SOCORRO_CORPUS_BIG").map_or(corpus.join("symbols/libc.so.6"), PathBuf::from);
    let mut files = Vec::new();
    files_below(&root, &mut files);
    let path = directory.join("input.sym");
    match files
        .iter()
        .max_by_key(|file| fs::metadata(file).unwrap().len())
    {
        Some(largest) => fs::copy(largest, &path).map(|_| ()).unwrap(),
        None => fs::write(&path, invented()).unwrap(),
    }
    path
}

fn index(c: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let path = input(directory.path());
    let index_path = SymbolIndex::path_for(&path);
    let text = Bytes::from(fs::read(&path).unwrap());
    let mut group = c.benchmark_group("index");
    group.sample_size(10).warm_up_time(Duration::from_secs(1));

    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("build", |b| {
        b.iter(|| SymbolIndex::from_text(text.clone()).unwrap());
    });
    group.bench_function("build/reference", |b| {
        b.iter_with_large_drop(|| SymbolFile::from_bytes(&text).unwrap());
    });

    group.throughput(Throughput::Elements(1));
    SymbolIndex::open_or_build(&path, &index_path, u64::MAX).unwrap();
    group.bench_function("open", |b| {
        b.iter(|| SymbolIndex::open_or_build(&path, &index_path, u64::MAX).unwrap());
    });

    // Steps as large as they can be, so that no look-up profits from the one before.
    let symbols = SymbolIndex::open_or_build(&path, &index_path, u64::MAX).unwrap();
    let addresses = addresses(&text, ADDRESSES);
    let module = SimpleModule::default();
    let mut position = 0;
    group.bench_function("look up", |b| {
        b.iter(|| {
            position = (position + addresses.len() * 5 / 8 + 1) % addresses.len();
            let mut frame = Frame {
                instruction: addresses[position],
            };
            fill_symbol(&symbols, &module, &mut frame);
            walk_frame(&symbols, &module, &mut frame)
        });
    });
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);
