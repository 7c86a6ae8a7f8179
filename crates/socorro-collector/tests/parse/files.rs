//! Files: their names, where they are kept, and what is inside of a main minidump that is none.

use std::{fs, path::Path, sync::Arc};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use socorro_collector::{
    Malformed, MemoryBudget,
    parse::{Options, ParseError, Report, Scratch},
};
use socorro_core::{Dump, DumpName};

use crate::common::{Form, gzip, options, parse_whole};

const MAIN: &str = "upload_file_minidump";

fn form() -> Form {
    Form::new().text("A", "1")
}

async fn parse(form: Form) -> Report {
    parse_whole(form.close(), &options()).await.unwrap()
}

fn names(report: &Report) -> Vec<(&str, &str)> {
    let files = report.files.iter();
    files
        .map(|file| (file.field.as_str(), file.name.as_str()))
        .collect()
}

fn content(dump: &Dump) -> Bytes {
    match dump {
        Dump::Bytes(bytes) => bytes.clone(),
        Dump::File { path, .. } => fs::read(path).unwrap().into(),
    }
}

#[tokio::test]
async fn names_that_would_meet_stay_apart() {
    let long = "upload_file_minidump_and_some_more";
    let form = [
        "a.b",
        "a-b",
        "ab",
        "!",
        "?",
        "dump",
        MAIN,
        "crash_report",
        long,
    ]
    .into_iter()
    .fold(form(), |form, name| form.file(name, b"MDMP"))
    .file(&format!("{long}_still"), b"MDMP");
    let report = parse(form).await;
    assert_eq!(
        names(&report),
        [
            ("a.b", "ab_2"),
            ("a-b", "ab_3"),
            ("ab", "ab"),
            ("!", "unnamed_1"),
            ("?", "unnamed_2"),
            ("dump", "dump_file"),
            (MAIN, MAIN),
            ("crash_report", "crash_report_2"),
            (long, "upload_file_minidump_and_some_"),
            (&format!("{long}_still"), "upload_file_minidump_and_som_2"),
        ]
    );
    let renamed = report
        .notes
        .iter()
        .filter(|note| note.starts_with("file "))
        .count();
    assert_eq!(renamed, 7, "{:?}", report.notes);
    assert_eq!(report.notes[0], "file \"a.b\" stored as ab_2");
}

#[tokio::test]
async fn a_file_without_a_name_is_the_main_minidump_if_there_is_no_other() {
    let report = parse(form().file("x", b"").file("!", b"MDMP")).await;
    assert_eq!(names(&report), [("x", "x"), ("!", MAIN)]);
    assert_eq!(report.notes, ["file \"!\" stored as upload_file_minidump"]);
    let report = parse(form().file("dump", b"MDMP")).await;
    assert_eq!(names(&report), [("dump", MAIN)]);
    assert!(report.notes.is_empty());
}

#[tokio::test]
async fn the_last_file_of_a_field_counts() {
    let options = Options {
        observations: true,
        ..options()
    };
    let form = form()
        .file(MAIN, b"MDMP1")
        .file("x", b"")
        .file(MAIN, b"MDMP22")
        .close();
    let report = parse_whole(form, &options).await.unwrap();
    assert_eq!(names(&report), [(MAIN, MAIN), ("x", "x")]);
    assert_eq!(content(&report.files[0].content), "MDMP22");
    let note = "file \"upload_file_minidump\" came more than once: the last one counts";
    assert_eq!(report.notes, [note]);
}

#[tokio::test]
async fn reserved_names() {
    for name in ["raw_crash", "dump_names", "processed_crash", "raw_crash!"] {
        let result = parse_whole(form().file(name, b"").close(), &options()).await;
        assert!(
            matches!(
                result,
                Err(ParseError::Malformed(Malformed::InvalidDumpName))
            ),
            "{name}"
        );
    }
    for name in ["Raw_crash", "raw-crash"] {
        assert!(
            parse_whole(form().file(name, b"").close(), &options())
                .await
                .is_ok()
        );
    }
}

/// Options with a directory for files of more than `threshold` bytes.
fn with_scratch(directory: &Path, threshold: usize) -> Options {
    Options {
        scratch: Scratch {
            directory: Some(Arc::new(directory.to_owned())),
            threshold,
        },
        memory: MemoryBudget::new(4 << 20),
        ..options()
    }
}

