//! The crash of a case.

use anyhow::{Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use socorro::prelude::*;

use super::stand_in;

/// The crash that a case gives to its rule or ruleset.
pub(super) fn crash(input: &Value) -> Result<Crash> {
    let object = |name: &str| input[name].as_object().cloned().unwrap_or_default();
    let raw = RawCrash::from(object("raw_crash"));
    // The rules look at the annotation, and the pipeline at this; only some cases have one.
    let id = raw
        .crash_id()
        .or_else(|_| CrashId::parse("a1b2c3d4-0000-4000-8000-abcdef260102"))?;
    let mut dumps = Dumps::new();
    for (name, dump) in object("dumps") {
        dumps.insert(DumpName::parse(&name)?, content(&name, &dump)?);
    }
    Ok(Crash::new(id, raw, dumps).with_processed(ProcessedCrash::from(object("processed_crash"))))
}

/// The content of a file; that of a minidump begins with its name.
fn content(name: &str, dump: &Value) -> Result<Dump> {
    if dump["missing"] == true {
        return Ok(Dump::File {
            path: "/nonexistent/file".into(),
            size: 1,
        });
    }
    let bytes = if let Some(text) = dump["base64"].as_str() {
        STANDARD.decode(text)?
    } else if let Some(size) = dump["size"].as_u64() {
        vec![b'M'; usize::try_from(size)?]
    } else {
        bail!("a dump that is neither bytes nor a size nor missing")
    };
    let is_minidump = DumpName::parse(name)?.is_minidump();
    Ok(if is_minidump {
        stand_in::mark(name, bytes)
    } else {
        Dump::from(bytes)
    })
}

/// The processed crash as it would be with upstream's included lists: the vectors' lists are in a
/// directory, and the log of the signature says so.
pub(super) fn comparable(processed: &ProcessedCrash) -> Value {
    let mut processed = processed.clone();
    if let Some(log) = processed.text("signature_debug").map(same_lists) {
        processed.set("signature_debug", log);
    }
    Value::Object(processed.into_map())
}

fn same_lists(log: &str) -> String {
    let lines = log.split('\n').map(
        |line| match line.split_once("using signature lists from ") {
            Some((rule, _)) => format!("{rule}using included signature lists"),
            None => line.to_owned(),
        },
    );
    lines.collect::<Vec<_>>().join("\n")
}
