//! The first signature, from the stack.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::{CrashData, Thread, present};
use crate::frames::normalize_stack;
use crate::java;
use crate::lists::SignatureLists;
use crate::native::combine_frames;
use crate::result::SignatureResult;

/// Makes a signature from the Java stack trace, else the Java exception, else the crashing thread's native stack.
///
/// Source: Socorro `socorro/signature/rules.py` (`SignatureGenerationRule`).
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureGeneration;

impl SignatureGeneration {
    const NAME: &'static str = "SignatureGenerationRule";
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
            input.crash,
            input.crash.crashing_thread_number(),
            input.crash.crashed_thread(),
            input.lists,
            result,
        )
    }
}

/// Makes a signature with the given thread as the crashing one.
pub(super) fn generate(
    crash: &CrashData,
    thread_number: i128,
    thread: Option<&Thread>,
    lists: &SignatureLists,
    result: &mut SignatureResult,
) -> Result<(), RuleError> {
    let rule = SignatureGeneration::NAME;
    if let Some(stack_trace) = present(crash.java_stack_trace.as_deref()) {
        result.debug(rule, "using JavaSignatureTool");
        let outcome = java::signature_of_stack_trace(stack_trace);
        result.absorb(rule, &outcome);
        result.set_signature(rule, outcome.signature);
        return Ok(());
    }
    if let Some(exception) = crash
        .java_exception
        .as_ref()
        .filter(|value| java::is_truthy(value))
    {
        result.debug(rule, "using JavaExceptionSignatureTool");
        let outcome = java::signature_of_exception(exception);
        result.absorb(rule, &outcome);
        result.set_signature(rule, outcome.signature);
        return Ok(());
    }
    result.debug(rule, "using CSignatureTool");
    let lower_case_modules = crash.os.as_deref() == Some("Windows NT");
    let names = match thread {
        Some(thread) => normalize_stack(thread, lower_case_modules, lists.with_line_numbers())?,
        None => Vec::new(),
    };
    let outcome = combine_frames(&names, Some(thread_number), lists);
    if !names.is_empty() {
        result.proto_signature = Some(names.join(" | "));
        result.normalized_frames = names;
    }
    result.absorb(rule, &outcome);
    if !outcome.signature.is_empty() {
        result.set_signature(rule, outcome.signature);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
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
        assert_eq!(result.normalized_frames, ["a.exe", "main"]);
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
            result.debug_log,
            ["SignatureGenerationRule: using CSignatureTool"]
        );
    }
}
