//! The source file in which it crashed.

use serde_json::Value;

use super::crashing_frames::{crashing_frames, note_wrong_frames};
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Names the topmost source file of the crashing thread, so that the people who own it find their
/// crashes.
///
/// The first file in the frames from the top; inlined functions of a frame come before the frame
/// itself. Source: Socorro `TopMostFilesRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TopMostFiles;

impl Rule for TopMostFiles {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "TopMostFilesRule",
            purpose: "name the topmost source file of the crashing thread",
            reads: &[
                Item::Field("crashing_thread"),
                Item::Field("json_dump.threads"),
            ],
            writes: &[Item::Field("topmost_filenames")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        note_wrong_frames(crash);
        let file = crashing_frames(crash).iter().find_map(|frame| {
            let inlines = frame
                .get("inlines")
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            inlines.iter().find_map(file).or_else(|| file(frame))
        });
        if let Some(file) = file.map(str::to_owned) {
            crash.processed.set("topmost_filenames", file);
        } else {
            crash.processed.remove("topmost_filenames");
        }
        Ok(())
    }
}

fn file(frame: &Value) -> Option<&str> {
    frame
        .get("file")
        .and_then(Value::as_str)
        .filter(|file| !file.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    #[test]
    fn inlined_functions_come_first() {
        let frames = json!([
            {"file": null, "inlines": null},
            {"file": "outer.cpp", "inlines": [{"file": ""}, {"file": "inner.rs"}]},
        ]);
        let crash = json!({"crashing_thread": 0, "json_dump": {"threads": [{"frames": frames}]}});
        assert_eq!(
            added(TopMostFiles, json!({}), crash),
            json!({"topmost_filenames": "inner.rs"})
        );
    }

    #[test]
    fn no_file_leaves_no_field() {
        let earlier = json!({"crashing_thread": -1, "topmost_filenames": "stale", "json_dump": {"threads": [{"frames": [{"file": "x"}]}]}});
        assert!(
            !apply(TopMostFiles, json!({}), earlier)
                .processed
                .contains("topmost_filenames")
        );
    }
}
