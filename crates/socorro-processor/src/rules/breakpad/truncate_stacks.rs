//! Very deep stacks.

use serde_json::{Map, Value, json};

use crate::{
    crash::Crash,
    metrics,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Cuts the middle out of very deep stacks, as a stack overflow leaves them: both ends tell the
/// story, and the crash stays small enough to load.
///
/// A marker frame says how many frames are gone; those that the stackwalker left out itself count, too. Source: Socorro `TruncateStacksRule`. Upstream's
/// number is one too low, and so is this one, so that both show the same text.
#[derive(Debug, Clone, Copy)]
pub struct TruncateStacks {
    max_frames: usize,
}

impl TruncateStacks {
    /// How many frames a stack may have unless told otherwise.
    pub const MAX_FRAMES: usize = 500;

    /// The rule with another limit: how many frames a stack may have, the marker included.
    #[must_use]
    pub fn to(max_frames: usize) -> Self {
        Self { max_frames }
    }
}

impl Default for TruncateStacks {
    fn default() -> Self {
        Self::to(Self::MAX_FRAMES)
    }
}

impl Rule for TruncateStacks {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "TruncateStacksRule",
            purpose: "cut the middle out of very deep stacks",
            reads: &[Item::Field("json_dump"), Item::FurtherMinidumps],
            writes: &[Item::Field("json_dump"), Item::FurtherMinidumps],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let mut notes = Vec::new();
        let max = self.max_frames;
        for (name, value) in crash.processed.as_map_mut() {
            let Value::Object(fields) = value else {
                if name == "json_dump" {
                    notes.push("TruncateStacksRule: json_dump is not an object".to_owned());
                }
                continue;
            };
            if name == "json_dump" {
                truncate_dump(fields, "json_dump", max, &mut notes);
            } else if let Some(Value::Object(dump)) = fields.get_mut("json_dump") {
                truncate_dump(dump, &format!("{name}.json_dump"), max, &mut notes);
            }
        }
        for note in notes {
            crash.note(note);
        }
        Ok(())
    }
}

fn truncate_dump(dump: &mut Map<String, Value>, path: &str, max: usize, notes: &mut Vec<String>) {
    if let Some(Value::Object(thread)) = dump.get_mut("crashing_thread") {
        let path = format!("{path}.crashing_thread.frames");
        if let Some(count) = truncate_thread(thread, &path, max, notes) {
            notes.push(format!(
                "TruncateStacksRule: truncated {path}: {count} -> {max}"
            ));
        }
    }
    match dump.get_mut("threads") {
        None => {}
        Some(Value::Array(threads)) => {
            let threads = threads.iter_mut().enumerate();
            for (index, thread) in
                threads.filter_map(|(index, thread)| Some((index, thread.as_object_mut()?)))
            {
                let path = format!("{path}.threads[{index}].frames");
                if let Some(count) = truncate_thread(thread, &path, max, notes) {
                    notes.push(format!(
                        "TruncateStacksRule: truncated {path}: {count} > {max}"
                    ));
                }
            }
        }
        Some(_) => notes.push(format!(
            "TruncateStacksRule: {path}.threads is not an array"
        )),
    }
}

/// Cuts one thread; returns how many frames it had if they were too many.
fn truncate_thread(
    thread: &mut Map<String, Value>,
    path: &str,
    max: usize,
    notes: &mut Vec<String>,
) -> Option<usize> {
    let Value::Array(frames) = thread.get_mut("frames")? else {
        notes.push(format!("TruncateStacksRule: {path} is not an array"));
        return None;
    };
    let count = frames.len();
    let gap = gap(frames);
    let missing = gap.map_or(0, |(_, missing)| missing);
    let cut = if count > max {
        let head = max / 2;
        head..count - max.saturating_sub(head + 1)
    } else {
        // Nothing to cut, but a stackwalker told to keep the ends only may have cut before.
        let (place, _) = gap?;
        place..place
    };
    metrics::STACK_SIZE.set(count + missing, &[]);
    metrics::STACK_TRUNCATED.count(&[]);
    let gone = count.saturating_sub(max) + missing;
    let message = format!("{} frames truncated", with_thousands(gone));
    frames.splice(cut, [json!({"truncated": {"msg": message}})]);
    thread.insert("truncated".to_owned(), json!(true));
    Some(count + missing)
}

