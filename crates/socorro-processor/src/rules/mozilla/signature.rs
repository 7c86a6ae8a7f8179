//! The signature.

use std::sync::Arc;

use socorro_signature::{CrashData, SignatureGenerator};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Gives the crash its signature: the text that groups it with its like.
///
/// Source: Socorro `SignatureGeneratorRule`; how a signature is made is the business of
/// [`socorro_signature`].
#[derive(Debug, Clone)]
pub struct Signature {
    generator: Arc<SignatureGenerator>,
}

impl Signature {
    /// The rule with the given generator and its lists.
    #[must_use]
    pub fn new(generator: Arc<SignatureGenerator>) -> Self {
        Self { generator }
    }
}

impl Rule for Signature {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "SignatureGeneratorRule",
            purpose: "make the signature that groups the crash with its like",
            reads: &[
                Item::Field("json_dump"),
                Item::Field("additional_minidumps"),
                Item::Field("mdsw_status_string"),
                Item::Field("signature"),
                Item::Field("abort_message"),
                Item::Field("async_shutdown_timeout"),
                Item::Field("hang"),
                Item::Field("ipc_channel_error"),
                Item::Field("ipc_message_name"),
                Item::Field("java_exception"),
                Item::Field("java_stack_trace"),
                Item::Field("js_large_allocation_failure"),
                Item::Field("oom_allocation_size"),
            ],
            writes: &[
                Item::Field("signature"),
                Item::Field("proto_signature"),
                Item::Field("signature_debug"),
            ],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let data = CrashData::from_processed_crash(crash.processed.as_map());
        let result = self.generator.generate(&data);
        let debug_log = result.debug_log().join("\n");
        crash.processed.set("signature", result.signature);
        for note in result.notes {
            crash.note(note);
        }
        match result.proto_signature {
            Some(proto_signature) => crash.processed.set("proto_signature", proto_signature),
            None => {
                crash.processed.remove("proto_signature");
            }
        }
        crash.processed.set("signature_debug", debug_log);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::apply;
    use serde_json::json;

    #[test]
    fn the_signature_comes_from_the_crashing_thread() {
        let frames = json!([{"module": "app", "function": "app::crash()"}]);
        let crash = json!({"json_dump": {
            "crash_info": {"crashing_thread": 1},
            "threads": [{"frames": []}, {"frames": frames}],
        }});
        let crash = apply(Signature::new(Arc::default()), json!({}), crash);
        assert_eq!(crash.processed.signature(), Some("app::crash"));
        assert_eq!(crash.processed.text("proto_signature"), Some("app::crash"));
        assert!(
            crash
                .processed
                .text("signature_debug")
                .is_some_and(|log| !log.is_empty())
        );
    }
}
