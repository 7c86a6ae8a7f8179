//! Whether a rule says everything that it reads.
//!
//! A rule that is given nothing but what it declares has to do the same.

use serde_json::{Map, Value};
use socorro::{
    prelude::*,
    processor::{Item, RuleInfo},
};

/// A crash with nothing but what a rule declares to read or write.
pub(super) fn reduced(crash: &Crash, info: &RuleInfo) -> Crash {
    let items: Vec<&Item> = info.reads.iter().chain(info.writes).collect();
    let mut reduced = crash.clone();
    let raw = reduced.raw.as_map_mut();
    raw.retain(|name, _| items.iter().any(|item| item.covers_annotation(name)));
    let mut processed = Map::new();
    for (name, value) in crash.processed.as_map() {
        let paths: Vec<&str> = items
            .iter()
            .filter(|item| item.covers_field(name))
            .map(|item| path_below(item))
            .collect();
        if !paths.is_empty() {
            processed.insert(name.clone(), pruned(value, &paths));
        }
    }
    reduced.processed = ProcessedCrash::from(processed);
    if !items.contains(&&Item::Dumps) {
        reduced.dumps = Dumps::new();
    }
    reduced
}

/// The path of a place inside its top-level field; empty for the whole field.
fn path_below(item: &Item) -> &'static str {
    match item {
        Item::Field(path) => path.split_once('.').map_or("", |(_, rest)| rest),
        _ => "",
    }
}

/// Only what lies on one of the paths; objects on the way there stay.
fn pruned(value: &Value, paths: &[&str]) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    if paths.contains(&"") {
        return value.clone();
    }
    let mut kept = Map::new();
    for (name, member) in members {
        let below: Vec<&str> = paths
            .iter()
            .filter_map(|path| {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                (first == name).then_some(rest)
            })
            .collect();
        if !below.is_empty() {
            kept.insert(name.clone(), pruned(member, &below));
        }
    }
    Value::Object(kept)
}

/// Where the notes or the fields that the rule writes differ.
pub(super) fn difference(info: &RuleInfo, whole: &Crash, reduced: &Crash) -> Option<String> {
    if whole.notes() != reduced.notes() {
        return Some("other notes".to_owned());
    }
    let names = whole.processed.as_map().keys();
    let mut names = names.chain(reduced.processed.as_map().keys());
    let other = names.find(|name| {
        // A rule that changes a place inside a field may leave the rest of it alone.
        info.writes.iter().any(|item| item.covers_field(name))
            && whole.processed.get(name) != reduced.processed.get(name)
    });
    other.map(|name| format!("another {name}"))
}
