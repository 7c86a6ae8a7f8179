//! The message that was being handled.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::Scalar;
use crate::result::SignatureResult;

/// Adds the name of the message between processes that was being handled.
///
/// Source: Socorro `socorro/signature/rules.py` (`SignatureIPCMessageName`).
#[derive(Debug, Clone, Copy, Default)]
pub struct IpcMessageName;

impl SignatureRule for IpcMessageName {
    fn name(&self) -> &str {
        "SignatureIPCMessageName"
    }

    fn purpose(&self) -> &str {
        "add the message between processes that was being handled"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(input
            .crash
            .ipc_message_name
            .as_ref()
            .is_some_and(Scalar::is_truthy))
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        if let Some(name) = &input.crash.ipc_message_name {
            result.set_signature(
                self.name(),
                format!("{} | IPC_Message_Name={name}", result.signature),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn the_message_follows_the_signature() {
        let named = crash(json!({"ipc_message_name": "PContent::Msg_Load"}));
        assert_eq!(
            signature_after(&IpcMessageName, "f", &named),
            "f | IPC_Message_Name=PContent::Msg_Load"
        );
        assert_eq!(
            signature_after(
                &IpcMessageName,
                "f",
                &crash(json!({"ipc_message_name": ""}))
            ),
            "f"
        );
    }
}
