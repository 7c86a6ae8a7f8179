//! The commands that ask Crash Stats, against a server that answers like it, over real HTTP.

mod bad_input;
mod fetch_crash_data;
mod fetch_crashids;
mod fetch_missing;
#[cfg(unix)]
mod interruptions;
mod process_crashes;
mod reprocess;
mod withheld;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use socorro_core::CrashId;
use socorro_crash_stats::server::{Crash, Permission, Site as Stats, TestServer, Token};

use crate::support::{Run, Site, minidump};

/// A token that may see, and have done, everything.
const TOKEN: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";
const BROWSER: &str = "upload_file_minidump_browser";

/// The crash with this number.
fn id(number: u32) -> CrashId {
    format!("{number:08x}-1d42-4ef6-8e1c-3dd9a0261123")
        .parse()
        .unwrap()
}

/// A crash with a real minidump, and a dump of another process.
fn crash(number: u32) -> Crash {
    Crash::new(id(number))
        .annotation("ProductName", "Fantasy")
        .annotation("URL", "http://private.example/")
        .dump("upload_file_minidump", minidump::minidump())
        .dump(
            BROWSER,
            format!("MDMP {number} ").repeat(3_000).into_bytes(),
        )
}

fn stats(crashes: u32) -> Stats {
    let token = Token::new(TOKEN);
    Stats::new().crashes((1..=crashes).map(crash)).token(
        token
            .may(Permission::ViewPii)
            .may(Permission::ViewRawDump)
            .may(Permission::ReprocessCrashes),
    )
}

fn start(stats: Stats) -> TestServer {
    TestServer::start(stats).unwrap()
}

/// The program, which asks this server in the directory of the site and does not wait.
fn command(site: &Site, server: &TestServer, words: &[&str]) -> Command {
    let mut command = site.command();
    command.args(words).args(["--host", &server.url()]).args([
        "--rate",
        "1000000",
        "--retry-wait",
        "1ms",
    ]);
    command
}

/// Runs it without a token.
fn anonymously(site: &Site, server: &TestServer, words: &[&str]) -> Run {
    Run::of(&mut command(site, server, words))
}

/// Runs it with a token that may everything.
fn with_token(site: &Site, server: &TestServer, words: &[&str]) -> Run {
    Run::of(command(site, server, words).env("SOCORRO_API_TOKEN", TOKEN))
}

/// Runs a command with something on its standard input.
fn with_input(command: &mut Command, input: &str) -> Run {
    use std::io::Write as _;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    Run::new(&child.wait_with_output().unwrap())
}

/// All files below a directory.
fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap();
                files.insert(name.to_str().unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// The ids that were printed, in their order.
fn sorted(run: &Run) -> Vec<String> {
    let mut lines: Vec<_> = run.lines().into_iter().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|number| id(number).to_string())
        .collect()
}
