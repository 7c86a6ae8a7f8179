//! Walks of dumps made by hand: what the walker promises, without a corpus.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use common::synthetic::{BASE, Crash, HANDLE_DATA, LIBRARY, symbols, write_symbols};
use serde_json::{Map, Value, json};
use socorro_stackwalk::{
    FetchSymbols, FoundSymbols, InProcessStackwalker, Partial, Stackwalk, Stackwalker, SymbolError,
    SymbolRequest, SymbolSource, SymbolStatus, SymbolStore, WalkError, WalkOutcome, WalkOutput,
    WalkRequest,
};
use tempfile::TempDir;

/// A walker over a directory with the given symbol files.
fn walker(files: &[(u8, &str)]) -> (InProcessStackwalker, TempDir) {
    let root = tempfile::tempdir().unwrap();
    for (program, text) in files {
        write_symbols(root.path(), *program, text);
    }
    let store = SymbolStore::new([SymbolSource::directory(root.path()).unwrap()]);
    (InProcessStackwalker::new().symbols(store), root)
}

async fn walk(walker: &InProcessStackwalker, crash: &Crash) -> Stackwalk {
    walker.stackwalk(crash.dump(), &Map::new()).await.unwrap()
}

fn functions(stackwalk: &Stackwalk) -> Vec<&str> {
    stackwalk
        .crashing_thread()
        .unwrap()
        .frames()
        .map(|frame| frame.function().unwrap_or("?"))
        .collect()
}

#[tokio::test]
async fn a_crash_is_walked_with_its_symbols() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let stackwalk = walk(&walker, &Crash::new(1)).await;
    assert_eq!(stackwalk.crash_reason(), Some("SIGSEGV / SEGV_MAPERR"));
    assert_eq!(stackwalk.crashing_thread_index(), Some(0));
    assert_eq!(functions(&stackwalk), ["crash_here", "main"]);
    let frames: Vec<_> = stackwalk.crashing_thread().unwrap().frames().collect();
    assert_eq!(
        (frames[0].trust(), frames[1].trust()),
        (Some("context"), Some("cfi"))
    );
    assert_eq!(
        (frames[0].file(), frames[0].line()),
        (Some("src/app.c"), Some(12))
    );
    let inlined: Vec<_> = frames[0]
        .inlines()
        .map(|inline| (inline.function(), inline.line()))
        .collect();
    assert_eq!(inlined, [(Some("helper"), Some(7))]);
    assert!(
        frames[0]
            .registers()
            .any(|register| register == ("rip", "0x0000000000401014"))
    );
    assert_eq!(
        stackwalk.modules().next().unwrap().symbols(),
        Some(SymbolStatus::Loaded)
    );
}

#[tokio::test]
async fn keys_are_sorted_throughout() {
    fn check(value: &Value) {
        if let Value::Object(object) = value {
            assert!(
                object.keys().is_sorted(),
                "{:?}",
                object.keys().collect::<Vec<_>>()
            );
        }
        match value {
            Value::Object(object) => object.values().for_each(check),
            Value::Array(array) => array.iter().for_each(check),
            _ => {}
        }
    }
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    check(&walk(&walker, &Crash::new(1)).await.into_json());
}

#[tokio::test]
async fn bad_symbols_cost_the_names_of_their_module_only() {
    let whole = symbols(1);
    let cases = [
        (
            "cut short",
            &whole[..whole.len() - 20],
            Some(SymbolStatus::Corrupt),
        ),
        (
            "garbage",
            "\u{1}\u{2}\u{3} not symbols",
            Some(SymbolStatus::Corrupt),
        ),
        ("empty", "", Some(SymbolStatus::Corrupt)),
    ];
    for (what, text, status) in cases {
        let (walker, _root) = walker(&[(1, text)]);
        let stackwalk = walk(&walker, &Crash::new(1)).await;
        assert_eq!(
            stackwalk.modules().next().unwrap().symbols(),
            status,
            "{what}"
        );
        assert_eq!(functions(&stackwalk)[0], "?", "{what}");
    }
    // Symbols of another build of the same program lie under another id and are not found.
    let (walker, _root) = walker(&[(2, &symbols(2))]);
    let stackwalk = walk(&walker, &Crash::new(1)).await;
    assert_eq!(
        stackwalk.modules().next().unwrap().symbols(),
        Some(SymbolStatus::Missing)
    );
}

