//! What crashed and why, a line each. Every row of the tables says which fields it is made of.

use serde_json::{Map, Value};
use socorro_stackwalk::StackwalkView;

use super::{Audience, NAME, VALUE};
use crate::words;

/// Items of a list that are told.
const MOST_ITEMS: usize = 10;

/// One thing that is known about a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What it is called.
    pub name: &'static str,
    /// What is known; it may have several lines.
    pub value: String,
    /// Whether only some people may see it.
    pub protected: bool,
}

/// How a fact is made.
struct Row {
    name: &'static str,
    fields: &'static [&'static str],
    value: fn(&Map<String, Value>, &[&str]) -> Option<String>,
}

const fn row(
    name: &'static str,
    fields: &'static [&'static str],
    value: fn(&Map<String, Value>, &[&str]) -> Option<String>,
) -> Row {
    Row {
        name,
        fields,
        value,
    }
}

const WHAT: [Row; 16] = [
    row(
        "Product",
        &["product", "version", "release_channel", "build", "build_id"],
        product,
    ),
    row(
        "Process",
        &["process_type", "remote_type", "utility_actors_name"],
        process,
    ),
    row(
        "Plugin",
        &["plugin_name", "plugin_version", "plugin_filename"],
        parts,
    ),
    row("Process id", &[], process_id),
    row("Kind of report", &["report_type"], kind),
    row("Crashed at", &["client_crash_date"], moment),
    row("Uptime", &["uptime"], duration),
    row("Installed", &["install_age"], age),
    row("Last crash", &["last_crash"], age),
    row(
        "Received",
        &["submitted_timestamp", "date_processed"],
        moment,
    ),
    row(
        "Processed",
        &["completed_datetime", "started_datetime"],
        processed,
    ),
    row(
        "System",
        &["os_pretty_version", "os_name", "os_version"],
        system,
    ),
    row(
        "Device",
        &["android_manufacturer", "android_model", "android_version"],
        parts,
    ),
    row(
        "Processor",
        &["cpu_arch", "cpu_count", "cpu_info"],
        processor,
    ),
    row(
        "Memory",
        &["available_physical_memory", "total_physical_memory"],
        memory,
    ),
    row(
        "Graphics",
        &[
            "adapter_vendor_id",
            "adapter_device_id",
            "adapter_driver_version",
        ],
        parts,
    ),
];

const WHY: [Row; 20] = [
    row("Crash reason", &["reason"], reason),
    row("Crash address", &["address"], address),
    row("Assertion", &[], assertion),
    row(
        "MOZ_CRASH reason",
        &["moz_crash_reason", "moz_crash_reason_raw"],
        first,
    ),
    row("Abort message", &["abort_message"], first),
    row("Instruction", &[], instruction),
    row("Memory access", &["has_guard_page_access"], accesses),
    row(
        "Possible bit flip",
        &["possible_bit_flips_max_confidence"],
        bit_flip,
    ),
    row("Inconsistencies", &["crash_inconsistencies"], first),
    row("Last error", &["last_error_value"], first),
    row("Allocation failed", &["oom_allocation_size"], size),
    row(
        "JS allocation failed",
        &["js_large_allocation_failure"],
        first,
    ),
    row("Hang", &["hang"], first),
    row("Shutdown", &["shutdown_progress", "shutdown_reason"], parts),
    row("Shutdown timeout", &["async_shutdown_timeout"], first),
    row(
        "IPC",
        &[
            "ipc_fatal_error_protocol",
            "ipc_fatal_error_msg",
            "ipc_channel_error",
        ],
        parts,
    ),
    row("Graphics error", &["graphics_critical_error"], first),
    row(
        "Heap checker",
        &["phc_kind", "phc_usable_size", "phc_base_address"],
        parts,
    ),
    row("Failed rules", &["processor_failed_rules"], first),
    row("User comments", &["user_comments"], first),
];

/// The fields that facts show.
pub(super) fn fields() -> impl Iterator<Item = &'static str> {
    let rows = WHAT.iter().chain(&WHY);
    rows.flat_map(|row| row.fields.iter().copied())
}

pub(super) fn what(crash: &Map<String, Value>, audience: &Audience) -> Vec<Fact> {
    facts(&WHAT, crash, audience)
}

pub(super) fn why(crash: &Map<String, Value>, audience: &Audience) -> Vec<Fact> {
    facts(&WHY, crash, audience)
}

fn facts(rows: &[Row], crash: &Map<String, Value>, audience: &Audience) -> Vec<Fact> {
    let fact = |row: &Row| {
        Some(Fact {
            name: row.name,
            value: (row.value)(crash, row.fields)?,
            protected: row.fields.iter().any(|field| audience.protects(field)),
        })
    };
    rows.iter().filter_map(fact).collect()
}

