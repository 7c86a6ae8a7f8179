//! Lines of JSON.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use socorro_core::{CrashId, ProcessedCrash};

use super::{Content, Destination, DestinationError};

/// Writes each processed crash as one line of JSON, to the end of a file or to standard output.
///
/// A crash that comes again is another line; the last one counts. A line in a file is on the disk
/// when the crash counts as taken. A line that was cut short by a full disk is ended before the
/// next one, so that it spoils only itself; one that a killed process left, when the file is opened
/// again. Several processes may write to the same file.
#[derive(Debug, Clone)]
pub struct JsonLines {
    content: Content,
    output: Arc<Output>,
}

#[derive(Debug)]
enum Output {
    Standard,
    File {
        path: PathBuf,
        file: Mutex<LineFile>,
    },
}

#[derive(Debug)]
struct LineFile {
    file: File,
    /// Whether it is on a disk: not a pipe or a device.
    on_disk: bool,
    /// Whether the last line may have no end.
    torn: bool,
}

impl JsonLines {
    /// Writes what is public to a file, which is created when it does not exist.
    ///
    /// # Errors
    ///
    /// [`DestinationError::Unavailable`] when it cannot be opened.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, DestinationError> {
        let path = std::path::absolute(path.as_ref()).unwrap_or_else(|_| path.as_ref().to_owned());
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let file = options.open(&path).map_err(|error| failed(&path, error))?;
        let found = file.metadata().map_err(|error| failed(&path, error))?;
        let on_disk = found.is_file();
        let file = Mutex::new(LineFile {
            file,
            on_disk,
            torn: on_disk && found.len() > 0 && !ends_a_line(&path),
        });
        Ok(Self {
            content: Content::Public,
            output: Arc::new(Output::File { path, file }),
        })
    }

    /// Writes what is public to standard output.
    #[must_use]
    pub fn standard_output() -> Self {
        Self {
            content: Content::Public,
            output: Arc::new(Output::Standard),
        }
    }

    /// Writes more than what is public.
    #[must_use]
    pub fn with_content(self, content: Content) -> Self {
        Self { content, ..self }
    }
}

impl fmt::Display for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.output {
            Output::Standard => f.write_str("ndjson:-"),
            Output::File { path, .. } => write!(f, "ndjson:{}", path.display()),
        }
    }
}

#[async_trait]
impl Destination for JsonLines {
    async fn take(&self, _: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
        let mut line = self.content.of(crash);
        line.push(b'\n');
        let output = Arc::clone(&self.output);
        let written = tokio::task::spawn_blocking(move || output.write(&line)).await;
        let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| unavailable(self.to_string(), error))
    }
}

impl Output {
    fn write(&self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard => {
                let mut output = io::stdout().lock();
                output.write_all(line)?;
                output.flush()
            }
            Self::File { file, .. } => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.append(line)
            }
        }
    }
}

impl LineFile {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let ended: Vec<u8>;
        let line = if self.torn {
            ended = [b"\n", line].concat();
            &ended
        } else {
            line
        };
        self.torn = true;
        self.file.write_all(line)?;
        self.torn = false;
        if self.on_disk {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

/// Whether the last byte of a file ends a line.
fn ends_a_line(path: &Path) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    last().is_ok_and(|byte| byte == b'\n')
}

fn failed(path: &Path, error: io::Error) -> DestinationError {
    unavailable(format!("ndjson:{}", path.display()), error)
}

fn unavailable(destination: String, error: io::Error) -> DestinationError {
    DestinationError::Unavailable {
        destination,
        reason: error.to_string(),
        retry_after: None,
        source: Some(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn write(lines: &JsonLines, signature: &str) {
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let mut crash = ProcessedCrash::new();
        crash.set("signature", signature);
        crash.set("user_comments", "private");
        lines.take(&id, &crash).await.unwrap();
    }

    #[tokio::test]
    async fn lines_are_public_and_go_to_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("crashes.ndjson");
        write(&JsonLines::file(&path).unwrap(), "one").await;
        // A process that was killed left half a line.
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"signature")
            .unwrap();
        let lines = JsonLines::file(&path).unwrap();
        write(&lines, "two").await;
        write(&lines.with_content(Content::Everything), "three").await;
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"signature\": \"one\"}\n{\"signature\n{\"signature\": \"two\"}\n\
             {\"signature\": \"three\", \"user_comments\": \"private\"}\n"
        );
    }

    #[tokio::test]
    async fn a_full_disk_is_an_outage() {
        if !Path::new("/dev/full").exists() {
            return;
        }
        let lines = JsonLines::file("/dev/full").unwrap();
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        let error = lines.take(&id, &ProcessedCrash::new()).await.unwrap_err();
        assert!(error.is_temporary());
        assert!(error.to_string().starts_with("ndjson:/dev/full"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_is_an_error_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let error = JsonLines::file(directory.path().join("no/such")).unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }
}
