//! The stackwalk.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use socorro_core::{Dump, DumpName};
use socorro_stackwalk::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

use crate::{
    crash::Crash,
    metrics,
    rule::{AsyncRule, Item, RuleError, RuleInfo},
};

/// How many line breaks a log may have before only its end is kept.
const LOG_LINES: usize = 10;
/// What a stackwalk writes; cleared before a new one.
const FIELDS: [&str; 6] = [
    "json_dump",
    "mdsw_return_code",
    "mdsw_status_string",
    "stackwalk_version",
    "mdsw_stderr",
    "symbolication",
];

/// The status of a minidump that is not walked because its crash is in safe mode, and the walk would be in this process.
pub(crate) const NOT_WALKED: &str = "SkippedAfterWorkerDeaths";

/// Walks the stacks of all minidumps of the report: threads, frames, modules, and why it crashed.
///
/// The result for `upload_file_minidump` goes to the top level of the processed crash; those of
/// further minidumps go below their names, which `additional_minidumps` lists. A minidump that
/// cannot be walked is a result too: the status says why. So is one that is not walked because the
/// crash is in safe mode and the walker not [isolated](Stackwalker::is_isolated). Source: Socorro
/// `MinidumpStackwalkRule`.
///
/// Unlike upstream's, a walk that ran out of time or was killed leaves what it found until then, and
/// every walk tells in `symbolication` why frames have no name.
#[derive(Debug, Clone)]
pub struct MinidumpStackwalk {
    stackwalker: Arc<dyn Stackwalker>,
}

impl MinidumpStackwalk {
    /// The rule with the given walker.
    #[must_use]
    pub fn new(stackwalker: Arc<dyn Stackwalker>) -> Self {
        Self { stackwalker }
    }

    async fn walk(
        &self,
        crash: &mut Crash,
        name: &DumpName,
        dump: &Dump,
    ) -> Result<Map<String, Value>, RuleError> {
        if dump.size() == 0 {
            crash.note(format!(
                "MinidumpStackwalkRule: {name} is empty--skipping minidump processing"
            ));
            return Ok(members(json!({
                "mdsw_status_string": "EmptyMinidump",
                "mdsw_stderr": "Shortcut for 0-bytes minidump.",
            })));
        }
        if crash.is_in_safe_mode() && !self.stackwalker.is_isolated() {
            crash.note(format!(
                "MinidumpStackwalkRule: {name} is not walked: the crash took its processor down before"
            ));
            return Ok(members(json!({
                "mdsw_status_string": NOT_WALKED,
                "mdsw_stderr": "Not walked: the crash took its processor down before.",
            })));
        }
        let source = match dump {
            Dump::Bytes(bytes) => DumpSource::Bytes(bytes.clone()),
            Dump::File { path, .. } => DumpSource::Path(path),
        };
        let request = WalkRequest {
            dump: source,
            annotations: crash.raw.as_map(),
        };
        let outcome = self.stackwalker.walk(request).await;
        if let WalkOutput::NotWalked(reason) = outcome.output {
            return Err(RuleError::temporary("NoWalker", reason));
        }
        Ok(describe(crash, name, outcome, &self.stackwalker.version()))
    }
}

#[async_trait]
impl AsyncRule for MinidumpStackwalk {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MinidumpStackwalkRule",
            purpose: "walk the stacks of all minidumps",
            reads: &[
                Item::Dumps,
                Item::Annotations,
                // What the stackwalkers of socorro look at.
                Item::Annotation("ModuleSignatureInfo"),
                Item::Annotation("CPUMicrocodeVersion"),
            ],
            writes: &[
                Item::Field("additional_minidumps"),
                Item::Field("json_dump"),
                Item::Field("mdsw_return_code"),
                Item::Field("mdsw_status_string"),
                Item::Field("success"),
                Item::Field("stackwalk_version"),
                Item::Field("mdsw_stderr"),
                Item::Field("symbolication"),
                Item::FurtherMinidumps,
            ],
        }
    }

    /// It does not walk in this process then, and says so.
    fn runs_in_safe_mode(&self) -> bool {
        true
    }

    async fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if !matches!(
            crash.processed.get("additional_minidumps"),
            Some(Value::Array(_))
        ) {
            crash.processed.set("additional_minidumps", json!([]));
        }
        let dumps = crash.dumps.clone();
        for (name, dump) in dumps.iter().filter(|(name, _)| name.is_minidump()) {
            let result = self.walk(crash, name, dump).await?;
            if name.is_main() {
                for field in FIELDS {
                    crash.processed.remove(field);
                }
                crash.processed.as_map_mut().extend(result);
            } else {
                store_further(crash, name, result);
            }
        }
        Ok(())
    }
}

