//! A stackwalker that answers what a case says.

use async_trait::async_trait;
use serde_json::Value;
use socorro::{
    prelude::*,
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
        outcome(answer.unwrap_or(&serde_json::json!({"output": {"status": "OK"}})))
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
