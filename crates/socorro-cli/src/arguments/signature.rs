//! How signatures are made.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

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
        generator(self.siglists.as_deref()).map(Arc::new)
    }
}

/// Makes signatures with the lists of a directory, or with the built-in ones.
///
/// # Errors
///
/// When a list is missing, or has an entry that cannot be used.
pub(crate) fn generator(siglists: Option<&Path>) -> Result<SignatureGenerator, Failure> {
    let Some(directory) = siglists else {
        return Ok(SignatureGenerator::default());
    };
    let lists = SignatureLists::from_directory(directory)?;
    for list in lists.empty_lists() {
        let file = directory.join(list.file_name());
        tracing::warn!(file = %file.display(), "the signature list has no entries");
    }
    Ok(SignatureGenerator::new(lists))
}
