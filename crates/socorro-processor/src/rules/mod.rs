//! The built-in rules, in families, and the rulesets made of them.
//!
//! [`RulesetOptions::default_ruleset`] is the table of contents.

pub mod android;
pub mod breakpad;
pub mod general;
pub mod java;
pub mod memory_report;
pub mod mozilla;

use std::sync::Arc;

use socorro_signature::SignatureGenerator;
use socorro_stackwalk::Stackwalker;

use crate::{
    pipeline::Pipeline,
    ruleset::Ruleset,
    version_lookup::{NoVersions, VersionLookup},
};

/// What the built-in rulesets need from outside of the crash.
///
/// ```
/// use std::sync::Arc;
/// use socorro_core::Environment;
/// use socorro_processor::{
///     Pipeline,
///     rules::RulesetOptions,
///     version_lookup::{CachedVersions, VersionTable},
/// };
/// use socorro_signature::SignatureGenerator;
/// use socorro_stackwalk::InProcessStackwalker;
///
/// let versions = VersionTable::from_json(b"[]")?;
/// let options = RulesetOptions::new(
///     Arc::new(InProcessStackwalker::new()),
///     Arc::new(SignatureGenerator::default()),
/// )
/// .versions(Arc::new(CachedVersions::new(versions)));
///
/// let pipeline = Pipeline::new(Environment::system()).with_rulesets(&options);
/// assert_eq!(pipeline.rulesets().count(), 2);
/// # Ok::<(), socorro_processor::version_lookup::LookupError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RulesetOptions {
    stackwalker: Arc<dyn Stackwalker>,
    signatures: Arc<SignatureGenerator>,
    versions: Arc<dyn VersionLookup>,
}

impl RulesetOptions {
    /// With somebody who walks stacks and somebody who makes signatures; nobody knows versions.
    #[must_use]
    pub fn new(stackwalker: Arc<dyn Stackwalker>, signatures: Arc<SignatureGenerator>) -> Self {
        Self {
            stackwalker,
            signatures,
            versions: Arc::new(NoVersions),
        }
    }

    /// Says who knows which beta a build is.
    #[must_use]
    pub fn versions(self, versions: Arc<dyn VersionLookup>) -> Self {
        Self { versions, ..self }
    }

    /// Who knows which beta a build is.
    #[cfg(feature = "ruleset-files")]
    pub(crate) fn version_lookup(&self) -> Arc<dyn VersionLookup> {
        Arc::clone(&self.versions)
    }

    /// The ruleset for new crashes, under the name `default`.
    ///
    /// Source of the order: Socorro `mozilla_rulesets.py`.
    #[must_use]
    pub fn default_ruleset(&self) -> Ruleset {
        Ruleset::named("default")
            // Clean the report first: everything below trusts it.
            .then(general::RemoveNulls)
            .then(general::RemoveMissing)
            .then(general::CrashReportKeys)
            .then(general::CollectorMetadata)
            // The stackwalk reads this annotation as text.
            .then(mozilla::ConvertModuleSignatureInfo)
            .then(mozilla::CopyFromRawCrash)
            // These two change the version that the copy wrote; at most one applies.
            .then(mozilla::FenixVersionRewrite)
            .then(mozilla::EsrVersionRewrite)
            .then(mozilla::SubmittedFrom)
            .then(general::Identifier)
            .then(breakpad::MinidumpSha256Hash)
            // The walk. Everything that reads `json_dump` stands below.
            .then_async(breakpad::MinidumpStackwalk::new(Arc::clone(
                &self.stackwalker,
            )))
            // This one and `TruncateStacks` change the stackwalk; what they change is what is stored.
            .then(mozilla::ModuleUrlRewrite)
            // Names the crashing thread, which the rules about its frames need.
            .then(breakpad::CrashingThreadInfo)
            .then(breakpad::TruncateStacks::default())
            .then(breakpad::PossibleBitFlips)
            .then(breakpad::CrashInconsistencies)
            .then(breakpad::HasGuardPageAccess)
            .then(mozilla::MajorVersion)
            .then(mozilla::Plugin)
            .then(mozilla::ProcessType)
            .then(mozilla::Accessibility)
            .then(mozilla::Addons)
            .then(mozilla::DatesAndTimes)
            .then_async(mozilla::OutOfMemoryBinary::default())
            .then(mozilla::Phc)
            .then(mozilla::Breadcrumbs)
            .then(java::JavaStackTrace)
            .then(mozilla::MacBootArgs)
            .then(mozilla::MacCrashInfo)
            .then(mozilla::MozCrashReason)
            .then(mozilla::UtilityActorsName)
            .then(mozilla::ReportType)
            // The machine, by the minidump; then, where it says nothing, by Android's annotations;
            // then by everybody's.
            .then(general::CpuInfo)
            .then(android::AndroidCpuInfo)
            .then(mozilla::DistributionId)
            .then(general::OsInfo)
            .then(android::AndroidOsInfo)
            .then(mozilla::PlatformInfo)
            .then_async(mozilla::BetaVersion::new(Arc::clone(&self.versions)))
            // Reads what the rules about the system agreed on.
            .then(mozilla::OsPrettyVersion)
            .then(mozilla::TopMostFiles)
            .then(mozilla::ModulesInStack)
            .then(mozilla::MissingSymbols)
            .then(mozilla::ThemePrettyName)
            .then(memory_report::MemoryReportExtraction)
            .then(mozilla::SoftErrors::default())
            .then(breakpad::ThreadCount)
            // The signature reads what all the others wrote.
            .then(mozilla::Signature::new(Arc::clone(&self.signatures)))
            // Goes by the signature.
            .then(mozilla::ShutDownHangCrashingThread)
    }

