//! Which crash storage.

use std::sync::Arc;

use clap::Args;
use socorro_storage::{CrashStorage, StorageOptions};

use crate::failure::Failure;

/// Which crash storage.
#[derive(Debug, Args)]
pub(crate) struct StorageArguments {
    /// Where crashes are: file:///DIR, or s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME] with
    /// credentials from the AWS_* variables
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_STORAGE",
        hide_env_values = true
    )]
    storage: String,
}

/// Which crash storage, for commands that may do without one.
#[derive(Debug, Args)]
pub(crate) struct OptionalStorageArguments {
    /// Where crashes are: file:///DIR, or s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME] with
    /// credentials from the AWS_* variables
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_STORAGE",
        hide_env_values = true
    )]
    storage: Option<String>,
}

impl OptionalStorageArguments {
    /// Its address, if one is given.
    pub(crate) fn address(&self) -> Option<&str> {
        self.storage.as_deref()
    }
}

impl StorageArguments {
    /// Its address.
    #[cfg(feature = "crash-stats")]
    pub(crate) fn address(&self) -> &str {
        &self.storage
    }

    /// Opens the storage, and makes sure that it answers.
    ///
    /// # Errors
    ///
    /// When it is not a storage this program has, or does not answer.
    pub(crate) async fn open(&self) -> Result<Arc<dyn CrashStorage>, Failure> {
        self.open_with(StorageOptions::default()).await
    }

    /// [`StorageArguments::open`] for commands that only look: a mistyped address makes no new
    /// directory.
    ///
    /// # Errors
    ///
    /// As [`StorageArguments::open`], and when there is no such storage.
    pub(crate) async fn open_existing(&self) -> Result<Arc<dyn CrashStorage>, Failure> {
        self.open_with(existing()).await
    }

    /// Opens the storage and makes its bucket or directory, if it is not there. Gives back whether
    /// it is new.
    ///
    /// # Errors
    ///
    /// As [`StorageArguments::open`], and when it cannot be made.
    pub(crate) async fn create(&self) -> Result<(Arc<dyn CrashStorage>, bool), Failure> {
        create(&self.storage).await
    }

    async fn open_with(&self, options: StorageOptions) -> Result<Arc<dyn CrashStorage>, Failure> {
        open(&self.storage, options).await
    }
}

fn existing() -> StorageOptions {
    StorageOptions {
        create: false,
        ..StorageOptions::default()
    }
}

/// Opens the storage at `address` and makes its bucket or directory, if it is not there. Gives back
/// whether it is new.
///
/// # Errors
///
/// As [`open`], and when it cannot be made.
pub(crate) async fn create(address: &str) -> Result<(Arc<dyn CrashStorage>, bool), Failure> {
    check_address(address)?;
    // Amazon's oldest region makes a bucket of one's own again, as if it were new.
    if let Ok(storage) = open(address, existing()).await {
        return Ok((storage, false));
    }
    let is_new = socorro_storage::create(address).await?;
    let storage = open(address, StorageOptions::default()).await?;
    Ok((storage, is_new))
}

/// Opens the storage at `address`, and makes sure that it answers.
///
/// # Errors
///
/// When it is not a storage this program has, or does not answer.
pub(crate) async fn open(
    address: &str,
    options: StorageOptions,
) -> Result<Arc<dyn CrashStorage>, Failure> {
    check_address(address)?;
    let storage = socorro_storage::open(address, options)?;
    storage.check().await?;
    Ok(storage)
}

/// Looks at an address without touching the storage.
///
/// # Errors
///
/// When it is not a storage this program has.
pub(crate) fn check_address(address: &str) -> Result<(), Failure> {
    if address.starts_with("memory:") {
        return Err(Failure::usage(
            "a storage in memory ends with this program, and the crashes with it",
        )
        .hint("use a directory: --storage file:///path"));
    }
    Ok(socorro_storage::check_address(address)?)
}
