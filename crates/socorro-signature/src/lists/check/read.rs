//! Reading lists for a check: nothing stops at the first error, and comments matter.

use super::report::{ListProblem, ListReport, ProblemKind};
use crate::lists::ListName;
use crate::lists::dialect::Translation;
use crate::lists::entries::read_lines;

/// A list as far as it can be understood.
#[derive(Debug)]
pub(super) struct CheckedList<'a> {
    pub(super) name: ListName,
    pub(super) entries: Vec<CheckedEntry<'a>>,
}

/// An entry with its examples.
#[derive(Debug)]
pub(super) struct CheckedEntry<'a> {
    /// Line, counted from 1.
    pub(super) line: usize,
    pub(super) text: &'a str,
    pub(super) examples: Vec<Example<'a>>,
    /// What it means; `None` if it cannot be used.
    pub(super) translation: Option<Translation>,
}

impl CheckedList<'_> {
    /// A problem with an entry of this list.
    pub(super) fn problem(
        &self,
        kind: ProblemKind,
        entry: &CheckedEntry<'_>,
        message: String,
    ) -> ListProblem {
        ListProblem::new(kind, self.name, message).at_entry(entry.line, entry.text)
    }
}

/// A frame that an entry is said to match, or not to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Example<'a> {
    /// Line of the comment, counted from 1.
    pub(super) line: usize,
    /// A function as symbols name it, or a normalised name.
    pub(super) frame: &'a str,
    /// Whether the entry has to match it.
    pub(super) matches: bool,
}

/// Reads a list, and takes note of lines that are not UTF-8 and of examples without an entry.
pub(super) fn read_list<'a>(
    name: ListName,
    bytes: &'a [u8],
    report: &mut ListReport,
) -> CheckedList<'a> {
    let mut list = CheckedList {
        name,
        entries: Vec::new(),
    };
    let mut examples = Vec::new();
    for (line, text) in read_lines(bytes) {
        match text {
            Err(_) => {
                let message = "the line is not UTF-8";
                report.add(ListProblem::new(ProblemKind::NotUtf8, name, message).at_line(line));
            }
            Ok("") => drop_strays(name, &mut examples, report),
            Ok(comment) if comment.starts_with('#') => examples.extend(example(line, comment)),
            Ok(text) => list.entries.push(CheckedEntry {
                line,
                text,
                examples: std::mem::take(&mut examples),
                translation: None,
            }),
        }
    }
    drop_strays(name, &mut examples, report);
    list
}

/// Reads `# example: NAME` and `# counterexample: NAME`.
fn example(line: usize, comment: &str) -> Option<Example<'_>> {
    let (label, frame) = comment.trim_start_matches('#').split_once(':')?;
    let frame = frame.trim();
    let matches = match label.trim() {
        "example" => true,
        "counterexample" => false,
        _ => return None,
    };
    (!frame.is_empty()).then_some(Example {
        line,
        frame,
        matches,
    })
}

fn drop_strays(name: ListName, examples: &mut Vec<Example<'_>>, report: &mut ListReport) {
    for stray in examples.drain(..) {
        let message = format!(
            "the example {:?} belongs to no entry: write it directly above one",
            stray.frame
        );
        report.add(ListProblem::new(ProblemKind::StrayExample, name, message).at_line(stray.line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_belong_to_the_entry_below() {
        let text = "# head\n# example: f(int)\n# why\n#counterexample:  a::b \nf\n# example:\ng\n\
                    # example: stray\n\nh\n# example: late\n";
        let mut report = ListReport::default();
        let list = read_list(ListName::Prefix, text.as_bytes(), &mut report);
        let found: Vec<_> = list
            .entries
            .iter()
            .map(|entry| (entry.line, entry.text, entry.examples.len()))
            .collect();
        assert_eq!(found, [(5, "f", 2), (7, "g", 0), (10, "h", 0)]);
        let example = |line, frame, matches| Example {
            line,
            frame,
            matches,
        };
        assert_eq!(
            list.entries[0].examples,
            [example(2, "f(int)", true), example(4, "a::b", false)]
        );
        let strays: Vec<_> = report.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(strays, [Some(8), Some(11)]);
    }
}
