//! The beginning of the report: machine and crash.

use std::fmt;

use serde_json::Value;
use socorro_core::Clean;

use super::Style;
use crate::report::StackwalkView;

pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    document: StackwalkView<'_>,
    style: Style,
) -> fmt::Result {
    write_line(
        f,
        style,
        "Crash reason",
        document
            .crash_text("type")
            .unwrap_or("none: the process was running"),
    )?;
    if let Some(address) = document.crash_address_in_words() {
        write_line(f, style, "Crash address", &address)?;
    }
    if let Some(assertion) = document.crash_text("assertion") {
        write_line(f, style, "Assertion", assertion)?;
    }
    if let Some(instruction) = document.crash_text("instruction") {
        write_line(f, style, "Instruction", instruction)?;
    }
    for flip in crash_objects(document, "possible_bit_flips").take(1) {
        let register = flip
            .get("source_register")
            .and_then(Value::as_str)
            .unwrap_or("the address");
        let meant = flip
            .get("address")
            .and_then(Value::as_str)
            .unwrap_or_default();
        write_line(
            f,
            style,
            "Possible bit flip",
            &format!("{register}, meant {meant}"),
        )?;
    }
    let system = |field| {
        document
            .member("system_info", field)
            .and_then(Value::as_str)
            .unwrap_or("unknown")
    };
    write_line(
        f,
        style,
        "System",
        &format!("{} {}", system("os"), system("os_ver")),
    )?;
    write_line(
        f,
        style,
        "Processor",
        &format!("{} {}", system("cpu_arch"), system("cpu_info")),
    )?;
    if let Some(pid) = document.0.get("pid").and_then(Value::as_u64) {
        write_line(f, style, "Process", &pid.to_string())?;
    }
    Ok(())
}

fn crash_objects<'a>(document: StackwalkView<'a>, member: &str) -> impl Iterator<Item = &'a Value> {
    document
        .member("crash_info", member)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// One line `name: text`, aligned with the others.
fn write_line(f: &mut fmt::Formatter<'_>, style: Style, name: &str, text: &str) -> fmt::Result {
    let heading = style.heading(&format!("{:<18}", format!("{name}:")));
    writeln!(f, "{heading} {}", Clean(text))
}