#[tokio::test]
async fn large_files_are_on_disk_until_the_report_is_dropped() {
    let root = tempfile::tempdir().unwrap();
    let options = with_scratch(root.path(), 1000);
    let large: Vec<u8> = b"MDMP".iter().copied().cycle().take(3_000_000).collect();
    let body = form()
        .file(MAIN, &large)
        .file("small", &large[..1000])
        .file("..", &large[..1001]);
    let report = parse_whole(body.close(), &options).await.unwrap();

    let on_disk: Vec<_> = report
        .files
        .iter()
        .map(|file| file.content.path().is_some())
        .collect();
    assert_eq!(on_disk, [true, false, true]);
    for (file, size) in report.files.iter().zip([large.len(), 1000, 1001]) {
        assert_eq!(content(&file.content), large[..size]);
        assert_eq!(file.content.size(), size as u64);
        let hash = Sha256::digest(&large[..size]);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(file.sha256, hash);
    }
    let scratch = report.scratch.as_ref().unwrap().path();
    for file in report.files.iter().filter_map(|file| file.content.path()) {
        assert_eq!(file.parent(), Some(scratch));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    assert!(options.memory.used() < 10_000, "{}", options.memory.used());
    drop(report);
    assert_eq!(options.memory.used(), 0);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn nothing_stays_on_disk_of_a_report_that_fails() {
    let root = tempfile::tempdir().unwrap();
    let options = with_scratch(root.path(), 0);
    let body = form().file(MAIN, b"MDMP").file("raw_crash", b"").close();
    assert!(parse_whole(body, &options).await.is_err());
    assert_eq!(options.memory.used(), 0);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_scratch_directory_that_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    let options = with_scratch(&root.path().join("missing"), 0);
    let result = parse_whole(form().file(MAIN, b"MDMP").close(), &options).await;
    assert!(matches!(result, Err(ParseError::Scratch(_))), "{result:?}");
}

/// Reads a report with that as main minidump, from memory and from disk.
async fn unwrapped(main: &[u8]) -> (Bytes, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for threshold in [0, 1 << 20] {
        let options = Options {
            observations: true,
            ..with_scratch(root.path(), threshold)
        };
        let report = parse_whole(form().file(MAIN, main).close(), &options)
            .await
            .unwrap();
        let found = content(&report.files[0].content);
        let hash: String = Sha256::digest(&found)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(report.files[0].sha256, hash);
        let files = report
            .scratch
            .as_ref()
            .map_or(0, |scratch| fs::read_dir(scratch.path()).unwrap().count());
        assert_eq!(files, usize::from(threshold == 0), "no file is left over");
        results.push((found, report.notes));
    }
    assert_eq!(results[0], results[1]);
    results.remove(0)
}

#[tokio::test]
async fn main_minidumps_are_taken_out_of_what_they_are_in() {
    let minidump = b"MDMP\x93\xa7 and so on".repeat(20_000);
    let (found, notes) = unwrapped(&gzip(&minidump)).await;
    assert_eq!(found, minidump);
    assert_eq!(notes, ["upload_file_minidump was compressed with gzip"]);

    let inner = Form::new()
        .text("prod", "Electron")
        .file(MAIN, &minidump)
        .close();
    let inner = String::from_utf8_lossy(&inner).replace("b0undary", "inner");
    let inner = inner.replace('\u{fffd}', "?");
    let (found, notes) = unwrapped(inner.as_bytes()).await;
    assert!(found.starts_with(b"MDMP"));
    assert_eq!(notes, ["upload_file_minidump was inside of another form"]);
}

#[tokio::test]
async fn what_cannot_be_taken_out_stays() {
    let whole = gzip(&b"MDMP".repeat(1000));
    let no_minidump = gzip(b"hello");
    for (main, note) in [
        (
            &whole[..whole.len() - 1],
            "upload_file_minidump is not a minidump",
        ),
        (&no_minidump, "upload_file_minidump is not a minidump"),
        (b"--x\r\nno form", "upload_file_minidump is not a minidump"),
        (b"--\r\n", "upload_file_minidump is not a minidump"),
        (b"--", "upload_file_minidump is not a minidump"),
        (
            b"\x28\xb5\x2f\xfd...",
            "upload_file_minidump is not a minidump, but zstd",
        ),
        (
            b"\xfd7zXZ\0...",
            "upload_file_minidump is not a minidump, but xz",
        ),
        (
            b"BZh9...",
            "upload_file_minidump is not a minidump, but bzip2",
        ),
        (b"MDM", "upload_file_minidump is not a minidump"),
        (b"", "upload_file_minidump is not a minidump"),
    ] {
        if main.is_empty() {
            // No file on disk then.
            let report = parse(form().file(MAIN, main)).await;
            assert_eq!(report.files[0].content.size(), 0);
            continue;
        }
        let (found, notes) = unwrapped(main).await;
        assert_eq!(
            (found, notes),
            (Bytes::copy_from_slice(main), vec![note.to_owned()])
        );
    }
    let (_, notes) = unwrapped(b"PMDM").await;
    assert!(notes.is_empty());
}

#[tokio::test]
async fn the_bound_of_unpacking_holds_inside_of_files() {
    let bomb = gzip(&[b"MDMP".to_vec(), vec![0; 1_000_000]].concat());
    let mut options = options();
    options.limits.unpacked = 1_000_000;
    let report = parse_whole(form().file(MAIN, &bomb).close(), &options)
        .await
        .unwrap();
    assert_eq!(content(&report.files[0].content), bomb);
}

#[tokio::test]
async fn another_field_may_hold_the_main_minidump() {
    let options = Options {
        main_dump: DumpName::parse("minidump").unwrap(),
        ..options()
    };
    let body = form()
        .file(MAIN, &gzip(b"MDMP"))
        .file("minidump", &gzip(b"MDMP"))
        .close();
    let report = parse_whole(body, &options).await.unwrap();
    let minidumps: Vec<_> = report
        .files
        .iter()
        .map(|file| content(&file.content) == "MDMP")
        .collect();
    assert_eq!(minidumps, [false, true]);
}
