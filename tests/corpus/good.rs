//! Good dumps: the results have to equal the recorded ones.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use socorro::{
    prelude::*,
    stackwalk::{DumpSource, WalkOutput, WalkRequest, testkit::differences},
};

use crate::{json, lists, needs_big};

/// The clock and the host of the recorded results.
const NOW: &str = "2026-01-02T03:04:05Z";
const HOST: &str = "testhost";

/// One entry of the manifest.
pub(crate) struct Case {
    pub(crate) name: String,
    id: CrashId,
    /// The minidumps with their recorded stackwalks.
    dumps: Vec<(DumpName, PathBuf, PathBuf)>,
    raw: RawCrash,
    processed: Option<Value>,
    symbols: SymbolStore,
}

impl Case {
    pub(crate) fn new(directory: &Path, big: Option<&Path>, case: &Value) -> Result<Self> {
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
    pub(crate) async fn run(&self) -> Result<Vec<String>> {
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

    /// Runs the default ruleset and compares the processed crash.
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
        let lists = lists()?;
        let pipeline = Pipeline::new(Environment::fixed(NOW.parse()?, HOST))
            .with_default_rulesets(stackwalker, &Arc::new(SignatureGenerator::new(lists.0)));
        let crash = Crash::new(self.id, self.raw.clone(), dumps);
        let crash = pipeline.run("default", crash).await?;
        let mut ignored = vec![];
        if !lists.1 {
            ignored.extend(["signature", "proto_signature", "signature_debug"]);
        }
        // A damaged symbol file that came by HTTP, as when the results were recorded, was reported
        // as missing; here it is corrupt, which is better.
        let modules = crash.processed.lookup("json_dump.modules");
        let modules = modules.and_then(Value::as_array);
        if modules
            .into_iter()
            .flatten()
            .any(|module| module["corrupt_symbols"] == true)
        {
            ignored.extend(["missing_symbols", "json_dump"]);
        }
        let found = compare(crash.processed.into_map(), expected.clone(), &ignored);
        Ok(found
            .into_iter()
            .map(|problem| format!("processed crash: {problem}"))
            .collect())
    }
}

/// Where two processed crashes differ, top-level fields in `ignored` apart.
fn compare(
    mut found: Map<String, Value>,
    mut expected: Map<String, Value>,
    ignored: &[&str],
) -> Vec<String> {
    if let Some(Value::String(log)) = found.get_mut("signature_debug") {
        *log = same_lists(log);
    }
    let mut problems = Vec::new();
    // Stackwalks, that of the main minidump and those of further ones, are compared by their own
    // rules; the version names the program.
    let further: Vec<String> = expected
        .iter()
        .filter(|(_, value)| value.get("json_dump").is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for fields in [&mut found, &mut expected] {
        fields.retain(|name, _| !ignored.contains(&name.as_str()));
    }
    problems.extend(compare_walks(&mut found, &mut expected));
    for name in further {
        if let (Some(Value::Object(found)), Some(Value::Object(expected))) =
            (found.get_mut(&name), expected.get_mut(&name))
        {
            problems.extend(compare_walks(found, expected));
        }
    }
    problems.extend(differences(&Value::Object(found), &Value::Object(expected)));
    problems
}

/// Takes the stackwalks out and compares them. Why frames have no name is a report of our own.
fn compare_walks(found: &mut Map<String, Value>, expected: &mut Map<String, Value>) -> Vec<String> {
    found.remove("symbolication");
    found.remove("stackwalk_version");
    expected.remove("stackwalk_version");
    let [found, expected] =
        [found, expected].map(|fields| fields.remove("json_dump").unwrap_or_default());
    differences(&found, &expected)
}

/// The log of the signature as it would be with upstream's included lists.
fn same_lists(log: &str) -> String {
    let lines = log.split('\n').map(
        |line| match line.split_once("using signature lists from ") {
            Some((rule, _)) => format!("{rule}using included signature lists"),
            None => line.to_owned(),
        },
    );
    lines.collect::<Vec<_>>().join("\n")
}
