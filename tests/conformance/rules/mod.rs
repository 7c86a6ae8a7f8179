//! The vectors of the processor's rules.

pub(crate) mod functions;
mod stand_in;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use socorro::{prelude::*, processor::RuleError, signature::SignatureLists};

use crate::{Runner, Verdict, compare::difference};
use stand_in::StandInStackwalker;

/// The rules of upstream's default ruleset, with or without a counterpart here yet.
const UPSTREAM: [&str; 50] = [
    "DeNullRule",
    "DeNoneRule",
    "CrashReportKeysRule",
    "CollectorMetadataRule",
    "ConvertModuleSignatureInfoRule",
    "CopyFromRawCrashRule",
    "FenixVersionRewriteRule",
    "ESRVersionRewrite",
    "SubmittedFromRule",
    "IdentifierRule",
    "MinidumpSha256HashRule",
    "MinidumpStackwalkRule",
    "ModuleURLRewriteRule",
    "CrashingThreadInfoRule",
    "TruncateStacksRule",
    "PossibleBitFlipsRule",
    "CrashInconsistenciesRule",
    "HasGuardPageAccessRule",
    "MajorVersionRule",
    "PluginRule",
    "ProcessTypeRule",
    "AccessibilityRule",
    "AddonsRule",
    "DatesAndTimesRule",
    "OutOfMemoryBinaryRule",
    "PHCRule",
    "BreadcrumbsRule",
    "JavaStackTraceRule",
    "MacBootArgsRule",
    "MacCrashInfoRule",
    "MozCrashReasonRule",
    "UtilityActorsNameRule",
    "ReportTypeRule",
    "CPUInfoRule",
    "AndroidCPUInfoRule",
    "DistributionIdRule",
    "OSInfoRule",
    "AndroidOSInfoRule",
    "PlatformInfoRule",
    "BetaVersionRule",
    "OSPrettyVersionRule",
    "TopMostFilesRule",
    "ModulesInStackRule",
    "MissingSymbolsRule",
    "ThemePrettyNameRule",
    "MemoryReportExtraction",
    "SoftErrorsRule",
    "ThreadCountRule",
    "SignatureGeneratorRule",
    "ShutDownHangCrashingThreadRule",
];

pub(crate) fn is_known(rule: &str) -> bool {
    UPSTREAM.contains(&rule)
}

/// What runs the cases of a rule; `None` when there is no such rule.
pub(crate) fn runner(directory: &Path, rule: &str) -> Result<Option<Runner>> {
    // Only the ruleset with the real lists tells whether the rule exists, but any will do to ask.
    let exists = ruleset(Value::Null, SignatureGenerator::default())
        .infos()
        .any(|info| info.name == rule);
    if !exists {
        return Ok(None);
    }
    let lists = match rule {
        "SignatureGeneratorRule" => {
            SignatureLists::from_directory(directory.join("signature/siglists"))
                .context("the vectors for signatures need the lists in signature/siglists")?
        }
        _ => SignatureLists::default(),
    };
    let lists = Arc::new(lists);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let rule = rule.to_owned();
    Ok(Some(Box::new(move |case| {
        let stackwalk = case["input"]["stackwalk"].clone();
        let ruleset = ruleset(stackwalk, SignatureGenerator::new(Arc::clone(&lists)));
        let mut crash = match crash(&case["input"]) {
            Ok(crash) => crash,
            Err(error) => return Ok(Verdict::Differs(format!("cannot exist here: {error:#}"))),
        };
        let result = runtime
            .block_on(ruleset.apply_rule(&rule, &mut crash))
            .context("no such rule")?;
        judge(case, &crash, result)
    })))
}

fn ruleset(stackwalk: Value, signatures: SignatureGenerator) -> Ruleset {
    let stackwalker = Arc::new(StandInStackwalker::new(stackwalk));
    socorro::processor::rules::default_ruleset(stackwalker, Arc::new(signatures))
}

fn crash(input: &Value) -> Result<Crash> {
    let object = |name: &str| input[name].as_object().cloned().unwrap_or_default();
    let raw = RawCrash::from(object("raw_crash"));
    // The rules look at the annotation, and the pipeline at this; only some cases have one.
    let id = raw
        .crash_id()
        .or_else(|_| CrashId::parse("a1b2c3d4-0000-4000-8000-abcdef260102"))?;
    let mut dumps = Dumps::new();
    for (name, dump) in object("dumps") {
        dumps.insert(
            DumpName::parse(&name)?,
            stand_in::mark(&name, content(&dump)?),
        );
    }
    Ok(Crash::new(id, raw, dumps).with_processed(ProcessedCrash::from(object("processed_crash"))))
}

fn content(dump: &Value) -> Result<Vec<u8>> {
    if let Some(text) = dump["base64"].as_str() {
        return Ok(STANDARD.decode(text)?);
    }
    if let Some(size) = dump["size"].as_u64() {
        return Ok(vec![b'M'; usize::try_from(size)?]);
    }
    bail!("a dump that is neither bytes nor a size")
}

fn judge(case: &Value, crash: &Crash, result: Result<(), RuleError>) -> Result<Verdict> {
    if let Err(error) = &result
        && error.kind() == "panic"
    {
        return Ok(Verdict::Differs(format!("the rule panicked: {error}")));
    }
    let level = case["level"].as_str().context("a case without level")?;
    if level == "fails" {
        // Upstream's rule failed: it is enough that somebody is told.
        let told = result.is_err() || !crash.notes().is_empty();
        return Ok(if told {
            Verdict::Matched
        } else {
            Verdict::Differs("no note is left".to_owned())
        });
    }
    if let Err(error) = result {
        return Ok(Verdict::Differs(format!("the rule failed: {error}")));
    }
    let expected = &case["expected"];
    let mut processed = crash.processed.clone();
    if let Some(log) = processed.text("signature_debug").map(same_lists) {
        processed.set("signature_debug", log);
    }
    let found = [
        ("processed_crash", Value::Object(processed.into_map())),
        ("raw_crash", Value::Object(crash.raw.as_map().clone())),
        ("notes", crash.notes().into()),
    ];
    let differs = found
        .iter()
        .find_map(|(name, found)| difference(name, &expected[*name], found));
    Ok(differs.map_or(Verdict::Matched, Verdict::Differs))
}

/// The log as it would be with upstream's included lists: the vectors' lists are in a directory.
fn same_lists(log: &str) -> String {
    let lines = log.split('\n').map(
        |line| match line.split_once("using signature lists from ") {
            Some((rule, _)) => format!("{rule}using included signature lists"),
            None => line.to_owned(),
        },
    );
    lines.collect::<Vec<_>>().join("\n")
}
