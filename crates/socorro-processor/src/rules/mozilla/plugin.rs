//! Plugins.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Which annotation becomes which field.
const FIELDS: [(&str, &str); 3] = [
    ("plugin_filename", "PluginFilename"),
    ("plugin_name", "PluginName"),
    ("plugin_version", "PluginVersion"),
];

/// Names the plugin when it was a plugin process that crashed, so that its maker can be told.
///
/// Source: Socorro `PluginRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plugin;

impl Rule for Plugin {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "PluginRule",
            purpose: "name the plugin whose process crashed",
            reads: &[
                Item::Annotation("ProcessType"),
                Item::Annotation("PluginFilename"),
                Item::Annotation("PluginName"),
                Item::Annotation("PluginVersion"),
            ],
            writes: &[
                Item::Field("plugin_filename"),
                Item::Field("plugin_name"),
                Item::Field("plugin_version"),
            ],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.raw.annotation("ProcessType") == Some("plugin")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        for (field, annotation) in FIELDS {
            let value = crash.text_annotation(annotation).unwrap_or_default();
            crash.processed.set(field, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::after;
    use serde_json::json;

    #[test]
    fn only_plugin_processes_have_a_plugin() {
        assert_eq!(
            after(
                Plugin,
                json!({"ProcessType": "plugin", "PluginName": "A", "PluginVersion": 1})
            ),
            json!({"plugin_filename": "", "plugin_name": "A", "plugin_version": ""})
        );
        assert_eq!(after(Plugin, json!({"PluginName": "A"})), json!({}));
    }
}
