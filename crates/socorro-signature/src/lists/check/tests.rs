use proptest::prelude::*;

use super::*;
use crate::SignatureLists;
use crate::lists::load::INCLUDED;

/// Lists without problems, to put one into.
const CLEAN: ListTexts<'static> = ListTexts {
    irrelevant: "raise\n",
    prefix: "mem\n",
    with_line_numbers: "interpret\n",
    sentinels: "assert_fail\n",
};

/// Kind, list, line of everything that is found.
fn found(texts: &ListTexts<'_>) -> Vec<(ProblemKind, ListName, usize)> {
    let problems = check_list_texts(texts).problems.into_iter();
    problems
        .map(|problem| (problem.kind, problem.list, problem.line.unwrap_or(0)))
        .collect()
}

/// Kind and line of what is found in a prefix list.
fn found_in_prefix_list(prefix: &str) -> Vec<(ProblemKind, usize)> {
    let problems = found(&ListTexts { prefix, ..CLEAN }).into_iter();
    problems.map(|(kind, _, line)| (kind, line)).collect()
}

#[test]
fn the_included_lists_have_no_problems() {
    let report = check_list_texts(&INCLUDED);
    let lines: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(report.entries > 500, "{}", report.entries);
}

#[test]
fn every_included_expression_has_an_example() {
    for name in ListName::ALL {
        let file = raw_text(&INCLUDED, name);
        let list = UnderstoodList::read(&file, &mut ListReport::default());
        for index in list.expressions.map_or(Vec::new(), |found| found.entries) {
            let entry = &list.checked.entries[index];
            let has_example = entry.examples.iter().any(|example| example.matches);
            assert!(has_example, "{} of {}", entry.text, name.file_name());
        }
    }
}

#[test]
fn nothing_stops_at_the_first_error() {
    use ListName::{Irrelevant, Prefix, Sentinels, WithLineNumbers};
    let texts = ListTexts {
        irrelevant: "a(b\nok\na(?=b)\n",
        prefix: "x\n(?i)y\n(?P<n>a)\n(?P<n>b)\n",
        with_line_numbers: "# none\n",
        sentinels: "f(\n",
    };
    assert_eq!(
        found(&texts),
        [
            (ProblemKind::BadEntry, Irrelevant, 1),
            (ProblemKind::UnsupportedEntry, Irrelevant, 3),
            (ProblemKind::BadCombination, Prefix, 2),
            (ProblemKind::BadCombination, Prefix, 4),
            (ProblemKind::EmptyList, WithLineNumbers, 0),
            (ProblemKind::BadEntry, Sentinels, 1),
        ]
    );
}

#[test]
fn files_that_are_missing_and_lines_that_are_no_text_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: ListName| directory.path().join(name.file_name());
    std::fs::write(path(ListName::Irrelevant), b"ok\n\xff\n\xfe\na(\n").unwrap();
    std::fs::write(path(ListName::Prefix), vec![b'\n'; (1 << 20) + 1]).unwrap();
    let report = check_lists(directory.path());
    let lines: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines[..4],
        [
            "irrelevant_signature_re.txt:2: error: the line is not UTF-8",
            "irrelevant_signature_re.txt:3: error: the line is not UTF-8",
            "irrelevant_signature_re.txt:4: error: \"a(\" is not a valid expression: a group is not closed",
            "prefix_signature_re.txt: error: the list has more than 1048576 bytes",
        ]
    );
    assert_eq!(lines.len(), 6);
    assert!(lines[5].starts_with("signature_sentinels.txt: error: the list cannot be read: "));
}

#[test]
fn expressions_that_grow_too_large_are_all_found() {
    let huge = "((a{1000}){1000}){1000}";
    let list = format!("{huge}\nb\nc.\n{huge}c\n");
    assert_eq!(
        found_in_prefix_list(&list),
        [(ProblemKind::BadEntry, 1), (ProblemKind::BadEntry, 4)]
    );
}

#[test]
fn duplicates_and_covered_entries_are_found() {
    use ProblemKind::{Duplicate, Unreachable};
    for (list, problems) in [
        ("a\nb\na\na\n", vec![(Duplicate, 3), (Duplicate, 4)]),
        (
            "memcpy\nmem\nmemset$\n",
            vec![(Unreachable, 1), (Unreachable, 3)],
        ),
        ("free$\nfree_\n", vec![]),
        ("free$\nfree\\Z\n", vec![]),
        (
            "a-b\na\\-b\na-b$\n",
            vec![(Unreachable, 2), (Unreachable, 3)],
        ),
        ("a-b$\na\\-b$\n", vec![(Unreachable, 2)]),
        // An expression covers a text if it has matched whatever follows.
        (
            ".*alloc\nmalloc\nrealloc_x\n",
            vec![(Unreachable, 2), (Unreachable, 3)],
        ),
        (".*alloc$\nmalloc\nrealloc$\n", vec![(Unreachable, 3)]),
        ("mal+oc\\b\nmalloc\nmalloc$\n", vec![(Unreachable, 3)]),
        ("mal+oc\\Z\nmalloc$\n", vec![]),
        ("(.*)x$\n.y\nay\n", vec![(Unreachable, 3)]),
    ] {
        assert_eq!(found_in_prefix_list(list), problems, "{list:?}");
    }
}

