//! The report, fresh or stored, for people.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::reason::Reason;

/// How many modules a summary names at most.
const NAMED_MODULES: usize = 3;
/// The share of the unnamed frames, in percent, that is enough for a summary.
const ENOUGH: u64 = 80;

/// Which frames have no name, and why: the field `symbolication` of a processed crash. Parts that are missing or of
/// another type count as absent.
#[derive(Clone, Copy, Debug)]
pub struct SymbolicationView<'a>(&'a Map<String, Value>);

impl<'a> SymbolicationView<'a> {
    /// Looks at a report.
    pub fn new(report: &'a Map<String, Value>) -> Self {
        Self(report)
    }

    /// The reasons of the unnamed frames of a thread, by number of the frame.
    pub fn reasons(self, thread: usize) -> HashMap<u64, Reason> {
        let causes: Vec<_> = self.causes().map(|cause| cause.reason).collect();
        let mut reasons = HashMap::new();
        for unnamed in self.array("unnamed") {
            let number = |index: usize| unnamed.get(index).and_then(Value::as_u64);
            let (Some(of), Some(frame), Some(cause)) = (number(0), number(1), number(2)) else {
                continue;
            };
            let reason = usize::try_from(cause)
                .ok()
                .and_then(|cause| *causes.get(cause)?);
            if let Some(reason) = reason.filter(|_| of == thread as u64) {
                reasons.insert(frame, reason);
            }
        }
        reasons
    }

    /// How many frames have names, and which modules without symbols would name most of the others.
    pub fn summary(self) -> String {
        let (frames, named) = (self.count("frames"), self.count("named"));
        let mut text = format!("{named} of {frames} frames have names.");
        let (modules, lacking) = (self.count("modules"), self.count("modules_without_symbols"));
        // Writing to a text does not fail.
        if lacking == 0 {
            let _ = write!(text, " No module on the stacks lacks symbols.");
            return text;
        }
        let _ = write!(
            text,
            " {lacking} of {modules} modules on the stacks lack symbols"
        );
        let unnamed = frames.saturating_sub(named);
        let (best, covered) = self.best_modules(unnamed);
        if let Some(percent) = (100 * covered).checked_div(unnamed)
            && !best.is_empty()
        {
            let which = match best.len() {
                1 => "this one".to_owned(),
                count => format!("these {count}"),
            };
            let _ = write!(
                text,
                "; {which} would name up to {percent} % of the unnamed frames: {}",
                best.join(", ")
            );
        }
        text.push('.');
        text
    }

    /// The few modules without symbols with most frames, and how many frames those are.
    fn best_modules(self, unnamed: u64) -> (Vec<&'a str>, u64) {
        let mut covered = 0;
        let mut best = Vec::new();
        let lacking = self
            .causes()
            .filter(|cause| cause.reason.is_some_and(Reason::is_lack_of_symbols));
        for cause in lacking {
            if best.len() == NAMED_MODULES || 100 * covered >= ENOUGH * unnamed {
                break;
            }
            best.extend(cause.text("module"));
            covered += cause.frames();
        }
        (best, covered)
    }

    /// The causes, those of most frames first.
    pub fn causes(self) -> impl Iterator<Item = CauseView<'a>> {
        let causes = self.array("causes");
        causes.filter_map(Value::as_object).map(|cause| CauseView {
            cause,
            reason: cause
                .get("reason")
                .and_then(Value::as_str)
                .and_then(Reason::parse),
        })
    }

    fn count(self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    fn array(self, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let array = self.0.get(name).and_then(Value::as_array);
        array.into_iter().flatten()
    }
}

/// What keeps frames from having names: a reason, and the module that it is about.
#[derive(Clone, Copy, Debug)]
pub struct CauseView<'a> {
    cause: &'a Map<String, Value>,
    pub(crate) reason: Option<Reason>,
}

impl<'a> CauseView<'a> {
    /// The reason, if it is a known one.
    pub fn reason(self) -> Option<Reason> {
        self.reason
    }

    /// The number of its frames.
    pub fn frames(self) -> u64 {
        let frames = self.cause.get("frames").and_then(Value::as_u64);
        frames.unwrap_or(0)
    }

    /// A text of the cause: `module`, `debug_file`, `debug_id`, `other_id`, `detail`.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.cause.get(name)?.as_str()
    }

    /// The sources that were asked for the symbols, or the corrupt file.
    pub fn places(self) -> impl Iterator<Item = &'a str> {
        let places = self.cause.get("places").and_then(Value::as_array);
        places.into_iter().flatten().filter_map(Value::as_str)
    }

    /// What is known beyond the reason, in words; empty if nothing is.
    pub fn details(self) -> String {
        let places: Vec<_> = self.places().collect();
        let line = self.cause.get("line").and_then(Value::as_u64);
        let parts = [
            (!places.is_empty()).then(|| places.join(", ")),
            line.map(|line| format!("line {line}")),
            self.text("detail").map(str::to_owned),
            self.text("other_id").map(|id| format!("there is {id}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary(report: &Value) -> String {
        SymbolicationView(report.as_object().unwrap()).summary()
    }

    fn lacking(frames: &[u64]) -> Vec<Value> {
        let causes = frames.iter().enumerate();
        causes
            .map(|(index, frames)| {
                json!({"module": format!("lib{index}"), "frames": frames, "reason": "not_found"})
            })
            .collect()
    }

    #[test]
    fn the_summary_names_the_fewest_modules_that_help_most() {
        let report = |named: u64, frames: &[u64]| {
            json!({
                "frames": 200, "named": named, "modules": 31, "modules_without_symbols": frames.len(),
                "causes": lacking(frames),
            })
        };
        assert_eq!(
            summary(&report(100, &[50, 20, 15, 10, 5])),
            "100 of 200 frames have names. 5 of 31 modules on the stacks lack symbols; these 3 would name up to 85 % of \
             the unnamed frames: lib0, lib1, lib2."
        );
        assert_eq!(
            summary(&report(100, &[90, 5, 5])),
            "100 of 200 frames have names. 3 of 31 modules on the stacks lack symbols; this one would name up to 90 % of \
             the unnamed frames: lib0."
        );
        assert_eq!(
            summary(&report(199, &[])),
            "199 of 200 frames have names. No module on the stacks lacks symbols."
        );
    }

    #[test]
    fn whatever_is_stored_is_survived() {
        for stored in [
            json!({}),
            json!({"frames": "x", "causes": 1, "unnamed": [[], [0, 1, 7], null, ["a"]]}),
            json!({"frames": 1, "named": 5, "modules_without_symbols": 2, "causes": [{}, null]}),
        ] {
            let stored = stored.as_object().unwrap();
            let view = SymbolicationView(stored);
            assert!(!view.summary().is_empty());
            assert!(view.reasons(0).is_empty());
        }
    }
}
