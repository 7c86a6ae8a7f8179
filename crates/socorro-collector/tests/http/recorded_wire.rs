//! Raw bytes on a fresh connection.

use std::time::Duration;

use serde_json::Value;

use crate::{
    recorded::{cases, decode},
    vectors::{Tally, World, compare_answer, compare_wish},
    wire::{Answer, Client},
};

#[tokio::test]
async fn recorded_connections() {
    let mut tally = Tally::default();
    for case in cases("wire.jsonl") {
        let world = World::new(&case).await;
        let (continued, answers) = send(&world, &case).await;
        let mut differences = Vec::new();
        match (&answers[..], case.get("want")) {
            ([answer], Some(want)) => compare_wish(want, answer, &mut differences),
            ([answer], None) => compare_answer(&case["upstream"], answer, &mut differences),
            (answers, _) => differences.push(format!("answers: {answers:?}")),
        }
        if case["upstream"]["sent_100_continue"] == true && !continued {
            differences.push("no 100 Continue".to_owned());
        }
        if let [answer] = &answers[..]
            && answer.body.contains("CrashID=")
        {
            answer.assert_readable_for_crashpad();
            if world.saved().await.len() != 1 || world.published().await != 1 {
                differences.push("not saved and published once".to_owned());
            }
        } else if !world.saved().await.is_empty() {
            differences.push("saved".to_owned());
        }
        tally.add(case["id"].as_str().unwrap(), &differences);
        world.server.stop().await;
    }
    tally.finish();
}

/// Sends what the case says; gives whether the body was asked for, and the answers.
async fn send(world: &World, case: &Value) -> (bool, Vec<Answer>) {
    let mut client = Client::connect(world.server.address).await;
    let pause = Duration::from_secs_f64(case["pause_s_between_sends"].as_f64().unwrap());
    for (number, piece) in case["send_b64"].as_array().unwrap().iter().enumerate() {
        if number > 0 {
            // The case is about bytes that come apart.
            tokio::time::sleep(pause).await;
        }
        client.send(decode(piece)).await;
    }
    if case["half_close"] == true {
        client.half_close().await;
    }
    let mut answers = if case["id"] == "wire/head_lbheartbeat" {
        vec![client.answer_to_head().await]
    } else {
        client.answers().await
    };
    let all = answers.len();
    answers.retain(|answer| answer.status != 100);
    (answers.len() < all, answers)
}
