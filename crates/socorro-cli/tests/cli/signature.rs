//! `socorro signature`.

use std::{fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::support::{Site, run, run_with_input};

/// A processed crash of which `id` is known.
fn crash(id: &str, old: &str, functions: &[&str]) -> Value {
    let frames: Vec<_> = functions
        .iter()
        .map(|function| json!({"function": function}))
        .collect();
    json!({
        "uuid": id, "signature": old,
        "json_dump": {"threads": [{"frames": frames}]},
    })
}

/// Three crashes, one on each line: two in `memcpy`, one elsewhere.
fn three_crashes() -> String {
    [
        crash("crash-1", "memcpy", &["memcpy", "decode(int)"]),
        crash("crash-2", "memcpy", &["memcpy", "resize(int)"]),
        crash("crash-3", "save", &["save(char const*)"]),
    ]
    .map(|crash| format!("{crash}\n"))
    .concat()
}

/// Writes lists to a directory of the site.
fn lists(site: &Site, directory: &str, irrelevant: &str, prefix: &str) -> String {
    for (list, text) in [
        ("irrelevant_signature_re", irrelevant),
        ("prefix_signature_re", prefix),
        ("signatures_with_line_numbers_re", "interpret\n"),
        ("signature_sentinels", "assert_failed\n"),
    ] {
        site.write(&format!("{directory}/{list}.txt"), text);
    }
    site.file(directory)
}

#[test]
fn documents_of_every_kind_have_a_signature() {
    let site = Site::new();
    let processed = crash("crash-1", "old", &["memcpy", "decode(int)"]);
    let crash_data = json!({"threads": processed["json_dump"]["threads"]});
    let stackwalk = json!({"crash_info": {}, "threads": processed["json_dump"]["threads"]});
    for document in [processed, crash_data, stackwalk] {
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        let file = site.write("crash.json", pretty.as_bytes());
        let printed = run(["signature", &file]).succeeds().quietly();
        assert_eq!(printed.stdout, "memcpy | decode\n");
        let printed = run_with_input(["signature"], pretty.as_bytes()).succeeds();
        assert_eq!(printed.stdout, "memcpy | decode\n");
    }
    let java =
        json!({"uuid": "crash-1", "java_stack_trace": "a.Broken: oops\n\tat b.C.d(C.java:5)"});
    let printed = run_with_input(["signature", "-"], java.to_string().as_bytes()).succeeds();
    assert_eq!(printed.stdout, "a.Broken: oops at b.C.d(C.java)\n");
}

#[test]
fn notes_of_one_crash_follow_its_signature() {
    let empty = run_with_input(["signature"], b"{}").succeeds().quietly();
    assert_eq!(
        empty.stdout,
        "EMPTY: no frame data available\n  SignatureGenerationRule: CSignatureTool: \
         no frame data for crashing thread (0)\n"
    );
}

#[test]
fn a_stackwalk_of_this_program_can_be_piped_in() {
    let site = Site::new();
    let (dump, symbols) = (site.file("crash.dmp"), site.file("symbols"));
    let walk = run(["stackwalk", &dump, "--symbols", &symbols, "--json"]).succeeds();
    let signature = run_with_input(["signature"], walk.stdout.as_bytes()).succeeds();
    assert_eq!(signature.stdout, "crash_here\n");
}

#[test]
fn several_crashes_are_compared_with_what_they_came_with() {
    let printed = run_with_input(["signature"], three_crashes().as_bytes()).succeeds();
    assert_eq!(
        printed.stdout,
        "Crash id: crash-1\nOriginal: memcpy\nNew:      memcpy | decode\nSame?:    False\n\n\
         Crash id: crash-2\nOriginal: memcpy\nNew:      memcpy | resize\nSame?:    False\n\n\
         Crash id: crash-3\nOriginal: save\nNew:      save\nSame?:    True\n"
    );
    let different = run_with_input(
        ["signature", "--different-only", "--format", "csv"],
        three_crashes().as_bytes(),
    )
    .succeeds();
    assert_eq!(
        different.stdout,
        "\"crashid\",\"old\",\"new\",\"same?\",\"notes\"\r\n\
         \"crash-1\",\"memcpy\",\"memcpy | decode\",\"False\",\"\"\r\n\
         \"crash-2\",\"memcpy\",\"memcpy | resize\",\"False\",\"\"\r\n"
    );
    let same = crash("crash-3", "save", &["save"]).to_string();
    for (format, nothing) in [
        ("text", ""),
        ("json", "[]\n"),
        ("ndjson", ""),
        ("csv", "\"crashid\",\"old\",\"new\",\"same?\",\"notes\"\r\n"),
        ("markdown", ""),
    ] {
        let arguments = ["signature", "--different-only", "--format", format];
        let printed = run_with_input(arguments, same.as_bytes()).succeeds();
        assert_eq!(printed.stdout, nothing, "{format}");
    }
}

#[test]
fn json_is_one_object_an_array_or_a_line_for_each() {
    let one = crash("crash-1", "old", &["memcpy", "decode(int)"]).to_string();
    let report = json!({
        "crash_id": "crash-1", "source": "standard input:1", "signature": "memcpy | decode",
        "original_signature": "old", "proto_signature": "memcpy | decode", "notes": [],
    });
    let json = |input: &str| {
        let printed = run_with_input(["signature", "--format", "json"], input.as_bytes());
        printed.succeeds().json()
    };
    assert_eq!(json(&one), report);
    let many = json(&three_crashes());
    assert_eq!(many.as_array().unwrap().len(), 3);
    assert_eq!(many[0]["signature"], "memcpy | decode");
    assert_eq!(many[2]["source"], "standard input:3");
    let array = json(&format!("[{one},\n{one}]"));
    assert_eq!(array[1]["source"], "standard input:1 item 2");
    let lines = run_with_input(
        ["signature", "--format", "ndjson"],
        three_crashes().as_bytes(),
    );
    let lines = lines.succeeds();
    let second: Value = serde_json::from_str(lines.lines()[1]).unwrap();
    assert_eq!((lines.lines().len(), &second), (3, &many[1]));
}

#[test]
fn markdown_is_for_bug_reports() {
    let printed = run_with_input(
        ["signature", "--format", "markdown"],
        three_crashes().as_bytes(),
    );
    printed.succeeds().prints(&[
        "* **Crash id:** crash-1\n* **Original:** `memcpy`\n* **New:** `memcpy | decode`\n",
        "\n\n* **Crash id:** crash-2",
    ]);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let site = Site::new();
    let [first, second, third] = ["1", "2", "3"].map(|id| crash(id, "", &["f"]).to_string());
    let broken = &second[..40];
    let text = format!("{first}\n[5, {second}]\n\"x\"\n{broken}\n{third}\n");
    let file = site.write("crashes.ndjson", text);
    let lines = run(["signature", "--format", "ndjson", &file, "no-such-file"]).fails(
        1,
        &[
            &format!("cannot read crash {file}:4: not valid JSON"),
            &format!(
                "cannot read crash {file}:2 item 1: a crash is a JSON object, and this is a number"
            ),
            &format!("cannot read crash {file}:3: a crash is a JSON object, and this is a text"),
            "cannot read crashes no-such-file",
        ],
    );
    let ids: Vec<_> = lines
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["crash_id"].clone())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(lines.stderr.matches("error:").count(), 4, "{lines:?}");
}

