//! A copy in another storage.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use socorro_core::{CrashId, ProcessedCrash};
use socorro_storage::{CrashStorage, Expected};

use super::{Destination, DestinationError};

/// Stores processed crashes in another storage as well, all of their fields, with the keys of the
/// main one. Raw crashes and dumps are not copied.
#[derive(Debug)]
pub struct StorageCopy(Arc<dyn CrashStorage>);

impl StorageCopy {
    /// Copies into `storage`.
    #[must_use]
    pub fn to(storage: Arc<dyn CrashStorage>) -> Self {
        Self(storage)
    }
}

impl fmt::Display for StorageCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl Destination for StorageCopy {
    async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
        // The histories were merged in main storage already.
        self.0
            .save_processed_crash(id, crash, Expected::Any)
            .await?;
        Ok(())
    }
}
