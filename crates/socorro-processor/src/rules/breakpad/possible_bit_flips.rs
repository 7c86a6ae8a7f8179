//! Bad memory.

use serde_json::Value;

use super::crash_info_list;
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Says how likely the crash comes from a flipped bit, that is from bad hardware and not from a
/// bug: the highest confidence of the stackwalk's guesses, in percent.
///
/// Source: Socorro `PossibleBitFlipsRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PossibleBitFlips;

impl Rule for PossibleBitFlips {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "PossibleBitFlipsRule",
            purpose: "say how likely a flipped bit is the cause",
            reads: &[Item::Field("json_dump.crash_info.possible_bit_flips")],
            writes: &[Item::Field("possible_bit_flips_max_confidence")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let mut wrong = false;
        let confidences: Vec<f64> = crash_info_list(crash, "possible_bit_flips")
            .iter()
            .filter_map(|guess| match guess.get("confidence") {
                None if guess.is_object() => Some(0.0),
                Some(Value::Number(confidence)) => confidence.as_f64(),
                _ => {
                    wrong = true;
                    None
                }
            })
            .collect();
        if wrong {
            crash.wrong_type(
                "json_dump.crash_info.possible_bit_flips[].confidence",
                "a number",
            );
        }
        if let Some(highest) = confidences.into_iter().reduce(f64::max) {
            // Saturating, and the product is what upstream computes: 0.29 gives 28.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "truncation toward zero is meant"
            )]
            let percent = (highest * 100.0) as i64;
            crash
                .processed
                .set("possible_bit_flips_max_confidence", percent);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    fn flips(flips: &Value) -> Value {
        json!({"json_dump": {"crash_info": {"possible_bit_flips": flips}}})
    }

    #[test]
    fn the_highest_confidence_counts_in_whole_percent() {
        let found = added(
            PossibleBitFlips,
            json!({}),
            flips(&json!([{"confidence": 0.29}, {}])),
        );
        assert_eq!(found, json!({"possible_bit_flips_max_confidence": 28}));
        for nothing in [json!(null), json!([])] {
            assert_eq!(
                added(PossibleBitFlips, json!({}), flips(&nothing)),
                json!({})
            );
        }
    }

    #[test]
    fn a_wrong_type_is_skipped_and_noted() {
        let crash = apply(
            PossibleBitFlips,
            json!({}),
            flips(&json!([{"confidence": 0.5}, {"confidence": null}])),
        );
        assert_eq!(
            crash.processed.get("possible_bit_flips_max_confidence"),
            Some(&json!(50))
        );
        assert_eq!(crash.notes().len(), 1);
    }
}
