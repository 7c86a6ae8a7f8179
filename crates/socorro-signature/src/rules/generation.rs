//! The first signature, from the stack.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::{CrashData, Thread, present};
use crate::events::{Event, Source};
use crate::frames::Normalizer;
use crate::java;
use crate::native::combine_frames;
use crate::result::{SignatureResult, ToolOutcome};

/// Makes a signature from the Java stack trace, else the Java exception, else the crashing thread's native stack.
///
/// Source: Socorro `socorro/signature/rules.py` (`SignatureGenerationRule`).
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureGeneration;

impl SignatureGeneration {
    pub(crate) const NAME: &'static str = "SignatureGenerationRule";
}

impl SignatureRule for SignatureGeneration {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn purpose(&self) -> &str {
        "make a signature from the crashing thread's stack or the Java exception"
    }

    fn applies(&self, _: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(true)
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        generate(
            input,
            input.crash.crashing_thread_number(),
            input.crash.crashed_thread(),
            result,
        )
    }
}

/// Makes a signature with the given thread as the crashing one.
pub(super) fn generate(
    input: RuleInput<'_>,
    thread_number: i128,
    thread: Option<&Thread<'_>>,
    result: &mut SignatureResult,
) -> Result<(), RuleError> {
    if let Some(stack_trace) = present(input.crash.java_stack_trace.as_deref()) {
        result.events.push(Event::Source(Source::JavaStackTrace));
        finish(java::signature_of_stack_trace(stack_trace), result);
    } else if let Some(exception) = truthy_exception(input.crash) {
        result.events.push(Event::Source(Source::JavaException));
        finish(java::signature_of_exception(exception), result);
    } else {
        let source = Source::NativeStack {
            thread: thread_number,
        };
        result.events.push(Event::Source(source));
        generate_native(input, thread_number, thread, result)?;
    }
    Ok(())
}

fn truthy_exception<'a>(crash: &'a CrashData<'_>) -> Option<&'a Value> {
    let exception = crash.java_exception.as_deref();
    exception.filter(|value| java::is_truthy(value))
}

fn generate_native(
    input: RuleInput<'_>,
    thread_number: i128,
    thread: Option<&Thread<'_>>,
    result: &mut SignatureResult,
) -> Result<(), RuleError> {
    let normalizer = Normalizer {
        lower_case_modules: input.crash.os.as_deref() == Some("Windows NT"),
        grouping: input.grouping,
        with_line_numbers: input.lists.with_line_numbers(),
        cache: input.names,
    };
    let stack = match thread {
        Some(thread) => normalizer.stack_names(thread)?,
        None => Vec::new(),
    };
    let outcome = combine_frames(&stack, Some(thread_number), input.lists);
    if !stack.is_empty() {
        let names: Vec<Arc<str>> = stack.iter().map(|frame| frame.text().clone()).collect();
        result.proto_signature = Some(names.join(" | "));
        result.normalized_frames = names;
    }
    if outcome.signature.is_empty() {
        result.absorb(SignatureGeneration::NAME, outcome);
    } else {
        finish(outcome, result);
    }
    Ok(())
}

/// Takes over what a tool made.
fn finish(mut outcome: ToolOutcome, result: &mut SignatureResult) {
    let rule = SignatureGeneration::NAME;
    let signature = std::mem::take(&mut outcome.signature);
    result.absorb(rule, outcome);
    result.change_signature(Cow::Borrowed(rule), signature);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lists::SignatureLists;
    use crate::rules::testing::{crash, run};

    #[test]
    fn a_native_stack_gives_signature_and_proto_signature() {
        let result = run(
            &SignatureGeneration,
            "",
            &crash(json!({
                "crashing_thread": 1, "os": "Windows NT",
                "threads": [{}, {"frames": [{"module": "A.EXE"}, {"function": "main"}]}],
            })),
        );
        assert_eq!(result.signature, "a.exe");
        assert_eq!(result.proto_signature.as_deref(), Some("a.exe | main"));
        assert_eq!(result.normalized_frames, ["a.exe".into(), "main".into()]);
    }

    #[test]
    fn java_goes_before_native() {
        let result = run(
            &SignatureGeneration,
            "",
            &crash(json!({
                "java_stack_trace": "a.B: c\n\tat d.e(F.java:1)", "threads": [{"frames": [{"function": "native"}]}],
            })),
        );
        assert_eq!(result.signature, "a.B: c at d.e(F.java)");
        assert_eq!(result.proto_signature, None);
    }

    #[test]
    fn a_frame_without_a_name_fails_the_rule() {
        let crash = crash(json!({"threads": [{"frames": [{"function": "const"}]}]}));
        let lists = SignatureLists::empty();
        let mut result = SignatureResult::default();
        assert!(
            SignatureGeneration
                .apply(RuleInput::new(&crash, &lists), &mut result)
                .is_err()
        );
        assert_eq!(
            result.debug_log(),
            ["SignatureGenerationRule: using CSignatureTool"]
        );
    }
}
