//! Ruleset files, good and bad.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use socorro_core::{Dumps, Environment};
use socorro_signature::SignatureGenerator;
use socorro_stackwalk::InProcessStackwalker;

use super::*;
use crate::{
    Crash, Rule, RuleError, RuleInfo, Ruleset,
    rules::RulesetOptions,
    testing,
    version_lookup::{LookupError, VersionLookup},
};

/// Knows every beta.
#[derive(Debug)]
struct Everything;

#[async_trait]
impl VersionLookup for Everything {
    async fn version(&self, _: &str, _: &str, _: &str) -> Result<Option<String>, LookupError> {
        Ok(Some("1.0b9".to_owned()))
    }
}

/// A rule that says a word, which its options give.
#[derive(Debug)]
struct Greeting(String);

impl Rule for Greeting {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "Greeting",
            purpose: "be nice",
            reads: &[],
            writes: &[],
        }
    }
    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        crash.note(self.0.clone());
        Ok(())
    }
}

const GREETING: [OptionInfo; 1] = [OptionInfo {
    name: "text",
    default: "\"hello\"",
    meaning: "what to say",
}];

fn options() -> RulesetOptions {
    RulesetOptions::new(
        Arc::new(InProcessStackwalker::new()),
        Arc::new(SignatureGenerator::default()),
    )
    .versions(Arc::new(Everything))
}

fn registry() -> RuleRegistry {
    RuleRegistry::built_in(&options())
        .configurable(&GREETING, |options| {
            let text = options.get("text")?;
            Ok(Greeting(text.unwrap_or_else(|| "hello".to_owned())))
        })
        .unwrap()
}

fn with(file: &RulesetFile) -> Result<Pipeline, Error> {
    Pipeline::new(Environment::system())
        .with_rulesets(&options())
        .with_ruleset_file(file, &registry())
}

fn pipeline(text: &str) -> Pipeline {
    with(&RulesetFile::parse(text).unwrap()).unwrap()
}

fn names(ruleset: Option<&Ruleset>) -> Vec<&'static str> {
    ruleset.unwrap().infos().map(|info| info.name).collect()
}

/// The message about a file that cannot be used.
fn problem(text: &str) -> String {
    let error = match RulesetFile::parse(text) {
        Ok(file) => with(&file).unwrap_err(),
        Err(error) => error,
    };
    assert!(!error.is_temporary());
    let message = error.to_string();
    let start = "cannot use ruleset file (given): ";
    message.strip_prefix(start).unwrap().to_owned()
}

#[test]
fn rules_are_taken_out_and_put_in_by_name() {
    let pipeline = pipeline(
        r#"
        [ruleset.tiny]
        insert = [
            { rule = "ThreadCountRule" },
            { rule = "OSInfoRule", before = "ThreadCountRule" },
            { rule = "CPUInfoRule", after = "OSInfoRule" },
        ]
        [ruleset.smaller]
        base = "tiny"
        remove = ["OSInfoRule"]
        in-place = true
        [ruleset.same]
        base = "smaller"
        [ruleset.clean]
        base = "regenerate_signature"
        in-place = false
        "#,
    );
    assert_eq!(
        names(pipeline.ruleset("tiny")),
        ["OSInfoRule", "CPUInfoRule", "ThreadCountRule"]
    );
    assert_eq!(
        names(pipeline.ruleset("same")),
        ["CPUInfoRule", "ThreadCountRule"]
    );
    let in_place = |name| pipeline.ruleset(name).unwrap().is_in_place();
    assert!(!in_place("tiny") && in_place("smaller") && in_place("same") && !in_place("clean"));
    assert_eq!(pipeline.rulesets().count(), 6);
}

#[test]
fn a_ruleset_that_takes_a_built_in_name_is_what_that_name_means() {
    let pipeline = pipeline(
        r#"
        [ruleset.other]
        base = "default"
        [ruleset.default]
        base = "default"
        remove = ["Breadcrumbs", "BreadcrumbsRule"]
        "#
        .replace("\"Breadcrumbs\", ", "")
        .as_str(),
    );
    for name in ["default", "other"] {
        let rules = names(pipeline.ruleset(name));
        assert_eq!(rules.len(), 49);
        assert!(!rules.contains(&"BreadcrumbsRule"));
    }
}

