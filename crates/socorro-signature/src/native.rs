//! From the normalised names of a native stack to a signature.

use crate::lists::SignatureLists;
use crate::result::ToolOutcome;

/// The name upstream gives to this tool; stored notes have it.
const TOOL: &str = "CSignatureTool";

/// Chooses the frames that make the signature and joins them.
///
/// The walk starts at the first sentinel, passes over irrelevant frames, takes prefix frames and ends with the first
/// frame that is neither.
///
/// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.generate`).
pub(crate) fn combine_frames(
    names: &[String],
    crashing_thread: Option<i128>,
    lists: &SignatureLists,
) -> ToolOutcome {
    let mut outcome = ToolOutcome::default();
    outcome.debug_log.push(format!("using {}", lists.origin()));
    let names = start_at_sentinel(names, lists, &mut outcome);
    let taken = choose_frames(names, lists, &mut outcome);
    outcome.signature = taken.join(" | ");
    if outcome.signature.is_empty() {
        name_empty_stack(names, crashing_thread, &mut outcome);
    }
    outcome
}

fn start_at_sentinel<'a>(
    names: &'a [String],
    lists: &SignatureLists,
    outcome: &mut ToolOutcome,
) -> &'a [String] {
    let Some(index) = names.iter().position(|name| lists.is_sentinel(name)) else {
        return names;
    };
    outcome.debug_log.push(format!(
        "sentinel; starting at \"{}\" index {index}",
        names[index]
    ));
    &names[index..]
}

fn choose_frames<'a>(
    names: &'a [String],
    lists: &SignatureLists,
    outcome: &mut ToolOutcome,
) -> Vec<&'a str> {
    let mut taken: Vec<&str> = Vec::new();
    for name in names {
        if name.is_empty() {
            outcome
                .debug_log
                .push("empty string; ignoring: \"\"".to_owned());
            continue;
        }
        if lists.irrelevant().matches(name) {
            outcome
                .debug_log
                .push(format!("irrelevant; ignoring: \"{name}\""));
            continue;
        }
        if taken.last() == Some(&name.as_str()) && names_module_only(name) {
            continue;
        }
        taken.push(name);
        if !lists.prefix().matches(name) {
            outcome
                .debug_log
                .push(format!("not a prefix; stop: \"{name}\""));
            break;
        }
        outcome
            .debug_log
            .push(format!("prefix; continue iterating: \"{name}\""));
    }
    taken
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

fn name_empty_stack(names: &[String], crashing_thread: Option<i128>, outcome: &mut ToolOutcome) {
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
    outcome.signature = match names.first() {
        Some(first) => first.clone(),
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
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
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