/// A field as it is.
fn field(crash: &Map<String, Value>, name: &str) -> Option<String> {
    words::value(crash.get(name)?, VALUE)
}

/// The first of the fields that says something.
fn first(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    fields.iter().find_map(|name| field(crash, name))
}

/// All of the fields that say something.
fn parts(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    joined(fields.iter().map(|name| field(crash, name)), ", ")
}

fn joined(parts: impl IntoIterator<Item = Option<String>>, by: &str) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(by))
}

fn moment(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    first(crash, fields).map(|text| words::moment(&text))
}

fn duration(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    let name = fields.first()?;
    let seconds = words::integer(crash, name).map(words::duration);
    seconds.or_else(|| field(crash, name))
}

fn age(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    duration(crash, fields).map(|duration| format!("{duration} before the crash"))
}

fn size(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    let name = fields.first()?;
    let size = words::integer(crash, name).map(words::bytes);
    size.or_else(|| field(crash, name))
}

fn product(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let build = field(crash, "build").or_else(|| field(crash, "build_id"));
    let build = build.map(|build| format!("build {build}"));
    let product = parts_with_spaces(crash, &["product", "version"])?;
    let details = joined([field(crash, "release_channel"), build], ", ");
    Some(match details {
        Some(details) => format!("{product} ({details})"),
        None => product,
    })
}

fn parts_with_spaces(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    joined(fields.iter().map(|name| field(crash, name)), " ")
}

fn process(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    parts(crash, fields)
}

fn process_id(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let pid = crash.get("json_dump")?.get("pid")?;
    words::value(pid, NAME)
}

/// That it is a crash is what everybody expects.
fn kind(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    first(crash, fields).filter(|kind| kind != "crash")
}

fn processed(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    let when = moment(crash, fields)?;
    let runs = crash.get("processor_history").and_then(Value::as_array);
    let runs = runs.map_or(0, Vec::len) as u64;
    Some(match runs {
        0 => when,
        _ => format!(
            "{when}, after {}",
            words::count(runs, "earlier run", "earlier runs")
        ),
    })
}

/// The name that people know, and the version that engineers need.
fn system(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let exact = parts_with_spaces(crash, &["os_name", "os_version"]);
    match (field(crash, "os_pretty_version"), exact) {
        (Some(pretty), Some(exact)) if !exact.starts_with(&pretty) => {
            Some(format!("{pretty} ({exact})"))
        }
        (pretty, exact) => exact.or(pretty),
    }
}

fn processor(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let cores = words::integer(crash, "cpu_count").filter(|count| *count > 0);
    let cores = cores.map(|count| words::count(count, "core", "cores"));
    let parts = [field(crash, "cpu_arch"), cores, field(crash, "cpu_info")];
    joined(parts, ", ")
}

fn memory(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let size = |name| words::integer(crash, name).map(words::bytes);
    let free = size("available_physical_memory").map(|size| format!("{size} free"));
    joined([free, size("total_physical_memory")], " of ")
}

fn walk(crash: &Map<String, Value>) -> Option<StackwalkView<'_>> {
    let document = crash.get("json_dump")?.as_object()?;
    Some(StackwalkView::new(document))
}

fn reason(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    let walked = || {
        let text = walk(crash)?.crash_text("type")?;
        Some(words::line(text, NAME))
    };
    first(crash, fields).or_else(walked)
}

/// As the machine reported it, with what disassembly makes of it; without a walk the field.
fn address(crash: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    let walked = walk(crash).and_then(|walk| walk.crash_address_in_words());
    let walked = walked.map(|address| words::line(&address, NAME));
    walked.or_else(|| first(crash, fields))
}

fn assertion(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let text = walk(crash)?.crash_text("assertion")?;
    words::value(&Value::from(text), VALUE)
}

fn instruction(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let text = walk(crash)?.crash_text("instruction")?;
    Some(words::line(text, NAME))
}

/// The objects in a list of `crash_info`.
fn items<'a>(crash: &'a Map<String, Value>, list: &str) -> impl Iterator<Item = &'a Value> {
    let items = walk(crash).and_then(|walk| walk.member("crash_info", list)?.as_array());
    items.into_iter().flatten().take(MOST_ITEMS)
}

fn accesses(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let access = |access: &Value| {
        let text = |name| access.get(name).and_then(Value::as_str);
        let size = access.get("size").and_then(Value::as_u64);
        let size = size.map(|size| words::count(size, "byte", "bytes"));
        let kind = match text("access_type") {
            Some("read") => "read of",
            Some("write") => "write of",
            Some("readwrite") => "read and write of",
            _ => "access to",
        };
        let guard = access.get("is_likely_guard_page").and_then(Value::as_bool);
        let guard = if guard == Some(true) {
            ", probably a guard page"
        } else {
            ""
        };
        let place = text("address").unwrap_or("an unknown address");
        let size = size.unwrap_or_else(|| "memory".to_owned());
        Some(words::line(
            &format!("{kind} {size} at {place}{guard}"),
            NAME,
        ))
    };
    let told = joined(items(crash, "memory_accesses").map(access), "\n");
    let guard = crash.get("has_guard_page_access").and_then(Value::as_bool);
    told.or_else(|| (guard == Some(true)).then(|| "probably a guard page".to_owned()))
}

