//! The program that crashes: this very executable, started once more with a variable set.

use std::{
    env,
    hint::black_box,
    io::Write as _,
    mem::offset_of,
    path::{Path, PathBuf},
    process::Command,
    ptr, thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use minidumper_child::MinidumperChild;

/// Set in the process that is to crash.
const CRASH: &str = "QUICKSTART_CRASH";
/// Set by the crash reporting library in the process that captures the minidump.
const REPORTER: &str = "QUICKSTART_REPORTER";

/// Runs a program that crashes, and gives back the minidump that was captured.
pub(crate) fn crash_in_child(directory: &Path) -> Result<Vec<u8>> {
    std::fs::create_dir_all(directory)?;
    let status = Command::new(env::current_exe()?)
        .env(CRASH, directory)
        .status()?;
    ensure!(!status.success(), "the program was to crash");
    // The reporting process may need a moment longer than the crashed one.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !minidump(directory).exists() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    std::fs::read(minidump(directory)).context("no minidump was captured")
}

fn minidump(directory: &Path) -> PathBuf {
    directory.join("crash.dmp")
}

/// Does not return in the process that is to crash, nor in the one that captures its minidump.
pub(crate) fn take_over_in_child() {
    let Some(directory) = env::var_os(CRASH).map(PathBuf::from) else {
        return;
    };
    let target = minidump(&directory);
    let reporter = MinidumperChild::new()
        .with_crashes_dir(directory)
        .with_server_env_var(REPORTER.to_owned())
        .on_minidump(move |minidump, _| {
            // Under another name first: the parent must not see half a file.
            let partial = target.with_extension("partial");
            let written =
                std::fs::File::create(&partial).and_then(|mut file| file.write_all(&minidump));
            if let Err(error) = written.and_then(|()| std::fs::rename(&partial, &target)) {
                eprintln!("cannot write the minidump: {error}");
            }
        })
        // In the reporting process, this does not return.
        .spawn();
    match reporter {
        Ok(_reporter) => open_document(3),
        Err(error) => eprintln!("cannot start the crash reporter: {error}"),
    }
    std::process::exit(0);
}

/// What the program believes to work on.
#[repr(C)]
struct Document {
    _title: [u8; 16],
    page_sizes: [u32; 8],
}

#[inline(never)]
fn open_document(pages: usize) {
    let document = black_box(ptr::null::<Document>());
    for page in (0..pages).rev() {
        println!("page {page} has {} bytes", load_page(document, page));
    }
}

#[inline(never)]
fn load_page(document: *const Document, page: usize) -> u32 {
    // The sum keeps this frame on the stack: the call is not the last thing it does.
    black_box(page_size(document, page) + 1)
}

/// Becomes part of `load_page`, and is found again as an inlined function.
#[inline(always)]
fn page_size(document: *const Document, page: usize) -> u32 {
    black_box(read_size(document, page) + 1)
}

#[inline(never)]
#[expect(unsafe_code, reason = "a program cannot crash like this without")]
fn read_size(document: *const Document, page: usize) -> u32 {
    let sizes = document
        .wrapping_byte_add(offset_of!(Document, page_sizes))
        .cast::<u32>();
    let size = black_box(sizes.wrapping_add(page));
    // The document was never opened: this reads close to address zero.
    unsafe { *size }
}
