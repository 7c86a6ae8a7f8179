//! From the normalised names of a native stack to a signature.

use crate::events::{Decision, Event};
use crate::frames::{FrameName, ListVerdict};
use crate::lists::SignatureLists;
use crate::result::ToolOutcome;

/// The name upstream gives to this tool; stored notes have it.
const TOOL: &str = "CSignatureTool";

/// How many frames without a symbol a signature takes where they have offsets: one is about as precise as a
/// function, and the next two say who called a system library.
const MAXIMUM_OFFSET_FRAMES: usize = 3;

/// Chooses the frames that make the signature and joins them.
///
/// The walk starts at the first sentinel, passes over irrelevant frames, takes prefix frames and ends with the first
/// frame that is neither. Frames that were found by scanning take part only if the others do not come to such an end.
///
/// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.generate`); the part about scanning is ours.
pub(crate) fn combine_frames(
    stack: &[FrameName],
    crashing_thread: Option<i128>,
    lists: &SignatureLists,
) -> ToolOutcome {
    let mut outcome = ToolOutcome::default();
    outcome.events.push(Event::Lists(lists.origin_text()));
    let start = outcome.events.len();
    if stack.iter().any(FrameName::is_scanned) {
        let mut walk = Walk::new(lists, &mut outcome);
        walk.drop_scanned(stack);
        walk.run(stack, |frame| !frame.is_scanned());
        if walk.came_to_an_end {
            outcome.signature = walk.taken.join(" | ");
            return outcome;
        }
        outcome.events.truncate(start);
    }
    let mut walk = Walk::new(lists, &mut outcome);
    walk.run(stack, |_| true);
    let (signature, start) = (walk.taken.join(" | "), walk.start);
    outcome.signature = signature;
    if outcome.signature.is_empty() {
        name_empty_stack(&stack[start..], crashing_thread, &mut outcome);
    }
    outcome
}

/// One walk down a stack.
struct Walk<'a> {
    lists: &'a SignatureLists,
    events: &'a mut Vec<Event>,
    taken: Vec<&'a str>,
    /// Where the walk starts: at the sentinel, if there is one.
    start: usize,
    /// How many frames with a module and an offset were taken.
    offset_frames: usize,
    /// A frame that is no prefix was taken.
    came_to_an_end: bool,
}

impl<'a> Walk<'a> {
    fn new(lists: &'a SignatureLists, outcome: &'a mut ToolOutcome) -> Self {
        Self {
            lists,
            events: &mut outcome.events,
            taken: Vec::new(),
            start: 0,
            offset_frames: 0,
            came_to_an_end: false,
        }
    }

    fn drop_scanned(&mut self, stack: &[FrameName]) {
        let scanned = stack
            .iter()
            .enumerate()
            .filter(|(_, frame)| frame.is_scanned());
        for (index, frame) in scanned {
            self.decide(index, frame, Decision::Scanned);
        }
    }

    /// Walks over the frames that count.
    fn run(&mut self, stack: &'a [FrameName], counts: impl Fn(&FrameName) -> bool) {
        let frames = || stack.iter().enumerate().filter(|(_, frame)| counts(frame));
        if let Some((index, frame)) =
            frames().find(|(_, frame)| self.lists.is_sentinel(frame.text()))
        {
            self.start_at_sentinel(index, frame);
            for (index, frame) in frames().take_while(|(before, _)| *before < index) {
                self.decide(index, frame, Decision::BeforeSentinel);
            }
        }
        let start = self.start;
        for (index, frame) in frames().skip_while(|(index, _)| *index < start) {
            let decision = self.decision(frame);
            self.decide(index, frame, decision);
            if matches!(decision, Decision::Prefix | Decision::Last) {
                self.taken.push(frame.text());
            }
            if decision == Decision::Last {
                self.came_to_an_end = true;
                break;
            }
        }
    }

    fn start_at_sentinel(&mut self, index: usize, frame: &FrameName) {
        self.start = index;
        self.events.push(Event::StartAtSentinel {
            frame: frame.clone(),
            index,
        });
    }

    fn decide(&mut self, index: usize, frame: &FrameName, decision: Decision) {
        self.events.push(Event::Frame {
            frame: frame.clone(),
            index,
            decision,
        });
    }

    fn decision(&mut self, frame: &FrameName) -> Decision {
        if frame.text().is_empty() {
            return Decision::Empty;
        }
        let verdict = frame.verdict(self.lists);
        if verdict == ListVerdict::Irrelevant {
            return Decision::Irrelevant;
        }
        if self.taken.last() == Some(&&**frame.text()) && names_module_only(frame.text()) {
            return Decision::RepeatedModule;
        }
        if frame.has_offset() {
            self.offset_frames += 1;
        }
        match verdict {
            ListVerdict::Prefix if self.offset_frames < MAXIMUM_OFFSET_FRAMES => Decision::Prefix,
            _ => Decision::Last,
        }
    }
}

/// Whether a frame is known by its module only. One right after another of the same module adds nothing.
fn names_module_only(name: &str) -> bool {
    if name.starts_with("(unloaded") {
        return false;
    }
    let lower_case = name.to_lowercase();
    lower_case.ends_with(".dll")
        || lower_case.ends_with(".so")
        || name == "XUL"
        || name == "<name omitted>"
        || name.starts_with("<unknown in")
}

fn name_empty_stack(stack: &[FrameName], crashing_thread: Option<i128>, outcome: &mut ToolOutcome) {
    let Some(number) = crashing_thread else {
        outcome
            .notes
            .push(format!("{TOOL}: no crashing thread identified"));
        outcome.signature = "EMPTY: no crashing thread identified".to_owned();
        return;
    };
    outcome.notes.push(format!(
        "{TOOL}: no frame data for crashing thread ({number})"
    ));
    outcome.signature = match stack.first() {
        Some(first) => first.text().to_string(),
        None => "EMPTY: no frame data available".to_owned(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::{ListTexts, SignatureLists};

    fn signature_of(names: &[&str]) -> ToolOutcome {
        let lists = SignatureLists::from_texts(&ListTexts {
            irrelevant: "raise$\nmain\n",
            prefix: "mem\n.*\\.dll\n",
            with_line_numbers: "",
            sentinels: "assert_fail\n",
        })
        .unwrap();
        let names: Vec<_> = names.iter().map(|name| FrameName::new(name)).collect();
        combine_frames(&names, Some(3), &lists)
    }

    #[test]
    fn prefixes_are_taken_until_the_first_other_frame() {
        assert_eq!(
            signature_of(&["raise", "memcpy", "", "f", "g"]).signature,
            "memcpy | f"
        );
    }

    #[test]
    fn the_walk_starts_at_a_sentinel() {
        assert_eq!(
            signature_of(&["abort", "assert_fail", "f"]).signature,
            "assert_fail"
        );
    }

    #[test]
    fn a_module_counts_once_in_a_row() {
        assert_eq!(
            signature_of(&["a.dll", "a.dll", "b.dll", "a.dll", "f"]).signature,
            "a.dll | b.dll | a.dll | f"
        );
    }

    #[test]
    fn a_stack_of_irrelevant_frames_is_named_by_the_first() {
        let outcome = signature_of(&["main", "raise"]);
        assert_eq!(outcome.signature, "main");
        assert_eq!(
            outcome.notes,
            ["CSignatureTool: no frame data for crashing thread (3)"]
        );
        assert_eq!(
            signature_of(&[]).signature,
            "EMPTY: no frame data available"
        );
    }
}
