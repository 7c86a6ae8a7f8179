//! How signatures are made.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, ValueEnum};
use socorro_signature::{SignatureGenerator, SignatureLists};

use crate::failure::Failure;

/// How signatures are made.
#[derive(Debug, Args)]
pub(crate) struct SignatureArguments {
    /// Directory with signature lists of your own, in place of the built-in ones
    #[arg(
        long,
        value_name = "DIR",
        alias = "signature-list-dir",
        env = "SOCORRO_SIGLISTS"
    )]
    siglists: Option<PathBuf>,
    /// What puts crashes together
    #[arg(
        long,
        value_enum,
        value_name = "GROUPING",
        default_value_t,
        env = "SOCORRO_GROUPING"
    )]
    grouping: Grouping,
}

/// What puts crashes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grouping {
    /// As Mozilla's crash processor: all frames count alike, one without a symbol is its module
    #[default]
    Compatible,
    /// Frames found by scanning do not decide, one without a symbol has its offset in the module
    TrustWeighted,
}

impl SignatureArguments {
    /// Loads the lists.
    ///
    /// # Errors
    ///
    /// When a list is missing, or has an entry that cannot be used.
    pub(crate) fn generator(&self) -> Result<Arc<SignatureGenerator>, Failure> {
        generator(self.siglists.as_deref(), self.grouping).map(Arc::new)
    }
}

/// Makes signatures with the lists of a directory, or with the built-in ones.
///
/// # Errors
///
/// When a list is missing, or has an entry that cannot be used.
pub(crate) fn generator(
    siglists: Option<&Path>,
    grouping: Grouping,
) -> Result<SignatureGenerator, Failure> {
    let lists = siglists.map_or_else(|| Ok(SignatureLists::default()), load)?;
    let grouping = match grouping {
        Grouping::Compatible => socorro_signature::Grouping::Compatible,
        Grouping::TrustWeighted => socorro_signature::Grouping::TrustWeighted,
    };
    Ok(SignatureGenerator::new(lists).with_grouping(grouping))
}

fn load(directory: &Path) -> Result<SignatureLists, Failure> {
    let lists = SignatureLists::from_directory(directory)?;
    warn_of_empty_lists(&lists);
    Ok(lists)
}

/// Warns of lists of one's own that have no entries: they match nothing, which is hardly meant.
pub(crate) fn warn_of_empty_lists(lists: &SignatureLists) {
    let Some(directory) = lists.directory() else {
        return;
    };
    for list in lists.empty_lists() {
        let file = directory.join(list.file_name());
        tracing::warn!(file = %file.display(), "the signature list has no entries");
    }
}
