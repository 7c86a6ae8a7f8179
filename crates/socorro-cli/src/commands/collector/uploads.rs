//! Symbol files from those who have a token.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use socorro_collector::symbols::{self, Options, Reprocessing, Tokens};

use super::Places;
use crate::failure::Failure;

/// The file with the token that `socorro up` makes.
const TOKEN_FILE: &str = "symbols-upload-token";

/// The paths that take symbol files into a directory. Crashes that lacked them are processed again.
///
/// # Errors
///
/// When the directory cannot be used.
pub(crate) fn router(
    store: PathBuf,
    tokens: &[String],
    places: &Places,
) -> Result<Router, Failure> {
    let mut options = Options::new(store, Tokens::new(tokens));
    options.reprocessing = Some(Reprocessing::new(
        Arc::clone(&places.storage),
        Arc::clone(&places.queue),
    ));
    symbols::router(options).map_err(|error| {
        Failure::because("cannot take symbols", &error)
            .hint("--symbols-store names the directory for them")
    })
}

/// The token in a directory, which is made at the first start and can be read by this user alone,
/// and the file that holds it.
///
/// # Errors
///
/// When the file can be neither read nor written.
pub(crate) fn own_token(directory: &Path) -> Result<(String, PathBuf), Failure> {
    let path = directory.join(TOKEN_FILE);
    let token = match fs::read_to_string(&path) {
        Ok(token) => Ok(token.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(error),
    };
    let token = token.map_err(|error| {
        let path = path.display();
        Failure::because(format_args!("cannot use the token in {path}"), &error)
            .hint("--symbols-upload-token gives another one")
    })?;
    Ok((token, path))
}

fn make(path: &Path) -> io::Result<String> {
    use io::Write as _;

    // 244 random bits, from the operating system.
    let token = format!(
        "{}{}",
        uuid::Uuid::new_v4().simple(),
        uuid::Uuid::new_v4().simple()
    );
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    writeln!(options.open(path)?, "{token}")?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let (made, path) = own_token(directory.path()).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(own_token(directory.path()).unwrap(), (made, path));
    }
}
