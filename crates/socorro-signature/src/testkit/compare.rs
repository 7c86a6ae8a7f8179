//! Comparing results with recorded ones.

use serde_json::Value;

use crate::SignatureResult;

/// Compares signature, notes, proto-signature and debug log.
pub(super) fn compare_result(result: &SignatureResult, expected: &Value) -> Result<(), String> {
    compare(
        "signature",
        &result.signature,
        &text(expected, "signature")?,
    )?;
    compare_notes(&result.notes, expected)?;
    let proto_signature = expected
        .get("proto_signature")
        .and_then(Value::as_str)
        .map(str::to_owned);
    compare("proto_signature", &result.proto_signature, &proto_signature)?;
    let log: Vec<String> = result
        .debug_log()
        .iter()
        .map(|line| without_origin(line))
        .collect();
    let expected_log: Vec<String> = texts(expected, "debug_log")?
        .iter()
        .map(|line| without_origin(line))
        .collect();
    compare("debug_log", &log, &expected_log)
}

/// Fails with both values if they differ.
pub(super) fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}: got {found:?}, expected {expected:?}"))
    }
}

/// A text member of an object.
pub(super) fn text(object: &Value, key: &str) -> Result<String, String> {
    let value = object.get(key).and_then(Value::as_str);
    value
        .map(str::to_owned)
        .ok_or_else(|| format!("the case has no text {key:?}"))
}

/// A member of an object that is a list of texts.
pub(super) fn texts(object: &Value, key: &str) -> Result<Vec<String>, String> {
    let items = object
        .get(key)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("the case has no list {key:?}"))?;
    Ok(items
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect())
}

/// Compares notes; of those named in `loose_notes` only the start counts.
fn compare_notes(notes: &[String], expected: &Value) -> Result<(), String> {
    let expected_notes = texts(expected, "notes")?;
    let alike = |position: usize, expected_note: &str| {
        let Some(note) = notes.get(position) else {
            return false;
        };
        match expected
            .get("loose_notes")
            .and_then(|loose| loose.get(position.to_string()))
        {
            Some(prefix) => note.starts_with(prefix.as_str().unwrap_or_default()),
            None => note == expected_note,
        }
    };
    let all_alike = expected_notes
        .iter()
        .enumerate()
        .all(|(position, note)| alike(position, note));
    if all_alike && notes.len() == expected_notes.len() {
        return Ok(());
    }
    Err(format!("notes: got {notes:?}, expected {expected_notes:?}"))
}

/// Which lists were used depends on where the runner has them.
fn without_origin(line: &str) -> String {
    let origins = [
        ": using included signature lists",
        ": using signature lists from ",
    ];
    match origins.iter().find_map(|origin| line.split_once(origin)) {
        Some((rule, _)) => format!("{rule}: using lists"),
        None => line.to_owned(),
    }
}