#[test]
fn a_prefix_that_is_irrelevant_is_never_asked() {
    let texts = ListTexts {
        irrelevant: "raise\nab+\n",
        prefix: "raised\nb\nabc\n",
        ..CLEAN
    };
    assert_eq!(
        found(&texts),
        [
            (ProblemKind::Unreachable, ListName::Prefix, 1),
            (ProblemKind::Unreachable, ListName::Prefix, 3)
        ]
    );
    let message = &check_list_texts(&texts).problems[0].message;
    assert!(
        message.contains("\"raise\" on line 1 of irrelevant_signature_re.txt"),
        "{message}"
    );
}

#[test]
fn examples_are_tried_on_their_own_entry() {
    use ProblemKind::{MatchedCounterexample, UnmatchedExample};
    for (list, problems) in [
        (
            "# example: void operator delete(void*)\noperator (new|delete)\n",
            vec![(UnmatchedExample, 1)],
        ),
        (
            "# example: void* A::operator new(int)\n.*operator (new|delete)\n",
            vec![],
        ),
        ("# example: int a::f<int>(char) const\na::f<T>\n", vec![]),
        (
            "# example: int a::f<int>(char) const\na::f<int>\n",
            vec![(UnmatchedExample, 1)],
        ),
        (
            "# example: core::ptr::drop::h0123456789abcdef\ncore::ptr::drop$\n",
            vec![],
        ),
        (
            "mem\n# example: memcpy\n# example: strcpy\n.*cpy_x\n",
            vec![(UnmatchedExample, 2), (UnmatchedExample, 3)],
        ),
        ("# counterexample: free_list\nfree$\n", vec![]),
        (
            "# counterexample: int free_list(int)\nfree.*t\n",
            vec![(MatchedCounterexample, 1)],
        ),
        ("# example: My Program.exe\n.*\\.exe$\n", vec![]),
        // No second complaint about an entry that cannot be used.
        ("# example: a\na(\n", vec![(ProblemKind::BadEntry, 2)]),
    ] {
        assert_eq!(found_in_prefix_list(list), problems, "{list:?}");
    }
}

#[test]
fn lines_are_numbered_before_examples_are_tried() {
    let report = |prefix, with_line_numbers| {
        found(&ListTexts {
            prefix,
            with_line_numbers,
            ..CLEAN
        })
    };
    let example = "# example: run\nrun$\n";
    assert_eq!(report("mem\n", example), []);
    assert_eq!(report(example, "jump\n"), []);
    let numbered = report("# example: a::run\na::run$\n", "a::run\n");
    assert_eq!(
        numbered,
        [(ProblemKind::UnmatchedExample, ListName::Prefix, 1)]
    );
}

#[test]
fn sentinels_that_name_no_frame_are_found() {
    let impossible = |sentinels| {
        let texts = ListTexts { sentinels, ..CLEAN };
        let problems = found(&texts);
        assert!(
            problems
                .iter()
                .all(|(kind, list, _)| *kind == ProblemKind::ImpossibleSentinel
                    && *list == ListName::Sentinels),
            "{problems:?}"
        );
        !problems.is_empty()
    };
    for sentinel in [
        "a::f<int>",
        "void a::f",
        "a::f\\(int\\)",
        "IPC::Call(Message*, Message*)",
        "interpret",
    ] {
        assert!(impossible(sentinel), "{sentinel}");
    }
    for sentinel in [
        "f",
        "a::f<T>",
        "a::operator&",
        "a::operator bool",
        "(anonymous namespace)::f",
        "<name omitted>",
        "(unloaded a.dll)",
        "My Program.exe",
        "@0x0",
    ] {
        assert!(!impossible(sentinel), "{sentinel}");
    }
}

proptest! {
    #[test]
    fn what_is_free_of_errors_loads_and_the_rest_does_not(
        irrelevant in "([ab(){}?:P<n>*+.$i\\\\]{1,6}\n){0,4}", sentinels in "([ab()+\n]){0,6}",
    ) {
        let texts = ListTexts { irrelevant: &irrelevant, sentinels: &sentinels, ..ListTexts::default() };
        let loads = SignatureLists::from_texts(&texts).is_ok();
        prop_assert_eq!(check_list_texts(&texts).errors() == 0, loads);
    }

    #[test]
    fn an_unreachable_entry_can_be_left_out(
        entries in proptest::collection::vec("[ab]{1,3}[$]?|[ab.]{1,3}[+$]?", 1..6),
        names in proptest::collection::vec("[abc\n]{0,5}", 40),
    ) {
        let prefix = entries.join("\n");
        let report = check_list_texts(&ListTexts { prefix: &prefix, ..ListTexts::default() });
        let all = SignatureLists::from_texts(&ListTexts { prefix: &prefix, ..ListTexts::default() }).unwrap();
        let superfluous = |line| report.problems.iter().any(|problem| problem.line == Some(line));
        let kept = entries.iter().enumerate().filter(|(index, _)| !superfluous(index + 1));
        let kept = kept.map(|(_, entry)| entry.as_str()).collect::<Vec<_>>().join("\n");
        let kept = SignatureLists::from_texts(&ListTexts { prefix: &kept, ..ListTexts::default() }).unwrap();
        for name in &names {
            prop_assert_eq!(all.prefix().matches(name), kept.prefix().matches(name), "{:?} {:?}", prefix, name);
        }
    }
}
