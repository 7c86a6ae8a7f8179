//! Processes ended by their parent because of what they said.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::present;
use crate::python::text::first_characters;
use crate::result::SignatureResult;

/// Longest part of the error in a signature, in characters.
const MAXIMUM_ERROR: usize = 100;

/// Replaces the signature by the error of the channel between processes: the stack shows only who was ended.
///
/// Source: Socorro `socorro/signature/rules.py` (`SignatureIPCChannelError`).
#[derive(Debug, Clone, Copy, Default)]
pub struct IpcChannelError;

impl SignatureRule for IpcChannelError {
    fn name(&self) -> &str {
        "SignatureIPCChannelError"
    }

    fn purpose(&self) -> &str {
        "name the channel error that made one process end another"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(present(input.crash.ipc_channel_error.as_deref()).is_some())
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let error = input.crash.ipc_channel_error.as_deref().unwrap_or_default();
        let with_browser = input
            .crash
            .additional_minidumps
            .contains("upload_file_minidump_browser");
        let process = if with_browser { "browser" } else { "content" };
        let error = first_characters(error, MAXIMUM_ERROR);
        result.set_signature(self.name(), format!("IPCError-{process} | {error}"));
        result.note(self.name(), "IPC Channel Error stomped on signature");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn the_error_replaces_the_signature() {
        let content = crash(json!({"ipc_channel_error": "é".repeat(101)}));
        let expected = format!("IPCError-content | {}", "é".repeat(100));
        assert_eq!(signature_after(&IpcChannelError, "f", &content), expected);
        let browser = crash(json!({
            "ipc_channel_error": "x", "additional_minidumps": ["upload_file_minidump_browser"],
        }));
        assert_eq!(
            signature_after(&IpcChannelError, "f", &browser),
            "IPCError-browser | x"
        );
    }
}