    /// The ruleset that only makes the signature again, under the name `regenerate_signature`. It
    /// changes the processed crash of the run before.
    #[must_use]
    pub fn regenerate_signature_ruleset(&self) -> Ruleset {
        Ruleset::named("regenerate_signature")
            .in_place()
            .then(mozilla::Signature::new(Arc::clone(&self.signatures)))
    }
}

/// The ruleset for new crashes: [`RulesetOptions::default_ruleset`] where nobody knows versions.
#[must_use]
pub fn default_ruleset(
    stackwalker: Arc<dyn Stackwalker>,
    signatures: Arc<SignatureGenerator>,
) -> Ruleset {
    RulesetOptions::new(stackwalker, signatures).default_ruleset()
}

impl Pipeline {
    /// Adds the two built-in rulesets, `default` and `regenerate_signature`.
    #[must_use]
    pub fn with_rulesets(self, options: &RulesetOptions) -> Self {
        self.with(options.default_ruleset())
            .with(options.regenerate_signature_ruleset())
    }

    /// [`Pipeline::with_rulesets`] where nobody knows versions.
    #[must_use]
    pub fn with_default_rulesets(
        self,
        stackwalker: Arc<dyn Stackwalker>,
        signatures: &Arc<SignatureGenerator>,
    ) -> Self {
        self.with_rulesets(&RulesetOptions::new(stackwalker, Arc::clone(signatures)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pipeline::GIVEN_FIELDS, rule::Item};
    use async_trait::async_trait;
    use socorro_core::schema::Schema;
    use socorro_stackwalk::{WalkOutcome, WalkOutput, WalkRequest};

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
                symbolication: None,
            }
        }
    }

    fn ruleset() -> Ruleset {
        default_ruleset(Arc::new(NoWalk), Arc::new(SignatureGenerator::default()))
    }

    #[test]
    fn every_rule_stands_below_those_that_write_what_it_reads() {
        assert_eq!(
            ruleset().order_violations(&GIVEN_FIELDS),
            Vec::<String>::new()
        );
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
        let wrong = Ruleset::named("wrong")
            .then(mozilla::MajorVersion)
            .then(mozilla::EsrVersionRewrite)
            .then(mozilla::CopyFromRawCrash)
            .then(general::RemoveNulls);
        assert_eq!(
            wrong.order_violations(&[]),
            [
                "MajorVersionRule reads annotation Version, which a later rule changes",
                "ESRVersionRewrite reads release_channel, which only a later rule writes",
                "ESRVersionRewrite reads version, which only a later rule writes",
            ]
        );
    }

    #[test]
    fn the_default_ruleset_has_all_fifty_rules() {
        assert_eq!(ruleset().infos().count(), 50);
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

    #[test]
    fn the_schema_knows_which_rules_read_an_annotation() {
        let mut known = Vec::new();
        for field in Schema::raw_crash().fields() {
            known.extend(
                field
                    .read_by()
                    .iter()
                    .map(|rule| (field.name(), rule.as_str())),
            );
        }
        let mut read = Vec::new();
        for info in ruleset().infos() {
            for item in info.reads {
                if let Item::Annotation(name) = item {
                    read.push((*name, info.name));
                }
            }
        }
        known.sort_unstable();
        read.sort_unstable();
        assert_eq!(read, known);
    }
}
