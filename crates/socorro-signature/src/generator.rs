//! Running the rules.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use crate::crash_data::CrashData;
use crate::error::SignatureError;
use crate::explain::{self, Step};
use crate::frames::{Grouping, NameCache};
use crate::lists::SignatureLists;
use crate::result::SignatureResult;
use crate::rules::{RuleError, RuleInput, SignatureRule, default_rules};

/// Called with the crash, the name of the rule that failed and the error.
type FailureHook = dyn Fn(&CrashData<'_>, &str, &RuleError) + Send + Sync;

/// Makes signatures. Build it once and use it from any thread: it remembers the names it made.
pub struct SignatureGenerator {
    current: RwLock<Current>,
    grouping: Grouping,
    rules: Vec<Box<dyn SignatureRule>>,
    failure_hook: Option<Box<FailureHook>>,
}

/// The lists in use, and what was made with them.
#[derive(Debug, Clone)]
struct Current {
    lists: Arc<SignatureLists>,
    names: Arc<NameCache>,
}

impl Current {
    fn new(lists: Arc<SignatureLists>) -> Self {
        Self {
            lists,
            names: Arc::default(),
        }
    }
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
            current: RwLock::new(Current::new(lists.into())),
            grouping: Grouping::default(),
            rules,
            failure_hook: None,
        }
    }

    /// Has frames grouped in the given way.
    #[must_use]
    pub fn with_grouping(mut self, grouping: Grouping) -> Self {
        self.grouping = grouping;
        self
    }

    /// Has `hook` called whenever a rule fails, for reporting errors elsewhere than in the crash's notes.
    #[must_use]
    pub fn on_rule_failure(
        mut self,
        hook: impl Fn(&CrashData<'_>, &str, &RuleError) + Send + Sync + 'static,
    ) -> Self {
        self.failure_hook = Some(Box::new(hook));
        self
    }

    /// The lists in use.
    pub fn lists(&self) -> Arc<SignatureLists> {
        self.current().lists
    }

    /// How frames are grouped.
    pub fn grouping(&self) -> Grouping {
        self.grouping
    }

    /// The rules in order.
    pub fn rules(&self) -> &[Box<dyn SignatureRule>] {
        &self.rules
    }

    /// Uses other lists from the next signature on; those being made keep the lists they started with.
    pub fn replace_lists(&self, lists: impl Into<Arc<SignatureLists>>) {
        let new = Current::new(lists.into());
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Reads the lists again if they came from a directory, and uses them from the next signature on.
    ///
    /// Tells whether there was something to read.
    ///
    /// # Errors
    ///
    /// As [`SignatureLists::from_directory`]; then the lists in use stay in use.
    pub fn reload_lists(&self) -> Result<bool, SignatureError> {
        match self.lists().directory() {
            Some(directory) => {
                self.replace_lists(SignatureLists::from_directory(directory)?);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Makes the signature of a crash. Never fails: what goes wrong is in the notes.
    pub fn generate(&self, crash: &CrashData<'_>) -> SignatureResult {
        self.generate_with(&self.current(), crash)
    }

    /// Tells how a crash comes to its signature: which frame was dropped, passed over or taken by which list entry,
    /// and which rule changed the signature from what to what.
    ///
    /// ```
    /// use serde_json::json;
    /// use socorro_signature::{CrashData, SignatureGenerator};
    ///
    /// let crash = json!({"threads": [{"frames": [{"function": "memcpy"}, {"function": "Image::decode(int)"}]}]});
    /// let steps = SignatureGenerator::default().explain(&CrashData::from_json(&crash));
    /// assert!(steps[1].to_string().starts_with("joined    0  memcpy  [prefix_signature_re.txt:"));
    /// assert_eq!(steps[2].to_string(), "kept      1  Image::decode");
    /// ```
    pub fn explain(&self, crash: &CrashData<'_>) -> Vec<Step> {
        let current = self.current();
        let result = self.generate_with(&current, crash);
        explain::steps(&result, crash, &current.lists)
    }

    fn current(&self) -> Current {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn generate_with(&self, current: &Current, crash: &CrashData<'_>) -> SignatureResult {
        let input = RuleInput {
            crash,
            lists: &current.lists,
            grouping: self.grouping,
            names: Some(&current.names),
        };
        let mut result = SignatureResult::default();
        for rule in &self.rules {
            if let Err(error) = run_rule(rule.as_ref(), input, &mut result) {
                result.note(rule.name(), &format!("Rule failed: {error}"));
                if let Some(hook) = &self.failure_hook {
                    hook(crash, rule.name(), &error);
                }
            }
        }
        result
    }
}

fn run_rule(
    rule: &dyn SignatureRule,
    input: RuleInput<'_>,
    result: &mut SignatureResult,
) -> Result<(), RuleError> {
    // The result stays usable whatever a rule was doing to it: it is a handful of independent texts.
    let run = AssertUnwindSafe(|| match rule.applies(input, result)? {
        true => rule.apply(input, result),
        false => Ok(()),
    });
    catch_unwind(run).unwrap_or_else(|panic| Err(panic_message(panic.as_ref()).into()))
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
            .field("current", &self.current)
            .field("grouping", &self.grouping)
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
    fn lists_change_while_the_generator_is_in_use() {
        let directory = tempfile::tempdir().unwrap();
        let write = |prefix: &str| {
            for name in crate::ListName::ALL {
                let text = if name == crate::ListName::Prefix {
                    prefix
                } else {
                    "none"
                };
                std::fs::write(directory.path().join(name.file_name()), text).unwrap();
            }
        };
        let crash =
            serde_json::json!({"threads": [{"frames": [{"function": "a"}, {"function": "b"}]}]});
        let crash = CrashData::from_json(&crash);
        write("x");
        let lists = SignatureLists::from_directory(directory.path()).unwrap();
        let generator = SignatureGenerator::new(lists);
        assert_eq!(generator.generate(&crash).signature, "a");
        write("a");
        assert_eq!(generator.generate(&crash).signature, "a");
        assert!(generator.reload_lists().unwrap());
        assert_eq!(generator.generate(&crash).signature, "a | b");
        write("a(");
        assert!(generator.reload_lists().is_err());
        assert_eq!(generator.generate(&crash).signature, "a | b");
        generator.replace_lists(SignatureLists::empty());
        assert_eq!(generator.generate(&crash).signature, "a");
        assert!(!generator.reload_lists().unwrap());
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
