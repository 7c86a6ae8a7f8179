//! Good dumps: the results have to equal the recorded ones.

use std::{
    collections::BTreeSet,
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
        // A damaged symbol file that came by HTTP, as when the results were recorded, was reported
        // as missing; here it is corrupt, which is better.
        let modules = crash
            .processed
            .lookup("json_dump.modules")
            .and_then(Value::as_array);
        let corrupt = modules
            .into_iter()
            .flatten()
            .any(|module| module["corrupt_symbols"] == true);
        let written: BTreeSet<&str> = ruleset
            .infos()
            .flat_map(|info| info.writes)
            .filter_map(Item::top_level_field)
            // Names this program, and where the signature lists came from.
            .filter(|name| !["stackwalk_version", "signature_debug", "json_dump"].contains(name))
            .filter(|name| !(corrupt && *name == "missing_symbols"))
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
