//! The built-in rules, in three families, and the rulesets made of them.
//!
//! [`default_ruleset`] is the table of contents.

pub mod breakpad;
pub mod general;
pub mod mozilla;

use std::sync::Arc;

use socorro_signature::SignatureGenerator;
use socorro_stackwalk::Stackwalker;

use crate::{pipeline::Pipeline, ruleset::Ruleset};

/// The ruleset for new crashes, under the name `default`.
///
/// Source of the order: Socorro `mozilla_rulesets.py`.
#[must_use]
pub fn default_ruleset(
    stackwalker: Arc<dyn Stackwalker>,
    signatures: Arc<SignatureGenerator>,
) -> Ruleset {
    Ruleset::named("default")
        // Clean the report first: everything below trusts it.
        .then(general::RemoveNulls)
        .then(general::RemoveMissing)
        .then(general::CrashReportKeys)
        .then(general::CollectorMetadata)
        // The stackwalk reads this annotation as text.
        .then(mozilla::ConvertModuleSignatureInfo)
        .then(mozilla::CopyFromRawCrash)
        .then(mozilla::SubmittedFrom)
        .then(general::Identifier)
        .then(breakpad::MinidumpSha256Hash)
        // The walk. Everything that reads `json_dump` stands below.
        .then_async(breakpad::MinidumpStackwalk::new(stackwalker))
        // These two change the stackwalk; what they change is what is stored.
        .then(mozilla::ModuleUrlRewrite)
        // Names the crashing thread, which the rules about its frames need.
        .then(breakpad::CrashingThreadInfo)
        .then(breakpad::TruncateStacks)
        .then(breakpad::PossibleBitFlips)
        .then(breakpad::CrashInconsistencies)
        .then(breakpad::HasGuardPageAccess)
        .then(general::CpuInfo)
        .then(general::OsInfo)
        .then(mozilla::TopMostFiles)
        .then(mozilla::ModulesInStack)
        .then(mozilla::MissingSymbols)
        .then(breakpad::ThreadCount)
        // Last: the signature reads what all the others wrote.
        .then(mozilla::Signature::new(signatures))
}

/// The ruleset that only makes the signature again, under the name `regenerate_signature`. It
/// changes the processed crash of the run before.
#[must_use]
pub fn regenerate_signature_ruleset(signatures: Arc<SignatureGenerator>) -> Ruleset {
    Ruleset::named("regenerate_signature")
        .in_place()
        .then(mozilla::Signature::new(signatures))
}

impl Pipeline {
    /// Adds the two built-in rulesets, [`default_ruleset`] and [`regenerate_signature_ruleset`].
    #[must_use]
    pub fn with_default_rulesets(
        self,
        stackwalker: Arc<dyn Stackwalker>,
        signatures: &Arc<SignatureGenerator>,
    ) -> Self {
        self.with(default_ruleset(stackwalker, Arc::clone(signatures)))
            .with(regenerate_signature_ruleset(Arc::clone(signatures)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Item;
    use async_trait::async_trait;
    use socorro_core::schema::Schema;
    use socorro_stackwalk::{WalkOutcome, WalkOutput, WalkRequest};

    /// What the pipeline itself writes before the first rule.
    const GIVEN: [&str; 3] = ["success", "signature", "started_datetime"];

    #[derive(Debug)]
    struct NoWalk;

    #[async_trait]
    impl Stackwalker for NoWalk {
        fn version(&self) -> String {
            String::new()
        }
        async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
            WalkOutcome {
                exit_code: 1,
                output: WalkOutput::None,
                log: None,
            }
        }
    }

    fn ruleset() -> Ruleset {
        default_ruleset(Arc::new(NoWalk), Arc::new(SignatureGenerator::default()))
    }

    #[test]
    fn every_rule_stands_below_those_that_write_what_it_reads() {
        assert_eq!(ruleset().order_violations(&GIVEN), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_order_is_found() {
        let wrong = Ruleset::named("wrong")
            .then(mozilla::TopMostFiles)
            .then(breakpad::CrashingThreadInfo)
            .then(breakpad::CrashingThreadInfo);
        assert_eq!(
            wrong.order_violations(&[]),
            [
                "TopMostFilesRule reads crashing_thread, which only a later rule writes",
                "CrashingThreadInfoRule is there twice",
            ]
        );
    }

    #[test]
    fn every_field_that_a_rule_writes_is_in_the_schema_and_names_the_rule() {
        for info in ruleset().infos() {
            for name in info.writes.iter().filter_map(Item::top_level_field) {
                // The pipeline writes this one; the stackwalk overwrites it on the way.
                if name == "success" {
                    continue;
                }
                let field = Schema::processed_crash().field(name);
                let field = field.unwrap_or_else(|| panic!("{} writes unknown {name}", info.name));
                assert!(
                    field.written_by().iter().any(|rule| rule == info.name),
                    "the schema does not know that {} writes {name}",
                    info.name
                );
            }
        }
    }

    #[test]
    fn every_rule_says_what_it_is_for() {
        for info in ruleset().infos() {
            assert!(
                !info.purpose.is_empty() && info.purpose.len() < 80,
                "{}",
                info.name
            );
        }
    }
}
