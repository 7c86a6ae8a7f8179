//! Crashes that were found without a processed crash.

use serde_json::Value;
use socorro_core::CrashId;

use super::{CrashStats, error::Error};

/// A page of crashes that were found without a processed crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPage {
    /// The crashes.
    pub missing: Vec<Missing>,
    /// How many there are on all pages, if the server says so.
    pub count: Option<u64>,
    /// Whether there is another page.
    pub has_next: bool,
}

/// A crash that was found without a processed crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub id: CrashId,
    /// Whether it is processed by now.
    pub is_processed: bool,
    /// When it was found, as the server writes it.
    pub created: Option<String>,
}

impl CrashStats {
    /// A page of crashes that were found without a processed crash; the first one is 1.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] when there is no such page, and all that can go wrong with any question.
    pub async fn missing(&self, page: u32) -> Result<MissingPage, Error> {
        let number = page.to_string();
        let what = format!("page {page} of missing processed crashes");
        let parameters = [("page", number.as_str())];
        let question = self.question("MissingProcessedCrash", parameters, what);
        let answer = self.json(&question).await?;
        let results = answer.get("results").and_then(Value::as_array);
        let Some(results) = results else {
            return Err(self.malformed(&question, "it has no results".to_owned()));
        };
        let missing: Option<Vec<_>> = results.iter().map(entry).collect();
        let Some(missing) = missing else {
            return Err(self.malformed(&question, "a result has no crash id".to_owned()));
        };
        Ok(MissingPage {
            missing,
            count: answer.get("count").and_then(Value::as_u64),
            // Only whether there is one counts: links may name a host behind a proxy.
            has_next: answer.get("next").is_some_and(Value::is_string),
        })
    }
}

fn entry(result: &Value) -> Option<Missing> {
    let id = result.get("crash_id")?.as_str()?;
    let created = result.get("created").and_then(Value::as_str);
    Some(Missing {
        id: CrashId::parse(id).ok()?,
        is_processed: result
            .get("is_processed")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        created: created.map(str::to_owned),
    })
}
