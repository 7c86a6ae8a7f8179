use serde_json::json;

use super::*;

const NOW: &str = "2026-08-01T12:34:56.789012Z";

/// The rule and the result of rules for annotations.
fn decide(rules: &Rules, annotations: &Value, draws: &[f64]) -> (String, ThrottleResult) {
    let sample = Sample {
        annotations: annotations.as_object().unwrap().clone(),
        ..Sample::default()
    };
    let subject = sample.subject(NOW.parse().unwrap());
    let verdict = rules.throttle(&subject, &mut FixedDraws::new(draws.to_vec()));
    (verdict.rule.to_string(), verdict.result)
}

/// Whether a condition holds.
fn holds(when: &str, sample: &Sample) -> bool {
    let text = format!("[[rule]]\nname = \"it\"\nwhen = {when}\ndo = \"accept\"");
    let rules = Rules::parse(&text).unwrap();
    let subject = sample.subject(NOW.parse().unwrap());
    rules.throttle(&subject, &mut RandomDraws).result == ThrottleResult::Accept
}

fn problem(text: &str) -> String {
    Rules::parse(text).unwrap_err().to_string()
}

#[test]
fn all_presets_are_well_formed_and_nothing_is_odd_about_them() {
    for name in Rules::presets().chain(["accept_all"]) {
        assert_eq!(Rules::preset(name).unwrap().warnings(), [""; 0], "{name}");
    }
    assert!(Rules::preset("opne").is_none());
    assert_eq!(Rules::mozilla().names().count(), 16);
    let (rule, result) = decide(&Rules::default(), &json!({}), &[]);
    assert_eq!(
        (&*rule, result),
        ("accept_everything", ThrottleResult::Accept)
    );
}

#[test]
fn each_operator_says_yes_and_no() {
    let sample = Sample {
        annotations: json!({
            "a": "b", "number": "7", "real": 7, "yes": true, "nothing": null, "float": 1.50,
            "json": "{\"x\": [1, {\"y\": true}], \"t\": \"7\"}", "object": {"x": "z"},
        })
        .as_object()
        .unwrap()
        .clone(),
        dump_bytes: Some(100),
        user_agent: Some("Breakpad/1.0 (Linux)".to_owned()),
    };
    for (when, wanted) in [
        ("{ field = 'a', op = 'exists' }", true),
        ("{ field = 'nothing', op = 'exists' }", true),
        ("{ field = 'z', op = 'exists' }", false),
        ("{ field = 'z', op = 'missing' }", true),
        ("{ field = 'a', op = 'missing' }", false),
        ("{ field = 'a', op = 'eq', value = 'b' }", true),
        ("{ field = 'a', op = 'eq', value = 'B' }", false),
        ("{ field = 'a', op = 'eq_ignore_case', value = 'B' }", true),
        ("{ field = 'a', op = 'ne', value = 'c' }", true),
        ("{ field = 'a', op = 'ne', value = 'b' }", false),
        ("{ field = 'z', op = 'ne', value = 'b' }", false),
        ("{ field = 'a', op = 'in', value = ['a', 'b'] }", true),
        ("{ field = 'a', op = 'not_in', value = ['a', 'b'] }", false),
        ("{ field = 'a', op = 'not_in', value = [] }", true),
        (
            "{ field = 'a', op = 'starts_with', value = ['x', ''] }",
            true,
        ),
        ("{ field = 'a', op = 'starts_with', value = 'x' }", false),
        ("{ field = 'a', op = 'lt', value = 'c' }", true),
        ("{ field = 'a', op = 'gt', value = 'b' }", false),
        (
            "{ field = 'number', op = 'int_between', value = [7, 7] }",
            true,
        ),
        (
            "{ field = 'real', op = 'int_between', value = [8, 9] }",
            false,
        ),
        ("{ field = 'a', op = 'int_between', value = [0, 9] }", false),
        (
            "{ field = 'yes', op = 'int_between', value = [0, 9] }",
            false,
        ),
        ("{ field = 'a', op = 'matches', value = '^[b-c]$' }", true),
        ("{ field = 'a', op = 'matches', value = '^$' }", false),
        (
            "{ field = 'z', default = 'b', op = 'eq', value = 'b' }",
            true,
        ),
        (
            "{ field = 'a', default = 'x', op = 'eq', value = 'x' }",
            false,
        ),
        ("{ field = 'real', op = 'eq', value = '7' }", true),
        ("{ field = 'yes', op = 'eq', value = 'True' }", true),
        ("{ field = 'nothing', op = 'eq', value = 'None' }", true),
        ("{ field = 'float', op = 'eq', value = '1.5' }", true),
        (
            "{ field = 'json', json = '/x/1/y', op = 'int_between', value = [1, 1] }",
            true,
        ),
        (
            "{ field = 'json', json = '/t', op = 'int_between', value = [7, 7] }",
            false,
        ),
        ("{ field = 'json', json = '/x/2', op = 'missing' }", true),
        ("{ field = 'a', json = '/x', op = 'exists' }", false),
        (
            "{ field = 'object', json = '/x', op = 'eq', value = 'z' }",
            true,
        ),
        ("{ op = 'min_dump_bytes', value = 100 }", true),
        ("{ op = 'min_dump_bytes', value = 101 }", false),
        ("{ op = 'max_dump_bytes', value = 100 }", true),
        ("{ op = 'max_dump_bytes', value = 99 }", false),
        ("{ op = 'user_agent', value = '^Breakpad/' }", true),
        ("{ op = 'user_agent', value = '^Crashpad/' }", false),
        ("{ op = 'product_supported' }", true),
        ("{ op = 'product_listed', value = 'a' }", false),
        ("{ any = [] }", false),
        ("{ all = [] }", true),
        ("{ not = { any = [] } }", true),
    ] {
        assert_eq!(holds(when, &sample), wanted, "{when}");
    }
    let empty = Sample::default();
    assert!(!holds("{ op = 'max_dump_bytes', value = 99 }", &empty));
    assert!(!holds("{ op = 'user_agent', value = '' }", &empty));
}

