//! The recorded cases of Mozilla's collector (Antenna), for all tests that run them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

/// The directory of the cases; `None` where there is none, which continuous integration refuses.
fn directory() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let directory = env::var_os("SOCORRO_CONFORMANCE").map_or(default, PathBuf::from);
    if directory.is_dir() {
        return Some(directory.join("collector"));
    }
    skip(&format!(
        "no conformance vectors in {}: set SOCORRO_CONFORMANCE to their directory",
        directory.display()
    ));
    None
}

/// Says loudly what is not tested here; where everything is to be tested, that is a failure.
pub(crate) fn skip(reason: &str) {
    assert!(env::var_os("CI").is_none(), "{reason}");
    println!("SKIPPED: {reason}");
}

/// The cases of a file.
pub(crate) fn cases(file: &str) -> Vec<Value> {
    let Some(directory) = directory() else {
        return Vec::new();
    };
    let text = fs::read_to_string(directory.join(file)).unwrap();
    let cases = text.lines().map(|line| serde_json::from_str(line).unwrap());
    cases.collect()
}

/// Ids of cases that differ on purpose.
pub(crate) fn deviations() -> Vec<String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/deviations.txt");
    let text = fs::read_to_string(list).unwrap();
    let ids = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    ids.map(str::to_owned).collect()
}

pub(crate) fn decode(text: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// The body as it is sent.
pub(crate) fn body(request: &Value) -> Vec<u8> {
    let Some(pieces) = request["body_recipe"].as_array() else {
        return decode(&request["body_b64"]);
    };
    let piece = |piece: &Value| match piece.get("b64") {
        Some(bytes) => decode(bytes),
        None => {
            let count = piece["count"].as_u64().unwrap();
            decode(&piece["repeat_b64"]).repeat(usize::try_from(count).unwrap())
        }
    };
    pieces.iter().flat_map(piece).collect()
}

/// Compares values, those included that JSON cannot carry and that we replace.
pub(crate) fn same(expected: &Value, found: &Value) -> bool {
    if let Some(float) = expected.get("$float") {
        return float == found;
    }
    if let Some(digits) = expected.get("$int").and_then(Value::as_str) {
        let number = found.as_number();
        return number.is_some_and(|number| number.as_str() == digits);
    }
    if let Some(units) = expected.get("$utf16be_b64") {
        let bytes = decode(units);
        let units = bytes
            .chunks(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        return found == &String::from_utf16_lossy(&units.collect::<Vec<_>>());
    }
    if let Some(long) = expected.get("$long_string") {
        let length = found.as_str().map_or(0, |text| text.chars().count());
        return long["length"] == length;
    }
    match (expected, found) {
        (Value::Number(expected), Value::Number(found)) => {
            expected == found || expected.as_f64() == found.as_f64()
        }
        _ => expected == found,
    }
}
