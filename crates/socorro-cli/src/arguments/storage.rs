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

impl StorageArguments {
    /// Opens the storage, and makes sure that it answers.
    ///
    /// # Errors
    ///
    /// When it is not a storage this program has, or does not answer.
    pub(crate) async fn open(&self) -> Result<Arc<dyn CrashStorage>, Failure> {
        if self.storage.starts_with("memory:") {
            return Err(Failure::usage(
                "a storage in memory ends with this program, and the crashes with it",
            )
            .hint("use a directory: --storage file:///path"));
        }
        let storage = socorro_storage::open(&self.storage, StorageOptions::default())?;
        storage.check().await?;
        Ok(storage)
    }
}
