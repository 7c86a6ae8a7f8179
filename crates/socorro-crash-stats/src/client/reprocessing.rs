//! Having crashes processed again.

use std::fmt;

use socorro_core::CrashId;
use url::form_urlencoded;

use super::{CrashStats, error::Error};

/// How many crashes Mozilla's own tool asks for at a time.
pub const MAX_GROUP: usize = 50;

/// A crash to be processed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReprocessingJob {
    /// Which.
    pub id: CrashId,
    /// The ruleset; the default one of the server when there is none.
    pub ruleset: Option<String>,
}

/// As the server takes it: `id`, or `id:ruleset`.
impl fmt::Display for ReprocessingJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ruleset {
            Some(ruleset) => write!(f, "{}:{ruleset}", self.id),
            None => self.id.fmt(f),
        }
    }
}

impl CrashStats {
    /// Has crashes processed again. Needs a token with the permission to do so. The server takes
    /// all of them or none.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] when the server does not take one of them, and all that can go wrong
    /// with any question.
    pub async fn reprocess(&self, jobs: &[ReprocessingJob]) -> Result<(), Error> {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        for job in jobs {
            fields.append_pair("crash_ids", &job.to_string());
        }
        let what = format!("reprocessing of {} crashes", jobs.len());
        let question = self.form("Reprocessing", fields.finish(), what);
        self.json(&question).await.map(|_| ())
    }
}