#[tokio::test]
async fn options_reach_the_rules_of_this_ruleset_and_those_that_begin_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let table = r#"[{"product": "Firefox", "channel": "beta", "build_id": "1", "version_string": "2.0b2"}]"#;
    std::fs::write(directory.path().join("versions.json"), table).unwrap();
    let path = directory.path().join("rulesets.toml");
    let text = r#"
        [ruleset.short]
        base = "default"
        insert = [{ rule = "Greeting" }]
        [ruleset.short.options]
        SoftErrorsRule = { max-length = 5 }
        TruncateStacksRule = { max-frames = 10 }
        BetaVersionRule = { versions = { table = "versions.json" } }
        Greeting = { text = "good morning" }
        [ruleset.again]
        base = "short"
        [ruleset.again.options.BetaVersionRule]
        versions = "none"
    "#;
    std::fs::write(&path, text).unwrap();
    let pipeline = with(&RulesetFile::read(&path).unwrap()).unwrap();
    let crash = || {
        let frames: Vec<_> = (0..30).map(|_| json!({})).collect();
        testing::crash(
            json!({}),
            json!({
                "json_dump": {"soft_errors": "abcdefgh", "threads": [{"frames": frames}]},
                "product": "Firefox", "release_channel": "beta", "version": "2.0", "build": "1",
            }),
            Dumps::new(),
        )
    };
    for (ruleset, version, length) in [
        ("short", "2.0b2", 5),
        ("again", "2.0b0", 5),
        ("default", "1.0b9", 10),
    ] {
        let mut crash = crash();
        let ruleset = pipeline.ruleset(ruleset).unwrap();
        for rule in ["TruncateStacksRule", "SoftErrorsRule", "BetaVersionRule"] {
            ruleset.apply_rule(rule, &mut crash).await.unwrap().unwrap();
        }
        assert_eq!(crash.processed.text("version"), Some(version));
        let errors = crash.processed.text("soft_errors");
        assert_eq!(errors.map(str::len), Some(length));
        let frames = crash.processed.lookup("json_dump.threads.0.frames");
        let count = frames.unwrap().as_array().unwrap().len();
        assert_eq!(count, if length == 5 { 10 } else { 30 });
    }
    let mut crash = crash();
    let again = pipeline.ruleset("again").unwrap();
    again
        .apply_rule("Greeting", &mut crash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(crash.notes(), ["good morning"]);
}