/// All crashes are of programs with the same file name, of which some have symbols.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sharing_symbols_changes_no_document() {
    let garbage = "garbage\n";
    let (shared, root) = walker(&[
        (1, &symbols(1)),
        (3, garbage),
        (4, &symbols(4).replace("main", "other_main")),
    ]);
    let mut alone = BTreeMap::new();
    for program in 1..=5 {
        let store = SymbolStore::new([SymbolSource::directory(root.path()).unwrap()]);
        let walker = InProcessStackwalker::new().symbols(store);
        alone.insert(
            program,
            walk(&walker, &Crash::new(program))
                .await
                .into_json()
                .to_string(),
        );
    }
    for round in 0..4_u8 {
        let walks: Vec<_> = (0..20_u8)
            .map(|index| (index * (2 * round + 1)) % 5 + 1)
            .map(|program| {
                let walker = shared.clone();
                tokio::spawn(async move {
                    (
                        program,
                        walk(&walker, &Crash::new(program))
                            .await
                            .into_json()
                            .to_string(),
                    )
                })
            })
            .collect();
        for walked in walks {
            let (program, document) = walked.await.unwrap();
            assert_eq!(
                document, alone[&program],
                "program {program} in round {round}"
            );
        }
    }
}

#[tokio::test]
async fn symbols_in_memory_are_bounded_and_come_back() {
    let texts: Vec<_> = (1..=5).map(|program| (program, symbols(program))).collect();
    let files: Vec<_> = texts
        .iter()
        .map(|(program, text)| (*program, &text[..]))
        .collect();
    let (_, root) = walker(&files);
    let source = SymbolSource::directory(root.path()).unwrap();
    let store = SymbolStore::builder()
        .source(source)
        .capacity(6 << 10)
        .build();
    let walker = InProcessStackwalker::new().symbols(store.clone());
    for program in [1, 2, 3, 4, 5, 1, 1, 3] {
        assert_eq!(
            functions(&walk(&walker, &Crash::new(program)).await),
            ["crash_here", "main"]
        );
        assert!(
            (1..=6 << 10).contains(&store.weight()),
            "{}",
            store.weight()
        );
    }
}

/// Symbols made after a first walk are found by the next: misses in directories are not remembered.
#[tokio::test]
async fn symbols_that_appear_later_are_found() {
    let (walker, root) = walker(&[]);
    assert_eq!(functions(&walk(&walker, &Crash::new(1)).await), ["?", "?"]);
    write_symbols(root.path(), 1, &symbols(1));
    assert_eq!(
        functions(&walk(&walker, &Crash::new(1)).await),
        ["crash_here", "main"]
    );
}

#[tokio::test]
async fn harmful_handle_streams_are_left_out_and_the_rest_is_walked() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let harmful: [(&str, &[u32]); 4] = [
        ("descriptors of size 0", &[16, 0, u32::MAX, 0]),
        ("descriptors too small", &[16, 8, 1 << 28, 0]),
        (
            "more descriptors than the stream holds",
            &[16, 32, 1 << 20, 0],
        ),
        (
            "object information without end",
            &[16, 40, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, CHAIN, 0],
        ),
    ];
    for (what, words) in harmful {
        let mut dump = Crash::new(1).stream(HANDLE_DATA, words).dump();
        bite_own_tail(&mut dump);
        let stackwalk = walker.stackwalk(dump, &Map::new()).await.unwrap();
        assert_eq!(stackwalk.document()["handles"], Value::Null, "{what}");
        assert_eq!(functions(&stackwalk), ["crash_here", "main"], "{what}");
    }
}