/// Puts the result of a further minidump below its name.
fn store_further(crash: &mut Crash, name: &DumpName, result: Map<String, Value>) {
    if let Some(Value::Array(names)) = crash.processed.as_map_mut().get_mut("additional_minidumps")
        && !names.iter().any(|known| known == name.as_str())
    {
        names.push(name.as_str().into());
    }
    let fields = crash
        .processed
        .as_map_mut()
        .entry(name.as_str())
        .or_insert_with(|| json!({}));
    match fields {
        Value::Object(fields) => fields.extend(result),
        other => *other = Value::Object(result),
    }
}

/// The fields for one walk, and its notes.
fn describe(
    crash: &mut Crash,
    name: &DumpName,
    outcome: WalkOutcome,
    version: &str,
) -> Map<String, Value> {
    let code = outcome.exit_code;
    // Of a walk that failed there is no output, or none to be trusted; one that was ended and yet has
    // a document left it on purpose.
    let is_partial = code < 0 && matches!(outcome.output, WalkOutput::Json(_));
    let output = if code == WalkOutcome::GOOD || is_partial {
        parsed(crash, outcome.output)
    } else {
        Map::new()
    };
    let mut status = output
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or("unknown error")
        .to_owned();
    let success = code == WalkOutcome::GOOD && status == "OK";
    if !success {
        // A document that does not call itself good says what happened.
        let is_unsaid = matches!(status.as_str(), "OK" | "unknown error");
        crash.note(match code {
            -6 if is_unsaid => {
                "MinidumpStackwalkRule: minidump-stackwalk: timeout (SIGABRT)".to_owned()
            }
            -9 if is_unsaid => {
                "MinidumpStackwalkRule: minidump-stackwalk: timeout (SIGKILL)".to_owned()
            }
            _ => format!("MinidumpStackwalkRule: minidump-stackwalk: failed: {code}: {status}"),
        });
    }
    metrics::MINIDUMP_STACKWALK.count(&[
        ("outcome", if success { "success" } else { "fail" }.into()),
        ("exitcode", code.to_string().into()),
    ]);
    let log = shortened(&outcome.log.unwrap_or_default());
    if matches!(status.as_str(), "OK" | "unknown error")
        && let Some(word) = error_word(&log)
    {
        word.clone_into(&mut status);
        crash.note(format!(
            "MinidumpStackwalkRule: processing {name} had error; stomped on mdsw_status_string"
        ));
    }
    // Not by the `json!` macro, which would copy the whole stackwalk.
    let mut fields = Map::new();
    for (name, value) in [
        ("json_dump", Value::Object(output)),
        ("mdsw_return_code", code.into()),
        ("mdsw_status_string", status.into()),
        ("success", success.into()),
        ("stackwalk_version", version.into()),
        ("mdsw_stderr", log.into()),
    ] {
        fields.insert(name.to_owned(), value);
    }
    if let Some(symbolication) = outcome.symbolication {
        fields.insert("symbolication".to_owned(), symbolication.into());
    }
    fields
}

