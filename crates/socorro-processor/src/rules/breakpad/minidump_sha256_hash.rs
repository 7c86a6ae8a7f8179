//! The checksum of the minidump.

use serde_json::Value;
use socorro_core::RawCrash;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Keeps the SHA-256 of the minidump as the collector computed it, so that reports of one and the
/// same crash can be told from similar ones.
///
/// Source: Socorro `MinidumpSha256HashRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinidumpSha256Hash;

impl Rule for MinidumpSha256Hash {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MinidumpSha256HashRule",
            purpose: "keep the checksum of the minidump",
            reads: &[Item::Annotation("metadata")],
            writes: &[Item::Field("minidump_sha256_hash")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let hash = match checksum(&crash.raw) {
            Ok(hash) => hash.to_owned(),
            Err((place, expected)) => {
                crash.wrong_type(place, expected);
                String::new()
            }
        };
        crash.processed.set("minidump_sha256_hash", hash);
        Ok(())
    }
}

/// The checksum, empty when it is not there; or which place holds something else than expected.
fn checksum(raw: &RawCrash) -> Result<&str, (&'static str, &'static str)> {
    let mut objects = raw.as_map();
    for place in ["metadata", "metadata.dump_checksums"] {
        objects = match raw.lookup(place) {
            None => return Ok(""),
            Some(Value::Object(members)) => members,
            Some(_) => return Err((place, "an object")),
        };
    }
    match objects.get("upload_file_minidump") {
        None => Ok(""),
        Some(Value::String(hash)) => Ok(hash),
        Some(_) => Err(("metadata.dump_checksums.upload_file_minidump", "text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn the_checksum_is_copied_and_absent_ones_are_empty() {
        let metadata = json!({"metadata": {"dump_checksums": {"upload_file_minidump": "e3b0"}}});
        assert_eq!(
            after(MinidumpSha256Hash, metadata),
            json!({"minidump_sha256_hash": "e3b0"})
        );
        for raw in [
            json!({}),
            json!({"metadata": {}}),
            json!({"metadata": {"dump_checksums": {}}}),
        ] {
            assert_eq!(
                after(MinidumpSha256Hash, raw),
                json!({"minidump_sha256_hash": ""})
            );
        }
    }

    #[test]
    fn a_wrong_type_is_named_by_its_place() {
        for (raw, place) in [
            (json!({"metadata": "x"}), "metadata is not an object"),
            (
                json!({"metadata": {"dump_checksums": null}}),
                "metadata.dump_checksums is not an object",
            ),
            (
                json!({"metadata": {"dump_checksums": {"upload_file_minidump": 1}}}),
                "metadata.dump_checksums.upload_file_minidump is not text",
            ),
        ] {
            let crash = apply(MinidumpSha256Hash, raw, json!({}));
            assert_eq!(crash.notes(), [format!("MinidumpSha256HashRule: {place}")]);
        }
    }
}
