//! The symbol files in what came.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write as _},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use super::{
    Limits,
    receive::Received,
    refusal::Refusal,
    report::FileReport,
    zip::{self, Entry},
};

const GZIP: &[u8] = &[0x1f, 0x8b];
const MAGIC: usize = 4;
const BUFFER: usize = 128 << 10;

/// A file that should be a symbol file.
#[derive(Debug)]
pub(super) struct Candidate {
    /// In the directory of the upload.
    pub(super) path: PathBuf,
    /// What the upload calls it.
    pub(super) called: String,
    /// What its first line has to say.
    pub(super) wanted: Wanted,
}

/// What a symbol file has to be, as far as the upload says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) debug_file: Option<String>,
    pub(super) debug_id: Option<String>,
    /// The name of the symbol file.
    pub(super) file: Option<String>,
}

/// What is in an upload.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    pub(super) candidates: Vec<Candidate>,
    /// Files that are none.
    pub(super) others: Vec<FileReport>,
}

/// Finds the symbol files in an upload. Takes its time.
///
/// # Errors
///
/// When the upload as a whole is out of bounds or damaged.
pub(super) fn unpack(
    received: Received,
    wanted: &Wanted,
    directory: &Path,
    limits: &Limits,
) -> Result<Unpacked, Refusal> {
    let mut unpacker = Unpacker {
        directory,
        limits,
        left: limits.unpacked,
        made: 0,
        unpacked: Unpacked::default(),
    };
    let wanted = Wanted {
        debug_file: wanted.debug_file.clone().or(received.said.debug_file),
        debug_id: wanted.debug_id.clone().or(received.said.debug_identifier),
        file: wanted.file.clone(),
    };
    for path in received.files {
        unpacker.file(path, &wanted)?;
    }
    Ok(unpacker.unpacked)
}

struct Unpacker<'a> {
    directory: &'a Path,
    limits: &'a Limits,
    /// Bytes that may still be unpacked.
    left: u64,
    /// Files that were made.
    made: usize,
    unpacked: Unpacked,
}

impl Unpacker<'_> {
    fn file(&mut self, path: PathBuf, wanted: &Wanted) -> Result<(), Refusal> {
        let mut file = File::open(&path).map_err(Refusal::storage(&path))?;
        let magic = magic(&mut file).map_err(Refusal::storage(&path))?;
        if zip::MAGIC.iter().any(|known| magic == *known) {
            return self.zip(&mut file);
        }
        let path = if magic.starts_with(GZIP) {
            let packed = File::open(&path).map_err(Refusal::storage(&path))?;
            let content = MultiGzDecoder::new(BufReader::new(packed));
            match self.copy("The symbol file", content)? {
                Ok(path) => path,
                Err(_) => return Err(Refusal::damaged("the gzip stream is damaged or cut off")),
            }
        } else {
            path
        };
        self.candidate(path, "the symbol file", wanted.clone());
        Ok(())
    }

    fn zip(&mut self, file: &mut File) -> Result<(), Refusal> {
        for entry in zip::entries(file, self.limits.entries)? {
            // A directory.
            if entry.name.ends_with('/') {
                continue;
            }
            match wanted_of(&entry.name) {
                Some(wanted) => self.entry(file, &entry, wanted)?,
                None => self.unpacked.others.push(FileReport::skipped(
                    &entry.name,
                    "not named as a symbol file, NAME/ID/NAME.sym",
                )),
            }
        }
        Ok(())
    }

    fn entry(&mut self, file: &mut File, entry: &Entry, wanted: Wanted) -> Result<(), Refusal> {
        let copied = match zip::open(file, entry) {
            Ok(content) => self
                .copy(&entry.name, content)?
                .map_err(|error| format!("it is damaged: {error}")),
            Err(reason) => Err(reason),
        };
        match copied {
            Ok(path) => self.candidate(path, &entry.name, wanted),
            Err(reason) => {
                let refused = FileReport::refused(&entry.name, reason);
                self.unpacked.others.push(refused);
            }
        }
        Ok(())
    }

    fn candidate(&mut self, path: PathBuf, called: &str, wanted: Wanted) {
        self.unpacked.candidates.push(Candidate {
            path,
            called: called.to_owned(),
            wanted,
        });
    }

    /// Writes content to a new file within the bounds. The inner error is that of the content.
    fn copy(
        &mut self,
        called: &str,
        mut content: impl Read,
    ) -> Result<io::Result<PathBuf>, Refusal> {
        let path = self.directory.join(format!("unpacked-{}", self.made));
        self.made += 1;
        let mut file = File::create_new(&path).map_err(Refusal::storage(&path))?;
        let mut buffer = vec![0; BUFFER];
        let mut size = 0;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => return Ok(Ok(path)),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(error)),
            };
            size += read as u64;
            self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
                let what = "What is in the upload".to_owned();
                too_large(what, self.limits.unpacked)
            })?;
            if size > self.limits.file {
                return Err(too_large(called.to_owned(), self.limits.file));
            }
            file.write_all(&buffer[..read])
                .map_err(Refusal::storage(&path))?;
        }
    }
}

fn too_large(what: String, limit: u64) -> Refusal {
    Refusal::TooLarge { what, limit }
}

fn magic(file: &mut File) -> io::Result<Vec<u8>> {
    let mut magic = Vec::with_capacity(MAGIC);
    file.take(MAGIC as u64).read_to_end(&mut magic)?;
    Ok(magic)
}

/// The three parts of the name of a symbol file in an archive. Nothing that leads elsewhere has
/// them; and they are only compared with what the file itself says, never made a path.
pub(super) fn wanted_of(name: &str) -> Option<Wanted> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let mut parts = name.split('/');
    let (debug_file, debug_id, file) = (parts.next()?, parts.next()?, parts.next()?);
    let is_one = parts.next().is_none() && !debug_file.is_empty() && file.ends_with(".sym");
    let is_id = !debug_id.is_empty() && debug_id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_one && is_id).then(|| Wanted {
        debug_file: Some(debug_file.to_owned()),
        debug_id: Some(debug_id.to_owned()),
        file: Some(file.to_owned()),
    })
}