/// The object that a walker printed; anything else leaves a note and is taken as empty.
fn parsed(crash: &mut Crash, output: WalkOutput) -> Map<String, Value> {
    let value = match output {
        WalkOutput::Json(value) => value,
        WalkOutput::None | WalkOutput::NotWalked(_) => return Map::new(),
        WalkOutput::Text(text) => match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                // Where it ends to be JSON, and not what is there: notes are public.
                let (line, column) = (error.line(), error.column());
                crash.note(format!(
                    "MinidumpStackwalkRule: non-json output: error at line {line}, column {column}"
                ));
                return Map::new();
            }
        },
    };
    match value {
        Value::Object(output) => output,
        other => {
            // Its type only: the value may hold anything, and notes are public.
            let found = socorro_core::json::type_name(&other);
            crash.note(format!(
                "MinidumpStackwalkRule: minidump-stackwalk produced unexpected output: {found}"
            ));
            Map::new()
        }
    }
}

/// The log, or its last lines if it is long.
fn shortened(log: &str) -> String {
    if log.matches('\n').count() <= LOG_LINES {
        return log.to_owned();
    }
    let lines: Vec<&str> = log.strip_suffix('\n').unwrap_or(log).split('\n').collect();
    format!(
        "...\n{}",
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    )
}

/// The word after `ERROR` at the beginning of a log: the name of the error.
fn error_word(log: &str) -> Option<&str> {
    let log = crate::values::strip(log);
    log.strip_prefix("ERROR")?;
    log.split(' ').nth(1).filter(|word| !word.is_empty())
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::crash;
    use socorro_core::Dumps;

    /// Answers every walk with the same outcome.
    #[derive(Debug)]
    struct Answers(WalkOutcome);

    #[async_trait]
    impl Stackwalker for Answers {
        fn version(&self) -> String {
            "test 1".to_owned()
        }
        async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
            self.0.clone()
        }
    }

    async fn walked(dumps: &[(&str, usize)], outcome: WalkOutcome) -> Crash {
        let dumps: Dumps = dumps
            .iter()
            .map(|(name, size)| {
                (
                    DumpName::parse(name).unwrap(),
                    Dump::from(vec![b'M'; *size]),
                )
            })
            .collect();
        let mut crash = crash(json!({}), json!({"json_dump": {"stale": 1}}), dumps);
        MinidumpStackwalk::new(Arc::new(Answers(outcome)))
            .apply(&mut crash)
            .await
            .unwrap();
        crash
    }

    fn good() -> WalkOutcome {
        WalkOutcome {
            exit_code: 0,
            output: WalkOutput::Json(json!({"status": "OK"})),
            log: None,
            symbolication: None,
        }
    }

    #[tokio::test]
    async fn the_main_minidump_goes_to_the_top_and_others_below_their_names() {
        let crash = walked(
            &[("upload_file_minidump", 4), ("upload_file_minidump_gpu", 4)],
            good(),
        )
        .await;
        assert_eq!(
            crash.processed.get("json_dump"),
            Some(&json!({"status": "OK"}))
        );
        assert_eq!(crash.processed.get("success"), Some(&json!(true)));
        assert_eq!(
            crash.processed.get("additional_minidumps"),
            Some(&json!(["upload_file_minidump_gpu"]))
        );
        assert_eq!(
            crash
                .processed
                .lookup("upload_file_minidump_gpu.mdsw_status_string"),
            Some(&json!("OK"))
        );
    }

    #[tokio::test]
    async fn an_empty_minidump_is_not_walked_and_no_earlier_result_remains() {
        let crash = walked(&[("upload_file_minidump", 0)], good()).await;
        assert_eq!(
            crash.processed.text("mdsw_status_string"),
            Some("EmptyMinidump")
        );
        assert!(!crash.processed.contains("json_dump"));
    }

    #[tokio::test]
    async fn the_error_in_the_log_becomes_the_status() {
        let outcome = WalkOutcome {
            exit_code: 1,
            output: WalkOutput::None,
            log: Some("ERROR MissingThreadList - Error processing dump: …".to_owned()),
            symbolication: None,
        };
        let crash = walked(&[("upload_file_minidump", 4)], outcome).await;
        assert_eq!(
            crash.processed.text("mdsw_status_string"),
            Some("MissingThreadList")
        );
        assert_eq!(crash.processed.get("success"), Some(&json!(false)));
        assert_eq!(
            crash.notes(),
            [
                "MinidumpStackwalkRule: minidump-stackwalk: failed: 1: unknown error",
                "MinidumpStackwalkRule: processing upload_file_minidump had error; stomped on mdsw_status_string",
            ]
        );
    }

    #[tokio::test]
    async fn a_walk_that_ran_out_of_time_leaves_what_it_found() {
        let outcome = WalkOutcome {
            exit_code: -9,
            output: WalkOutput::Json(json!({"status": "OK", "thread_count": 7})),
            log: Some("ERROR DeadlinePassed - the walk took longer than …".to_owned()),
            symbolication: Some(members(json!({"frames": 3}))),
        };
        let crash = walked(&[("upload_file_minidump", 4)], outcome).await;
        let field = |name: &str| crash.processed.get(name).cloned().unwrap_or_default();
        assert_eq!(field("json_dump")["thread_count"], 7);
        assert_eq!(field("mdsw_return_code"), -9);
        assert_eq!(field("mdsw_status_string"), "DeadlinePassed");
        assert_eq!(field("success"), false);
        assert_eq!(field("symbolication"), json!({"frames": 3}));
        assert_eq!(
            crash.notes(),
            [
                "MinidumpStackwalkRule: minidump-stackwalk: timeout (SIGKILL)",
                "MinidumpStackwalkRule: processing upload_file_minidump had error; stomped on mdsw_status_string",
            ]
        );
    }

    #[tokio::test]
    async fn what_a_failed_walk_came_to_is_kept_and_is_no_success() {
        let outcome = WalkOutcome {
            exit_code: -6,
            output: WalkOutput::Json(json!({"status": "OutOfMemory", "modules": []})),
            log: Some("ERROR OutOfMemory - The walker ended by signal 6 (SIGABRT)".to_owned()),
            symbolication: None,
        };
        let crash = walked(&[("upload_file_minidump", 4)], outcome).await;
        assert_eq!(
            crash.processed.lookup("json_dump.modules"),
            Some(&json!([]))
        );
        assert_eq!(crash.processed.get("success"), Some(&json!(false)));
        assert_eq!(
            crash.processed.text("mdsw_status_string"),
            Some("OutOfMemory")
        );
        assert_eq!(
            crash.notes(),
            ["MinidumpStackwalkRule: minidump-stackwalk: failed: -6: OutOfMemory"]
        );
    }

    #[tokio::test]
    async fn in_safe_mode_only_an_isolated_walker_walks() {
        #[derive(Debug)]
        struct Isolated;

        #[async_trait]
        impl Stackwalker for Isolated {
            fn version(&self) -> String {
                "test 1".to_owned()
            }
            fn is_isolated(&self) -> bool {
                true
            }
            async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
                good()
            }
        }

        let walkers: [(Arc<dyn Stackwalker>, &str); 2] = [
            (Arc::new(Answers(good())), NOT_WALKED),
            (Arc::new(Isolated), "OK"),
        ];
        for (walker, status) in walkers {
            let name = DumpName::parse("upload_file_minidump").unwrap();
            let dumps: Dumps = [(name, Dump::from(vec![b'M']))].into_iter().collect();
            let mut crash = crash(json!({}), json!({}), dumps).in_safe_mode();
            let rule = MinidumpStackwalk::new(walker);
            rule.apply(&mut crash).await.unwrap();
            assert_eq!(crash.processed.text("mdsw_status_string"), Some(status));
        }
    }

    #[test]
    fn a_long_log_keeps_its_end() {
        let log: String = (0..12).map(|line| format!("l{line}\n")).collect();
        assert!(shortened(&log).starts_with("...\nl2\n"));
        assert!(shortened(&log).ends_with("\nl11"));
        assert_eq!(error_word("ERROR"), None);
    }
}
