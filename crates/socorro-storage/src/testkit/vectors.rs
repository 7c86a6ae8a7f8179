//! Recorded cases: what Mozilla's programs store where, and how.
//!
//! Each file is `{"about": …, "cases": […]}`; the members of a case are explained by `about`.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};
use socorro_core::{
    CrashId, DumpName,
    json::{self, Form},
    schema::Schema,
};

use crate::{
    Item,
    layout::{self, collector_tree, processor_tree},
};

/// The files whose cases [`run_case`] knows.
pub const FILES: [&str; 6] = [
    "keys.json",
    "json.json",
    "dump_names.json",
    "redaction.json",
    "fs_layout.json",
    "faults.json",
];

/// Runs one case of a file; only the last part of the file's path counts. `None` when the file is
/// none of [`FILES`].
///
/// # Errors
///
/// What differs from the record.
pub fn run_case(file: &str, case: &Value) -> Option<Result<(), String>> {
    let run: fn(&Value) -> Result<(), String> = match Path::new(file).file_name()?.to_str()? {
        "keys.json" => keys,
        "json.json" => stored_json,
        "dump_names.json" => dump_names,
        "redaction.json" => redaction,
        "fs_layout.json" => file_trees,
        "faults.json" => faults,
        _ => return None,
    };
    Some(run(case))
}

fn keys(case: &Value) -> Result<(), String> {
    let text = text(case, "crash_id")?;
    if case["valid"] == Value::Bool(false) {
        same(
            "strict reading succeeds",
            &CrashId::parse(text).is_ok(),
            &false,
        )?;
        let lenient = CrashId::parse_lenient(text).ok();
        let lenient = lenient.as_ref().map(CrashId::as_str);
        return same(
            "lenient reading",
            &lenient,
            &case["cli_normalises_to"].as_str(),
        );
    }
    let id = CrashId::parse(text).map_err(|error| error.to_string())?;
    for (member, key) in [
        ("date", layout::day(id.date())),
        ("throttle_char", id.throttle_digit().to_string()),
        ("raw_crash", layout::raw_crash(&id)),
        ("dump_names", layout::dump_names(&id)),
        ("processed_crash", layout::processed_crash(&id)),
        ("telemetry_crash_report", layout::crash_report(&id)),
    ] {
        same(member, &case[member].as_str(), &Some(key.as_str()))?;
    }
    let candidates = Value::from(layout::raw_crash_candidates(&id, true));
    same(
        "raw_crash_read_order",
        &case["raw_crash_read_order"],
        &candidates,
    )?;
    for (name, key) in members(&case["dumps"]) {
        let name = if name == "<empty>" { "" } else { name };
        let name = DumpName::parse(name).map_err(|error| error.to_string())?;
        same(
            name.as_str(),
            &key.as_str(),
            &Some(&layout::dump(&id, &name)),
        )?;
    }
    for (name, file) in members(&case["temp_dump_file"]) {
        let name = DumpName::parse(name).map_err(|error| error.to_string())?;
        let expected = layout::temporary_dump_file(&id, &name);
        same(name.as_str(), &file.as_str(), &Some(&expected))?;
    }
    Ok(())
}

fn stored_json(case: &Value) -> Result<(), String> {
    let read = |bytes: &str| {
        json::read(bytes.as_bytes(), json::DEFAULT_LIMIT).map_err(|error| error.to_string())
    };
    if let Some(stored) = case["stored_bytes"].as_str() {
        return same("loaded_value", &read(stored)?, &case["loaded_value"]);
    }
    for (member, form) in [
        ("processor_bytes", Form::Processor),
        ("collector_bytes", Form::Collector),
        ("fetch_tool_bytes", Form::Pretty),
    ] {
        let bytes = text(case, member)?;
        same(
            member,
            &json::to_string(&case["value"], form).as_str(),
            &bytes,
        )?;
        same("the value read again", &read(bytes)?, &case["value"])?;
    }
    Ok(())
}

