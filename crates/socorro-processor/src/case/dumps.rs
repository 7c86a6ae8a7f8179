//! The files of a case.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use socorro_core::{Dump, DumpName, Dumps};

use super::{invalid, object};
use crate::error::Error;

/// How many bytes all files of a case may have together.
const MAX_SIZE: usize = 64 << 20;

/// Reads the member `dumps`.
pub(super) fn read(files: &Map<String, Value>) -> Result<Dumps, Error> {
    let mut room = MAX_SIZE;
    let mut dumps = Dumps::new();
    for (name, file) in files {
        let member = format!("dumps.{name}");
        let parsed = DumpName::parse(name).map_err(|error| invalid(&member, error.to_string()))?;
        let dump = content(object(file, &member)?, &member, &mut room)?;
        dumps.insert(parsed, dump);
    }
    Ok(dumps)
}

fn content(file: &Map<String, Value>, member: &str, room: &mut usize) -> Result<Dump, Error> {
    if file.get("missing") == Some(&Value::Bool(true)) {
        return Ok(Dump::File {
            path: "/nonexistent/file".into(),
            size: 1,
        });
    }
    let full = || {
        let reason = format!("the files of a case may have {MAX_SIZE} bytes together");
        invalid(member, reason)
    };
    let bytes = if let Some(text) = file.get("base64").and_then(Value::as_str) {
        STANDARD
            .decode(text)
            .map_err(|error| invalid(member, format!("not base64: {error}")))?
    } else if let Some(size) = file.get("size").and_then(Value::as_u64) {
        let size = usize::try_from(size).ok().filter(|size| size <= room);
        vec![b'M'; size.ok_or_else(full)?]
    } else {
        let reason = "one of `base64`, `size` and `missing` is needed";
        return Err(invalid(member, reason));
    };
    *room = room.checked_sub(bytes.len()).ok_or_else(full)?;
    Ok(Dump::from(bytes))
}