/// Stands for the offset of object information.
const CHAIN: u32 = 0xdead_beef;

/// Lets `CHAIN` lead to object information that leads to itself.
fn bite_own_tail(dump: &mut Vec<u8>) {
    let offset = u32::try_from(dump.len()).unwrap().to_le_bytes();
    if let Some(at) = dump
        .windows(4)
        .position(|bytes| bytes == CHAIN.to_le_bytes())
    {
        dump[at..at + 4].copy_from_slice(&offset);
    }
    dump.extend([offset, [0; 4], [0; 4]].concat());
}

#[tokio::test]
async fn a_good_handle_stream_is_kept() {
    let (walker, _root) = walker(&[]);
    let crash = Crash::new(1).stream(HANDLE_DATA, &[16, 32, 1, 0, 0x44, 0, 0, 0, 0, 0, 0, 0]);
    let stackwalk = walk(&walker, &crash).await;
    assert_eq!(
        stackwalk.document()["handles"],
        json!([{"handle": 0x44, "object_name": null, "type_name": null}])
    );
}

/// Many unloaded modules that share one long name: small in the file, gigabytes when read.
#[tokio::test]
async fn lists_that_unfold_are_left_out() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let count = 2000;
    let mut dump = Crash::new(1)
        .stream(
            14,
            &[vec![12, 24, count], vec![0; 6 * count as usize]].concat(),
        )
        .dump();
    let name = u32::try_from(dump.len()).unwrap();
    let length = 1_u32 << 20;
    dump.extend(length.to_le_bytes());
    dump.resize(dump.len() + length as usize, b'a');
    let list = dump
        .windows(12)
        .position(|bytes| bytes == [12, 0, 0, 0, 24, 0, 0, 0, 0xd0, 7, 0, 0])
        .unwrap();
    for entry in 0..count as usize {
        let at = list + 12 + 24 * entry + 20;
        dump[at..at + 4].copy_from_slice(&name.to_le_bytes());
    }
    let stackwalk = walker.stackwalk(dump, &Map::new()).await.unwrap();
    assert_eq!(stackwalk.document()["unloaded_modules"], json!([]));
    assert_eq!(functions(&stackwalk), ["crash_here", "main"]);
}

#[tokio::test]
async fn frames_are_bounded() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let mut crash = Crash::new(1);
    crash.recursion = 5000;
    let all = walk(&walker, &crash).await;
    assert_eq!(functions(&all).len(), 5002);
    let bounded = walk(&walker.clone().max_frames(100), &crash).await;
    assert_eq!(functions(&bounded), functions(&all)[..100]);
    assert_eq!(
        (all.partial(), bounded.partial()),
        (None, Some(&Partial::TooManyFrames { limit: 100 }))
    );
}

/// Frames without modules need no symbols, so nothing but the number of frames tells that there are too many.
#[tokio::test]
async fn frames_without_modules_are_bounded_too() {
    let mut crash = Crash::new(1);
    crash.chained = 3000;
    let walker = InProcessStackwalker::new();
    let all = walk(&walker, &crash).await;
    assert!(functions(&all).len() > 3000);
    let bounded = walk(&walker.clone().max_frames(1000), &crash).await;
    assert_eq!(functions(&bounded), functions(&all)[..1000]);
    assert_eq!(
        bounded.partial(),
        Some(&Partial::TooManyFrames { limit: 1000 })
    );
}

/// All frames together would take gigabytes. Where the first one lies in no module either, the walk does not even ask for
/// symbols before it is lost among them.
#[tokio::test]
async fn millions_of_frames_are_given_up_long_before_their_end() {
    let mut crash = Crash::new(1);
    crash.chained = 4_000_000;
    for instruction in [crash.instruction, 0x5000_0000] {
        crash.instruction = instruction;
        let bounded = walk(&InProcessStackwalker::new(), &crash).await;
        assert_eq!(functions(&bounded).len(), 65_536);
        assert!(bounded.partial().is_some());
    }
}

