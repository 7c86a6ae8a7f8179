//! Cases of list loading.

use std::path::Path;

use serde_json::Value;

use super::Outcome;
use super::compare::{compare, compare_result};
use super::pipeline::member;
use crate::{CrashData, ListName, SignatureError, SignatureGenerator, SignatureLists};

/// Writes the lists of a case to a directory, loads them, and makes a signature if they load.
pub(super) fn run(case: &Value) -> Result<Outcome, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    for name in ListName::ALL {
        write_list(directory.path(), name, member(case, "lists")?)?;
    }
    let lists = SignatureLists::from_directory(directory.path());
    let comparison = match (lists, case.get("load_error")) {
        (Ok(lists), None) => {
            let crash = CrashData::from_json(member(case, "crash_data")?);
            let result = SignatureGenerator::new(lists).generate(&crash);
            compare_result(&result, member(case, "expected")?)
        }
        (Ok(_), Some(error)) => Err(format!("the lists load, expected {error}")),
        (Err(error), None) => Err(format!("the lists do not load: {error}")),
        (Err(error), Some(expected)) => compare_error(&error, expected),
    };
    Ok(Outcome::from_comparison(comparison))
}

fn write_list(directory: &Path, name: ListName, lists: &Value) -> Result<(), String> {
    let bytes = match lists.get(key(name)) {
        None => return Ok(()),
        Some(Value::String(text)) => text.as_bytes().to_vec(),
        Some(other) => {
            let digits = other
                .get("hex")
                .and_then(Value::as_str)
                .ok_or("a list is neither text nor hex")?;
            decode_hexadecimal(digits)?
        }
    };
    std::fs::write(directory.join(name.file_name()), bytes).map_err(|error| error.to_string())
}

fn key(name: ListName) -> &'static str {
    name.file_name().trim_end_matches(".txt")
}

fn decode_hexadecimal(digits: &str) -> Result<Vec<u8>, String> {
    let bytes = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).map_err(|error| error.to_string())?;
        u8::from_str_radix(pair, 16).map_err(|error| error.to_string())
    });
    bytes.collect()
}

/// Compares kind, list and line (which upstream counts from 0).
fn compare_error(error: &SignatureError, expected: &Value) -> Result<(), String> {
    let (kind, place) = match error {
        SignatureError::Unreadable { .. } => ("missing_file", None),
        SignatureError::NotUtf8 { .. } => ("not_utf8", None),
        SignatureError::BadCombination { .. } => ("bad_combination", None),
        SignatureError::BadEntry { list, line, .. }
        | SignatureError::Unsupported { list, line, .. } => {
            ("bad_line", Some((key(list.name), *line)))
        }
        SignatureError::TooLarge { .. } => ("too_large", None),
        SignatureError::NotAnObject { .. } => ("not_an_object", None),
    };
    compare(
        "kind",
        &Some(kind),
        &expected.get("kind").and_then(Value::as_str),
    )?;
    let Some((list, line)) = place else {
        return Ok(());
    };
    compare(
        "list",
        &Some(list),
        &expected.get("list").and_then(Value::as_str),
    )?;
    let expected_line = expected
        .get("line")
        .and_then(Value::as_u64)
        .map(|line| line + 1);
    compare("line", &Some(line as u64), &expected_line)
}
