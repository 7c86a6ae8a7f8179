//! The copy of each crash that goes to telemetry: what is public in a processed crash, reduced to
//! a schema of its own, in a storage of its own.

mod filter;

use std::fmt;

use bytes::Bytes;
use socorro_core::{
    CrashId, ProcessedCrash,
    json::{self, Form},
};

pub use self::filter::{CrashReport, crash_report};
use crate::{
    address, error::Error, item::Subject, layout, object::ObjectStorage, options::StorageOptions,
    storage::CrashStorage as _,
};

/// Where crash reports for telemetry go: `v1/crash_report/{YYYYMMDD}/{crash id}` of a bucket or
/// directory.
///
/// ```
/// use socorro_core::{CrashId, ProcessedCrash, time::Date};
/// use socorro_storage::{StorageOptions, telemetry::TelemetryStorage};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let telemetry = TelemetryStorage::open("memory:", StorageOptions::default())?;
/// let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
/// let crash = ProcessedCrash::from_json(br#"{"signature": "f", "url": "http://secret/"}"#)?;
/// telemetry.save(&id, &crash).await?;
/// assert_eq!(telemetry.crash_report(&id).await?, r#"{"signature": "f"}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TelemetryStorage {
    storage: ObjectStorage,
}

impl TelemetryStorage {
    /// In a storage that need not hold anything else.
    #[must_use]
    pub fn new(storage: ObjectStorage) -> Self {
        Self { storage }
    }

    /// In the storage at an address.
    ///
    /// # Errors
    ///
    /// Those of [`open`](crate::open).
    pub fn open(address: &str, options: StorageOptions) -> Result<Self, Error> {
        address::open_objects(address, options).map(Self::new)
    }

    /// Stores the report of a crash, whatever is there. Gives it back, to count what was left out.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] (the limit is that of processed crashes), [`Error::Unavailable`],
    /// [`Error::Denied`].
    pub async fn save(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<CrashReport, Error> {
        let report = crash_report(crash);
        let content = json::to_vec(&report.document, Form::Processor);
        let what = Subject::CrashReport(*id);
        self.storage
            .write_json(&what, &layout::crash_report(id), content.into())
            .await?;
        Ok(report)
    }

    /// The stored report of a crash, as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::TooLarge`], [`Error::Unavailable`], [`Error::Denied`].
    pub async fn crash_report(&self, id: &CrashId) -> Result<Bytes, Error> {
        let what = Subject::CrashReport(*id);
        let key = layout::crash_report(id);
        self.storage.read_json(&what, &key).await
    }

    /// Deletes the report of a crash; one that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn delete(&self, id: &CrashId) -> Result<(), Error> {
        let what = Subject::CrashReport(*id);
        self.storage.remove(&what, &layout::crash_report(id)).await
    }

    /// Asks the storage for a sign of life.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`].
    pub async fn check(&self) -> Result<(), Error> {
        self.storage.check().await
    }
}

/// The name of the storage.
impl fmt::Display for TelemetryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use socorro_core::time::Date;

    #[tokio::test]
    async fn a_report_is_replaced_and_deleted() {
        let telemetry = TelemetryStorage::open("memory:", StorageOptions::default()).unwrap();
        let id = CrashId::mint(Date::constant(2024, 7, 16), 0);
        for signature in ["one", "two"] {
            let mut crash = ProcessedCrash::new();
            crash.set("signature", signature);
            crash.set("uptime", "soon");
            let report = telemetry.save(&id, &crash).await.unwrap();
            assert_eq!(report.wrongly_typed, 1);
            let stored = telemetry.crash_report(&id).await.unwrap();
            assert_eq!(stored, format!(r#"{{"signature": "{signature}"}}"#));
        }
        for _ in 0..2 {
            telemetry.delete(&id).await.unwrap();
            let error = telemetry.crash_report(&id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains("telemetry"), "{error}");
        }
    }
}