#[tokio::test]
async fn both_ends_of_a_long_stack_are_shown_with_their_numbers() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let mut crash = Crash::new(1);
    crash.recursion = 98;
    let shown = |stackwalk: &Stackwalk| {
        let document = stackwalk.document();
        assert_eq!(
            document["threads"][0]["frames"].as_array().unwrap().len(),
            document["crashing_thread"]["frames"]
                .as_array()
                .unwrap()
                .len()
        );
        let frames = document["crashing_thread"]["frames"].as_array().unwrap();
        let numbers: Vec<_> = frames
            .iter()
            .map(|frame| frame["frame"].as_u64().unwrap())
            .collect();
        (
            document["crashing_thread"]["frame_count"].as_u64().unwrap(),
            numbers,
        )
    };
    let all: Vec<_> = (0..100).collect();
    for (bound, expected) in [
        (5, vec![0, 1, 2, 98, 99]),
        (1, vec![0]),
        (99, [&all[..50], &all[51..]].concat()),
        (100, all.clone()),
        (1000, all.clone()),
    ] {
        let walker = walker.clone().frames_per_thread(bound);
        assert_eq!(shown(&walk(&walker, &crash).await), (100, expected));
    }
}

/// A source that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl FetchSymbols for Silent {
    fn place(&self) -> String {
        "silent".to_owned()
    }

    async fn fetch(&self, _: &SymbolRequest<'_>) -> Result<Option<FoundSymbols>, SymbolError> {
        std::future::pending().await
    }
}

/// The program has symbols, the library it calls has not: nobody ever answers for it.
#[tokio::test]
async fn a_walk_past_its_deadline_keeps_what_it_found() {
    let (_, root) = walker(&[(1, &symbols(1))]);
    let store = SymbolStore::new([
        SymbolSource::directory(root.path()).unwrap(),
        SymbolSource::custom(Silent),
    ]);
    let walker = InProcessStackwalker::new()
        .symbols(store)
        .deadline(Duration::from_secs(1));
    let mut crash = Crash::new(1);
    crash.threads = vec![LIBRARY + 0x10, BASE + 0x2050, LIBRARY + 0x20];
    let stackwalk = walk(&walker, &crash).await;
    assert_eq!(
        stackwalk.partial(),
        Some(&Partial::DeadlinePassed {
            deadline: Duration::from_secs(1)
        })
    );
    let threads: Vec<Vec<_>> = stackwalk
        .threads()
        .map(|thread| {
            thread
                .frames()
                .map(|frame| (frame.module(), frame.function()))
                .collect()
        })
        .collect();
    let app = |function| (Some("app"), Some(function));
    let library = (Some("library"), None);
    assert_eq!(
        threads,
        [
            vec![app("crash_here"), app("main")],
            vec![library],
            vec![app("main"), app("main")],
            vec![library],
        ]
    );
    assert_eq!(stackwalk.crashing_thread_index(), Some(0));

    let annotations = Map::new();
    let outcome = walker
        .walk(WalkRequest {
            dump: crash.dump().into(),
            annotations: &annotations,
        })
        .await;
    assert_eq!(outcome.exit_code, WalkOutcome::KILLED);
    assert_eq!(outcome.output, WalkOutput::Json(stackwalk.into_json()));
    let log = outcome.log.unwrap();
    assert!(
        log.starts_with("ERROR DeadlinePassed - the walk took longer than its deadline of 1 s"),
        "{log}"
    );
}

