//! Crashes written down as JSON, to try rules on (feature `cases`).
//!
//! A case is an object; every member may be absent:
//!
//! | Member | What it is |
//! |---|---|
//! | `raw_crash` | the annotations |
//! | `processed_crash` | what is known before the rule or the ruleset runs |
//! | `dumps` | by name: `{"base64": "…"}`, `{"size": n}` (so many bytes `M`), or `{"missing": true}` (a file that does not exist) |
//! | `stackwalk` | the stackwalk of each minidump by its name: `exit_code` (default 0), `output` (JSON) or `output_text`, and `log`. A minidump that is not listed ends with 0 and `{"status": "OK"}` |
//! | `version_api` | answers about versions, of which the first fitting one counts: `{"when": {product, channel, build_id}, "status": 200, "body": {"hits": [{"version_string": "…"}]}}`, or `"error": true` |
//!
//! The stackwalker calls itself `minidump-stackwalk 0.0.0-test`, as in recorded cases.
//!
//! An object with a member `input` is a case with remarks; its `input` is what counts.
//!
//! ```
//! use std::sync::Arc;
//! use serde_json::json;
//! use socorro_processor::case::Case;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let case = Case::from_json(&json!({
//!     "dumps": {"upload_file_minidump": {"size": 4}},
//!     "stackwalk": {"upload_file_minidump": {"output": {"status": "OK", "thread_count": 3}}},
//! }))?;
//! let ruleset = case.ruleset_options(Arc::default()).default_ruleset();
//!
//! let mut crash = case.crash();
//! ruleset.apply_rule("MinidumpStackwalkRule", &mut crash).await.expect("a rule")?;
//! ruleset.apply_rule("ThreadCountRule", &mut crash).await.expect("a rule")?;
//! assert_eq!(crash.processed.get("thread_count"), Some(&json!(3)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```

mod dumps;
mod stand_in;

use std::sync::Arc;

use serde_json::{Map, Value};
use socorro_core::{CrashId, DumpName, ProcessedCrash, RawCrash, json::type_name};
use socorro_signature::SignatureGenerator;

use crate::{
    crash::Crash,
    error::Error,
    rules::RulesetOptions,
    suggestion::{did_you_mean, nearest},
    version_lookup::CachedVersions,
};
use stand_in::{StandInStackwalker, StandInVersions};

/// The members of a case. The last two are for programs that run recorded cases.
const MEMBERS: [&str; 7] = [
    "raw_crash",
    "processed_crash",
    "dumps",
    "stackwalk",
    "version_api",
    "ruleset",
    "repeat",
];
/// The id of a crash whose annotations name none.
const ID: &str = "a1b2c3d4-0000-4000-8000-abcdef260102";

