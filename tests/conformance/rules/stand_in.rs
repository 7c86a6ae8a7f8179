//! A stackwalker and a version service that answer what a case says.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use socorro::{
    prelude::*,
    processor::version_lookup::{LookupError, VersionLookup},
    stackwalk::{DumpSource, WalkOutcome, WalkOutput, WalkRequest},
};

/// Answers by the name of the dump, which [`mark`] put in front of its content.
#[derive(Debug)]
pub(crate) struct StandInStackwalker {
    answers: Value,
}

impl StandInStackwalker {
    pub(crate) fn new(answers: Value) -> Self {
        Self { answers }
    }
}

/// The content of a dump with its name in front; an empty one stays empty.
pub(crate) fn mark(name: &str, content: Vec<u8>) -> Dump {
    if content.is_empty() {
        Dump::from(content)
    } else {
        Dump::from([name.as_bytes(), b"\0", &content].concat())
    }
}

#[async_trait]
impl Stackwalker for StandInStackwalker {
    fn version(&self) -> String {
        "minidump-stackwalk 0.0.0-test".to_owned()
    }

    async fn walk(&self, request: WalkRequest<'_>) -> WalkOutcome {
        let DumpSource::Bytes(bytes) = request.dump else {
            return outcome(&Value::Null);
        };
        let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let answer = self.answers.get(String::from_utf8_lossy(name).as_ref());
        outcome(answer.unwrap_or(&json!({"output": {"status": "OK"}})))
    }
}

fn outcome(answer: &Value) -> WalkOutcome {
    let output = match (
        answer.get("output"),
        answer.get("output_text").and_then(Value::as_str),
    ) {
        (Some(output), _) => WalkOutput::Json(output.clone()),
        (None, Some(text)) => WalkOutput::Text(text.to_owned()),
        (None, None) => WalkOutput::None,
    };
    WalkOutcome {
        exit_code: answer["exit_code"]
            .as_i64()
            .and_then(|code| i32::try_from(code).ok())
            .unwrap_or(0),
        output,
        log: answer["log"].as_str().map(str::to_owned),
    }
}

/// Answers by the first of the case's answers whose conditions hold, and remembers the questions.
#[derive(Debug)]
pub(crate) struct StandInVersions {
    answers: Vec<Value>,
    asked: Mutex<Vec<Value>>,
}

impl StandInVersions {
    pub(crate) fn new(answers: &Value) -> Self {
        Self {
            answers: answers.as_array().cloned().unwrap_or_default(),
            asked: Mutex::default(),
        }
    }

    fn questions(&self) -> MutexGuard<'_, Vec<Value>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All questions in order.
    pub(crate) fn asked(&self) -> Value {
        self.questions().clone().into()
    }
}

#[async_trait]
impl VersionLookup for StandInVersions {
    async fn version(
        &self,
        product: &str,
        channel: &str,
        build_id: &str,
    ) -> Result<Option<String>, LookupError> {
        let question = json!({"product": product, "channel": channel, "build_id": build_id});
        let holds = |answer: &&Value| {
            let conditions = answer["when"].as_object();
            conditions.is_none_or(|when| when.iter().all(|(name, value)| question[name] == *value))
        };
        let answer = self.answers.iter().find(holds).cloned();
        self.questions().push(question.clone());
        let Some(answer) = answer else {
            return Ok(None);
        };
        let bad = |reason: &str| LookupError::BadAnswer {
            service: "stand-in".to_owned(),
            reason: reason.to_owned(),
        };
        if answer["error"] == true {
            return Err(bad("no connection"));
        }
        if answer["status"].as_u64().unwrap_or(200) != 200 {
            return Ok(None);
        }
        let hits = answer["body"]["hits"]
            .as_array()
            .ok_or_else(|| bad("no hits"))?;
        let version = hits.first().and_then(|hit| hit["version_string"].as_str());
        Ok(version.map(str::to_owned))
    }
}
