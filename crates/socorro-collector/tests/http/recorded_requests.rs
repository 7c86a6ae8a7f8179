//! Requests, and what becomes of them on the way from the socket to storage and queue.

use serde_json::{Map, Value};
use socorro_core::CrashId;

use crate::{
    recorded::{body, cases, same},
    vectors::{Tally, World, compare_answer, compare_wish, id_of},
    wire::{Answer, Client},
};

/// Keys of `metadata` that Mozilla's collector does not write.
const OURS: [&str; 4] = [
    "spooled",
    "dump_sizes",
    "dump_filenames",
    "collector_version",
];

#[tokio::test]
async fn recorded_requests() {
    let mut tally = Tally::default();
    for case in cases("requests.jsonl") {
        let world = World::new(&case).await;
        let answer = send(&world, &case["request"]).await;
        let mut differences = Vec::new();
        match case.get("want") {
            Some(want) => {
                compare_wish(want, &answer, &mut differences);
                compare_wanted_content(&world, want, &answer, &mut differences).await;
            }
            None => {
                let upstream = &case["upstream"];
                compare_answer(upstream, &answer, &mut differences);
                compare_content(&world, upstream, &answer, &mut differences).await;
            }
        }
        tally.add(case["id"].as_str().unwrap(), &differences);
        world.server.stop().await;
    }
    tally.finish();
}

async fn send(world: &World, request: &Value) -> Answer {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let method = text(&request["method"]);
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: a\r\n",
        text(&request["path"])
    );
    for header in request["headers"].as_array().unwrap() {
        head.push_str(&format!("{}: {}\r\n", text(&header[0]), text(&header[1])));
    }
    head.push_str("\r\n");
    let mut client = Client::connect(world.server.address).await;
    // Values of headers are bytes, of which the cases have Latin-1.
    let head: Vec<u8> = head
        .chars()
        .map(|char| u8::try_from(char).unwrap())
        .collect();
    client.send(head).await;
    client.send(body(request)).await;
    // Some declare more than they send.
    client.half_close().await;
    if method == "HEAD" {
        return client.answer_to_head().await;
    }
    client.answer().await.unwrap()
}

async fn compare_content(
    world: &World,
    upstream: &Value,
    answer: &Answer,
    differences: &mut Vec<String>,
) {
    let saved = world.saved().await;
    if upstream["saved"] != saved.len() && !is_listed_by_day(answer, &saved) {
        differences.push(format!("saved {} times", saved.len()));
    }
    let published = world.published().await;
    if upstream["published"] != published {
        differences.push(format!("published {published} times"));
    }
    if let Some(allow) = upstream["allow"].as_str()
        && answer.header("Allow") != Some(allow)
    {
        differences.push(format!("Allow is not {allow}"));
    }
    let Some(id) = id_of(answer) else {
        return;
    };
    let (digit, date) = (&upstream["crash_id_digit"], &upstream["crash_id_date"]);
    let found = format!("{}{}", id.throttle_digit(), &id.as_str()[30..]);
    if found != format!("{digit}{}", date.as_str().unwrap()) {
        differences.push(format!("the id ends in {found}"));
    }
    let expected = &upstream["raw_crash"];
    match world.raw_crash(&id).await {
        None if expected.is_null() => {}
        None => differences.push("no raw crash".to_owned()),
        Some(found) => {
            compare_raw_crash(expected, found, &id, differences);
            let names = world.dump_names(&id).await;
            if upstream["dump_names"] != Value::from(names.clone()) {
                differences.push(format!("files {names:?}"));
            }
        }
    }
}

/// Whether the crash has the date of another day, which it brought along.
fn is_listed_by_day(answer: &Answer, saved: &[CrashId]) -> bool {
    saved.is_empty() && id_of(answer).is_some_and(|id| !id.as_str().ends_with("260801"))
}

fn compare_raw_crash(
    expected: &Value,
    mut found: Value,
    id: &CrashId,
    differences: &mut Vec<String>,
) {
    let metadata = found["metadata"].as_object_mut().unwrap();
    for key in OURS {
        metadata.remove(key);
    }
    if let Some(notes) = metadata["collector_notes"].as_array_mut() {
        // About a replacement that upstream does not need.
        notes.retain(|note| !note.as_str().unwrap().contains("lone surrogates"));
    }
    let none = Map::new();
    let expected = expected.as_object().unwrap_or(&none);
    let found = found.as_object().unwrap();
    let names = expected.keys().chain(found.keys());
    for name in names {
        let (expected, found) = (expected.get(name), found.get(name));
        let same = match (expected, found) {
            (Some(expected), Some(found)) => {
                expected == "<CRASH_ID>" && found == id.as_str() || same(expected, found)
            }
            _ => false,
        };
        let already = differences
            .iter()
            .any(|difference| difference.starts_with(name));
        if !same && !already {
            differences.push(format!(
                "{name}: expected {expected:.200?}, found {found:.200?}"
            ));
        }
    }
}

async fn compare_wanted_content(
    world: &World,
    want: &Value,
    answer: &Answer,
    differences: &mut Vec<String>,
) {
    let Some(id) = id_of(answer) else {
        if !world.saved().await.is_empty() {
            differences.push("saved".to_owned());
        }
        return;
    };
    let Some(raw_crash) = world.raw_crash(&id).await else {
        differences.push("not saved".to_owned());
        return;
    };
    if let Some(expected) = want["dump_names"].as_array() {
        let found = world.dump_names(&id).await;
        if *expected != found {
            differences.push(format!("files {found:?}"));
        }
    }
    if let Some(payload) = want["payload"].as_str()
        && raw_crash["metadata"]["payload"] != payload
    {
        differences.push(format!("payload is not {payload}"));
    }
    for (name, value) in want["annotation"].as_object().into_iter().flatten() {
        if raw_crash[name] != *value {
            differences.push(format!("{name} is {:.200}", raw_crash[name]));
        }
    }
}
