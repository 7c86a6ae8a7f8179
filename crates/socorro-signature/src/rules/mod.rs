//! The rules that make and shape a signature, one file each.

mod abort;
mod bad_hardware;
mod fix_whitespace;
mod generation;
mod hung_process;
mod ipc_channel_error;
mod ipc_message_name;
mod oom;
mod printable_characters;
mod run_watchdog;
mod shutdown_timeout;
mod stack_overflow;
mod stackwalker_error;
mod truncate;

use std::fmt::Debug;

pub use self::abort::AbortSignature;
pub use self::bad_hardware::BadHardware;
pub use self::fix_whitespace::FixWhitespace;
pub use self::generation::SignatureGeneration;
pub use self::hung_process::HungProcess;
pub use self::ipc_channel_error::IpcChannelError;
pub use self::ipc_message_name::IpcMessageName;
pub use self::oom::OutOfMemory;
pub use self::printable_characters::PrintableCharactersOnly;
pub use self::run_watchdog::RunWatchdog;
pub use self::shutdown_timeout::ShutdownTimeout;
pub use self::stack_overflow::StackOverflow;
pub use self::stackwalker_error::StackwalkerError;
pub use self::truncate::{MAXIMUM_LENGTH, Truncate};
use crate::crash_data::CrashData;
use crate::frames::{Grouping, NameCache};
use crate::lists::SignatureLists;
use crate::result::SignatureResult;

/// Why a rule failed. Any error, or a text, can become one with `?` or `.into()`.
pub type RuleError = Box<dyn std::error::Error + Send + Sync>;

/// What a rule works from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RuleInput<'a> {
    /// The crash.
    pub crash: &'a CrashData<'a>,
    /// The lists in use.
    pub lists: &'a SignatureLists,
    /// How frames make groups.
    pub grouping: Grouping,
    /// Normalised names made before.
    pub(crate) names: Option<&'a NameCache>,
}

impl<'a> RuleInput<'a> {
    /// Input for a rule that is run by hand.
    pub fn new(crash: &'a CrashData<'a>, lists: &'a SignatureLists) -> Self {
        Self {
            crash,
            lists,
            grouping: Grouping::default(),
            names: None,
        }
    }
}

/// One step from a crash to its signature.
///
/// Rules run in order on one [`SignatureResult`]. A rule that returns an error or panics keeps what it changed so
/// far, leaves the note `RuleName: Rule failed: …`, and the next rule goes on.
pub trait SignatureRule: Debug + Send + Sync {
    /// Name in notes and log.
    fn name(&self) -> &str;

    /// What the rule is for, in one line.
    fn purpose(&self) -> &str;

    /// Whether the rule has something to do for this crash and the signature so far.
    ///
    /// # Errors
    ///
    /// Any; see [`SignatureRule`].
    fn applies(&self, input: RuleInput<'_>, result: &SignatureResult) -> Result<bool, RuleError>;

    /// Changes the signature.
    ///
    /// # Errors
    ///
    /// Any; see [`SignatureRule`].
    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError>;
}

/// The rules of Mozilla's crash processor, in its order.
///
/// Source: Socorro `socorro/signature/generator.py` (`DEFAULT_RULESET`).
pub fn default_rules() -> Vec<Box<dyn SignatureRule>> {
    vec![
        // From the stack to a first signature.
        Box::new(SignatureGeneration),
        // There may be no stack because the stackwalker had none to give.
        Box::new(StackwalkerError),
        // What went wrong matters more than where: prefixes.
        Box::new(BadHardware),
        Box::new(OutOfMemory),
        Box::new(AbortSignature),
        // Crashes made on purpose, where the stack says nothing about the cause: replaced signatures. The watchdog
        // starts again with another thread, so all earlier prefixes are gone.
        Box::new(ShutdownTimeout),
        Box::new(RunWatchdog),
        Box::new(IpcChannelError),
        // These may come on top of replaced signatures too.
        Box::new(IpcMessageName),
        Box::new(StackOverflow),
        Box::new(HungProcess),
        // Last: fit for a database column. The length counts after characters are gone.
        Box::new(PrintableCharactersOnly),
        Box::new(FixWhitespace),
        Box::new(Truncate),
    ]
}

#[cfg(test)]
pub(crate) mod testing {
    //! Running one rule in a test.

    use super::*;

    /// Crash data from JSON.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write the value in place"
    )]
    pub(crate) fn crash(json: serde_json::Value) -> CrashData<'static> {
        CrashData::from_json(&json).into_owned()
    }

    /// The result after one rule, with empty lists.
    pub(crate) fn run(
        rule: &dyn SignatureRule,
        signature: &str,
        crash: &CrashData<'_>,
    ) -> SignatureResult {
        let lists = SignatureLists::empty();
        let input = RuleInput::new(crash, &lists);
        let mut result = SignatureResult {
            signature: signature.to_owned(),
            ..SignatureResult::default()
        };
        if rule.applies(input, &result).unwrap() {
            rule.apply(input, &mut result).unwrap();
        }
        result
    }

    /// The signature after one rule, with empty lists.
    pub(crate) fn signature_after(
        rule: &dyn SignatureRule,
        signature: &str,
        crash: &CrashData<'_>,
    ) -> String {
        run(rule, signature, crash).signature
    }
}
