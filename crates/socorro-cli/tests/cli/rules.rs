//! `socorro rules`, rulesets from a file, and permissions.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Run, Site, run, run_with_input};

/// A ruleset without signatures, and one that counts threads only.
const RULESETS: &str = r#"
[ruleset.no-signature]
base = "default"
remove = ["SignatureGeneratorRule", "ShutDownHangCrashingThreadRule"]
[ruleset.threads]
insert = [{ rule = "SoftErrorsRule" }, { rule = "ThreadCountRule", before = "SoftErrorsRule" }]
[ruleset.threads.options.SoftErrorsRule]
max-length = 4
"#;

/// Runs a rule or a ruleset on a case that comes on standard input.
fn run_case(name: &str, case: &Value, more: &[&str]) -> Run {
    let arguments = ["rules", "run", name, "--input", "-"];
    run_with_input(
        arguments.iter().chain(more).copied(),
        case.to_string().as_bytes(),
    )
}

#[test]
fn the_rules_of_a_ruleset_are_listed_in_order() {
    let list = run(["rules", "list"]).succeeds().quietly().prints(&[
        "ruleset default: 50 rules",
        " 10  IdentifierRule: ",
        "reads   annotations ",
        "writes  fields ",
    ]);
    let line = |text: &str| list.stdout.find(text).unwrap();
    assert!(line("MinidumpStackwalkRule:") < line("SignatureGeneratorRule:"));
    let list = run([
        "rules",
        "list",
        "--ruleset",
        "regenerate_signature",
        "--format",
        "json",
    ])
    .succeeds()
    .json();
    assert_eq!(list["in_place"], true);
    assert_eq!(list["rules"][0]["name"], "SignatureGeneratorRule");
    assert!(
        list["rules"][0]["reads"]
            .as_array()
            .unwrap()
            .contains(&json!("field json_dump"))
    );
    run(["rules", "list", "--ruleset", "defalt"]).fails(
        2,
        &[
            "no ruleset \"defalt\"",
            "did you mean \"default\"?",
            "regenerate_signature",
        ],
    );
}

#[test]
fn one_rule_is_shown_with_its_options() {
    run(["rules", "show", "BetaVersionRule"])
        .succeeds()
        .quietly()
        .prints(&[
            "field version: string, public",
            "default, at 40",
            "versions: ",
        ]);
    let rule = run(["rules", "show", "TruncateStacksRule", "--format", "json"])
        .succeeds()
        .json();
    assert_eq!(rule["options"][0]["name"], "max-frames");
    assert_eq!(rule["rulesets"], json!({"default": 15}));
    run(["rules", "show", "BetaVersion"])
        .fails(2, &["no rule \"BetaVersion\"", "\"BetaVersionRule\"?"]);
}

#[test]
fn a_rule_shows_what_it_changes() {
    let case = json!({"input": {
        "raw_crash": {"ModuleSignatureInfo": {"a": 1}, "ProcessType": "main"},
        "processed_crash": {"process_type": "tab", "stale": 1},
    }});
    let changed = run_case("ProcessTypeRule", &case, &[]).succeeds().quietly();
    assert_eq!(
        changed.stdout,
        "processed_crash\n  ~ process_type: \"tab\" -> \"parent\"\n"
    );
    run_case("ConvertModuleSignatureInfoRule", &case, &[])
        .succeeds()
        .prints(&["raw_crash\n  ~ ModuleSignatureInfo: {\"a\": 1} -> \"{"]);
    let changed = run_case("ProcessTypeRule", &case, &["--format", "json"]).succeeds();
    assert_eq!(
        changed.json(),
        json!({
            "raw_crash": [],
            "processed_crash": [{"path": "process_type", "before": "tab", "after": "parent"}],
            "notes": [],
            "failed": [],
        })
    );
    run_case("PHCRule", &case, &[])
        .succeeds()
        .prints(&["no changes"]);
    let changed = run_case("ProcessTypeRule", &case, &["--color", "always"]).succeeds();
    assert!(changed.stdout.contains("\x1b[33m~ process_type"));
}