#[test]
fn a_file_of_nonsense_is_not_told_line_by_line_for_ever() {
    let nonsense = "nonsense\n".repeat(150);
    let printed = run_with_input(["signature"], nonsense.as_bytes());
    let printed = printed.fails(
        1,
        &["standard input:100", "50 more crashes could not be read"],
    );
    assert!(!printed.stderr.contains("standard input:101"));
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let site = Site::new();
    let dump = site.file("crash.dmp");
    run(["signature", &dump]).fails(1, &["it is a minidump", "socorro process"]);
    run_with_input(["signature"], b"\n").fails(1, &["from standard input: it is empty"]);
    run(["signature", Site::ID]).fails(1, &["none is configured", "--storage"]);
    run(["signature", "--format", "csv", "diff"]).fails(1, &["options of `signature diff`"]);
    run(["signature", "--siglists", "no-lists", &dump]).fails(1, &["no-lists"]);
    run(["signature", "--format", "xml"]).fails(2, &["ndjson", "markdown"]);
    let file = site.write("diff", crash("1", "", &["f"]).to_string());
    assert_eq!(run(["signature", &file]).succeeds().stdout, "f\n");
}

#[test]
fn compressed_files_are_read() {
    let site = Site::new();
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(three_crashes().as_bytes()).unwrap();
    let zip = zip.finish().unwrap();
    let whole = site.write("crashes.ndjson.gz", &zip);
    let printed = run(["signature", "--format", "ndjson", &whole]).succeeds();
    assert_eq!(printed.lines().len(), 3);
    let half = site.write("half.ndjson.gz", &zip[..zip.len() / 2]);
    run(["signature", "--format", "ndjson", &half])
        .fails(1, &[&format!("cannot read crashes {half}")]);
}