#[test]
fn what_is_wrong_is_told_with_its_key_and_the_nearest_name() {
    for (text, message) in [
        (
            "",
            "ruleset: no ruleset is defined; one begins with [ruleset.NAME]",
        ),
        ("[ruleset.a]\nbase = ", "line 2, column 8: "),
        (
            "[rulesets.a]",
            "unknown key \"rulesets\"; did you mean \"ruleset\"?",
        ),
        ("ruleset = 5", "ruleset: expected a table, found integer"),
        (
            "[ruleset.'a b']",
            "ruleset.a b: the name of a ruleset has 1 to 64 ASCII",
        ),
        (
            "[ruleset.a]\nbas = 'x'",
            "unknown key \"ruleset.a.bas\"; did you mean \"base\"?",
        ),
        (
            "[ruleset.a]\nbase = 5",
            "ruleset.a.base: expected text, found integer",
        ),
        (
            "[ruleset.a]\nremove = 'x'",
            "ruleset.a.remove: expected an array, found string",
        ),
        (
            "[ruleset.a]\nin-place = 1",
            "ruleset.a.in-place: expected true or false, found integer",
        ),
        (
            "[ruleset.a]\nbase = 'defalt'",
            "ruleset.a.base: there is no ruleset \"defalt\"; did you mean \"default\"?",
        ),
        (
            "[ruleset.a]\nbase = 'a'",
            "ruleset.a.base: there is no ruleset \"a\"",
        ),
        (
            "[ruleset.a]\nbase = 'b'\n[ruleset.b]\nbase = 'a'",
            "rulesets begin with each other: a -> b -> a",
        ),
        (
            "[ruleset.a]\nbase = 'default'\nremove = ['PHCRul']",
            "ruleset.a.remove[0]: there is no rule \"PHCRul\" in the ruleset; did you mean \"PHCRule\"?",
        ),
        (
            "[ruleset.a]\ninsert = [{ rule = 'PHCRul' }]",
            "ruleset.a.insert[0].rule: there is no rule \"PHCRul\"; did you mean \"PHCRule\"?",
        ),
        (
            "[ruleset.a]\ninsert = [{ rule = 'PHCRule', after = 'PHC' }]",
            "ruleset.a.insert[0].after: there is no rule \"PHC\" in the ruleset",
        ),
        (
            "[ruleset.a]\ninsert = [{ rule = 'PHCRule', before = 'PHC' }]",
            "ruleset.a.insert[0].before: there is no rule",
        ),
        (
            "[ruleset.a]\ninsert = [{ rule = 'PHCRule', behind = 'PHC' }]",
            "unknown key \"ruleset.a.insert[0].behind\"",
        ),
        (
            "[ruleset.a]\ninsert = [{ after = 'PHCRule' }]",
            "ruleset.a.insert[0]: `rule` is missing",
        ),
        (
            "[ruleset.a]\ninsert = [{ rule = 'PHCRule', after = 'A', before = 'B' }]",
            "ruleset.a.insert[0]: `before` and `after` exclude each other",
        ),
        (
            "[ruleset.a.options.PHCRule]\nx = 1",
            "ruleset.a.options.PHCRule: the rule has no options",
        ),
        (
            "[ruleset.a.options.SoftErrorsRule]\nmax-lenght = 1",
            "unknown key \"ruleset.a.options.SoftErrorsRule.max-lenght\"; did you mean \"max-length\"?",
        ),
        (
            "[ruleset.a.options.SoftErrorsRule]\nmax-length = 'x'",
            "ruleset.a.options.SoftErrorsRule.max-length: invalid type",
        ),
        (
            "[ruleset.a.options.SoftErrorsRule]\nmax-length = -1",
            "ruleset.a.options.SoftErrorsRule.max-length: expected a number from 0 to 1048576",
        ),
        (
            "[ruleset.a.options.SoftErrorsRule]\nmax-length = 1",
            "ruleset.a.options.SoftErrorsRule: there is no rule \"SoftErrorsRule\" in the ruleset",
        ),
        (
            "[ruleset.a.options.NoRule]\nx = 1",
            "ruleset.a.options.NoRule: there is no rule \"NoRule\"",
        ),
        (
            "[ruleset.a.options.BetaVersionRule]\nversions = 'some'",
            "ruleset.a.options.BetaVersionRule.versions: unknown variant",
        ),
        (
            "[ruleset.a.options.BetaVersionRule]\nversions = { table = 'no.json' }",
            "ruleset.a.options.BetaVersionRule.versions: cannot read version table no.json",
        ),
        (
            "[ruleset.a.options.BetaVersionRule]\nversions = { url = 'ftp://x' }",
            "ruleset.a.options.BetaVersionRule.versions: ",
        ),
    ] {
        let found = problem(text);
        assert!(found.starts_with(message), "{text}\n{found}\n{message}");
    }
}

#[test]
fn everything_that_is_wrong_with_the_order_is_told() {
    let found = problem(
        "[ruleset.a]\ninsert = [{ rule = 'OSPrettyVersionRule' }, { rule = 'OSInfoRule' }, { rule = 'PHCRule' }, { rule = 'PHCRule' }]",
    );
    assert!(
        found.starts_with("the order of ruleset \"a\" is wrong: "),
        "{found}"
    );
    assert!(
        found.contains("OSPrettyVersionRule reads os_name"),
        "{found}"
    );
    assert!(found.contains("PHCRule is there twice"), "{found}");
}

#[test]
fn a_file_is_bounded_and_has_to_be_there() {
    assert_eq!(
        problem(&"#".repeat(262_145)),
        "it has more than 262144 bytes"
    );
    let many: String = (0..65)
        .map(|index| format!("[ruleset.r{index}]\n"))
        .collect();
    assert_eq!(problem(&many), "it has more than 64 rulesets");
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(problem(&deep).starts_with("line 1, column "));
    let chain: String = (0..64)
        .map(|index| format!("[ruleset.r{index}]\nbase = 'r{}'\n", index + 1))
        .collect();
    assert!(problem(&chain).contains("there is no ruleset \"r64\""));
    let error = RulesetFile::read("/nonexistent/rulesets.toml").unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("cannot use ruleset file /nonexistent/rulesets.toml: "));
}

#[test]
fn every_rule_with_options_can_be_asked_for_them() {
    let registry = registry();
    let with_options: Vec<_> = registry
        .infos()
        .filter(|info| !registry.options(info.name).is_empty())
        .map(|info| info.name)
        .collect();
    assert_eq!(
        with_options,
        [
            "BetaVersionRule",
            "Greeting",
            "OutOfMemoryBinaryRule",
            "SoftErrorsRule",
            "TruncateStacksRule"
        ]
    );
    assert_eq!(registry.infos().count(), 51);
    assert!(format!("{registry:?}").contains("PHCRule"));
}
