//! Probabilistic heap checking.

use serde_json::Number;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::as_integer,
};

/// Keeps what the probabilistic heap checker saw: a use after free or an overrun, and where the
/// memory was allocated and freed.
///
/// Source: Socorro `PHCRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Phc;

impl Rule for Phc {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "PHCRule",
            purpose: "keep what the probabilistic heap checker saw",
            reads: &[
                Item::Annotation("PHCKind"),
                Item::Annotation("PHCBaseAddress"),
                Item::Annotation("PHCUsableSize"),
                Item::Annotation("PHCAllocStack"),
                Item::Annotation("PHCFreeStack"),
            ],
            writes: &[
                Item::Field("phc_kind"),
                Item::Field("phc_base_address"),
                Item::Field("phc_usable_size"),
                Item::Field("phc_alloc_stack"),
                Item::Field("phc_free_stack"),
            ],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.raw.contains("PHCKind")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let number = |name: &str| crash.raw.get(name).and_then(as_integer);
        let (address, size) = (number("PHCBaseAddress"), number("PHCUsableSize"));
        if let Some(address) = address.as_ref().and_then(hexadecimal) {
            crash.processed.set("phc_base_address", address);
        }
        if let Some(size) = size {
            crash.processed.set("phc_usable_size", size);
        }
        for (field, annotation) in [
            ("phc_kind", "PHCKind"),
            ("phc_alloc_stack", "PHCAllocStack"),
            ("phc_free_stack", "PHCFreeStack"),
        ] {
            if let Some(text) = crash.text_annotation(annotation) {
                crash.processed.set(field, text);
            }
        }
        Ok(())
    }
}

fn hexadecimal(number: &Number) -> Option<String> {
    if let Some(number) = number.as_u64() {
        return Some(format!("{number:#x}"));
    }
    let number = number.as_i64()?;
    Some(format!("-{:#x}", number.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn addresses_are_hexadecimal_and_bad_numbers_left_out() {
        let raw = json!({
            "PHCKind": "FreedPage", "PHCBaseAddress": "18446744073709551615", "PHCUsableSize": " 8 ",
            "PHCAllocStack": " 1 ", "PHCFreeStack": "",
        });
        assert_eq!(
            after(Phc, raw),
            json!({
                "phc_kind": "FreedPage", "phc_base_address": "0xffffffffffffffff", "phc_usable_size": 8,
                "phc_alloc_stack": " 1 ", "phc_free_stack": "",
            })
        );
        let raw = json!({"PHCKind": "k", "PHCBaseAddress": "0x10", "PHCUsableSize": ""});
        assert_eq!(after(Phc, raw), json!({"phc_kind": "k"}));
        let raw = json!({"PHCKind": "k", "PHCBaseAddress": "-16"});
        assert_eq!(after(Phc, raw)["phc_base_address"], "-0x10");
        assert_eq!(after(Phc, json!({"PHCBaseAddress": "1"})), json!({}));
    }

    #[test]
    fn stacks_that_are_no_text_are_noted() {
        let crash = apply(Phc, json!({"PHCKind": "k", "PHCFreeStack": [1]}), json!({}));
        assert!(!crash.processed.contains("phc_free_stack"));
        assert_eq!(crash.notes(), ["PHCRule: PHCFreeStack is not text"]);
    }
}