fn bit_flip(crash: &Map<String, Value>, _: &[&str]) -> Option<String> {
    let flip = |flip: &Value| {
        let text = |name| flip.get(name).and_then(Value::as_str);
        let confidence = flip
            .get("confidence")
            .and_then(Value::as_f64)
            .unwrap_or(0.0);
        let register = text("source_register").unwrap_or("the address");
        let meant = text("address").unwrap_or("an unknown address");
        let told = format!(
            "{register}, meant {meant} (confidence {:.0} %)",
            confidence * 100.0
        );
        (confidence, words::line(&told, NAME))
    };
    let best = items(crash, "possible_bit_flips")
        .map(flip)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let most = || words::integer(crash, "possible_bit_flips_max_confidence");
    best.map(|(_, told)| told)
        .or_else(|| Some(format!("confidence {} %", most()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use socorro_core::schema::Schema;

    use super::*;

    fn value(rows: &[Row], name: &str, crash: &Value) -> Option<String> {
        let empty = Map::new();
        let crash = crash.as_object().unwrap_or(&empty);
        let everybody = Audience::Public { left_out: 0 };
        let facts = facts(rows, crash, &everybody).into_iter();
        facts
            .filter(|fact| fact.name == name)
            .map(|fact| fact.value)
            .next()
    }

    #[test]
    fn every_field_in_the_tables_exists() {
        for name in fields().filter(|name| *name != "build_id") {
            assert!(Schema::processed_crash().field(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_crashed_is_told_in_words() {
        let crash = json!({
            "product": "Firefox", "version": "153.7.0esr", "release_channel": "esr", "build": "2026",
            "uptime": 3725, "os_name": "Linux", "os_version": "6.18", "os_pretty_version": "Debian 12",
            "available_physical_memory": "1024", "total_physical_memory": 2048, "report_type": "crash",
            "completed_datetime": "2026-01-02T03:04:05+00:00", "processor_history": ["x"],
        });
        let what = |name| value(&WHAT, name, &crash);
        assert_eq!(
            what("Product").as_deref(),
            Some("Firefox 153.7.0esr (esr, build 2026)")
        );
        assert_eq!(what("Uptime").as_deref(), Some("1 h 2 min"));
        assert_eq!(what("System").as_deref(), Some("Debian 12 (Linux 6.18)"));
        assert_eq!(what("Memory").as_deref(), Some("1.0 KiB free of 2.0 KiB"));
        assert_eq!(
            what("Processed").as_deref(),
            Some("2026-01-02 03:04:05 UTC, after 1 earlier run")
        );
        assert_eq!(what("Kind of report"), None);
    }

    #[test]
    fn why_it_crashed_is_told_in_words() {
        let crash = json!({
            "address": "0x0", "json_dump": {"crash_info": {
                "type": "SIGSEGV", "address": "0x48", "adjusted_address": {"kind": "null-pointer", "offset": "0x48"},
                "memory_accesses": [
                    {"access_type": "read", "address": "0x48", "size": 8},
                    {"address": null, "size": 1, "is_likely_guard_page": true},
                ],
                "possible_bit_flips": [{"confidence": 0.1}, {"confidence": 0.4375, "address": "0x1"}],
            }},
        });
        let why = |name| value(&WHY, name, &crash);
        assert_eq!(why("Crash reason").as_deref(), Some("SIGSEGV"));
        assert_eq!(
            why("Crash address").as_deref(),
            Some("0x48 (null pointer with offset 0x48)")
        );
        assert_eq!(
            why("Memory access").as_deref(),
            Some(
                "read of 8 bytes at 0x48\naccess to 1 byte at an unknown address, probably a guard page"
            )
        );
        assert_eq!(
            why("Possible bit flip").as_deref(),
            Some("the address, meant 0x1 (confidence 44 %)")
        );
    }

    #[test]
    fn whatever_a_field_holds_is_survived() {
        for odd in [
            json!(null),
            json!([]),
            json!({"a": [1]}),
            json!(-1),
            json!("\u{1b}[31m"),
            json!(1e300),
        ] {
            let crash: Map<String, Value> = fields()
                .map(|name| (name.to_owned(), odd.clone()))
                .collect();
            let everybody = Audience::Public { left_out: 0 };
            for fact in what(&crash, &everybody)
                .iter()
                .chain(&why(&crash, &everybody))
            {
                assert!(!fact.value.contains('\u{1b}'), "{fact:?}");
            }
        }
    }
}