#[test]
fn a_build_is_old_when_its_midnight_is_long_enough_ago() {
    let when = "{ field = 'BuildID', op = 'build_date_older_than_days', value = 730 }";
    let held_at = |build: &str, now: &str| {
        let annotations = json!({"BuildID": build});
        let text = format!("[[rule]]\nname = \"it\"\nwhen = {when}\ndo = \"accept\"");
        let subject = Subject {
            annotations: annotations.as_object().unwrap(),
            main_dump_size: None,
            main_dump_sha256: None,
            user_agent: None,
            now: now.parse().unwrap(),
        };
        let rules = Rules::parse(&text).unwrap();
        rules.throttle(&subject, &mut RandomDraws).result == ThrottleResult::Accept
    };
    assert!(held_at("20240801999999", NOW));
    assert!(!held_at("20240802000000", NOW));
    assert!(!held_at("20240801000000", "2026-08-01T00:00:00Z"));
    assert!(held_at("20240801000000", "2026-08-01T00:00:00.000001Z"));
    for odd in [
        "",
        "20240230000000",
        "19990101000000",
        "2020010100000",
        "2020010100000\u{663}",
    ] {
        assert!(!held_at(odd, NOW), "{odd}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let rule = |rest: &str| format!("[[rule]]\nname = \"it\"\n{rest}");
    for (text, message) in [
        ("[[rules]]", r#"the file: unknown key "rules"; did you mean "rule"?"#.to_owned()),
        ("rule = 1\nrule = 2", "line 2, column 1: duplicate key".to_owned()),
        ("[[rule]]\ndo = 'accept'", "rule[0]: `name` is missing".to_owned()),
        (
            "[[rule]]\nname = 'a b'",
            "rule[0].name: the name of a rule has 1 to 100 ASCII letters, digits and '_'; clients see it".to_owned(),
        ),
        (&*rule(""), r#"rule "it": `do` is missing: what to do with the reports that match"#.to_owned()),
        (&rule("do = 'acept'"), r#"rule "it".do: unknown outcome "acept"; did you mean "accept"?"#.to_owned()),
        (&rule("do = 'accept'\nsample = {}"), r#"rule "it": `do` and `sample` exclude each other"#.to_owned()),
        (&rule("sample = { percent = 101, below = 'accept', above = 'reject' }"), r#"rule "it".sample.percent: expected a number from 0 to 100"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { all = [{ feld = 'a' }] }"), r#"rule "it".when.all[0]: unknown key "feld"; did you mean "field"?"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { field = 'a', op = 'equal' }"), r#"rule "it".when.op: unknown operator "equal""#.to_owned()),
        (&rule("do = 'accept'\nwhen = { field = 'a', op = 'eq' }"), r#"rule "it".when: `eq` needs a `value`"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { op = 'eq', value = 'a' }"), r#"rule "it".when: `field` is missing: which annotation to look at"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { field = 'a', op = 'exists', value = 'a' }"), r#"rule "it".when.value: `exists` takes no value"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { field = 'a', op = 'product_supported' }"), r#"rule "it".when: `product_supported` takes no `field`"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { field = 'a', op = 'int_between', value = [2, 1] }"), r#"rule "it".when.value: nothing lies between 2 and 1"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { field = 'a', json = 'x', op = 'exists' }"), r#"rule "it".when.json: a JSON pointer begins with '/', as "/system/os/name" does"#.to_owned()),
        (&rule("do = 'accept'\nwhen = { any = [], op = 'exists' }"), r#"rule "it".when: `any` stands alone"#.to_owned()),
        (&rule("do = 'accept'\nstop_sending = \"a\\nb\""), r#"rule "it".stop_sending: it must be one line of text; it becomes one of the answer"#.to_owned()),
    ] {
        assert!(problem(text).starts_with(&message), "{}\n{message}", problem(text));
    }
    let twice = rule("do = 'accept'\n").repeat(2);
    assert_eq!(
        problem(&twice),
        r#"rule[1]: there is another rule of the name "it""#
    );
    let expression = |text: &str| {
        problem(&rule(&format!(
            "do = 'accept'\nwhen = {{ field = 'a', op = 'matches', value = '{text}' }}"
        )))
    };
    assert!(
        expression("(?=x)").contains("look-around"),
        "{}",
        expression("(?=x)")
    );
    assert!(
        expression("(a{500}){500}").contains("size limit"),
        "{}",
        expression("(a{500}){500}")
    );
    let mut deep = "{ any = [] }".to_owned();
    for _ in 0..20 {
        deep = format!("{{ not = {deep} }}");
    }
    assert!(problem(&rule(&format!("do = 'accept'\nwhen = {deep}"))).contains("nested deeper"));
    assert!(problem(&" ".repeat(300 << 10)).contains("more than"));
}

#[test]
fn rules_that_are_never_reached_are_told() {
    let rules = Rules::parse(
        "products = ['A']
         packages = { B = [] }
         [[rule]]
         name = 'one'
         when = { field = 'a', op = 'matches', value = 'b' }
         do = 'accept'
         [[rule]]
         name = 'two'
         when = { field = 'a', op = 'matches', value = 'b' }
         do = 'reject'
         [[rule]]
         name = 'half'
         sample = { percent = 50, below = 'defer', above = 'defer' }
         [[rule]]
         name = 'three'
         do = 'reject'",
    )
    .unwrap();
    assert_eq!(
        rules.warnings(),
        [
            r#"rule "two" is never reached: "one" decides the same reports"#,
            r#"rule "three" is never reached: "half" decides everything"#,
            r#"rule "half": `below` and `above` are the same, so the sample decides nothing"#,
            r#"packages: "B" is not among the products"#,
        ]
    );
    let warned = |text: &str| Rules::parse(text).unwrap().warnings().join("\n");
    assert!(warned("").contains("every report is rejected"));
    assert!(warned("[[rule]]\nname = 'a'\ndo = 'continue'").contains("NO_MATCH"));
}

#[test]
fn a_hash_gives_a_minidump_the_same_verdict_again() {
    let rules = Rules::parse(
        "sampling = 'hash'
         [[rule]]
         name = 'half'
         sample = { percent = 50, below = 'accept', above = 'reject' }
         stop_sending = '148.0'",
    )
    .unwrap();
    let annotations = Map::new();
    let mut accepted = 0;
    for number in 0..1000 {
        let sha256 = format!("{number:064x}");
        let subject = Subject {
            annotations: &annotations,
            main_dump_size: Some(1),
            main_dump_sha256: Some(&sha256),
            user_agent: None,
            now: NOW.parse().unwrap(),
        };
        let verdict = rules.throttle(&subject, &mut FixedDraws::new(vec![0.9]));
        assert_eq!(verdict, rules.throttle(&subject, &mut RandomDraws));
        assert_eq!(verdict.stop_sending.as_deref(), Some("148.0"));
        accepted += usize::from(verdict.result == ThrottleResult::Accept);
    }
    assert!((400..600).contains(&accepted), "{accepted}");
    // Without a minidump the given draws count.
    let (_, result) = decide(&rules, &json!({}), &[0.9]);
    assert_eq!(result, ThrottleResult::Reject);
}

#[test]
fn samples_are_told_what_may_become_of_them() {
    let lines = b"{\"ProductName\": \"Firefox\", \"ReleaseChannel\": \"release\", \"ipc_channel_error\": \"ShutDownKill\"}\n\n\
        {\"annotations\": {\"ProductName\": \"Firefox\", \"Comments\": \"\"}, \"user_agent\": \"x\", \"dump_bytes\": 7}\n\
        [1]\n";
    let rules = Rules::mozilla();
    let checked: Vec<_> = check(&rules, &lines[..], NOW.parse().unwrap()).collect();
    let lines: Vec<_> = checked.iter().map(|checked| checked.line).collect();
    assert_eq!(lines, [1, 3, 4]);
    let chances = |index: usize| -> Vec<(f64, &str, ThrottleResult)> {
        let chances = checked[index].outcome.as_ref().unwrap().iter();
        chances
            .map(|chance| {
                let rounded = (chance.probability * 1e6).round() / 1e6;
                (rounded, &*chance.verdict.rule, chance.verdict.result)
            })
            .collect()
    };
    assert_eq!(
        chances(0),
        [
            (0.9, "is_shutdownkill", ThrottleResult::Reject),
            (0.09, "is_firefox_desktop", ThrottleResult::Reject),
            (0.01, "is_firefox_desktop", ThrottleResult::Accept),
        ]
    );
    assert_eq!(chances(1), [(1.0, "has_comments", ThrottleResult::Accept)]);
    assert!(checked[2].outcome.is_err());
}

#[test]
fn debug_shows_no_values() {
    let annotations = json!({"Email": "someone@example.org"});
    let sample = Sample {
        annotations: annotations.as_object().unwrap().clone(),
        ..Sample::default()
    };
    let shown = format!("{:?} {sample:?}", sample.subject(NOW.parse().unwrap()));
    assert!(
        shown.contains("Email") && !shown.contains("someone"),
        "{shown}"
    );
}
