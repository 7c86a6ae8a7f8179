//! What holds for every input, whatever bytes it is made of. Shared by the fuzz target and the
//! property tests.

use std::{
    io::Write as _,
    sync::{Arc, LazyLock},
};

use async_trait::async_trait;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value};
use socorro_core::{
    CrashId, Dump, DumpName, Dumps, Environment, RawCrash,
    json::{Form, to_vec},
    schema::Schema,
};
use socorro_signature::SignatureGenerator;
use socorro_stackwalk::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

use crate::{crash::Crash, pipeline::Pipeline, rules::RulesetOptions};

/// How many bytes a processed crash may have that is made of nothing.
const EMPTY_SIZE: usize = 64 << 10;
/// How many bytes of it may come from one byte of the input: two minidumps have the same stackwalk,
/// some fields hold parts of others, and one byte may be escaped by six, twice.
const GROWTH: usize = 100;

/// What comes in: annotations, what a walk of each of two minidumps gives, and a memory report.
#[derive(Debug, Clone)]
pub struct Input {
    /// The annotations.
    pub raw: Map<String, Value>,
    /// What the walk of each minidump gives.
    pub stackwalk: WalkOutput,
    /// The content of the file.
    pub memory_report: Vec<u8>,
}

impl Input {
    /// Annotations, a stackwalk and a memory report of any JSON.
    #[must_use]
    pub fn of_json(raw: Map<String, Value>, stackwalk: Value, memory_report: &Value) -> Self {
        Self {
            raw,
            stackwalk: WalkOutput::Json(stackwalk),
            memory_report: compressed(memory_report.to_string().as_bytes()),
        }
    }

    fn size(&self) -> usize {
        let stackwalk = match &self.stackwalk {
            WalkOutput::Json(value) => value.to_string().len(),
            WalkOutput::Text(text) => text.len(),
            _ => 0,
        };
        to_vec(&self.raw, Form::Processor).len() + stackwalk
    }
}

/// Gives every minidump the same stackwalk.
#[derive(Debug)]
struct Answers(WalkOutput);

#[async_trait]
impl Stackwalker for Answers {
    fn version(&self) -> String {
        "test".to_owned()
    }

    async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
        WalkOutcome {
            exit_code: 0,
            output: self.0.clone(),
            log: None,
            symbolication: None,
        }
    }
}

/// Runs the default ruleset on the bytes in every way they can be taken, and checks the results.
///
/// Bytes that are JSON are a raw crash, a stackwalk and a memory report. Any bytes are the text of
/// every annotation, the output of a walk, and the memory report, compressed and as they are.
///
/// # Panics
///
/// If something does not hold.
pub fn holds_for_bytes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let annotations = || {
        let fields = Schema::raw_crash().fields().iter();
        fields.map(|field| (field.name().to_owned(), Value::from(text.as_ref())))
    };
    holds_for(&Input {
        raw: annotations().collect(),
        stackwalk: WalkOutput::Text(text.clone().into_owned()),
        memory_report: compressed(bytes),
    });
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let raw = value.as_object().cloned().unwrap_or_default();
    holds_for(&Input {
        memory_report: bytes.to_vec(),
        ..Input::of_json(raw, value.clone(), &value)
    });
    // Every annotation as JSON of its own, for rules that look at a product or a channel only.
    let mut raw: Map<_, _> = annotations()
        .map(|(name, _)| (name, value.clone()))
        .collect();
    raw.insert("ProductName".to_owned(), "Firefox".into());
    raw.insert("ReleaseChannel".to_owned(), "beta".into());
    holds_for(&Input::of_json(raw, value.clone(), &value));
}

/// Checks what holds for every crash: no rule fails, fields have the types of the schema, the result
/// is the same again, and not larger than what came in explains.
///
/// # Panics
///
/// If something does not hold.
pub fn holds_for(input: &Input) {
    let crash = process(input);
    let processed = &crash.processed;
    assert_eq!(processed.get("processor_failed_rules"), None);
    assert_eq!(processed.get("success"), Some(&Value::Bool(true)));
    // What a stackwalk says itself is stored as it is, and its nulls are copied.
    let violations = Schema::processed_crash().validate_up_to(processed.as_map(), 1000);
    let wrong = violations
        .iter()
        .find(|violation| !violation.path.contains(['.', '[']) && violation.found != "null");
    assert_eq!(wrong, None);
    let size = processed.to_json().len();
    let expected = EMPTY_SIZE + GROWTH * input.size();
    assert!(size <= expected, "{size} bytes, expected {expected}");
    let again = process(input);
    assert_eq!(again.processed.to_json(), processed.to_json());
    assert_eq!(again.notes(), crash.notes());
}

/// Runs the default ruleset over a crash with two minidumps and a memory report.
///
/// # Panics
///
/// If there can be no tokio runtime.
#[must_use]
pub fn process(input: &Input) -> Crash {
    static SIGNATURES: LazyLock<Arc<SignatureGenerator>> = LazyLock::new(Arc::default);
    let walker = Arc::new(Answers(input.stackwalk.clone()));
    let options = RulesetOptions::new(walker, Arc::clone(&SIGNATURES));
    let now = "2026-01-02T03:04:05Z".parse().expect("a constant");
    let pipeline = Pipeline::new(Environment::fixed(now, "host")).with_rulesets(&options);
    let dump = |name: &str, content: &[u8]| {
        let name = DumpName::parse(name).expect("a constant");
        (name, Dump::from(content.to_vec()))
    };
    let dumps = Dumps::from_iter([
        dump("upload_file_minidump", b"MDMP"),
        dump("upload_file_minidump_browser", b"MDMP"),
        dump("memory_report", &input.memory_report),
    ]);
    let id = CrashId::parse("a1b2c3d4-0000-4000-8000-abcdef260102").expect("a constant");
    let crash = Crash::new(id, RawCrash::from(input.raw.clone()), dumps);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime
        .block_on(pipeline.run("default", crash))
        .expect("a built-in ruleset")
}

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
