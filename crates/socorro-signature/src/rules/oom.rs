//! Crashes because memory ran out.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::Scalar;
use crate::result::SignatureResult;

/// Largest allocation in bytes that a program has no business to fail: 256 KiB.
const SMALL_ALLOCATION: i128 = 256 * 1024;

/// Functions that end the program when memory ran out.
const SIGNATURE_PARTS: [&str; 5] = [
    "NS_ABORT_OOM",
    "mozalloc_handle_oom",
    "CrashAtUnhandlableOOM",
    "AutoEnterOOMUnsafeRegion",
    "alloc::oom::oom",
];

/// Windows last-error values that tell of it.
const LAST_ERRORS: [&str; 2] = ["ERROR_COMMITMENT_LIMIT", "ERROR_NOT_ENOUGH_MEMORY"];

/// Crash reasons that tell of it.
const REASONS: [&str; 2] = ["STATUS_FATAL_MEMORY_EXHAUSTION", "STATUS_NO_MEMORY"];

/// Sets crashes apart where memory ran out: `OOM | small` for all small allocations together, `OOM | large | …` and
/// `OOM | unknown | …` with what tried to allocate.
///
/// Source: Socorro `socorro/signature/rules.py` (`OOMSignature`).
#[derive(Debug, Clone, Copy, Default)]
pub struct OutOfMemory;

impl OutOfMemory {
    fn reports_large_allocation(input: RuleInput<'_>) -> bool {
        input.crash.js_large_allocation_failure.as_deref() == Some("Reporting")
    }
}

impl SignatureRule for OutOfMemory {
    fn name(&self) -> &str {
        "OOMSignature"
    }

    fn purpose(&self) -> &str {
        "set crashes apart that come from lack of memory"
    }

    fn applies(&self, input: RuleInput<'_>, result: &SignatureResult) -> Result<bool, RuleError> {
        let crash = input.crash;
        if crash
            .oom_allocation_size
            .as_ref()
            .is_some_and(Scalar::is_truthy)
        {
            return Ok(true);
        }
        if result.signature.is_empty() {
            return Ok(false);
        }
        let last_error = crash
            .crashed_thread()
            .and_then(|thread| thread.last_error_value.as_deref());
        Ok(SIGNATURE_PARTS
            .iter()
            .any(|part| result.signature.contains(part))
            || last_error.is_some_and(|last_error| LAST_ERRORS.contains(&last_error))
            || crash
                .reason
                .as_deref()
                .is_some_and(|reason| REASONS.contains(&reason))
            || Self::reports_large_allocation(input))
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let signature = &result.signature;
        let new = if Self::reports_large_allocation(input) {
            format!("OOM | large | {signature}")
        } else if let Some(size) = &input.crash.oom_allocation_size {
            let bytes = size
                .to_integer()
                .ok_or("the allocation size is not a number")?;
            if bytes <= SMALL_ALLOCATION {
                "OOM | small".to_owned()
            } else {
                format!("OOM | large | {signature}")
            }
        } else {
            format!("OOM | unknown | {signature}")
        };
        result.set_signature(self.name(), new);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn sizes_up_to_256_kib_are_small() {
        for (size, signature) in [
            (json!(262_144), "OOM | small"),
            (json!(262_145), "OOM | large | f"),
            (json!(-1), "OOM | small"),
            (json!(0), "f"),
        ] {
            let crash = crash(json!({"oom_allocation_size": size}));
            assert_eq!(signature_after(&OutOfMemory, "f", &crash), signature);
        }
    }

    #[test]
    fn other_signs_of_lack_of_memory() {
        let empty = crash(json!({}));
        assert_eq!(
            signature_after(&OutOfMemory, "NS_ABORT_OOM", &empty),
            "OOM | unknown | NS_ABORT_OOM"
        );
        let last_error =
            crash(json!({"threads": [{"last_error_value": "ERROR_NOT_ENOUGH_MEMORY"}]}));
        assert_eq!(
            signature_after(&OutOfMemory, "f", &last_error),
            "OOM | unknown | f"
        );
        assert_eq!(signature_after(&OutOfMemory, "", &last_error), "");
        let reporting =
            crash(json!({"js_large_allocation_failure": "Reporting", "oom_allocation_size": 1}));
        assert_eq!(
            signature_after(&OutOfMemory, "f", &reporting),
            "OOM | large | f"
        );
    }
}
