//! The raw crash of a report.

use serde_json::{Map, Value, json};
use socorro_core::{CrashId, Dumps, RawCrash, time::Timestamp};

use super::{Crash, Options};
use crate::{
    parse::{Payload, Report, ReportFile},
    throttle::Verdict,
};

/// The version of the form of raw crashes.
const SCHEMA_VERSION: u64 = 2;

/// Makes the raw crash: the annotations, then what the collector knows, over values of the same
/// names that a client may have sent.
///
/// The keys are those of Mozilla's collector (Antenna, `antenna/breakpad_resource.py`), and under
/// `metadata` also `collector_version`, `dump_sizes` (bytes of each file) and `dump_filenames` (what
/// the client called them, if it said). The digit of the id says whether it is published: 1 is for
/// crashes that are stored only.
#[must_use]
pub fn assemble(
    report: Report,
    id: CrashId,
    verdict: &Verdict,
    user_agent: Option<&str>,
    now: Timestamp,
    options: &Options,
) -> Crash {
    let mut metadata = metadata(&report, verdict, user_agent);
    let Report {
        mut annotations,
        files,
        mut notes,
        scratch,
        memory,
        ..
    } = report;
    keep_version(&mut annotations, &mut notes);
    for name in &options.forbidden {
        if annotations.shift_remove(name).is_some() {
            notes.push(format!("Removed {name} from raw crash."));
        }
    }
    metadata.insert("collector_notes".to_owned(), notes.into());
    annotations.insert("submitted_timestamp".to_owned(), isoformat(now).into());
    annotations.insert("version".to_owned(), SCHEMA_VERSION.into());
    annotations.insert("uuid".to_owned(), id.as_str().into());
    annotations.insert("metadata".to_owned(), metadata.into());
    let dumps: Dumps = files
        .into_iter()
        .map(|file| (file.name, file.content))
        .collect();
    Crash {
        id,
        raw_crash: RawCrash::from(annotations),
        dumps,
        publish: id.throttle_digit() != '1',
        scratch,
        memory,
    }
}

impl Crash {
    /// Notes in the raw crash that it lay in the spool before it was stored.
    pub fn mark_spooled(&mut self) {
        if let Some(Value::Object(metadata)) = self.raw_crash.as_map_mut().get_mut("metadata") {
            metadata.insert("spooled".to_owned(), true.into());
        }
    }
}

/// Clients of Crashpad may send their own version as `version`, which here is that of the form.
fn keep_version(annotations: &mut Map<String, Value>, notes: &mut Vec<String>) {
    if annotations.contains_key("Version") {
        return;
    }
    if let Some(version) = annotations.get("version").cloned() {
        annotations.insert("Version".to_owned(), version);
        notes.push("Kept version of client as Version in raw crash.".to_owned());
    }
}

/// All but the notes.
fn metadata(report: &Report, verdict: &Verdict, user_agent: Option<&str>) -> Map<String, Value> {
    let of_files = |value: fn(&ReportFile) -> Option<Value>| -> Value {
        let files = report.files.iter();
        let members: Map<_, _> = files
            .filter_map(|file| Some((file.name.to_string(), value(file)?)))
            .collect();
        members.into()
    };
    let payload = match report.payload {
        Payload::Json => "json",
        Payload::Multipart => "multipart",
    };
    let user_agent = user_agent.filter(|agent| !agent.is_empty());
    let mut metadata = Map::new();
    for (name, value) in [
        ("payload", payload.into()),
        // Text, as upstream has it.
        (
            "payload_compressed",
            if report.compressed { "1" } else { "0" }.into(),
        ),
        ("payload_size", report.size.into()),
        (
            "dump_checksums",
            of_files(|file| Some(file.sha256.as_str().into())),
        ),
        ("user_agent", user_agent.unwrap_or("None").into()),
        ("throttle_rule", json!(&*verdict.rule)),
        ("collector_version", env!("CARGO_PKG_VERSION").into()),
        (
            "dump_sizes",
            of_files(|file| Some(file.content.size().into())),
        ),
        (
            "dump_filenames",
            of_files(|file| file.file_name.as_deref().map(Value::from)),
        ),
    ] {
        metadata.insert(name.to_owned(), value);
    }
    metadata
}

/// As Python's `isoformat` writes a time in UTC: with microseconds unless they are 0.
fn isoformat(moment: Timestamp) -> String {
    let form = match moment.subsec_microsecond() {
        0 => "%Y-%m-%dT%H:%M:%S+00:00",
        _ => "%Y-%m-%dT%H:%M:%S.%6f+00:00",
    };
    moment.strftime(form).to_string()
}