#[test]
fn lists_of_ones_own_are_used_and_empty_ones_warned_of() {
    let site = Site::new();
    let own = lists(&site, "lists", "memcpy$\n", "# none\n");
    let crash = site.write(
        "crash.json",
        crash("1", "", &["memcpy", "decode", "f"]).to_string(),
    );
    for option in ["--siglists", "--signature-list-dir"] {
        let printed = run(["signature", option, &own, &crash]).succeeds();
        assert_eq!(printed.stdout, "decode\n");
        assert!(
            printed.stderr.contains("no entries") && printed.stderr.contains("prefix_signature_re"),
            "{printed:?}"
        );
    }
    let dump = site.file("crash.dmp");
    let process = run(["process", &dump, "--siglists", &own]).succeeds();
    assert!(process.stderr.contains("no entries"), "{process:?}");
    site.put();
    let once = site.run(["processor", "--once", Site::ID, "--siglists", &own]);
    let once = once.succeeds();
    assert!(once.stderr.contains("no entries"), "{once:?}");
}

#[test]
fn a_signature_is_explained() {
    let site = Site::new();
    let own = lists(&site, "lists", "raise\n", "# copies\nmem\n");
    let crash = crash("1", "", &["raise", "memcpy", "decode(int)"]).to_string();
    let explain = |arguments: &[&str], input: &str| {
        let explain = ["signature", "--explain", "--siglists", &own];
        run_with_input(explain.iter().chain(arguments).copied(), input.as_bytes()).succeeds()
    };
    let prefix = site.path("lists").join("prefix_signature_re.txt");
    let joined = format!("joined    1  memcpy  [{}:2: mem]", prefix.display());
    let text = explain(&[], &crash);
    assert!(
        text.stdout
            .starts_with("memcpy | decode\n\nthe stack of thread 0\n")
    );
    text.prints(&[&joined, "\nkept      2  decode\n"]);
    explain(&[], &format!("{crash}\n{crash}"))
        .prints(&["Steps:    (", &format!("          {joined}\n")]);
    explain(&["--format", "markdown"], &crash).prints(&[&format!("  * `{joined}`\n")]);
    let json = explain(&["--format", "json"], &crash).json();
    assert_eq!(json["steps"][2]["decision"], "prefix");
    assert_eq!(json["steps"][2]["entry"]["line"], 2);
    let csv = ["signature", "--explain", "--format", "csv"];
    run_with_input(csv, b"{}").fails(2, &["--explain", "ndjson"]);
}

#[test]
fn crashes_can_be_grouped_by_trust() {
    let site = Site::new();
    let frames = |offset: &str| {
        json!([{"module": "app", "module_offset": offset, "trust": "context"},
               {"function": "decode", "trust": "cfi"}])
    };
    let crashes: String = ["0x10", "0x20"]
        .map(|offset| format!("{}\n", json!({"threads": [{"frames": frames(offset)}]})))
        .concat();
    let own = lists(&site, "lists", "raise\n", "app$\n");
    let grouped = |grouping| {
        let arguments = ["signature", "--siglists", &own, "--grouping", grouping];
        let printed = run_with_input(arguments, crashes.as_bytes()).succeeds();
        printed.stdout
    };
    assert_eq!(
        grouped("compatible")
            .matches("New:      app | decode\n")
            .count(),
        2
    );
    assert!(grouped("trust-weighted").contains("New:      app@0x10 | decode\n"));
    let diff = [
        "signature",
        "diff",
        "--new-grouping",
        "trust-weighted",
        "--new",
        &own,
        "--old",
        &own,
    ];
    run_with_input(diff, crashes.as_bytes())
        .succeeds()
        .prints(&["split: 2 crashes\n  app | decode\n    -> app@0x10 | decode\n"]);
}

#[test]
fn lists_are_tried_out_before_they_go_live() {
    let site = Site::new();
    let crashes = site.write("crashes.ndjson", three_crashes());
    let old = lists(&site, "old", "raise\n", "str\n");
    let new = lists(&site, "new", "raise\n", "memcpy$\n");
    let diff = run(["signature", "diff", "--old", &old, "--new", &new, &crashes]);
    assert_eq!(
        diff.succeeds().quietly().stdout,
        "3 crashes: 1 keep their signature, 2 get another one\n\n\
         split: 2 crashes\n  memcpy\n    \
         -> memcpy | decode\n       1 crash: crash-1\n    \
         -> memcpy | resize\n       1 crash: crash-2\n"
    );
    let back = ["signature", "diff", "--old", &new, "--new", &old];
    let json = run(back.into_iter().chain(["--format", "json", &crashes]));
    let json = json.succeeds().json();
    assert_eq!(json["changes"][0]["kind"], "merge");
    assert_eq!(
        json["changes"][0]["pairs"][0]["examples"],
        json!(["crash-1"])
    );
    let markdown = run(back.into_iter().chain(["--format", "markdown", &crashes]));
    markdown.succeeds().prints(&[
        "**merge:** 2 of 2 crashes",
        "| `memcpy \\| decode` | `memcpy` | 1 | crash-1 |",
    ]);
    let changing = run(back.into_iter().chain(["--fail-on-change", &crashes]));
    changing.fails(1, &[]).prints(&["merge"]);
    run([
        "signature",
        "diff",
        "--new",
        &new,
        "--old",
        &new,
        "--fail-on-change",
        &crashes,
    ])
    .succeeds()
    .prints(&["3 keep their signature, 0 get another one"]);
    // Without a directory it is the built-in lists, which have `memcpy`.
    let built_in = run_with_input(
        ["signature", "diff", "--old", &old],
        three_crashes().as_bytes(),
    );
    built_in.succeeds().prints(&["split: 2 crashes"]);
    run(["signature", "diff", &crashes]).fails(2, &["--old"]);
}