/// The causes of unnamed frames: reason, module, number of frames.
fn causes(symbolication: &Map<String, Value>) -> Vec<(&str, &str, u64)> {
    let causes = symbolication["causes"].as_array().unwrap().iter();
    causes
        .map(|cause| {
            (
                cause["reason"].as_str().unwrap(),
                cause["module"].as_str().unwrap_or_default(),
                cause["frames"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_unnamed_frame_says_why() {
    let (walker, root) = walker(&[(1, &symbols(1))]);
    let mut crash = Crash::new(1);
    // In the library, in the program where it has no function, and nowhere.
    crash.threads = vec![LIBRARY + 0x10, LIBRARY + 0x20, BASE + 0x5000, 0x5000_0000];
    let stackwalk = walk(&walker, &crash).await;
    let symbolication = stackwalk.symbolication().unwrap();
    assert_eq!(
        causes(symbolication),
        [
            ("not_found", "library", 2),
            ("stripped_range", "app", 1),
            ("no_module", "", 1),
        ]
    );
    assert_eq!(
        symbolication["causes"][0]["places"],
        json!([root.path().to_str().unwrap()])
    );
    assert_eq!(
        symbolication["unnamed"],
        json!([[1, 0, 0], [2, 0, 0], [3, 0, 1], [4, 0, 2]])
    );
    let count = |name: &str| symbolication[name].as_u64().unwrap();
    assert_eq!(count("frames") - count("named"), 4);
    assert_eq!((count("modules"), count("modules_without_symbols")), (2, 1));
    let text = stackwalk.to_text();
    for expected in [
        "   0  library + 0x0000000000000010 (context; symbols not found)",
        "   0  app + 0x0000000000005000 (context; no symbol at this address)",
        "   0  0x0000000050000000 (context; in no module)",
        "     2  library  symbols not found (",
        "1 of 2 modules on the stacks lack symbols; this one would name up to 50 % of the unnamed frames: library.",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
}

#[tokio::test]
async fn symbols_that_are_no_use_say_why() {
    let reason = async |files: &[(u8, &str)], crash: &Crash| {
        let (walker, _root) = walker(files);
        let stackwalk = walk(&walker, crash).await;
        let symbolication = stackwalk.symbolication().unwrap();
        symbolication["causes"][0].clone()
    };
    let corrupt = reason(&[(1, "garbage\n")], &Crash::new(1)).await;
    assert_eq!(corrupt["reason"], "corrupt");
    assert!(
        corrupt["places"][0].as_str().unwrap().ends_with("app.sym"),
        "{corrupt}"
    );
    let mut crash = Crash::new(1);
    crash.has_debug_id = false;
    assert_eq!(reason(&[], &crash).await["reason"], "no_debug_id");
}

#[tokio::test]
async fn a_walk_without_time_says_what_it_did_not_look_up() {
    let store = SymbolStore::new([SymbolSource::custom(Silent)]);
    let walker = InProcessStackwalker::new()
        .symbols(store)
        .deadline(Duration::from_millis(50));
    let stackwalk = walk(&walker, &Crash::new(1)).await;
    assert_eq!(
        causes(stackwalk.symbolication().unwrap()),
        [("not_looked_up", "app", 1)]
    );
}

#[tokio::test]
async fn lists_of_unnamed_frames_are_bounded_and_counts_are_not() {
    let mut crash = Crash::new(1);
    crash.chained = 6000;
    let stackwalk = walk(&InProcessStackwalker::new(), &crash).await;
    let symbolication = stackwalk.symbolication().unwrap();
    assert_eq!(symbolication["unnamed"].as_array().unwrap().len(), 5000);
    assert!(symbolication["frames"].as_u64().unwrap() > 6000);
    assert_eq!(symbolication["causes"][0]["reason"], "no_module");
}

#[tokio::test]
async fn what_is_written_directly_is_the_document() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let walked = walker
        .walked(Crash::new(1).dump(), &Map::new())
        .await
        .unwrap();
    let mut text = Vec::new();
    walked.write_json(&mut text).unwrap();
    let document = walked.to_stackwalk().into_json();
    assert_eq!(String::from_utf8(text).unwrap(), document.to_string());
}

/// A source that panics, which must not take down whoever waits for it.
#[derive(Debug)]
struct Panicking;

#[async_trait]
impl FetchSymbols for Panicking {
    fn place(&self) -> String {
        "panicking".to_owned()
    }

    async fn fetch(&self, _: &SymbolRequest<'_>) -> Result<Option<FoundSymbols>, SymbolError> {
        panic!("on purpose")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_panics_has_no_symbols() {
    let walker =
        InProcessStackwalker::new().symbols(SymbolStore::new([SymbolSource::custom(Panicking)]));
    let stackwalk = walk(&walker, &Crash::new(1)).await;
    assert_eq!(
        stackwalk.modules().next().unwrap().symbols(),
        Some(SymbolStatus::Missing)
    );
}

#[tokio::test]
async fn two_annotations_reach_the_document() {
    let annotations = json!({
        "ModuleSignatureInfo": {"Example Corporation": ["app"]},
        "CPUMicrocodeVersion": "0xea",
        "URL": "https://private.example/",
    });
    let dump = Crash::new(1).dump();
    let stackwalk = InProcessStackwalker::new()
        .stackwalk(dump, annotations.as_object().unwrap())
        .await
        .unwrap();
    let document = stackwalk.document();
    assert_eq!(
        document["modules"][0]["cert_subject"],
        "Example Corporation"
    );
    assert_eq!(document["modules_contains_cert_info"], true);
    assert_eq!(document["system_info"]["cpu_microcode_version"], "0xea");
    assert!(!stackwalk.into_json().to_string().contains("private"));
}

#[tokio::test]
async fn dumps_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let walker = InProcessStackwalker::new().max_dump_size(100);
    let annotations = Map::new();
    let missing = directory.path().join("missing.dmp");
    let failed = |error: Result<Stackwalk, WalkError>| error.unwrap_err().to_string();

    let error = failed(walker.stackwalk(missing.as_path(), &annotations).await);
    assert!(error.contains("missing.dmp"), "{error}");
    let error = failed(walker.stackwalk(directory.path(), &annotations).await);
    assert!(
        error.contains("it is a directory; name the .dmp file in it"),
        "{error}"
    );
    let error = failed(walker.stackwalk(Crash::new(1).dump(), &annotations).await);
    assert!(error.contains("over the limit of 100 bytes"), "{error}");
    let error = failed(walker.stackwalk(Vec::new(), &annotations).await);
    assert!(error.contains("MissingHeader"), "{error}");
}

#[tokio::test]
async fn paths_in_a_dump_do_not_lead_out_of_the_symbols() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    for code_file in [
        "/etc/../../passwd",
        r"C:\..\..",
        "..",
        "/",
        "",
        "\0",
        "a\u{1b}[2Jb",
    ] {
        let mut crash = Crash::new(1);
        crash.code_file = code_file.to_owned();
        let stackwalk = walk(&walker, &crash).await;
        assert_eq!(stackwalk.threads().count(), 1, "{code_file:?}");
    }
}

#[tokio::test]
async fn the_text_report_shows_the_crash_and_nothing_that_steers_a_terminal() {
    let (walker, _root) = walker(&[(1, &symbols(1))]);
    let mut crash = Crash::new(1);
    crash.thread_name = "evil\u{1b}[2J\nname".to_owned();
    let text = walk(&walker, &crash).await.to_text();
    for expected in [
        "Crash reason:      SIGSEGV / SEGV_MAPERR",
        "Thread 0 (crashed) evil\u{fffd}[2J\u{fffd}name [7]",
        "   0  app helper at src/app.c:7 (inlined)",
        "   0  app crash_here at src/app.c:12 (context)",
        "   1  app main at src/app.c:20 (cfi)",
        "rip=0x0000000000401014",
        "Modules with symbols (1)",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
}

#[tokio::test]
async fn a_text_report_is_made_of_whatever_is_stored() {
    for stored in [
        json!({}),
        json!({"threads": 1, "modules": [null, {}], "crash_info": []}),
    ] {
        assert!(
            Stackwalk::new(stored.as_object().unwrap().clone())
                .to_text()
                .contains("Crash reason:")
        );
    }
}
