//! Reading the files that commands are given.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;
use serde_json::Value;
use socorro_core::{Dump, RawCrash, json};

use crate::failure::Failure;

/// How large an input may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// In bytes.
    pub(crate) bytes: u64,
    /// What sets it, for the message: "the limit of …".
    pub(crate) of: &'static str,
}

const ANNOTATIONS_LIMIT: Limit = Limit {
    bytes: 64 << 20,
    of: "raw crashes in storage",
};
const LIST_LIMIT: Limit = Limit {
    bytes: 64 << 20,
    of: "lists, with room for a million crash ids",
};
const DOCUMENT_LIMIT: Limit = Limit {
    bytes: 64 << 20,
    of: "JSON documents",
};
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const MINIDUMP_MAGIC: &[u8] = b"MDMP";

/// Whether the name of a file means standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Finds the minidump, or other file of a report, at `path`.
///
/// A regular file stays where it is; standard input (`-`) and pipes are read.
///
/// # Errors
///
/// When it is not there, cannot be read, or is over the limit.
pub(crate) fn dump(path: &Path, limit: Limit) -> Result<Dump, Failure> {
    let what = format!("minidump {}", name(path));
    if is_stdin(path) {
        return read(io::stdin().lock(), limit, &what).map(Dump::from);
    }
    let file = open(path, &what)?;
    let metadata = file
        .metadata()
        .map_err(|error| Failure::because(cannot_read(&what), &error))?;
    if !metadata.is_file() {
        return read(file, limit, &what).map(Dump::from);
    }
    if metadata.len() > limit.bytes {
        return Err(too_large(&what, limit));
    }
    Ok(Dump::File {
        path: path.to_owned(),
        size: metadata.len(),
    })
}

/// Reads annotations: a JSON object.
///
/// # Errors
///
/// When the file is not there, cannot be read, or does not hold a JSON object.
pub(crate) fn annotations(path: &Path) -> Result<RawCrash, Failure> {
    let what = format!("annotations {}", name(path));
    let bytes = read(open(path, &what)?, ANNOTATIONS_LIMIT, &what)?;
    RawCrash::from_json(&bytes).map_err(|error| {
        Failure::because(cannot_read(&what), &error).hint(
            "annotations are one JSON object, as in a stored raw crash or in the .extra file of a client",
        )
    })
}

/// The annotations in a file, or none where no file is given.
pub(crate) fn annotations_or_none(path: Option<&Path>) -> Result<RawCrash, Failure> {
    path.map_or_else(|| Ok(RawCrash::new()), annotations)
}

/// Reads a JSON document, compressed or not, from a file or standard input (`-`). `what` says what it
/// should be: "a case".
///
/// # Errors
///
/// When it is not there, cannot be read, is no JSON, is too large or nested too deep.
pub(crate) fn document(path: &Path, what: &str) -> Result<Value, Failure> {
    let what = format!("{what} {}", name(path));
    let bytes = if is_stdin(path) {
        read(io::stdin().lock(), DOCUMENT_LIMIT, &what)?
    } else {
        read(open(path, &what)?, DOCUMENT_LIMIT, &what)?
    };
    if bytes.starts_with(MINIDUMP_MAGIC) {
        return Err(
            Failure::new(format!("{}: it is a minidump", cannot_read(&what)))
                .hint("`socorro stackwalk FILE.dmp` and `socorro process FILE.dmp` read those"),
        );
    }
    json::read(&bytes, DOCUMENT_LIMIT.bytes)
        .map_err(|error| Failure::because(cannot_read(&what), &error))
}

