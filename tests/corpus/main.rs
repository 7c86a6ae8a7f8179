//! Processes a corpus of real crashes and compares the results with the reference's.
//!
//! `cargo test --test corpus` takes it from the directory in `SOCORRO_CORPUS`, or from
//! `../shared/corpus`. Every case of its `manifest.json` is walked with one shared symbol store and
//! compared with the recorded processed crash where there is one. The damaged dumps of its
//! `malformed/manifest.json`, if there is one, have to end in a processed crash each.

mod good;
mod malformed;

use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};
use good::Case;
use serde_json::Value;
use socorro::signature::SignatureLists;

fn main() -> ExitCode {
    // Test runners ask for the list of tests first.
    if env::args().any(|argument| argument == "--list") {
        println!("corpus: test");
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    match runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run()))
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all cases passed.
async fn run() -> Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory =
        env::var_os("SOCORRO_CORPUS").map_or(root.join("../shared/corpus"), PathBuf::from);
    let manifest = directory.join("manifest.json");
    if !manifest.is_file() {
        let message = format!(
            "no corpus in {}: set SOCORRO_CORPUS to its directory",
            directory.display()
        );
        ensure!(env::var_os("CI").is_none(), message);
        println!("SKIPPED: {message}");
        return Ok(true);
    }
    let manifest = json(&manifest)?;
    let cases = manifest["cases"]
        .as_array()
        .context("the manifest has no array named cases")?;
    let big = big_symbols(&directory, cases)?;
    let (mut matched, mut failed) = (0, 0);
    for case in cases {
        let case = Case::new(&directory, big.as_deref(), case)?;
        let name = &case.name;
        let problems = case.run().await.with_context(|| format!("case {name}"))?;
        if problems.is_empty() {
            matched += 1;
            println!("{name}: ok");
        } else {
            failed += 1;
            println!("{name}: FAILED");
            for problem in problems.iter().take(20) {
                println!("  {problem}");
            }
        }
    }
    println!(
        "manifest.json: {} cases, {matched} matched, 0 deviating (listed), {failed} failed",
        cases.len()
    );
    let damaged = directory.join("malformed");
    if damaged.join("manifest.json").is_file() {
        let (count, problems) = malformed::run(&damaged)
            .await
            .context("in the damaged dumps")?;
        for problem in &problems {
            println!("  {problem}");
        }
        let bad = problems.len();
        println!("malformed/manifest.json: {count} cases, {bad} problems");
        matched += usize::from(bad == 0);
        failed += usize::from(bad > 0);
    }
    println!(
        "\ntest result: {}. {matched} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" }
    );
    Ok(failed == 0)
}

/// The signature lists that the results were recorded with, or else our own; and whether they are
/// those.
fn lists() -> Result<(SignatureLists, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = env::var_os("SOCORRO_CONFORMANCE")
        .map_or(root.join("../shared/conformance"), PathBuf::from);
    let lists = vectors.join("signature/siglists");
    if lists.is_dir() {
        return Ok((SignatureLists::from_directory(lists)?, true));
    }
    println!(
        "signatures are not compared: set SOCORRO_CONFORMANCE to the directory of the vectors"
    );
    Ok((SignatureLists::default(), false))
}

fn needs_big(case: &Value) -> bool {
    case["big_symbol_files"]
        .as_array()
        .is_some_and(|files| !files.is_empty())
}

/// The directory with the large symbol files, if a case needs one: that in `SOCORRO_CORPUS_BIG`, or
/// one that the corpus unpacks.
fn big_symbols(directory: &Path, cases: &[Value]) -> Result<Option<PathBuf>> {
    if !cases.iter().any(needs_big) {
        return Ok(None);
    }
    if let Some(unpacked) = env::var_os("SOCORRO_CORPUS_BIG") {
        return Ok(Some(PathBuf::from(unpacked)));
    }
    let unpacked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus-big");
    let done = unpacked.join("done");
    if !done.exists() {
        println!("unpacking large symbol files into {}", unpacked.display());
        let status = Command::new("sh")
            .arg(directory.join("big/unpack.sh"))
            .arg(&unpacked)
            .status()?;
        ensure!(
            status.success(),
            "cannot unpack the large symbol files: is xz installed?"
        );
        fs::write(done, "")?;
    }
    Ok(Some(unpacked))
}

/// A JSON file, compressed or not.
fn json(path: &Path) -> Result<Value> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(socorro::core::json::read(
        &bytes,
        socorro::core::json::DEFAULT_LIMIT,
    )?)
}