/// A crash, and what the world outside answers to those who process it.
#[derive(Debug, Clone)]
pub struct Case {
    crash: Crash,
    stackwalker: Arc<StandInStackwalker>,
    versions: Arc<StandInVersions>,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCase`].
    pub fn from_json(case: &Value) -> Result<Self, Error> {
        let case = object(case, "the case")?;
        let input = match case.get("input") {
            None => case,
            Some(input) => object(input, "input")?,
        };
        if let Some(unknown) = input.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            let meant = did_you_mean(nearest(unknown, MEMBERS));
            return Err(invalid(unknown, format!("there is no such member{meant}")));
        }
        let member = |name: &str| match input.get(name) {
            None => Ok(Map::new()),
            Some(value) => object(value, name).cloned(),
        };
        let raw = RawCrash::from(member("raw_crash")?);
        let processed = ProcessedCrash::from(member("processed_crash")?);
        let dumps = dumps::read(&member("dumps")?)?;
        let stackwalker = StandInStackwalker::new(&dumps, &member("stackwalk")?)?;
        let versions = match input.get("version_api") {
            None => Vec::new(),
            Some(Value::Array(answers)) => answers.clone(),
            Some(other) => return Err(wrong_type("version_api", "an array", other)),
        };
        let id = raw.crash_id().or_else(|_| CrashId::parse(ID));
        let id = id.map_err(|error| invalid("raw_crash.uuid", error.to_string()))?;
        Ok(Self {
            crash: Crash::new(id, raw, dumps).with_processed(processed),
            stackwalker: Arc::new(stackwalker),
            versions: Arc::new(StandInVersions::new(versions)),
        })
    }

    /// The crash.
    #[must_use]
    pub fn crash(&self) -> Crash {
        self.crash.clone()
    }

    /// What rulesets need from outside of the crash, as the case has it.
    #[must_use]
    pub fn ruleset_options(&self, signatures: Arc<SignatureGenerator>) -> RulesetOptions {
        let stackwalker = Arc::clone(&self.stackwalker);
        let versions = CachedVersions::new(Arc::clone(&self.versions));
        RulesetOptions::new(stackwalker, signatures).versions(Arc::new(versions))
    }

    /// The questions about versions that were asked so far: product, channel and build id of each.
    #[must_use]
    pub fn lookups(&self) -> Vec<Value> {
        self.versions.asked()
    }

    /// The minidumps about whose stackwalk the case says nothing.
    pub fn unlisted_minidumps(&self) -> impl Iterator<Item = &DumpName> {
        self.stackwalker.unlisted()
    }
}

fn object<'a>(value: &'a Value, member: &str) -> Result<&'a Map<String, Value>, Error> {
    value
        .as_object()
        .ok_or_else(|| wrong_type(member, "an object", value))
}

fn wrong_type(member: &str, expected: &str, found: &Value) -> Error {
    let found = type_name(found);
    invalid(member, format!("expected {expected}, found {found}"))
}

fn invalid(member: &str, reason: impl Into<String>) -> Error {
    Error::InvalidCase {
        member: member.to_owned(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    async fn applied(case: &Value, rule: &str) -> Crash {
        let case = Case::from_json(case).unwrap();
        let ruleset = case.ruleset_options(Arc::default()).default_ruleset();
        let mut crash = case.crash();
        ruleset.apply_rule(rule, &mut crash).await.unwrap().unwrap();
        crash
    }

    #[tokio::test]
    async fn each_minidump_has_its_own_stackwalk() {
        let case = json!({"id": "x", "why": "remarks are fine", "input": {
            "dumps": {
                "upload_file_minidump": {"size": 4},
                "upload_file_minidump_a": {"base64": "TU1NTQ=="},
                "upload_file_minidump_b": {"size": 4},
            },
            "stackwalk": {
                "upload_file_minidump": {"exit_code": 1, "log": "ERROR Broken - so it is"},
                "upload_file_minidump_a": {"output_text": "{"},
            },
        }});
        let crash = applied(&case, "MinidumpStackwalkRule").await;
        assert_eq!(crash.processed.text("mdsw_status_string"), Some("Broken"));
        let status = |path| crash.processed.lookup(path).and_then(Value::as_str);
        assert_eq!(
            status("upload_file_minidump_b.mdsw_status_string"),
            Some("OK")
        );
        assert_ne!(
            status("upload_file_minidump_a.mdsw_status_string"),
            Some("OK")
        );
        let case = Case::from_json(&case).unwrap();
        let unlisted: Vec<_> = case.unlisted_minidumps().map(DumpName::as_str).collect();
        assert_eq!(unlisted, ["upload_file_minidump_b"]);
    }

    #[tokio::test]
    async fn versions_are_those_of_the_first_answer_that_fits() {
        let case = |answers: Value| {
            json!({
                "processed_crash": {"product": "Firefox", "release_channel": "beta", "version": "3.0", "build": "1"},
                "version_api": answers,
            })
        };
        let body = |version: &str| json!({"hits": [{"version_string": version}]});
        for (answers, version) in [
            (json!([{"body": body("3.0b4")}]), "3.0b4"),
            (
                json!([{"when": {"build_id": "2"}, "body": body("2")}, {"body": body("3.0b5")}]),
                "3.0b5",
            ),
            (json!([{"status": 500, "body": body("2")}]), "3.0b0"),
            (json!([{"error": true}]), "3.0b0"),
            (json!([{"body": {}}]), "3.0b0"),
            (json!([]), "3.0b0"),
        ] {
            let crash = applied(&case(answers.clone()), "BetaVersionRule").await;
            assert_eq!(crash.processed.text("version"), Some(version), "{answers}");
        }
    }

    #[test]
    fn what_is_no_case_is_told_with_its_member() {
        for (case, message) in [
            (json!([]), "the case: expected an object, found array"),
            (
                json!({"input": 5}),
                "input: expected an object, found number",
            ),
            (
                json!({"raw_crsh": {}}),
                "raw_crsh: there is no such member; did you mean \"raw_crash\"?",
            ),
            (
                json!({"raw_crash": []}),
                "raw_crash: expected an object, found array",
            ),
            (
                json!({"version_api": {}}),
                "version_api: expected an array, found object",
            ),
            (json!({"dumps": {"../x": {"size": 1}}}), "dumps.../x: "),
            (
                json!({"dumps": {"x": 5}}),
                "dumps.x: expected an object, found number",
            ),
            (
                json!({"dumps": {"x": {}}}),
                "dumps.x: one of `base64`, `size` and `missing` is needed",
            ),
            (json!({"dumps": {"x": {"size": -1}}}), "dumps.x: one of"),
            (
                json!({"dumps": {"x": {"base64": "?"}}}),
                "dumps.x: not base64",
            ),
            (
                json!({"dumps": {"x": {"size": 1u64 << 60}}}),
                "dumps.x: the files of a case may have 67108864 bytes together",
            ),
            (
                json!({"stackwalk": {"upload_file_minidump": {}}}),
                "stackwalk.upload_file_minidump: there is no such minidump in `dumps`",
            ),
            (
                json!({"dumps": {"upload_file_minidump": {"size": 1}}, "stackwalk": {"upload_file_minidump": 5}}),
                "stackwalk.upload_file_minidump: expected an object",
            ),
        ] {
            let error = Case::from_json(&case).unwrap_err().to_string();
            let message = format!("not a case: {message}");
            assert!(error.starts_with(&message), "{error}\n{message}");
        }
    }

    #[test]
    fn the_crash_has_the_id_of_its_annotations() {
        let id = "de1bb258-cbbf-4589-a673-34f800160918";
        let case = Case::from_json(&json!({"raw_crash": {"uuid": id}})).unwrap();
        assert_eq!(case.crash().id.as_str(), id);
        assert_eq!(Case::from_json(&json!({})).unwrap().crash().id.as_str(), ID);
    }
}
