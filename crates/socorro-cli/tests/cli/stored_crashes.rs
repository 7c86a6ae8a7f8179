//! Commands about crashes in storage, named by their ids: `socorro stackwalk` and `signature`.

use std::fs;

use serde_json::Value;

use crate::support::{Site, run, run_with_input};

const OTHER: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";

/// A site with a crash that is in storage and processed.
fn processed_site() -> Site {
    let site = Site::new();
    site.put();
    site.run([
        "processor",
        "--symbols",
        &site.file("symbols"),
        "--once",
        Site::ID,
    ])
    .succeeds();
    site
}

#[test]
fn a_crash_in_storage_is_walked_by_its_id() {
    let site = Site::new();
    site.put();
    let symbols = site.file("symbols");
    let file = site
        .run(["stackwalk", "crash.dmp", "--symbols", &symbols])
        .succeeds();
    let url = format!("https://crash-stats.mozilla.org/report/index/{}", Site::ID);
    for id in [Site::ID, &format!("bp-{}", Site::ID), &url] {
        let walked = site
            .run(["stackwalk", id, "--symbols", &symbols])
            .succeeds();
        assert_eq!(walked.quietly().stdout, file.stdout);
    }
    site.run(["stackwalk", OTHER]).fails(3, &[OTHER, "not"]);
    site.run([
        "stackwalk",
        Site::ID,
        "--name",
        "upload_file_minidump_browser",
    ])
    .fails(3, &["upload_file_minidump_browser"]);
    run(["stackwalk", Site::ID]).fails(2, &["none is configured", "SOCORRO_STORAGE"]);
    // A file of that name is meant before a crash.
    fs::copy(site.path("crash.dmp"), site.path(OTHER)).unwrap();
    site.run(["stackwalk", OTHER]).succeeds();
}

#[test]
fn json_and_log_are_written_as_the_older_script_wrote_them() {
    let site = Site::new();
    site.put();
    let symbols = site.file("symbols");
    let options = ["--symbols", &symbols, "--output", "walked"];
    let walked = site.run(["stackwalk", Site::ID].into_iter().chain(options));
    let [json, log] = ["json", "log"].map(|kind| format!("walked/{}.dump.{kind}", Site::ID));
    assert_eq!(walked.succeeds().quietly().lines(), [&*json, &*log]);
    let document = fs::read_to_string(site.path(&json)).unwrap();
    let printed = site.run(["stackwalk", Site::ID, "--symbols", &symbols, "--json"]);
    assert_eq!(document, printed.succeeds().stdout);
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        document["crashing_thread"]["frames"][0]["function"],
        "crash_here"
    );
    let log = fs::read_to_string(site.path(&log)).unwrap();
    assert!(log.contains("walking") && log.contains(Site::ID), "{log}");

    // A file is called by its own name, and a failure is in its log.
    site.write("broken.dmp", "MDMP");
    site.run(["stackwalk", "broken.dmp", "--output", "walked"])
        .fails(1, &["broken.dmp"]);
    assert!(!site.path("walked/broken.dump.json").exists());
    let log = fs::read_to_string(site.path("walked/broken.dump.log")).unwrap();
    assert!(log.contains("cannot read minidump"), "{log}");
    site.run(["stackwalk", "crash.dmp", "--output", "crash.dmp"])
        .fails(1, &["cannot write crash.dmp/crash.dump.log"]);
}

#[test]
fn signatures_of_crashes_in_storage_are_made_by_their_ids() {
    let site = processed_site();
    let by_id = site.run(["signature", Site::ID]).succeeds().quietly();
    assert_eq!(by_id.lines()[0], "crash_here");
    let list = format!("# today\n\nbp-{}\n{OTHER}\n", Site::ID);
    let storage = site.storage();
    let from_list = run_with_input(["signature", &storage, "--format", "csv"], list.as_bytes());
    let from_list = from_list.fails(1, &[&format!("cannot read crash {OTHER}"), "not"]);
    assert_eq!(
        from_list.lines(),
        [
            "\"crashid\",\"old\",\"new\",\"same?\",\"notes\"",
            &format!(
                "\"{}\",\"crash_here\",\"crash_here\",\"True\",\"\"",
                Site::ID
            ),
        ]
    );
    let file = site.write("crashids.txt", format!("{}\nnonsense\n", Site::ID));
    let words = [
        "signature",
        &file,
        "--different-only",
        "--format",
        "markdown",
    ];
    let same = site.run(words).fails(1, &["invalid crash id \"nonsense\""]);
    assert_eq!(same.stdout, "");
    run(["signature", Site::ID]).fails(1, &["none is configured", "SOCORRO_STORAGE"]);
}

#[test]
fn lists_of_ones_own_change_signatures_of_crashes_in_storage() {
    let site = processed_site();
    let lists = site.file("lists");
    run(["signature", "lists", &lists]).succeeds();
    let prefix = site.path("lists/prefix_signature_re.txt");
    let text = fs::read_to_string(&prefix).unwrap();
    fs::write(&prefix, format!("{text}\ncrash_here\n")).unwrap();
    let options = ["--signature-list-dir", &lists, "--different-only"];
    let changed = site.run(
        ["signature", Site::ID, "--format", "markdown"]
            .into_iter()
            .chain(options),
    );
    changed.succeeds().prints(&[
        &format!("* **Crash id:** {}", Site::ID),
        "* **Original:** `crash_here`",
        "* **New:** `crash_here | main`",
        "* **Same?:** False",
    ]);
}
