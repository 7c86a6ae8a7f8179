//! Finding the crash that is to be shown.

use std::path::Path;

use serde_json::{Map, Value};
use socorro_core::{CrashId, ProcessedCrash, json};
use socorro_storage::{CrashStorage, ErrorKind, StorageOptions};

use crate::{arguments::open_storage, crash_ids::CrashIds, failure::Failure, input, output::Clean};

/// Members of which every processed crash has some, whoever processed it, and whoever may see it.
const PROCESSED: [&str; 8] = [
    "completed_datetime",
    "crash_id",
    "date_processed",
    "json_dump",
    "mdsw_status_string",
    "processor_notes",
    "signature",
    "success",
];
/// Members of a raw crash.
const RAW: [&str; 4] = ["ProductName", "Version", "metadata", "submitted_timestamp"];
/// Members of a stackwalk.
const STACKWALK: [&str; 2] = ["crash_info", "system_info"];

/// The crash in a file, or that of an id. A file of that name goes first: trees of crashes name files so.
pub(super) async fn find(crash: &Path, storage: Option<&str>) -> Result<ProcessedCrash, Failure> {
    if input::is_stdin(crash) || crash.exists() {
        return read(crash);
    }
    let text = crash.to_string_lossy();
    let found = CrashIds::among([&*text]);
    let Some(id) = found.ids.first() else {
        let Some(error) = found.bad.first() else {
            return Err(Failure::usage("the crash to show has no name"));
        };
        return Err(Failure::new(format!(
            "there is no file {}, and it is no crash id: {error}",
            Clean(&text)
        ))
        .hint("name a file with a processed crash, or the id of a crash"));
    };
    let storage = storage.ok_or_else(|| {
        Failure::usage(format!("no storage is named to look up crash {id} in"))
            .hint("--storage file:///path or SOCORRO_STORAGE name one; a file will do as well")
    })?;
    let options = StorageOptions {
        create: false,
        ..StorageOptions::default()
    };
    fetch(&*open_storage(storage, options).await?, id).await
}

async fn fetch(storage: &dyn CrashStorage, id: &CrashId) -> Result<ProcessedCrash, Failure> {
    let error = match storage.processed_crash(id).await {
        Ok(stored) => return Ok(stored.value),
        Err(error) => error,
    };
    if error.kind() != ErrorKind::NotFound {
        return Err(error.into());
    }
    Err(match storage.raw_crash(id).await {
        Ok(_) => Failure::nothing_found(format!("crash {id} is in {storage}, but not processed"))
            .hint(format!("`socorro processor --once {id}` processes it")),
        Err(_) => Failure::nothing_found(format!("there is no crash {id} in {storage}"))
            .hint("`socorro fetch-crash-data --processed` fetches crashes from Crash Stats"),
    })
}

fn read(path: &Path) -> Result<ProcessedCrash, Failure> {
    let name = input::name(path);
    match input::document(path, "processed crash")? {
        Value::Object(members) => recognised(members, &name),
        other => Err(Failure::new(format!(
            "cannot show {name}: a processed crash is a JSON object, and this is {} {}",
            article(&other),
            json::type_name(&other)
        ))),
    }
}

fn article(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an",
        _ => "a",
    }
}

/// The crash, if it is a processed one.
fn recognised(members: Map<String, Value>, name: &str) -> Result<ProcessedCrash, Failure> {
    let has = |name: &&str| members.contains_key(*name);
    if PROCESSED.iter().any(has) {
        return Ok(members.into());
    }
    let failed = |what: &str| Failure::new(format!("cannot show {name}: it is {what}"));
    if RAW.iter().any(has) {
        return Err(failed("a raw crash, not a processed one").hint(
            "`socorro process FILE.dmp --annotations FILE --output FILE` makes a processed crash of it",
        ));
    }
    if STACKWALK.iter().all(has) {
        return Err(failed("the stackwalk of a minidump, not a processed crash")
            .hint("`socorro stackwalk FILE.dmp` shows stackwalks"));
    }
    if let Some(error) = members.get("error").and_then(Value::as_str) {
        let said = format!("an answer that says: {}", Clean(error));
        return Err(failed(&said));
    }
    Err(failed("no processed crash").hint(format!(
        "it has none of the fields that each of them has some of: {}",
        PROCESSED.join(", ")
    )))
}