/// Where the numbers of the frames leap, and how many frames are missing there.
fn gap(frames: &[Value]) -> Option<(usize, usize)> {
    let number = |frame: &Value| frame.get("frame").and_then(Value::as_u64);
    frames.windows(2).enumerate().find_map(|(index, pair)| {
        let missing = number(&pair[1])?.checked_sub(number(&pair[0])?.checked_add(1)?)?;
        let missing = usize::try_from(missing)
            .ok()
            .filter(|missing| *missing > 0)?;
        Some((index + 1, missing))
    })
}

/// A number with a comma between groups of three digits.
fn with_thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::apply;

    fn frames(count: usize) -> Value {
        (0..count).map(|frame| json!({"frame": frame})).collect()
    }

    #[test]
    fn a_stack_that_came_without_its_middle_is_marked() {
        let numbered = |numbers: &[usize]| -> Vec<Value> {
            numbers
                .iter()
                .map(|frame| json!({"frame": frame}))
                .collect()
        };
        let marked = |max: usize| {
            let frames = numbered(&[0, 1, 2, 97, 98, 99]);
            let dump = json!({"threads": [{"frames": frames}]});
            let crash = apply(
                TruncateStacks::to(max),
                json!({}),
                json!({"json_dump": dump}),
            );
            let thread = crash.processed.lookup("json_dump.threads").unwrap()[0].clone();
            assert_eq!(thread["truncated"], true);
            thread["frames"].as_array().unwrap().clone()
        };
        let marker = |count| json!({"truncated": {"msg": format!("{count} frames truncated")}});
        let expected = |head: &[usize], count: usize, tail: &[usize]| {
            [numbered(head), vec![marker(count)], numbered(tail)].concat()
        };
        assert_eq!(marked(500), expected(&[0, 1, 2], 94, &[97, 98, 99]));
        assert_eq!(marked(4), expected(&[0, 1], 96, &[99]));
    }

    #[test]
    fn both_ends_of_a_deep_stack_stay() {
        let dump = json!({"threads": [{"frames": frames(500)}, {"frames": frames(1501)}]});
        let crash = apply(
            TruncateStacks::default(),
            json!({}),
            json!({"json_dump": dump}),
        );
        let threads = crash.processed.lookup("json_dump.threads").unwrap();
        assert_eq!(threads[0]["frames"], frames(500));
        let cut = threads[1]["frames"].as_array().unwrap();
        assert_eq!(cut.len(), 500);
        assert_eq!(cut[249], json!({"frame": 249}));
        assert_eq!(
            cut[250],
            json!({"truncated": {"msg": "1,001 frames truncated"}})
        );
        assert_eq!(cut[251], json!({"frame": 1252}));
        assert_eq!(cut[499], json!({"frame": 1500}));
        assert_eq!(threads[1]["truncated"], true);
        assert_eq!(
            crash.notes(),
            ["TruncateStacksRule: truncated json_dump.threads[1].frames: 1501 > 500"]
        );
    }

    #[test]
    fn further_minidumps_are_cut_too() {
        let dump = json!({"x": {"json_dump": {"crashing_thread": {"frames": frames(501)}}}});
        let mut crash = crate::testing::crash(json!({}), dump, socorro_core::Dumps::new());
        TruncateStacks::default().apply(&mut crash).unwrap();
        assert_eq!(
            crash.notes(),
            ["TruncateStacksRule: truncated x.json_dump.crashing_thread.frames: 501 -> 500"]
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(with_thousands(1_234_567), "1,234,567");
        assert_eq!(with_thousands(12), "12");
    }

    #[test]
    fn another_limit_holds_whatever_it_is() {
        for limit in [0, 1, 2, 5, 9] {
            let dump = json!({"json_dump": {"threads": [{"frames": frames(10)}]}});
            let crash = apply(TruncateStacks::to(limit), json!({}), dump);
            let cut = crash.processed.lookup("json_dump.threads.0.frames");
            assert_eq!(cut.unwrap().as_array().unwrap().len(), limit.max(1));
        }
    }
}
