//! The copy for telemetry.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use socorro_core::{CrashId, ProcessedCrash, telemetry};
use socorro_storage::{CrashStorage, DocumentKey};

use super::{Destination, DestinationError};

/// Stores the small public report of each crash that telemetry wants, at
/// `v1/crash_report/{YYYYMMDD}/{crash id}`. What is in it: [`telemetry`].
#[derive(Debug)]
pub struct TelemetryCopy(Arc<dyn CrashStorage>);

impl TelemetryCopy {
    /// Stores the reports in `storage`, usually a bucket of their own.
    #[must_use]
    pub fn to(storage: Arc<dyn CrashStorage>) -> Self {
        Self(storage)
    }
}

impl fmt::Display for TelemetryCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "telemetry+{}", self.0)
    }
}

#[async_trait]
impl Destination for TelemetryCopy {
    async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
        let report = telemetry::crash_report(crash);
        if report.wrongly_typed > 0 {
            tracing::warn!(
                values = report.wrongly_typed,
                "left out of the report for telemetry: not of the type of their schema"
            );
        }
        let key = DocumentKey::crash_report(id);
        self.0.save_document(&key, report.to_json().into()).await?;
        Ok(())
    }
}
