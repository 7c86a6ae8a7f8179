//! Programs that ended themselves with a message.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::present;
use crate::python::text::{first_characters, is_longer_than, printable_ascii, strip};
use crate::result::SignatureResult;

/// Longest message in a signature, in characters.
const MAXIMUM_MESSAGE: usize = 80;

/// Puts the program's last words in front, without the parts that differ from crash to crash.
///
/// Source: Socorro `socorro/signature/rules.py` (`AbortSignature`).
#[derive(Debug, Clone, Copy, Default)]
pub struct AbortSignature;

impl SignatureRule for AbortSignature {
    fn name(&self) -> &str {
        "AbortSignature"
    }

    fn purpose(&self) -> &str {
        "put the abort message in front"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(present(input.crash.abort_message.as_deref()).is_some())
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let message = input.crash.abort_message.as_deref().unwrap_or_default();
        let new = match message_for_signature(message) {
            Some(message) => format!("Abort | {message} | {}", result.signature),
            None => format!("Abort | {}", result.signature),
        };
        result.set_signature(self.name(), new);
        Ok(())
    }
}

/// The part of the message that is alike in like crashes; none if it has nothing but a file name.
fn message_for_signature(message: &str) -> Option<String> {
    if message.contains("###!!! ABORT: file ") {
        return None;
    }
    let message = message
        .split_once("###!!! ABORT:")
        .map_or(message, |(_, after)| after);
    let message = message
        .split_once(": file ")
        .map_or(message, |(before, _)| before);
    let message = printable_ascii(&without_font_description(message));
    let message = strip(&message);
    if is_longer_than(message, MAXIMUM_MESSAGE) {
        return Some(format!(
            "{}...",
            first_characters(message, MAXIMUM_MESSAGE - 3)
        ));
    }
    Some(message.to_owned())
}

/// The message about missing fonts without the description of the font, which names the user's settings.
fn without_font_description(message: &str) -> String {
    if message.contains("unable to find a usable font")
        && let (Some(open), Some(close)) = (message.find('('), message.rfind(')'))
    {
        // With the two the wrong way round upstream doubles the part between them; so do we.
        return format!("{}{}", &message[..open], &message[close + 1..]);
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    fn signature(message: &str) -> String {
        signature_after(
            &AbortSignature,
            "f",
            &crash(json!({"abort_message": message})),
        )
    }

    #[test]
    fn messages_lose_what_varies() {
        for (message, expected) in [
            (
                "[Parent 1, Main] ###!!! ABORT: bad thing: file a.cpp, line 3",
                "Abort | bad thing | f",
            ),
            ("###!!! ABORT: file a.cpp, line 3", "Abort | f"),
            (
                "unable to find a usable font (Arial) here",
                "Abort | unable to find a usable font  here | f",
            ),
            ("\u{e9}", "Abort |  | f"),
            ("", "f"),
        ] {
            assert_eq!(signature(message), expected, "{message:?}");
        }
        assert_eq!(
            signature(&"x".repeat(81)),
            format!("Abort | {}... | f", "x".repeat(77))
        );
        assert_eq!(
            signature(&"x".repeat(80)),
            format!("Abort | {} | f", "x".repeat(80))
        );
    }
}
