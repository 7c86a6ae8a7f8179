//! The memory report.

use std::{
    fs::File,
    io::{BufReader, Read},
};

use async_trait::async_trait;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use socorro_core::{Dump, json};

use crate::{
    crash::Crash,
    rule::{AsyncRule, Item, RuleError, RuleInfo},
};

/// The name of the file.
const NAME: &str = "memory_report";
/// How many bytes of its limit a memory report may use up for each comma in it, and there are about
/// as many commas as values. Real entries have twice as many bytes for each; a report of nothing but
/// `[],[],…` would take half a gigabyte of memory.
const BYTES_PER_COMMA: u64 = 5;

/// Reads the memory report that a program running out of memory wrote: what it used its memory for.
///
/// The file is gzip of JSON. It is never inflated beyond the limit, by default 20 MiB. One that
/// cannot be read leaves the reason in `memory_report_error`. Needs a tokio runtime.
///
/// Source: Socorro `OutOfMemoryBinaryRule`, which also takes an object with a member `ERROR` for a
/// failure, and tells the local path.
#[derive(Debug, Clone, Copy)]
pub struct OutOfMemoryBinary {
    max_size: u64,
}

impl OutOfMemoryBinary {
    /// How many bytes a memory report may have after decompression, unless told otherwise.
    pub const MAX_SIZE: u64 = 20 << 20;

    /// The rule with another limit, in bytes after decompression.
    #[must_use]
    pub fn up_to(max_size: u64) -> Self {
        Self { max_size }
    }
}

impl Default for OutOfMemoryBinary {
    fn default() -> Self {
        Self::up_to(Self::MAX_SIZE)
    }
}

#[async_trait]
impl AsyncRule for OutOfMemoryBinary {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "OutOfMemoryBinaryRule",
            purpose: "read the memory report",
            reads: &[Item::Dumps],
            writes: &[
                Item::Field("memory_report"),
                Item::Field("memory_report_error"),
            ],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        find(crash).is_some()
    }

    async fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let Some(dump) = find(crash).cloned() else {
            return Ok(());
        };
        // It may be a file, and a large one: other crashes shall not wait for it.
        let max_size = self.max_size;
        let report = tokio::task::spawn_blocking(move || read(&dump, max_size))
            .await
            .map_err(|error| RuleError::new("no_result", error.to_string()))?;
        match report {
            Ok(report) => {
                crash.processed.remove("memory_report_error");
                crash.processed.set("memory_report", report);
            }
            Err(reason) => {
                crash.processed.remove("memory_report");
                crash.note(reason.clone());
                crash.processed.set("memory_report_error", reason);
            }
        }
        Ok(())
    }
}

fn find(crash: &Crash) -> Option<&Dump> {
    let mut dumps = crash.dumps.iter();
    dumps.find_map(|(name, dump)| (name.as_str() == NAME).then_some(dump))
}

fn read(dump: &Dump, max_size: u64) -> Result<Value, String> {
    if dump.size() == 0 {
        return Err(format!("error in json for {NAME}: the file is empty"));
    }
    let inflated = match dump {
        Dump::Bytes(bytes) => inflate(&bytes[..], max_size)?,
        Dump::File { path, .. } => {
            let file = File::open(path)
                .map_err(|error| format!("error in gzip for {NAME}: {}", error.kind()))?;
            inflate(BufReader::new(file), max_size)?
        }
    };
    let text = std::str::from_utf8(&inflated)
        .map_err(|_| format!("error in json for {NAME}: not valid UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let commas = text.bytes().filter(|byte| *byte == b',').count() as u64;
    if commas > max_size / BYTES_PER_COMMA {
        return Err(format!("error in json for {NAME}: too many values"));
    }
    let report =
        json::parse(text).map_err(|_| format!("error in json for {NAME}: not valid JSON"))?;
    if report.is_object() {
        Ok(report)
    } else {
        let found = json::type_name(&report);
        Err(format!(
            "error in json for {NAME}: expected an object, found {found}"
        ))
    }
}

/// Inflates all members of a gzip stream, and stops at the limit.
fn inflate(compressed: impl Read, max_size: u64) -> Result<Vec<u8>, String> {
    let mut inflated = Vec::new();
    MultiGzDecoder::new(compressed)
        .take(max_size.saturating_add(1))
        .read_to_end(&mut inflated)
        // The kind only: the message may name a path.
        .map_err(|error| format!("error in gzip for {NAME}: {}", error.kind()))?;
    let size = inflated.len() as u64;
    if size > max_size {
        return Err(format!(
            "Uncompressed memory info too large {size} (max: {max_size})"
        ));
    }
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::testing;
    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;
    use socorro_core::{DumpName, Dumps};

    fn compressed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    async fn applied(dump: Dump, processed: Value) -> Crash {
        let dumps = Dumps::from_iter([(DumpName::parse(NAME).unwrap(), dump)]);
        let crash = testing::crash(json!({}), processed, dumps);
        testing::apply_async(&OutOfMemoryBinary::default(), crash).await
    }

    #[tokio::test]
    async fn a_report_is_read_from_memory_and_from_a_file() {
        let content = [compressed(b"{\"a\": "), compressed(b"1}")].concat();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&content).unwrap();
        let from_file = Dump::File {
            path: file.path().to_owned(),
            size: content.len() as u64,
        };
        for dump in [Dump::from(content), from_file] {
            let crash = applied(dump, json!({"memory_report_error": "old"})).await;
            assert_eq!(
                Value::Object(crash.processed.into_map()),
                json!({"memory_report": {"a": 1}})
            );
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_noted_without_content_or_path() {
        let absent = Dump::File {
            path: "/secret/memory_report".into(),
            size: 1,
        };
        let deep = "[".repeat(100_000);
        let most = usize::try_from(OutOfMemoryBinary::MAX_SIZE / BYTES_PER_COMMA).unwrap();
        let many = format!("[{}0]", "0,".repeat(most + 1));
        for (dump, expected) in [
            (
                Dump::from(Vec::new()),
                "error in json for memory_report: the file is empty",
            ),
            (
                Dump::from(b"secret, and not gzip".to_vec()),
                "error in gzip for memory_report: invalid input parameter",
            ),
            (absent, "error in gzip for memory_report: entity not found"),
            (
                compressed(b"\xff").into(),
                "error in json for memory_report: not valid UTF-8",
            ),
            (
                compressed(b"secret").into(),
                "error in json for memory_report: not valid JSON",
            ),
            (
                compressed(deep.as_bytes()).into(),
                "error in json for memory_report: not valid JSON",
            ),
            (
                compressed(many.as_bytes()).into(),
                "error in json for memory_report: too many values",
            ),
            (
                compressed(b"[]").into(),
                "error in json for memory_report: expected an object, found array",
            ),
        ] {
            let crash = applied(dump, json!({"memory_report": "old"})).await;
            assert_eq!(crash.notes(), [expected]);
            assert_eq!(
                Value::Object(crash.processed.into_map()),
                json!({"memory_report_error": expected})
            );
        }
    }

    #[tokio::test]
    async fn inflating_ends_at_the_limit() {
        // Some 200 kB that would become 200 MB.
        let bomb = compressed(&vec![b' '; 200 << 20]);
        let crash = applied(bomb.into(), json!({})).await;
        assert_eq!(
            crash.processed.text("memory_report_error"),
            Some("Uncompressed memory info too large 20971521 (max: 20971520)")
        );
    }
}
