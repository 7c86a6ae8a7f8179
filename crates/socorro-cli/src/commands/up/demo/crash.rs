//! The program that crashes: this very executable, started once more with a variable set.

use std::{
    env, fs,
    hint::black_box,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    ptr,
    time::Duration,
};

use minidumper_child::MinidumperChild;
use tokio::time::{Instant, sleep};

use crate::failure::Failure;

/// Set in the process that is to crash: the directory for its minidump.
const CRASH: &str = "SOCORRO_DEMO_CRASH";
/// Set by the library that reports crashes, in the process that writes the minidump.
const REPORTER: &str = "SOCORRO_DEMO_REPORTER";
/// How long the minidump may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look for it.
const PAUSE: Duration = Duration::from_millis(10);

/// Runs a program that crashes, and gives back its minidump.
///
/// # Errors
///
/// When it cannot be started, does not crash, or leaves no minidump.
pub(super) async fn in_child(directory: &Path) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: std::io::Error| Failure::because("cannot run the program that is to crash", &error);
    let program = env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command
        .env(CRASH, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let status = tokio::task::spawn_blocking(move || child.wait())
        .await
        .map_err(|error| Failure::because("cannot wait for the program", &error))?
        .map_err(failed)?;
    if status.success() {
        return Err(Failure::new(
            "the program that is to crash did not: its crashes cannot be caught here",
        ));
    }
    // The process that writes the minidump may need a moment longer than the one that crashed.
    let minidump = minidump(directory);
    let deadline = Instant::now() + PATIENCE;
    while !minidump.exists() && Instant::now() < deadline {
        sleep(PAUSE).await;
    }
    fs::read(&minidump)
        .map_err(|error| Failure::because("the program crashed without a minidump", &error))
}

fn minidump(directory: &Path) -> PathBuf {
    directory.join("crash.dmp")
}

/// Does not return in the process that is to crash, nor in the one that writes its minidump.
pub(crate) fn take_over_in_child() {
    let Some(directory) = env::var_os(CRASH).map(PathBuf::from) else {
        return;
    };
    let target = minidump(&directory);
    let reporter = MinidumperChild::new()
        .with_crashes_dir(directory)
        .with_server_env_var(REPORTER.to_owned())
        .on_minidump(move |minidump, _| {
            // Under another name first: nobody must see half a file.
            let partial = target.with_extension("partial");
            let written = fs::File::create(&partial).and_then(|mut file| file.write_all(&minidump));
            // Who waits for the minidump says that there is none.
            let _ = written.and_then(|()| fs::rename(&partial, &target));
        })
        // In the reporting process, this does not return.
        .spawn();
    if let Ok(_reporter) = reporter {
        black_box(open_document(3));
    }
    std::process::exit(0);
}

/// What the program believes to work on.
#[repr(C)]
struct Document {
    page_sizes: [u32; 8],
}

#[inline(never)]
fn open_document(pages: usize) -> u32 {
    let document = black_box(ptr::null::<Document>());
    (0..pages).rev().map(|page| load_page(document, page)).sum()
}

#[inline(never)]
fn load_page(document: *const Document, page: usize) -> u32 {
    // The sum keeps this frame on the stack: the call is not the last thing it does.
    black_box(read_page_size(document, page) + 1)
}

#[inline(never)]
#[expect(unsafe_code, reason = "a program cannot crash like this without")]
fn read_page_size(document: *const Document, page: usize) -> u32 {
    let sizes = document.cast::<u32>();
    let size = black_box(sizes.wrapping_add(page));
    // The document was never opened: this reads close to address zero.
    unsafe { size.read_volatile() }
}
