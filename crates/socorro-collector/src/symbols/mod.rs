//! Symbol files over HTTP, into the directory that walks read.
//!
//! | Request | What it takes |
//! |---|---|
//! | `POST /symbols/`, `POST /upload/` | a `.sym` file, a zip of them, or a form with one of these as a file |
//! | `PUT /symbols/{debug file}/{debug id}/{name}.sym` | the `.sym` file of this name |
//!
//! So it speaks what Mozilla's symbol server takes (Tecken, `docs/upload.rst`), what Breakpad's
//! `symupload` sends (`src/common/linux/symbol_upload.cc`, `SymUploadV1Start`), and `curl`. Everything
//! may be packed with gzip. Nothing is taken without a [token](Tokens).
//!
//! A file is believed when all of it can be read, and its first line names the module that it was sent
//! for. It appears in its place at once and as a whole. Until it does it lies in a directory of its
//! upload, beside the symbols; what a process that was killed left there is removed a day later.
//!
//! When a symbol file is in its place, the crashes that lacked it, as the index of missing symbols
//! ([`MissingSymbols`](socorro_storage::MissingSymbols)) says, are published to the reprocessing lane.
//! A file that was there already does the same, so that an upload that was not finished can be
//! repeated.

mod limits;
mod metrics;
mod place;
mod receive;
mod refusal;
mod report;
mod reprocessing;
mod token;
mod unpack;
mod upload;
mod zip;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    routing::{post, put},
};
use tokio::sync::{Mutex, Semaphore};

pub use limits::Limits;
pub use metrics::METRICS;
pub use reprocessing::Reprocessing;
pub use token::Tokens;

/// How the directory of an upload is named in the store. It cannot be that of symbols, whose
/// directories hold no files.
const UPLOAD: &str = ".upload-";
/// When what an upload left is removed, if nobody did.
const LEFT_OVER: Duration = Duration::from_secs(24 * 60 * 60);

/// What is needed to take symbols.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The directory that walks read, laid out as `NAME/ID/NAME.sym`; made if missing.
    pub store: PathBuf,
    /// Who may bring symbols. With none, every upload is answered with 403.
    pub tokens: Tokens,
    /// Where crashes that lacked symbols are found, and published to. Default: nowhere.
    pub reprocessing: Option<Reprocessing>,
    /// Whether a good symbol file takes the place of another good one of the same name and id; a
    /// damaged one is always replaced. Default: no.
    pub replace: bool,
    /// Bounds.
    pub limits: Limits,
}

impl Options {
    /// Takes symbols into a directory, from those who have one of the tokens.
    #[must_use]
    pub fn new(store: impl Into<PathBuf>, tokens: Tokens) -> Self {
        Self {
            store: store.into(),
            tokens,
            reprocessing: None,
            replace: false,
            limits: Limits::default(),
        }
    }
}

/// Symbols cannot be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Only a directory can be the store.
    #[error(
        "symbols cannot be uploaded into {place}: name a directory (for buckets there is `socorro symbols add`)"
    )]
    NotADirectory {
        /// What was named, without secrets.
        place: String,
    },
    /// The directory cannot be used.
    #[error("cannot use {path} as the directory for uploaded symbols")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

/// The endpoints that take symbols.
///
/// ```
/// use socorro_collector::symbols::{self, Options, Tokens};
///
/// # let directory = tempfile::tempdir()?;
/// # let store = directory.path();
/// let routes = symbols::router(Options::new(store, Tokens::new(["a secret"])))?;
/// let app: axum::Router = axum::Router::new().merge(routes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the store is no directory, or cannot be made.
pub fn router(options: Options) -> Result<Router, SetupError> {
    let text = options.store.to_string_lossy();
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let place = format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default());
        return Err(SetupError::NotADirectory { place });
    }
    let failed = |source| SetupError::Io {
        path: options.store.clone(),
        source,
    };
    fs::create_dir_all(&options.store).map_err(failed)?;
    remove_left_overs(&options.store).map_err(failed)?;
    if options.tokens.is_empty() {
        tracing::warn!("nobody may upload symbols: there is no token for it");
    }
    let uploads = options.limits.concurrent.clamp(1, Semaphore::MAX_PERMITS);
    let receiver = Receiver {
        uploads: Arc::new(Semaphore::new(uploads)),
        placing: Mutex::new(()),
        options,
    };
    let any = || post(upload::any).put(upload::any);
    Ok(Router::new()
        .route("/symbols", any())
        .route("/symbols/", any())
        .route("/upload", any())
        .route("/upload/", any())
        .route(
            "/symbols/{debug_file}/{debug_id}/{file}",
            put(upload::named).post(upload::named),
        )
        .with_state(Arc::new(receiver)))
}

/// Takes uploads.
#[derive(Debug)]
struct Receiver {
    options: Options,
    /// How many may come at the same time.
    uploads: Arc<Semaphore>,
    /// Files are compared with those that are there and put in their place by one at a time.
    placing: Mutex<()>,
}

/// Removes what uploads left that ended with their process.
fn remove_left_overs(store: &Path) -> io::Result<()> {
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        let is_upload = entry.file_name().to_string_lossy().starts_with(UPLOAD);
        let age = || {
            entry
                .metadata()?
                .modified()?
                .elapsed()
                .map_err(io::Error::other)
        };
        if is_upload && entry.file_type()?.is_dir() && age().is_ok_and(|age| age > LEFT_OVER) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
