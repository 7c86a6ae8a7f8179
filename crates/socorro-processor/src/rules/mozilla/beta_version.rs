//! Which beta it was.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{AsyncRule, Item, RuleError, RuleInfo},
    values::strip,
    version_lookup::VersionLookup,
};

/// Products that have betas.
const PRODUCTS: [&str; 2] = ["Firefox", "Thunderbird"];
/// Builds of Firefox on the channel `aurora` after this one are Developer Edition.
const LAST_AURORA: &str = "20170601";
/// A build id is a date and time; nobody is asked about longer texts.
const MAX_BUILD_ID: usize = 64;

/// Tells which beta it was (`145.0b3`): betas themselves know only the release they lead to.
///
/// When the lookup knows no answer, or nobody can be asked, the version gets the suffix `b0`, so
/// that the crash is not counted with the release. Source: Socorro `BetaVersionRule`, which fails
/// when the version service does.
#[derive(Debug, Clone)]
pub struct BetaVersion {
    versions: Arc<dyn VersionLookup>,
}

impl BetaVersion {
    /// The rule with somebody to ask.
    #[must_use]
    pub fn new(versions: Arc<dyn VersionLookup>) -> Self {
        Self { versions }
    }

    /// The version by the lookup; notes when nobody could be asked.
    async fn look_up(&self, crash: &mut Crash, channel: &str) -> Option<String> {
        let product = crash.processed.text("product").unwrap_or_default();
        let build_id = match crash.processed.get("build") {
            None => "",
            Some(Value::String(build)) => strip(build),
            Some(_) => {
                crash.wrong_type("build", "text");
                return None;
            }
        };
        if build_id.is_empty() || build_id.len() > MAX_BUILD_ID {
            return None;
        }
        let (product, channel) = match (product, channel) {
            ("Firefox", "aurora") if build_id > LAST_AURORA => ("DevEdition", "aurora"),
            other => other,
        };
        match self.versions.version(product, channel, build_id).await {
            Ok(version) => version.filter(|version| !version.is_empty()),
            Err(error) => {
                tracing::warn!(%error, "version lookup failed");
                crash.note("BetaVersionRule: the version lookup was not possible");
                None
            }
        }
    }
}

#[async_trait]
impl AsyncRule for BetaVersion {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "BetaVersionRule",
            purpose: "tell which beta it was",
            reads: &[
                Item::Field("product"),
                Item::Field("release_channel"),
                Item::Field("build"),
                Item::Field("version"),
            ],
            writes: &[Item::Field("version")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        let product = crash.processed.text("product");
        product.is_some_and(|product| PRODUCTS.contains(&product))
            && crash.processed.contains("release_channel")
    }

    async fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let Some(channel) = crash.processed.text("release_channel") else {
            crash.wrong_type("release_channel", "text");
            return Ok(());
        };
        let (shown, channel) = (channel.to_owned(), channel.to_lowercase());
        if channel != "beta" && channel != "aurora" {
            return Ok(());
        }
        if let Some(version) = self.look_up(crash, &channel).await {
            crash.processed.set("version", version);
            return Ok(());
        }
        match crash.processed.as_map_mut().get_mut("version") {
            Some(Value::String(version)) => {
                version.push_str("b0");
                crash.note(format!(
                    "release channel is {shown} but no version data was found - added \"b0\" suffix to version number"
                ));
            }
            Some(_) => crash.wrong_type("version", "text"),
            None => crash.note("BetaVersionRule: version is missing"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        testing,
        version_lookup::{LookupError, NoVersions, VersionTable},
    };
    use serde_json::json;
    use socorro_core::Dumps;

    /// The version and the notes after the rule.
    async fn applied(
        versions: impl VersionLookup,
        processed: Value,
    ) -> (Option<String>, Vec<String>) {
        let crash = testing::crash(json!({}), processed, Dumps::new());
        let crash = testing::apply_async(&BetaVersion::new(Arc::new(versions)), crash).await;
        (
            crash.processed.text("version").map(str::to_owned),
            crash.notes().to_vec(),
        )
    }

    fn firefox(channel: &str, build: &str) -> Value {
        json!({"product": "Firefox", "release_channel": channel, "version": "3.0", "build": build})
    }

    fn table() -> VersionTable {
        let row = |product, channel, version| json!({"product": product, "channel": channel, "build_id": "20180101", "version_string": version});
        let rows = json!([
            row("Firefox", "beta", "3.0b4"),
            row("DevEdition", "aurora", "3.0b5")
        ]);
        VersionTable::from_json(rows.to_string().as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn the_lookup_knows_the_beta() {
        for (channel, version) in [("Beta", "3.0b4"), ("aurora", "3.0b5"), ("release", "3.0")] {
            let (found, notes) = applied(table(), firefox(channel, " 20180101 ")).await;
            assert_eq!(found.as_deref(), Some(version), "{channel}");
            assert!(notes.is_empty());
        }
    }

    #[tokio::test]
    async fn an_unknown_beta_gets_a_suffix() {
        let note = "release channel is beta but no version data was found - added \"b0\" suffix to version number";
        for build in ["2", "  ", &"1".repeat(65)] {
            let (found, notes) = applied(NoVersions, firefox("beta", build)).await;
            assert_eq!(found.as_deref(), Some("3.0b0"));
            assert_eq!(notes, [note]);
        }
    }

    #[derive(Debug)]
    struct Down;

    #[async_trait]
    impl VersionLookup for Down {
        async fn version(&self, _: &str, _: &str, _: &str) -> Result<Option<String>, LookupError> {
            Err(LookupError::BadAnswer {
                service: "secret.example".to_owned(),
                reason: "secret".to_owned(),
            })
        }
    }

    #[tokio::test]
    async fn when_nobody_can_be_asked_the_suffix_stays_and_a_note_says_so() {
        let (found, notes) = applied(Down, firefox("beta", "20180101")).await;
        assert_eq!(found.as_deref(), Some("3.0b0"));
        assert_eq!(
            notes[0],
            "BetaVersionRule: the version lookup was not possible"
        );
        assert!(!notes.concat().contains("secret"));
    }

    #[tokio::test]
    async fn wrong_types_and_a_missing_version_are_noted() {
        for (name, value, count) in [
            ("release_channel", json!(null), 1),
            ("build", json!(null), 2),
            ("version", json!(5), 1),
        ] {
            let mut processed = firefox("beta", "1");
            processed[name] = value;
            let (_, notes) = applied(NoVersions, processed).await;
            assert_eq!(notes.len(), count, "{name}");
        }
        let processed = json!({"product": "Firefox", "release_channel": "beta"});
        assert_eq!(applied(NoVersions, processed).await.1.len(), 1);
    }
}
