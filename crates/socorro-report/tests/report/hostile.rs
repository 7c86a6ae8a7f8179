//! What strangers may send.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use socorro_core::{ProcessedCrash, schema::Schema};
use socorro_report::Report;

use crate::crash;

/// Text that tries to be something else.
pub(crate) const HOSTILE: &str = "</style></details><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'`&lt;\u{202e}\u{1b}[2J\u{0}";

fn report(crash: Value) -> Report {
    match crash {
        Value::Object(members) => Report::of(&ProcessedCrash::from(members)),
        other => panic!("{other}"),
    }
}

/// Puts a text in place of every other one.
pub(crate) fn replace_texts(value: &mut Value, text: &str) {
    match value {
        Value::String(old) if old != "OK" => text.clone_into(old),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_texts(item, text)),
        Value::Object(members) => {
            let renamed = std::mem::take(members).into_iter().enumerate();
            *members = renamed
                .map(|(index, (name, mut value))| {
                    replace_texts(&mut value, text);
                    // The registers are named by the crash as well.
                    let named = name.starts_with('r') && name.len() == 3;
                    (
                        if named {
                            format!("{text}{index}")
                        } else {
                            name
                        },
                        value,
                    )
                })
                .collect();
        }
        _ => {}
    }
}

/// The crash with everything, every text of it replaced.
pub(crate) fn hostile_crash(text: &str) -> ProcessedCrash {
    let mut value = Value::Object(crash().into_map());
    let names = value["additional_minidumps"].take();
    replace_texts(&mut value, text);
    value["additional_minidumps"] = names;
    match value {
        Value::Object(members) => members.into(),
        other => panic!("{other}"),
    }
}

#[test]
fn text_stays_text() {
    let report = Report::of(&hostile_crash(HOSTILE));
    let page = report.page().to_string();
    assert_eq!(page.matches("<script").count(), 0);
    assert_eq!(page.matches("<img").count(), 0);
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("&#60;script&#62;"), "{page}");
    for shown in [page, report.text().color(false).to_string()] {
        assert!(!shown.contains(['\u{202e}', '\u{1b}', '\u{0}']));
    }
}

#[test]
fn long_texts_are_cut_and_say_so() {
    let report = Report::of(&hostile_crash(&"long ".repeat(20_000)));
    let page = report.page().to_string();
    assert!(page.contains("more characters)"));
    assert!(page.len() < 400_000, "{}", page.len());
    assert!(report.text().to_string().len() < 200_000);
}

#[test]
fn there_may_be_too_much_of_everything() {
    let frames: Vec<Value> = (0..10_000)
        .map(|number| json!({"frame": number, "function": format!("f{number}"), "trust": "cfi", "module": "m"}))
        .collect();
    let few = &frames[..210];
    let threads: Vec<Value> = (0..2_100).map(|_| json!({"frames": few})).collect();
    let modules: Vec<Value> = (0..10_000)
        .map(|n| json!({"filename": format!("m{n}")}))
        .collect();
    let fields = (0..10_000).map(|number| (format!("field{number}"), json!("x")));
    let mut crash = Map::from_iter(fields);
    let walk = json!({
        "crash_info": {"crashing_thread": 0}, "crashing_thread": {"frames": frames}, "threads": threads,
        "modules": modules,
    });
    crash.insert("json_dump".to_owned(), walk);
    let report = report(Value::Object(crash));
    let thread = report.walk().unwrap().crashing_thread().unwrap();
    assert_eq!((thread.frame_count, thread.rows.len()), (10_000, 501));
    let text = report.text().to_string();
    assert!(text.contains("9,500 frames are left out"), "{text}");
    assert!(text.contains("... 100 more"), "{text}");
    let page = report.page().to_string();
    assert!(page.contains("9,500 frames are left out"));
    assert!(page.len() < 8_000_000, "{}", page.len());
}

#[test]
fn a_crash_without_stacks_says_why() {
    let shown = |crash: Value| report(crash).text().to_string();
    let nothing = shown(json!({"signature": "EMPTY: crash failed to process"}));
    assert!(
        nothing.contains("no minidump came with the report"),
        "{nothing}"
    );
    let empty = shown(json!({"mdsw_status_string": "EmptyMinidump"}));
    assert!(empty.contains("The minidump is empty"), "{empty}");
    let bad = shown(json!({"mdsw_status_string": "MissingThreadList", "json_dump": {}}));
    assert!(
        bad.contains("could not be walked: MissingThreadList"),
        "{bad}"
    );
    let java = shown(
        json!({"java_stack_trace": "java.lang.Exception\n\tat org.example.Main.run(Main.java:1)"}),
    );
    assert!(
        java.contains("Java stack\n  java.lang.Exception\n      at org.example.Main.run"),
        "{java}"
    );
    assert!(!java.contains("minidump"), "{java}");
}

#[test]
fn a_java_exception_is_told_from_its_data() {
    let frame = json!({"module": "org.example.Main", "function": "run", "filename": "Main.java", "lineno": 7});
    let stack = json!({"module": "java.lang", "type": "Exception", "value": "secret", "frames": {"frames": []}});
    let mut stack = stack;
    stack["frames"] = json!([frame]);
    let crash = json!({"java_exception": {"exception": {"values": [{"stacktrace": stack}]}}});
    let Value::Object(members) = crash else {
        panic!()
    };
    let crash = ProcessedCrash::from(members);
    let text = Report::of(&crash).text().to_string();
    assert!(
        text.contains("java.lang.Exception: secret\n      at org.example.Main.run(Main.java:7)"),
        "{text}"
    );
    assert!(!Report::public(&crash).text().to_string().contains("secret"));
}

/// Any JSON, with names that reports look for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    let names = prop_oneof![
        Just("frames"),
        Just("threads"),
        Just("modules"),
        Just("crash_info"),
        Just("crashing_thread"),
        Just("frame"),
        Just("function"),
        Just("file"),
        Just("line"),
        Just("inlines"),
        Just("registers"),
        Just("unloaded_modules"),
        Just("truncated"),
        Just("msg"),
        Just("causes"),
        Just("unnamed"),
        Just("memory_accesses"),
        Just("possible_bit_flips"),
        Just("exception"),
        Just("values"),
        Just("stacktrace"),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                let members = members.into_iter();
                Value::Object(
                    members
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_stored_is_survived(values in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..12), walk in any_json()) {
        let fields = Schema::processed_crash().fields();
        let mut crash: Map<String, Value> = values
            .into_iter()
            .map(|(index, value)| (index.get(fields).name().to_owned(), value))
            .collect();
        crash.insert("json_dump".to_owned(), walk);
        let crash = ProcessedCrash::from(crash);
        for report in [Report::of(&crash), Report::public(&crash)] {
            let _ = report.page().to_string();
            let text = report.text().width(Some(60)).to_string();
            prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
}
