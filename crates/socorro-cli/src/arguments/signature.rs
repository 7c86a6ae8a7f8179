//! How signatures are made.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use socorro_signature::{SignatureGenerator, SignatureLists};

use crate::failure::Failure;

/// How signatures are made.
#[derive(Debug, Args)]
pub(crate) struct SignatureArguments {
    /// Directory with signature lists of your own, in place of the built-in ones
    #[arg(long, value_name = "DIR", alias = "signature-list-dir")]
    siglists: Option<PathBuf>,
}

impl SignatureArguments {
    /// Loads the lists.
    ///
    /// # Errors
    ///
    /// When a list is missing, or has an entry that cannot be used.
    pub(crate) fn generator(&self) -> Result<Arc<SignatureGenerator>, Failure> {
        let lists = match &self.siglists {
            None => SignatureLists::default(),
            Some(directory) => {
                let lists = SignatureLists::from_directory(directory)?;
                for list in lists.empty_lists() {
                    tracing::warn!(list = list.file_name(), "the signature list has no entries");
                }
                lists
            }
        };
        Ok(Arc::new(SignatureGenerator::new(lists)))
    }
}