/// Opens a file with crashes, or standard input (`-`), to be read from beginning to end. What is
/// compressed is inflated; the bar shows how much of the file has been read.
///
/// # Errors
///
/// When it is not there, cannot be read, or is a minidump.
pub(crate) fn crashes(path: &Path, progress: &ProgressBar) -> Result<Box<dyn BufRead>, Failure> {
    let what = format!("crashes {}", name(path));
    let mut input: Box<dyn Read> = if is_stdin(path) {
        Box::new(progress.wrap_read(io::stdin()))
    } else {
        Box::new(progress.wrap_read(open(path, &what)?))
    };
    let mut start = Vec::new();
    (&mut input)
        .take(MINIDUMP_MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(|error| Failure::because(cannot_read(&what), &error))?;
    if start == MINIDUMP_MAGIC {
        return Err(
            Failure::new(format!("{}: it is a minidump", cannot_read(&what)))
                .hint("`socorro process FILE.dmp --summary` shows its signature"),
        );
    }
    let compressed = start.starts_with(&GZIP_MAGIC);
    let whole = BufReader::new(io::Cursor::new(start).chain(input));
    if compressed {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(whole))));
    }
    Ok(Box::new(whole))
}

/// Reads the lines of standard input.
///
/// # Errors
///
/// When it cannot be read, is too long or not text.
pub(crate) fn stdin_text() -> Result<String, Failure> {
    let what = "standard input";
    text(read(io::stdin().lock(), LIST_LIMIT, what)?, what)
}

/// Reads the lines of a list, from a file or standard input (`-`).
///
/// # Errors
///
/// When it is not there, cannot be read, is too long or not text.
pub(crate) fn list(path: &Path) -> Result<String, Failure> {
    if is_stdin(path) {
        return stdin_text();
    }
    let what = format!("the list {}", name(path));
    text(read(open(path, &what)?, LIST_LIMIT, &what)?, &what)
}

fn text(bytes: Vec<u8>, what: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::new(format!(
            "{}: it is no UTF-8 text at byte {place}",
            cannot_read(what)
        ))
    })
}

/// Says how the bytes of a file that is not a minidump begin, if that tells what to do.
pub(crate) fn minidump_hint(path: &Path, error: &str) -> String {
    let mut magic = [0; 2];
    let start = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    if start.is_ok() && magic == GZIP_MAGIC {
        return "it is compressed: gunzip it first".to_owned();
    }
    match error {
        "MissingHeader" | "HeaderMismatch" | "VersionMismatch" => {
            "a minidump begins with the letters MDMP: is it the right file?".to_owned()
        }
        "EmptyMinidump" => {
            "nothing was written into it: the crashed process, or the upload, was ended too early"
                .to_owned()
        }
        _ => "the upload was probably cut off: compare sha256sum with metadata.dump_checksums of the raw crash"
            .to_owned(),
    }
}

/// The name of an input for messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) {
        "from standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

fn open(path: &Path, what: &str) -> Result<File, Failure> {
    let failed = |error: &io::Error| {
        let failure = Failure::because(cannot_read(what), error);
        match error.kind() {
            ErrorKind::NotFound => failure.hint(looked_in(path)),
            ErrorKind::PermissionDenied => {
                failure.hint("look at the permissions of file and directories")
            }
            _ => failure,
        }
    };
    if fs::metadata(path).map_err(|error| failed(&error))?.is_dir() {
        return Err(
            Failure::new(format!("{}: it is a directory", cannot_read(what)))
                .hint("name a file in it"),
        );
    }
    File::open(path).map_err(|error| failed(&error))
}

/// Where a file was looked for.
fn looked_in(path: &Path) -> String {
    match std::env::current_dir() {
        Ok(directory) if path.is_relative() => {
            format!("it was looked for in {}", directory.display())
        }
        _ => "check the path".to_owned(),
    }
}

fn read(input: impl Read, limit: Limit, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    input
        .take(limit.bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::because(cannot_read(what), &error))?;
    if bytes.len() as u64 > limit.bytes {
        return Err(too_large(what, limit));
    }
    Ok(bytes)
}

fn too_large(what: &str, limit: Limit) -> Failure {
    let Limit { bytes, of } = limit;
    Failure::new(format!(
        "{}: it has more than {bytes} bytes, the limit of {of}",
        cannot_read(what)
    ))
}

fn cannot_read(what: &str) -> String {
    format!("cannot read {what}")
}
