//! Processes a corpus of real crashes and compares the results with the reference's.
//!
//! `cargo test --test corpus` takes it from the directory in `SOCORRO_CORPUS`, or from
//! `../shared/corpus`. Every case of its `manifest.json` is walked with one shared symbol store and
//! compared with the recorded stackwalk, then processed, and the fields that the rules write are
//! compared with the recorded processed crash where there is one.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};
use socorro::{
    prelude::*,
    signature::SignatureLists,
    stackwalk::{DumpSource, WalkOutput, WalkRequest, testkit::differences},
};

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
    println!(
        "\ntest result: {}. {matched} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" }
    );
    Ok(failed == 0)
}

/// One entry of the manifest.
struct Case {
    name: String,
    id: CrashId,
    /// The minidumps with their recorded stackwalks.
    dumps: Vec<(DumpName, PathBuf, PathBuf)>,
    raw: RawCrash,
    processed: Option<Value>,
    symbols: SymbolStore,
}

impl Case {
    fn new(directory: &Path, big: Option<&Path>, case: &Value) -> Result<Self> {
        let text = |name: &str| {
            case[name]
                .as_str()
                .with_context(|| format!("a case without {name}"))
        };
        let name = text("name")?.to_owned();
        let mut dumps = vec![(
            DumpName::main(),
            directory.join(text("dump")?),
            directory.join(text("expected_stackwalk")?),
        )];
        for (dump, path) in case["additional_dumps"].as_object().into_iter().flatten() {
            let expected = &case["additional_expected_stackwalk"][dump];
            let path = path.as_str().context("an additional dump without path")?;
            let expected = expected
                .as_str()
                .context("an additional dump without expected stackwalk")?;
            dumps.push((
                DumpName::parse(dump)?,
                directory.join(path),
                directory.join(expected),
            ));
        }
        let mut sources = vec![SymbolSource::directory(directory.join(text("symbols")?))?];
        if let Some(big) = big.filter(|_| needs_big(case)) {
            sources.push(SymbolSource::directory(big)?);
        }
        let processed = ["", ".gz"]
            .map(|suffix| {
                directory.join(format!(
                    "dumps/{name}.expected.processed_crash.json{suffix}"
                ))
            })
            .into_iter()
            .find(|path| path.is_file());
        Ok(Self {
            id: CrashId::parse(text("uuid")?)?,
            dumps,
            raw: RawCrash::from_json(&fs::read(directory.join(text("raw_crash")?))?)?,
            processed: processed.map(|path| json(&path)).transpose()?,
            symbols: SymbolStore::new(sources),
            name,
        })
    }

    /// Everything that is not as recorded.
    async fn run(&self) -> Result<Vec<String>> {
        let stackwalker = InProcessStackwalker::new().symbols(self.symbols.clone());
        let mut problems = Vec::new();
        for (name, path, expected) in &self.dumps {
            let request = WalkRequest {
                dump: DumpSource::Path(path),
                annotations: self.raw.as_map(),
            };
            let outcome = stackwalker.walk(request).await;
            match outcome.output {
                WalkOutput::Json(document) => {
                    let found = differences(&document, &json(expected)?);
                    problems.extend(
                        found
                            .into_iter()
                            .map(|problem| format!("{name}: {problem}")),
                    );
                }
                _ => problems.push(format!("{name}: exit code {}", outcome.exit_code)),
            }
        }
        if let Some(expected) = self.processed.as_ref().and_then(Value::as_object) {
            problems.extend(self.process(Arc::new(stackwalker), expected).await?);
        }
        Ok(problems)
    }

    /// Runs the default ruleset and compares what its rules write.
    async fn process(
        &self,
        stackwalker: Arc<InProcessStackwalker>,
        expected: &Map<String, Value>,
    ) -> Result<Vec<String>> {
        let mut dumps = Dumps::new();
        for (name, path, _) in &self.dumps {
            let size = fs::metadata(path)?.len();
            dumps.insert(
                name.clone(),
                Dump::File {
                    path: path.clone(),
                    size,
                },
            );
        }
        let pipeline = Pipeline::new(Environment::system())
            .with_default_rulesets(stackwalker, &Arc::new(SignatureGenerator::new(lists()?)));
        let crash = Crash::new(self.id, self.raw.clone(), dumps);
        let crash = pipeline.run("default", crash).await?;
        let ruleset = pipeline.ruleset("default").context("no default ruleset")?;
        let written: BTreeSet<&str> = ruleset
            .infos()
            .flat_map(|info| info.writes)
            .filter_map(Item::top_level_field)
            // Names this program, and where the signature lists came from.
            .filter(|name| !["stackwalk_version", "signature_debug", "json_dump"].contains(name))
            .collect();
        let value = |fields: &Map<String, Value>, name: &str| serde_json::json!({ name: fields.get(name).cloned().unwrap_or_default() });
        let compared = written.into_iter().flat_map(|name| {
            differences(
                &value(crash.processed.as_map(), name),
                &value(expected, name),
            )
        });
        Ok(compared
            .map(|problem| format!("processed crash: {problem}"))
            .collect())
    }
}

/// The signature lists that the results were recorded with, or else our own.
fn lists() -> Result<SignatureLists> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = env::var_os("SOCORRO_CONFORMANCE")
        .map_or(root.join("../shared/conformance"), PathBuf::from);
    let lists = vectors.join("signature/siglists");
    if lists.is_dir() {
        return Ok(SignatureLists::from_directory(lists)?);
    }
    Ok(SignatureLists::default())
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
