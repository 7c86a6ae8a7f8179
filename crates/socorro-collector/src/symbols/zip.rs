//! Zip archives from strangers, in a bounded amount of memory.
//!
//! A library for archives believes what the end of one says about the number of its files, and makes
//! room for them. Here the directory is read only if it is within bounds. Source of the format:
//! PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.

use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom, Take},
};

use flate2::{CrcReader, bufread::DeflateDecoder};

use super::refusal::Refusal;

/// The first bytes of a file in an archive, and of an archive without files.
pub(super) const MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

const END: usize = 22;
const LONGEST_COMMENT: usize = 0xFFFF;
const LOCATOR: usize = 20;
const END_64: usize = 56;
const HEADER: usize = 46;
const LOCAL_HEADER: usize = 30;
/// The most that one file has of the directory, on average.
const DIRECTORY_PER_FILE: u64 = 1024;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;

/// A file in an archive.
#[derive(Debug)]
pub(super) struct Entry {
    /// As it is written there: it may lead anywhere.
    pub(super) name: String,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    header: u64,
}

/// Lists the files in an archive, if they are no more than `most`.
pub(super) fn entries(file: &mut File, most: usize) -> Result<Vec<Entry>, Refusal> {
    let (count, size, offset) = end(file).map_err(damaged)?;
    let limit = most as u64;
    if count > limit || size > limit.saturating_mul(DIRECTORY_PER_FILE) {
        return Err(Refusal::TooMany {
            what: "files",
            limit: most,
        });
    }
    let mut directory = vec![
        0;
        usize::try_from(size)
            .map_err(io::Error::other)
            .map_err(damaged)?
    ];
    read_at(file, offset, &mut directory).map_err(damaged)?;
    let mut rest = &directory[..];
    let entries = (0..count).map(|_| entry(&mut rest));
    entries
        .collect::<Option<_>>()
        .ok_or_else(|| Refusal::damaged("the directory of the zip is damaged"))
}

/// The content of a file in an archive. Its checksum is compared when it ends.
pub(super) fn open<'a>(file: &'a mut File, entry: &Entry) -> Result<Checked<'a>, String> {
    if entry.flags & ENCRYPTED != 0 {
        return Err("it is encrypted".to_owned());
    }
    let damaged = |error: io::Error| format!("it is damaged: {error}");
    let mut header = [0; LOCAL_HEADER];
    read_at(file, entry.header, &mut header).map_err(damaged)?;
    if !header.starts_with(MAGIC[0]) {
        return Err("it is damaged: it is not where the directory says".to_owned());
    }
    let skipped = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
    file.seek(SeekFrom::Current(skipped)).map_err(damaged)?;
    let packed = file.take(entry.packed);
    let content = match entry.method {
        STORED => Content::Stored(packed),
        DEFLATED => Content::Deflated(DeflateDecoder::new(io::BufReader::new(packed))),
        other => {
            return Err(format!(
                "it is compressed by method {other}, only deflate is understood"
            ));
        }
    };
    Ok(Checked {
        content: CrcReader::new(content),
        crc: entry.crc,
    })
}

#[derive(Debug)]
enum Content<'a> {
    Stored(Take<&'a mut File>),
    Deflated(DeflateDecoder<io::BufReader<Take<&'a mut File>>>),
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(content) => content.read(buffer),
            Self::Deflated(content) => content.read(buffer),
        }
    }
}

/// Content whose checksum is known.
#[derive(Debug)]
pub(super) struct Checked<'a> {
    content: CrcReader<Content<'a>>,
    crc: u32,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.content.crc().sum() != self.crc {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its checksum is wrong",
            ));
        }
        Ok(read)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it takes the place of a closure"
)]
fn damaged(error: io::Error) -> Refusal {
    Refusal::Damaged(format!("the zip is damaged or cut off: {error}"))
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Number of files, size and place of the directory, as the end of an archive tells.
fn end(file: &mut File) -> io::Result<(u64, u64, u64)> {
    let size = file.metadata()?.len();
    let tail = size.min((END + LONGEST_COMMENT) as u64);
    let mut bytes = vec![0; usize::try_from(tail).map_err(io::Error::other)?];
    read_at(file, size - tail, &mut bytes)?;
    // With the comment it has to reach the end of the file.
    let fits = |at: &usize| {
        let record = &bytes[*at..];
        record.starts_with(MAGIC[1])
            && record.len() >= END
            && record.len() == END + usize::from(u16_at(record, 20))
    };
    let at = (0..bytes.len())
        .rev()
        .find(fits)
        .ok_or_else(|| bad("there is no end of an archive"))?;
    let record = &bytes[at..];
    let short = (
        u64::from(u16_at(record, 10)),
        u64::from(u32_at(record, 12)),
        u64::from(u32_at(record, 16)),
    );
    let is_long = short.0 == u64::from(u16::MAX)
        || short.1 == u64::from(u32::MAX)
        || short.2 == u64::from(u32::MAX);
    let locator = at.checked_sub(LOCATOR).map(|at| &bytes[at..]);
    match locator.filter(|locator| is_long && locator.starts_with(b"PK\x06\x07")) {
        Some(locator) => end_64(file, u64_at(locator, 8)),
        None => Ok(short),
    }
}

fn end_64(file: &mut File, at: u64) -> io::Result<(u64, u64, u64)> {
    let mut record = [0; END_64];
    read_at(file, at, &mut record)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(bad("the end of a large archive is not where it should be"));
    }
    Ok((
        u64_at(&record, 32),
        u64_at(&record, 40),
        u64_at(&record, 48),
    ))
}

