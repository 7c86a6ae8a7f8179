//! No JSON whatsoever, as raw crash or as stackwalk, makes the pipeline panic.

use proptest::{collection, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use socorro_core::schema::{Field, Permission, Schema};
use socorro_processor::testing::{Input, holds_for, holds_for_bytes, process};

/// Names at every level of a field, so that made-up documents have what rules look for.
fn names(field: &Field) -> Vec<String> {
    let below = field.members().iter().chain(field.item());
    below
        .flat_map(|field| std::iter::once(field.name().to_owned()).chain(names(field)))
        .filter(|name| name != "[]")
        .collect()
}

fn known_names() -> Vec<String> {
    let fields = [
        "json_dump",
        "memory_report",
        "telemetry_environment",
        "breadcrumbs",
        "java_exception",
    ];
    fields
        .iter()
        .filter_map(|name| Schema::processed_crash().field(name))
        .flat_map(names)
        .chain(
            [
                "pid",
                "adjusted_address",
                "kind",
                "confidence",
                "values",
                "path",
                "amount",
                "units",
            ]
            .map(str::to_owned),
        )
        .collect()
}

fn leaf() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "",
        "0",
        "-1",
        "18446744073709551616",
        "1e999",
        "0x10",
        "[]",
        "{",
        "null",
        "Linux",
        "Windows NT",
        "10.0.22000",
        "Mac OS X",
        "Android",
        "explicit/images/",
        "Main (pid 7)",
        "null-pointer",
        "\u{0}",
        "é😀",
        "shutdownhang",
        "http://localhost/",
        "https://symbols.mozilla.org/a?b#c",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u64..8).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ]
}

/// Documents whose members are mostly ones that a stackwalk or an annotation has.
fn document() -> impl Strategy<Value = Value> {
    let names = known_names();
    leaf().prop_recursive(6, 96, 8, move |inner| {
        let name = prop_oneof![9 => select(names.clone()), 1 => ".{0,8}"];
        prop_oneof![
            collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            collection::vec((name, inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A stackwalk with its best known parts of any form.
fn stackwalk() -> impl Strategy<Value = Value> {
    let part = |name: &'static str| document().prop_map(move |value| (name.to_owned(), value));
    let frames = collection::vec(document(), 0..4);
    let threads = collection::vec(frames.prop_map(|frames| json!({"frames": frames})), 0..3);
    let parts = (
        part("crash_info"),
        part("system_info"),
        part("modules"),
        part("mac_crash_info"),
        threads,
        document(),
    );
    let object = parts.prop_map(|(info, system, modules, mac, threads, other)| {
        let mut members: Map<String, Value> = [info, system, modules, mac].into_iter().collect();
        members.insert("threads".to_owned(), threads.into());
        members.insert("status".to_owned(), "OK".into());
        if let Value::Object(other) = other {
            members.extend(other);
        }
        Value::Object(members)
    });
    prop_oneof![4 => object, 1 => document()]
}

/// Annotations of any type: some JSON, some JSON as text.
fn raw_crash() -> impl Strategy<Value = Map<String, Value>> {
    let known: Vec<String> = Schema::raw_crash()
        .fields()
        .iter()
        .map(|field| field.name().to_owned())
        .collect();
    let name = prop_oneof![19 => select(known), 1 => ".{0,8}"];
    let products = prop_oneof![Just(json!("Firefox")), Just(json!("Fenix")), document()];
    let channels = prop_oneof![Just(json!("beta")), Just(json!("esr")), document()];
    let value = prop_oneof![
        leaf(),
        document(),
        document().prop_map(|document| Value::from(document.to_string())),
    ];
    (collection::vec((name, value), 0..24), products, channels).prop_map(
        |(members, product, channel)| {
            let mut raw: Map<String, Value> = members.into_iter().collect();
            raw.insert("ProductName".to_owned(), product);
            raw.insert("ReleaseChannel".to_owned(), channel);
            raw
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_fails(raw in raw_crash(), stackwalk in stackwalk(), report in document()) {
        holds_for(&Input::of_json(raw, stackwalk, &report));
    }

    #[test]
    fn no_text_makes_a_rule_fail(text in prop_oneof![".{0,200}", "[\\[{\"a:0-9,.\\]}]{0,60}"]) {
        holds_for_bytes(text.as_bytes());
    }

    #[test]
    fn no_document_makes_a_rule_fail(document in document()) {
        holds_for_bytes(document.to_string().as_bytes());
    }
}

/// Everything that a value of an annotation can be, each with a word that must not get into notes.
fn secrets() -> Vec<Value> {
    let secret = "S3CRET";
    vec![
        json!(secret),
        json!(format!("{secret}\u{0}")),
        json!({ secret: secret }),
        json!([secret]),
        json!(format!("{{\"{secret}\": ")),
        json!(format!("[\"{secret}\", {{\"message\": [\"{secret}\"]}}]")),
        json!(format!("{{\"{secret}\": \"{secret}\"}}")),
    ]
}

#[test]
fn no_protected_value_gets_into_the_notes() {
    let protected = Schema::raw_crash()
        .fields()
        .iter()
        .filter(|field| field.permission() == Permission::Protected);
    for field in protected {
        for secret in secrets() {
            let mut raw = Map::new();
            raw.insert(field.name().to_owned(), secret.clone());
            // Some rules look at these only when there are those.
            for (name, value) in [
                ("PHCKind", "k"),
                ("ProductName", "Firefox"),
                ("ReleaseChannel", "beta"),
            ] {
                raw.entry(name).or_insert_with(|| value.into());
            }
            let crash = process(&Input::of_json(raw, json!({"status": "OK"}), &json!({})));
            let notes = crash.notes().join("\n");
            assert!(
                !notes.contains("S3CRET"),
                "{} {secret}: {notes}",
                field.name()
            );
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_the_rest_goes_on() {
    let deep = "[".repeat(100_000);
    let annotations = ["Breadcrumbs", "JavaException", "TelemetryEnvironment"];
    let raw = annotations
        .map(|name| (name.to_owned(), json!(deep)))
        .into_iter()
        .collect();
    let crash = process(&Input::of_json(raw, json!({"status": "OK"}), &json!({})));
    let notes = crash.notes().join("\n");
    for annotation in annotations {
        assert!(notes.contains(annotation), "{notes}");
    }
    assert_eq!(crash.processed.text("distribution_id"), Some("unknown"));
    assert!(!crash.processed.contains("processor_failed_rules"));
}