fn dump_names(case: &Value) -> Result<(), String> {
    let name = DumpName::sanitize(text(case, "input")?);
    if case["reserved_collision"] == Value::Bool(true) {
        return same("the name is accepted", &name.is_ok(), &false);
    }
    let name = name.map_err(|error| error.to_string())?;
    same(
        "sanitised",
        &case["sanitised"].as_str(),
        &Some(name.as_str()),
    )?;
    same(
        "storage_segment",
        &case["storage_segment"].as_str(),
        &Some(name.storage_segment()),
    )
}

fn redaction(case: &Value) -> Result<(), String> {
    let schema = match text(case, "document")? {
        "raw_crash" => Schema::raw_crash(),
        "processed_crash" => Schema::processed_crash(),
        other => return Err(format!("unknown document {other:?}")),
    };
    let input = case["input"].as_object().ok_or("input is no object")?;
    let redacted = schema.redact(input);
    let document = Value::Object(redacted.document);
    if let Some(output) = case.get("output") {
        same("output", &document, output)?;
        return same("wrongly typed fields", &redacted.wrongly_typed, &0);
    }
    // Upstream refuses the whole document; only the wrongly typed field has to go.
    let kept = members(&document).count();
    same(
        "fields that are left",
        &kept,
        &(input.len() - redacted.wrongly_typed),
    )?;
    same(
        "some field is dropped",
        &(redacted.wrongly_typed > 0),
        &true,
    )
}

fn file_trees(case: &Value) -> Result<(), String> {
    let id = CrashId::parse(text(case, "crash_id")?).map_err(|error| error.to_string())?;
    let names = case["dump_names"]
        .as_array()
        .ok_or("dump_names is no array")?
        .iter()
        .map(|name| DumpName::parse(name.as_str().unwrap_or_default()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let with_dumps = |dump: fn(&CrashId, &DumpName) -> String, others: &[String]| {
        let dumps = names.iter().map(|name| dump(&id, name));
        let mut files: Vec<_> = dumps.chain(others.iter().cloned()).collect();
        files.sort_unstable();
        files
    };
    let objects = [Item::RawCrash, Item::DumpNames, Item::ProcessedCrash]
        .map(|item| layout::item(&id, &item));
    let processor = [
        processor_tree::raw_crash(&id),
        processor_tree::processed_crash(&id),
    ];
    let collector = [
        collector_tree::raw_crash(&id),
        collector_tree::dump_names(&id),
    ];
    let trees = BTreeMap::from([
        ("object_layout_tree", with_dumps(layout::dump, &objects)),
        (
            "processor_radix_tree",
            with_dumps(processor_tree::dump, &processor),
        ),
        (
            "collector_tree",
            with_dumps(collector_tree::dump, &collector),
        ),
    ]);
    for (tree, files) in trees {
        same(tree, &case[tree], &Value::from(files))?;
    }
    wait_for(super::trees::read(id, names))
}

fn faults(case: &Value) -> Result<(), String> {
    let case = case.clone();
    wait_for(async move { super::faults::run(&case).await })
}

/// Runs it on a thread of its own: the caller's may have a runtime already, which cannot wait for
/// another one.
fn wait_for(work: impl Future<Output = Result<(), String>> + Send + 'static) -> Result<(), String> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(work)
    };
    std::thread::spawn(run)
        .join()
        .unwrap_or_else(|_| Err("it panicked".to_owned()))
}

pub(super) fn text<'a>(case: &'a Value, member: &str) -> Result<&'a str, String> {
    case[member]
        .as_str()
        .ok_or_else(|| format!("{member} is no text"))
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
        .map(|(name, value)| (name.as_str(), value))
}

fn same<A: PartialEq<B> + std::fmt::Debug, B: std::fmt::Debug>(
    what: &str,
    recorded: &A,
    ours: &B,
) -> Result<(), String> {
    if recorded == ours {
        Ok(())
    } else {
        Err(format!("{what}: {recorded:?} differs from {ours:?}"))
    }
}
