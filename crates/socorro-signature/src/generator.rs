//! Running the rules.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::crash_data::CrashData;
use crate::lists::SignatureLists;
use crate::result::SignatureResult;
use crate::rules::{RuleError, RuleInput, SignatureRule, default_rules};

/// Called with the crash, the name of the rule that failed and the error.
type FailureHook = dyn Fn(&CrashData, &str, &RuleError) + Send + Sync;

/// Makes signatures. Cheap to share: build it once, use it from any thread.
pub struct SignatureGenerator {
    lists: Arc<SignatureLists>,
    rules: Vec<Box<dyn SignatureRule>>,
    failure_hook: Option<Box<FailureHook>>,
}

impl SignatureGenerator {
    /// A generator with the default rules and the given lists.
    pub fn new(lists: impl Into<Arc<SignatureLists>>) -> Self {
        Self::with_rules(lists, default_rules())
    }

    /// A generator with rules of your own; [`default_rules`] gives the usual ones to start from.
    pub fn with_rules(
        lists: impl Into<Arc<SignatureLists>>,
        rules: Vec<Box<dyn SignatureRule>>,
    ) -> Self {
        Self {
            lists: lists.into(),
            rules,
            failure_hook: None,
        }
    }

    /// Has `hook` called whenever a rule fails, for reporting errors elsewhere than in the crash's notes.
    #[must_use]
    pub fn on_rule_failure(
        mut self,
        hook: impl Fn(&CrashData, &str, &RuleError) + Send + Sync + 'static,
    ) -> Self {
        self.failure_hook = Some(Box::new(hook));
        self
    }

    /// The lists in use.
    pub fn lists(&self) -> &SignatureLists {
        &self.lists
    }

    /// The rules in order.
    pub fn rules(&self) -> &[Box<dyn SignatureRule>] {
        &self.rules
    }

    /// Makes the signature of a crash. Never fails: what goes wrong is in the notes.
    pub fn generate(&self, crash: &CrashData) -> SignatureResult {
        let mut result = SignatureResult::default();
        for rule in &self.rules {
            if let Err(error) = self.run_rule(rule.as_ref(), crash, &mut result) {
                result.note(rule.name(), &format!("Rule failed: {error}"));
                if let Some(hook) = &self.failure_hook {
                    hook(crash, rule.name(), &error);
                }
            }
        }
        result
    }

    fn run_rule(
        &self,
        rule: &dyn SignatureRule,
        crash: &CrashData,
        result: &mut SignatureResult,
    ) -> Result<(), RuleError> {
        let input = RuleInput::new(crash, &self.lists);
        // The result stays usable whatever a rule was doing to it: it is a handful of independent texts.
        let run = AssertUnwindSafe(|| match rule.applies(input, result)? {
            true => rule.apply(input, result),
            false => Ok(()),
        });
        catch_unwind(run).unwrap_or_else(|panic| Err(panic_message(panic.as_ref()).into()))
    }
}

impl Default for SignatureGenerator {
    /// A generator with the default rules and the default lists.
    fn default() -> Self {
        Self::new(SignatureLists::default())
    }
}

impl fmt::Debug for SignatureGenerator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignatureGenerator")
            .field("lists", &self.lists)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug)]
    struct Breaks {
        panics: bool,
    }

    impl SignatureRule for Breaks {
        fn name(&self) -> &str {
            "Breaks"
        }

        fn purpose(&self) -> &str {
            "fail after a change"
        }

        fn applies(&self, _: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
            Ok(true)
        }

        fn apply(&self, _: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
            result.set_signature(self.name(), format!("{}x", result.signature));
            assert!(!self.panics, "on purpose");
            Err("refused".into())
        }
    }

    #[test]
    fn a_rule_that_fails_or_panics_leaves_a_note_and_the_next_goes_on() {
        let failed = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&failed);
        let rules: Vec<Box<dyn SignatureRule>> = vec![
            Box::new(Breaks { panics: true }),
            Box::new(Breaks { panics: false }),
        ];
        let generator = SignatureGenerator::with_rules(SignatureLists::empty(), rules)
            .on_rule_failure(move |_, rule, error| {
                seen.lock().unwrap().push(format!("{rule} {error}"));
            });
        let result = generator.generate(&CrashData::default());
        assert_eq!(result.signature, "xx");
        assert_eq!(
            result.notes,
            [
                "Breaks: Rule failed: panicked: on purpose",
                "Breaks: Rule failed: refused"
            ]
        );
        assert_eq!(
            *failed.lock().unwrap(),
            ["Breaks panicked: on purpose", "Breaks refused"]
        );
    }

    #[test]
    fn rules_have_the_names_that_notes_have_always_had() {
        let generator = SignatureGenerator::default();
        let names: Vec<_> = generator.rules().iter().map(|rule| rule.name()).collect();
        assert_eq!(
            names,
            [
                "SignatureGenerationRule",
                "StackwalkerErrorSignatureRule",
                "BadHardware",
                "OOMSignature",
                "AbortSignature",
                "SignatureShutdownTimeout",
                "SignatureRunWatchDog",
                "SignatureIPCChannelError",
                "SignatureIPCMessageName",
                "StackOverflowSignature",
                "HungProcess",
                "SigPrintableCharsOnly",
                "SigFixWhitespace",
                "SigTruncate",
            ]
        );
        assert!(
            generator
                .rules()
                .iter()
                .all(|rule| !rule.purpose().is_empty())
        );
    }
}