/// Takes the next file off the directory.
fn entry(rest: &mut &[u8]) -> Option<Entry> {
    let (header, more) = rest.split_at_checked(HEADER)?;
    if !header.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, more) = more.split_at_checked(u16_at(header, 28).into())?;
    let (extra, more) = more.split_at_checked(u16_at(header, 30).into())?;
    let (_, more) = more.split_at_checked(u16_at(header, 32).into())?;
    *rest = more;
    // Sizes and places that are too large for their fields, in this order.
    let mut large = large_numbers(extra);
    let mut number = |short: u32| match short {
        u32::MAX => large.next(),
        short => Some(short.into()),
    };
    let _unpacked = number(u32_at(header, 24))?;
    let packed = number(u32_at(header, 20))?;
    let place = number(u32_at(header, 42))?;
    Some(Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        flags: u16_at(header, 8),
        method: u16_at(header, 10),
        crc: u32_at(header, 16),
        packed,
        header: place,
    })
}

/// The 64-bit numbers in the extra field of a file.
fn large_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    const ZIP64: u16 = 1;
    let mut found: &[u8] = &[];
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let Some((field, rest)) = rest.split_at_checked(u16_at(head, 2).into()) else {
            break;
        };
        if u16_at(head, 0) == ZIP64 {
            found = field;
            break;
        }
        extra = rest;
    }
    found.chunks_exact(8).map(|number| u64_at(number, 0))
}

fn read_at(file: &mut File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}

/// Bytes of a record that was found to be as long; others are 0.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let found = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    found.copied().unwrap_or([0; N])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    const TEXT: &[u8] = b"MODULE and so on, and so on, and so on";

    fn archive(files: usize, options: SimpleFileOptions) -> File {
        let mut zip = ZipWriter::new(tempfile::tempfile().unwrap());
        for number in 0..files {
            zip.start_file(format!("{number}"), options).unwrap();
            zip.write_all(TEXT).unwrap();
        }
        zip.set_comment("a comment, PK\x05\x06");
        zip.finish().unwrap()
    }

    fn content(file: &mut File, entry: &Entry) -> Vec<u8> {
        let mut content = Vec::new();
        open(file, entry)
            .unwrap()
            .read_to_end(&mut content)
            .unwrap();
        content
    }

    #[test]
    fn each_file_is_read_however_it_is_written() {
        let plain = SimpleFileOptions::default();
        for options in [
            plain,
            plain.compression_method(CompressionMethod::Stored),
            plain.large_file(true),
        ] {
            let mut file = archive(3, options);
            let entries = entries(&mut file, 3).unwrap();
            let names: Vec<_> = entries.iter().map(|entry| &*entry.name).collect();
            assert_eq!(names, ["0", "1", "2"]);
            assert_eq!(content(&mut file, &entries[1]), TEXT);
        }
        // Sizes behind the content, as programs write that cannot go back.
        let mut zip = ZipWriter::new_stream(tempfile::tempfile().unwrap());
        zip.start_file("a", plain).unwrap();
        zip.write_all(TEXT).unwrap();
        let mut file = zip.finish().unwrap().into_inner();
        let entries = entries(&mut file, 1).unwrap();
        assert_eq!(content(&mut file, &entries[0]), TEXT);
    }

    #[test]
    fn more_files_than_the_old_end_of_an_archive_can_count() {
        const FILES: usize = 70_000;
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut file = archive(FILES, stored);
        let entries_read = entries(&mut file, FILES).unwrap();
        assert_eq!(entries_read.len(), FILES);
        assert_eq!(content(&mut file, &entries_read[FILES - 1]), TEXT);
        let refusal = entries(&mut file, FILES - 1).unwrap_err();
        assert!(matches!(refusal, Refusal::TooMany { .. }), "{refusal}");
    }
}