#[test]
fn a_ruleset_shows_what_it_changes() {
    let case = json!({
        "raw_crash": {"ProductName": "Fantasy", "StartupCrash": "perhaps"},
        "processed_crash": {"stale": 1},
        "dumps": {"upload_file_minidump": {"size": 4}},
        "stackwalk": {"upload_file_minidump": {"output": {"status": "OK", "thread_count": 7}}},
    });
    run_case("default", &case, &[])
        .succeeds()
        .quietly()
        .prints(&[
            "- stale: 1",
            "+ product: \"Fantasy\"",
            "+ thread_count: 7",
            "StartupCrash has non-boolean value",
        ]);
    let mut unlisted = case.clone();
    unlisted["stackwalk"] = json!({});
    let run = run_case("default", &unlisted, &[]).succeeds();
    assert!(run.stderr.contains("no stackwalk"), "{run:?}");
}

#[test]
fn cases_are_taken_from_arrays_by_their_id() {
    let site = Site::new();
    let case =
        |id: &str, version: &str| json!({"id": id, "input": {"raw_crash": {"Version": version}}});
    let cases = json!([case("one", "1.0"), case("two", "2.0")]);
    let file = site.write("cases.json", cases.to_string());
    let arguments = ["rules", "run", "MajorVersionRule", "--input", &file];
    let with = |more: &[&'static str]| run(arguments.iter().copied().chain(more.iter().copied()));
    with(&["--case", "two"])
        .succeeds()
        .prints(&["+ major_version: 2"]);
    with(&[]).fails(2, &["2 cases", "--case"]);
    with(&["--case", "twa"]).fails(2, &["no case \"twa\"", "\"two\""]);
    run_case("MajorVersionRule", &json!({}), &["--case", "one"]).fails(2, &["no array of cases"]);
}

#[test]
fn what_cannot_be_run_is_told_with_the_way_out() {
    run_case("ProcesTypeRule", &json!({}), &[]).fails(
        2,
        &[
            "no rule or ruleset \"ProcesTypeRule\"",
            "\"ProcessTypeRule\"?",
            "rules list",
        ],
    );
    run_case("default", &json!({"raw": {}}), &[])
        .fails(1, &["not a case: raw: ", "did you mean \"raw_crash\"?"]);
    run_case(
        "default",
        &json!({"dumps": {"upload_file_minidump": {"size": 1u64 << 40}}}),
        &[],
    )
    .fails(1, &["dumps.upload_file_minidump", "67108864 bytes"]);
    let deep = "[".repeat(200_000);
    run_with_input(["rules", "run", "default", "--input", "-"], deep.as_bytes()).fails(
        1,
        &[
            "cannot read case from standard input",
            "nested deeper than 128 levels",
        ],
    );
    run(["rules", "run", "default", "--input", "/nonexistent.json"])
        .fails(1, &["cannot read case /nonexistent.json"]);
}

#[test]
fn fields_are_shown_with_types_permission_and_origin() {
    let fields = run(["rules", "fields"]).succeeds().quietly();
    let line = |name: &str| {
        let lines = fields.lines();
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("user_comments "),
        "user_comments string protected annotation Comments; by CopyFromRawCrashRule"
    );
    assert_eq!(line("FIELD "), "FIELD TYPES WHO FROM");
    assert!(!fields.stdout.contains("json_dump.threads"));
    run(["rules", "fields", "json_dump.threads[]"])
        .succeeds()
        .prints(&["json_dump.threads[].frames[].file "]);
    let raw = run(["rules", "fields", "URL", "--of", "raw", "--format", "json"]).succeeds();
    assert_eq!(raw.json()["fields"][0]["permission"], "protected");
    let all = run(["rules", "fields", "--format", "json"])
        .succeeds()
        .json();
    assert!(all["fields"].as_array().unwrap().len() > 700);
    run(["rules", "fields", "user_coments"]).fails(2, &["did you mean \"user_comments\"?"]);
    run(["rules", "fields", "uptime", "--format", "markdown"]).fails(2, &["all fields"]);
}

#[test]
fn a_crash_is_checked_against_the_schema() {
    let site = Site::new();
    let processed = run([
        "process",
        &site.file("crash.dmp"),
        "--annotations",
        &site.file("raw_crash.json"),
        "--symbols",
        &site.file("symbols"),
    ]);
    let processed = processed.succeeds().stdout;
    let validate = |input: &[u8]| run_with_input(["rules", "validate", "-"], input);
    assert_eq!(
        validate(processed.as_bytes()).succeeds().quietly().stdout,
        ""
    );
    let wrong = json!({"uptime": "private", "addons": ["a", 1, null], "unknown": {}});
    let wrong = validate(wrong.to_string().as_bytes()).fails(
        1,
        &["from standard input does not fit the schema: 3 values"],
    );
    assert_eq!(
        wrong.stdout,
        "uptime: expected integer, found string\n\
         addons[1]: expected string, found integer\n\
         addons[2]: expected string, found null\n"
    );
    let many = json!({"addons": vec![1; 10_001]}).to_string();
    let many = validate(many.as_bytes()).fails(1, &["more than 10000 values"]);
    assert_eq!(many.lines().len(), 10_000);
    validate(b"[]").fails(1, &["is not an object but of type array"]);
    validate("{\"a\":".repeat(200).as_bytes()).fails(1, &["nested deeper than 128 levels"]);
    validate(b"{").fails(
        1,
        &["cannot read processed crash from standard input: not valid JSON"],
    );
    let raw = site.write("raw.json", r#"{"ProductName": 5}"#);
    run(["rules", "validate", "--of", "raw", &raw])
        .fails(1, &["raw.json does not fit the schema: one value"])
        .prints(&["ProductName: expected string, found integer"]);
}

#[test]
fn rulesets_of_a_file_are_used_everywhere() {
    let site = Site::new();
    let file = site.write("rulesets.toml", RULESETS);
    run(["rules", "list", "--rulesets", &file, "--ruleset", "threads"])
        .succeeds()
        .prints(&["2 rules", "1  ThreadCountRule", "2  SoftErrorsRule"]);
    let case = json!({"processed_crash": {"json_dump": {"soft_errors": "abcdefgh"}}});
    run_case(
        "SoftErrorsRule",
        &case,
        &["--rulesets", &file, "--ruleset", "threads"],
    )
    .succeeds()
    .prints(&["+ soft_errors: \"\\\"abc\""]);
    let processed = run([
        "process",
        &site.file("crash.dmp"),
        "--rulesets",
        &file,
        "--ruleset",
        "no-signature",
    ])
    .succeeds()
    .json();
    assert_eq!(processed["signature"], "EMPTY: crash failed to process");

    site.put();
    run([
        "queue",
        "publish",
        &site.queue(),
        "--ruleset",
        "no-signature",
        Site::ID,
    ])
    .succeeds();
    let mut processor = site.command();
    processor
        .args(["processor", "--drain"])
        .env("SOCORRO_RULESETS", &file);
    Run::of(&mut processor).succeeds();
    assert_eq!(
        site.processed().unwrap()["signature"],
        "EMPTY: crash failed to process"
    );
}

#[test]
fn a_ruleset_that_a_processor_does_not_know_makes_a_dead_letter() {
    let site = Site::new();
    site.put();
    run([
        "queue",
        "publish",
        &site.queue(),
        "--ruleset",
        "threads",
        Site::ID,
    ])
    .succeeds();
    site.run(["processor", "--drain"])
        .fails(1, &["dead-lettered"]);
    assert_eq!(site.depth(), [0, 0, 0, 1]);
}

#[test]
fn a_ruleset_file_that_cannot_be_used_is_told_with_its_key() {
    let site = Site::new();
    let list = |text: &str| {
        let file = site.write("bad.toml", text);
        run(["rules", "list", "--rulesets", &file])
    };
    list("[ruleset.a]\nbase = 'defalt'").fails(
        1,
        &[
            "bad.toml: ruleset.a.base: ",
            "\"defalt\"",
            "did you mean \"default\"?",
            "rules list",
        ],
    );
    list("[ruleset.a").fails(1, &["bad.toml: line 1, column "]);
    run([
        "process",
        &site.file("crash.dmp"),
        "--rulesets",
        "/nonexistent.toml",
    ])
    .fails(1, &["cannot use ruleset file /nonexistent.toml"]);
    site.run([
        "processor",
        "--drain",
        "--rulesets",
        &site.file("none.toml"),
    ])
    .fails(1, &["none.toml"]);
}

#[test]
fn the_public_sees_no_protected_field() {
    let site = Site::new();
    let annotations = format!(
        r#"{{"uuid": "{}", "ProductName": "Fantasy", "Comments": "private", "Unknown": "private", "Version": 5}}"#,
        Site::ID
    );
    site.write("raw_crash.json", annotations);
    let process = |permissions: &str| {
        run([
            "process",
            &site.file("crash.dmp"),
            "--annotations",
            &site.file("raw_crash.json"),
            "--permissions",
            permissions,
        ])
        .succeeds()
    };
    assert_eq!(process("protected").json()["user_comments"], "private");
    let public = process("public");
    assert_eq!(public.json()["product"], "Fantasy");
    assert!(public.json()["json_dump"]["threads"].is_array());
    assert!(!public.stdout.contains("private"), "{}", public.stdout);
    assert!(!public.stdout.contains("registers"), "{}", public.stdout);

    let file = site.file("public.json");
    run([
        "process",
        &site.file("crash.dmp"),
        "--annotations",
        &site.file("raw_crash.json"),
        "--permissions=public",
        "--output",
        &file,
        "--summary",
    ])
    .succeeds()
    .prints(&["Signature:", "Fantasy"]);
    assert!(!fs::read_to_string(&file).unwrap().contains("private"));

    site.put();
    site.publish();
    site.run(["processor", "--drain"]).succeeds();
    for what in ["raw", "processed"] {
        let cat = |permissions: &str| {
            site.run([
                "storage",
                "cat",
                what,
                Site::ID,
                "--permissions",
                permissions,
            ])
            .succeeds()
        };
        assert!(cat("protected").stdout.contains("private"));
        let public = cat("public");
        assert!(!public.stdout.contains("private"), "{}", public.stdout);
        assert!(public.stdout.contains("Fantasy"));
        assert_eq!(
            public.stderr.contains("left out"),
            what == "raw",
            "{public:?}"
        );
    }
    site.run([
        "storage",
        "cat",
        "dump",
        Site::ID,
        "--permissions",
        "public",
    ])
    .fails(2, &["a dump is not public"]);
    let once = site.run(["processor", "--once", Site::ID, "--permissions", "public"]);
    assert!(!once.succeeds().stdout.contains("private"));
    let broken = site.write(
        "broken.dmp",
        "This is not a minidump at all, as one can see.",
    );
    run(["process", &broken, "--permissions", "public"]).fails(1, &["broken.dmp: HeaderMismatch"]);
}

/// The page in the repository is what the program writes now.
#[track_caller]
fn is_current(page: &str, command: &str) {
    let path = format!("{}/../../docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let made = run(command.split(' ')).succeeds().quietly().stdout;
    let is_current = fs::read_to_string(&path).is_ok_and(|text| text == made);
    assert!(
        is_current,
        "docs/{page} is not what the program writes. Make it again: cargo run -p socorro-cli -- {command} > docs/{page}"
    );
}

#[test]
fn the_reference_pages_are_current() {
    is_current("rules.md", "rules list --format markdown");
    is_current("fields.md", "rules fields --format markdown");
}

#[test]
fn the_ruleset_file_of_the_page_can_be_used() {
    let site = Site::new();
    let page = run(["rules", "list", "--format", "markdown"])
        .succeeds()
        .stdout;
    let (_, file) = page.split_once("```toml rulesets.toml\n").unwrap();
    let (file, _) = file.split_once("```").unwrap();
    let file = site.write("rulesets.toml", file);
    let list = |ruleset: &str| {
        run(["rules", "list", "--rulesets", &file, "--ruleset", ruleset])
            .succeeds()
            .stdout
    };
    assert!(list("quick").starts_with("ruleset quick: 48 rules"));
    assert!(list("default").starts_with("ruleset default: 49 rules"));
}
