//! Parts of a crash: threads, fields, values at a path.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;
use socorro_core::{
    ProcessedCrash,
    json::{self, Form},
    schema::{Permission, Schema},
};
use socorro_processor::nearest;
use socorro_report::Report;

use crate::{
    arguments::Permissions,
    failure::Failure,
    output::{Clean, Output},
};

/// Which threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThreadChoice {
    All,
    Index(usize),
}

impl ThreadChoice {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let index = text.parse().map(Self::Index);
        index.map_err(|_| {
            "a thread is named by its index, from 0, or all of them by `all`".to_owned()
        })
    }
}

/// Reads a JSONPath query.
pub(super) fn json_path(text: &str) -> Result<JsonPath, String> {
    JsonPath::parse(text).map_err(|error| {
        format!(
            "{error} (JSONPath as of RFC 9535 begins with $, as in $.json_dump.crash_info.type)"
        )
    })
}

/// The indexes of the threads chosen, each once; those of all in the order of the report.
pub(super) fn indexes(choices: &[ThreadChoice], report: &Report) -> Result<Vec<usize>, Failure> {
    let threads = report.walk().map_or(&[][..], |walk| &walk.threads);
    let mut indexes: Vec<usize> = Vec::new();
    for choice in choices {
        match *choice {
            ThreadChoice::All => indexes.extend(threads.iter().map(|thread| thread.index)),
            ThreadChoice::Index(index) if threads.iter().all(|thread| thread.index != index) => {
                return Err(no_thread(index, report));
            }
            ThreadChoice::Index(index) => indexes.push(index),
        }
    }
    let mut seen = std::collections::HashSet::new();
    indexes.retain(|index| seen.insert(*index));
    Ok(indexes)
}

/// What to say of a thread that is not there.
pub(super) fn no_thread(index: usize, report: &Report) -> Failure {
    let count = report.walk().map_or(0, |walk| walk.threads.len());
    Failure::nothing_found(format!("there is no thread {index}: {}", there_are(count)))
}

fn there_are(count: usize) -> String {
    match count {
        0 => "the crash has no threads".to_owned(),
        1 => "the only one is thread 0".to_owned(),
        _ => format!("the crash has threads 0 to {}", count - 1),
    }
}

/// The threads chosen, as the stackwalk has them.
pub(super) fn threads(choices: &[ThreadChoice], crash: &ProcessedCrash) -> Result<Value, Failure> {
    let threads = crash.lookup("json_dump.threads").and_then(Value::as_array);
    let threads = threads.map_or(&[][..], Vec::as_slice);
    let mut chosen = Vec::new();
    for choice in choices {
        match *choice {
            ThreadChoice::All => chosen.extend(threads.iter().cloned()),
            ThreadChoice::Index(index) => match threads.get(index) {
                Some(thread) => chosen.push(thread.clone()),
                None => {
                    let message =
                        format!("there is no thread {index}: {}", there_are(threads.len()));
                    return Err(Failure::nothing_found(message));
                }
            },
        }
    }
    Ok(Value::Array(chosen))
}

/// The values of fields: of one the value, of several an object.
pub(super) fn fields(
    names: &[String],
    crash: &ProcessedCrash,
    permissions: Permissions,
) -> Result<Value, Failure> {
    let value = |name: &String| {
        let found = crash.get(name).or_else(|| crash.lookup(name)).cloned();
        found.ok_or_else(|| no_field(name, crash, permissions))
    };
    if let [name] = names {
        return value(name);
    }
    let values = names.iter().map(|name| Ok((name.clone(), value(name)?)));
    Ok(Value::Object(
        values.collect::<Result<Map<_, _>, Failure>>()?,
    ))
}

fn no_field(name: &str, crash: &ProcessedCrash, permissions: Permissions) -> Failure {
    let shown = Clean(name);
    let top = name.split('.').next().unwrap_or_default();
    let known = Schema::processed_crash().field(top);
    if permissions == Permissions::Public
        && known.is_none_or(|field| field.permission() == Permission::Protected)
    {
        return Failure::nothing_found(format!("no public field {shown} is in the crash"))
            .hint("--permissions protected shows all fields");
    }
    let failure = Failure::nothing_found(format!("the crash has no field {shown}"));
    let names = crash.as_map().keys().map(String::as_str);
    match nearest(name, names) {
        Some(near) if known.is_none() => failure.hint(format!("did you mean {}?", Clean(near))),
        _ => failure,
    }
}

/// The values at a path.
pub(super) fn values(path: &JsonPath, crash: &ProcessedCrash) -> Result<Value, Failure> {
    let crash = Value::Object(crash.as_map().clone());
    let values: Vec<Value> = path
        .query(&crash)
        .iter()
        .map(|value| (*value).clone())
        .collect();
    if values.is_empty() {
        let message = format!("the crash has nothing at {path}");
        return Err(Failure::nothing_found(message));
    }
    Ok(Value::Array(values))
}

/// Prints values for people: texts as they are, each item of a list on a line of its own.
pub(super) fn print(value: &Value, output: &mut Output) -> Result<(), Failure> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| output.line(shown(item))),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            output.line(format_args!("{}: {}", Clean(name), shown(value)))
        }),
        scalar => output.line(shown(scalar)),
    }
}

/// A text without what would steer the terminal; everything else as JSON on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let lines: Vec<String> = text.lines().map(|line| Clean(line).to_string()).collect();
            lines.join("\n")
        }
        other => json::to_string(other, Form::Processor),
    }
}
