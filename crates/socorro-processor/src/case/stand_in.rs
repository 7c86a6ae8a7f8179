//! A stackwalker and a version service that answer what a case says.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use socorro_core::{Dump, DumpName, Dumps};
use socorro_stackwalk::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

use super::{invalid, object};
use crate::{
    error::Error,
    version_lookup::{LookupError, VersionLookup},
};

/// Answers by the minidump.
#[derive(Debug)]
pub(super) struct StandInStackwalker {
    answers: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    name: DumpName,
    /// A walker is not told the name. It is kept here, so its memory has no other use meanwhile.
    dump: Dump,
    outcome: Option<WalkOutcome>,
}

impl StandInStackwalker {
    pub(super) fn new(dumps: &Dumps, answers: &Map<String, Value>) -> Result<Self, Error> {
        for name in answers.keys() {
            if !dumps
                .iter()
                .any(|(known, _)| known.as_str() == name && known.is_minidump())
            {
                let reason = "there is no such minidump in `dumps`";
                return Err(invalid(&format!("stackwalk.{name}"), reason));
            }
        }
        let minidumps = dumps.iter().filter(|(name, _)| name.is_minidump());
        let answers = minidumps.map(|(name, dump)| {
            let outcome = answers.get(name.as_str()).map(|answer| {
                let answer = object(answer, &format!("stackwalk.{name}"))?;
                Ok(outcome(answer))
            });
            Ok(Answer {
                name: name.clone(),
                dump: dump.clone(),
                outcome: outcome.transpose()?,
            })
        });
        Ok(Self {
            answers: answers.collect::<Result<_, Error>>()?,
        })
    }

    /// The minidumps without an answer of their own.
    pub(super) fn unlisted(&self) -> impl Iterator<Item = &DumpName> {
        let unlisted = self
            .answers
            .iter()
            .filter(|answer| answer.outcome.is_none());
        unlisted.map(|answer| &answer.name)
    }
}

#[async_trait]
impl Stackwalker for StandInStackwalker {
    fn version(&self) -> String {
        "minidump-stackwalk 0.0.0-test".to_owned()
    }

    async fn walk(&self, request: WalkRequest<'_>) -> WalkOutcome {
        let is_it = |answer: &&Answer| match (&answer.dump, &request.dump) {
            (Dump::Bytes(known), DumpSource::Bytes(asked)) => known.as_ptr() == asked.as_ptr(),
            (Dump::File { path: known, .. }, DumpSource::Path(asked)) => known == asked,
            _ => false,
        };
        let answer = self.answers.iter().find(is_it);
        answer
            .and_then(|answer| answer.outcome.clone())
            .unwrap_or_else(|| WalkOutcome {
                exit_code: 0,
                output: WalkOutput::Json(json!({"status": "OK"})),
                log: None,
                symbolication: None,
            })
    }
}

fn outcome(answer: &Map<String, Value>) -> WalkOutcome {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let exit_code = answer.get("exit_code").and_then(Value::as_i64);
    WalkOutcome {
        exit_code: exit_code
            .and_then(|code| i32::try_from(code).ok())
            .unwrap_or(0),
        output: match (answer.get("output"), text("output_text")) {
            (Some(output), _) => WalkOutput::Json(output.clone()),
            (None, Some(text)) => WalkOutput::Text(text),
            (None, None) => WalkOutput::None,
        },
        log: text("log"),
        symbolication: None,
    }
}

/// Answers by the first of the answers whose conditions hold, and remembers the questions.
#[derive(Debug)]
pub(super) struct StandInVersions {
    answers: Vec<Value>,
    asked: Mutex<Vec<Value>>,
}

impl StandInVersions {
    pub(super) fn new(answers: Vec<Value>) -> Self {
        Self {
            answers,
            asked: Mutex::default(),
        }
    }

    /// All questions in order.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(question.clone());
        let holds = |answer: &&Value| {
            let conditions = answer["when"].as_object();
            conditions.is_none_or(|when| when.iter().all(|(name, value)| question[name] == *value))
        };
        let Some(answer) = self.answers.iter().find(holds) else {
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
        let Some(hits) = answer["body"]["hits"].as_array() else {
            return Err(bad("no hits"));
        };
        let version = hits.first().and_then(|hit| hit["version_string"].as_str());
        Ok(version.map(str::to_owned))
    }
}