#[test]
fn a_crash_without_an_id_is_named_by_its_place() {
    let site = Site::new();
    let crashes = site.write(
        "crashes.ndjson",
        "{\"threads\": []}\n\n{\"java_stack_trace\": \"a\"}\n",
    );
    let own = lists(&site, "lists", "raise\n", "mem\n");
    let text = run(["signature", &crashes]).succeeds();
    text.prints(&[&format!("Crash id: {crashes}:3")]);
    let diff = run([
        "signature",
        "diff",
        "--new",
        &own,
        "--format",
        "json",
        &crashes,
    ]);
    assert_eq!(diff.succeeds().json()["unchanged"], 2);
}

#[test]
fn lists_are_checked() {
    let site = Site::new();
    let good = lists(&site, "good", "raise\n", "mem\n");
    let check = run(["signature", "check", &good]).succeeds().quietly();
    assert_eq!(check.stdout, "4 entries: 0 errors, 0 warnings\n");

    let idle = lists(&site, "idle", "raise\n", "mem\nmemcpy\n");
    let check = run(["signature", "check", &idle]).succeeds();
    let file = site.path("idle").join("prefix_signature_re.txt");
    assert_eq!(
        check.stdout,
        format!(
            "{}:2: warning: \"memcpy\" has no effect: \"mem\" on line 1 matches all that it does\n\
             5 entries: 0 errors, 1 warning\n",
            file.display()
        )
    );

    let bad = lists(&site, "bad", "a(\nb\n*\n", "# example: calloc\n.*malloc\n");
    fs::remove_file(site.path("bad").join("signature_sentinels.txt")).unwrap();
    let check = run(["signature", "check", &bad, "--format", "json"]).fails(1, &[]);
    let report = check.json();
    assert_eq!(
        (&report["errors"], &report["entries"]),
        (&json!(4), &json!(5))
    );
    let problems = report["problems"].as_array().unwrap().iter();
    let found: Vec<_> = problems
        .map(|problem| (problem["kind"].as_str().unwrap(), problem["line"].as_u64()))
        .collect();
    assert_eq!(
        found,
        [
            ("bad_entry", Some(1)),
            ("bad_entry", Some(3)),
            ("unmatched_example", Some(1)),
            ("unreadable", None),
        ]
    );
    run(["signature", "check", "no-lists"]).fails(1, &["no-lists", "four lists"]);
    run(["signature", "check"]).fails(2, &["DIR"]);
}

#[test]
fn recorded_crashes_have_the_signatures_that_were_recorded() {
    let corpus = std::env::var("SOCORRO_CORPUS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus").to_owned()
    });
    let conformance = std::env::var("SOCORRO_CONFORMANCE").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance").to_owned()
    });
    let lists = format!("{conformance}/signature/siglists");
    let dumps = format!("{corpus}/dumps");
    let Ok(entries) = fs::read_dir(&dumps).and_then(|found| fs::metadata(&lists).map(|_| found))
    else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "no recorded crashes at {dumps} and lists at {lists}"
        );
        eprintln!(
            "skipped: no recorded crashes; SOCORRO_CORPUS and SOCORRO_CONFORMANCE say where they are"
        );
        return;
    };
    let files: Vec<_> = entries
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".expected.processed_crash.json"))
        .collect();
    assert!(files.len() > 30, "{}", files.len());
    let arguments = ["signature", "--siglists", &lists, "--format", "ndjson"];
    let printed = run(arguments
        .into_iter()
        .chain(files.iter().map(String::as_str)))
    .succeeds();
    assert_eq!(printed.lines().len(), files.len());
    for line in printed.lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            report["signature"], report["original_signature"],
            "{report}"
        );
    }
}

#[test]
fn the_built_in_lists_are_written_once() {
    let site = Site::new();
    let directory = site.file("new/lists");
    let written = run(["signature", "lists", &directory]).succeeds();
    assert_eq!(written.stdout.lines().count(), 4);
    run(["signature", "check", &directory]).succeeds();
    let crashes = site.write("crashes.ndjson", three_crashes());
    let same = run([
        "signature",
        "diff",
        "--new",
        &directory,
        "--fail-on-change",
        &crashes,
    ]);
    same.succeeds();
    run(["signature", "lists", &directory]).fails(1, &["exists already", "nothing was written"]);
}
