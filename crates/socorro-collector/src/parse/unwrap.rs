//! What to do when the main minidump is none: it may be compressed, or be a form that holds it.
//!
//! Of the compressions only gzip is undone. zstd, xz and bzip2 are told by their magic numbers and
//! noted: no client is known that sends them, and each would cost a decoder.

use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use socorro_core::Dump;
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{
    ParseError, ReportFile,
    content::{Content, Writer},
    files::NamedFile,
    gather::Gathered,
    gunzip,
    multipart::Multipart,
    source::{Packing, Source},
    window::{self, Window},
};
use crate::Malformed;

/// How minidumps begin: as read on a machine of either byte order.
const MINIDUMPS: [&[u8]; 2] = [b"MDMP", b"PMDM"];
/// A form begins with a delimiter.
const FORM: &[u8] = b"--";
/// Compressed files that are only told from others.
const NAMED: [(&str, &[u8]); 3] = [
    ("zstd", b"\x28\xb5\x2f\xfd"),
    ("xz", b"\xfd7zXZ\0"),
    ("bzip2", b"BZh"),
];
/// A file is read in pieces of this size.
const PIECE: usize = 128 << 10;

type Chunks = BoxStream<'static, Result<Bytes, ParseError>>;

/// The files of the report under their names, the main minidump unwrapped: as gzip, or as a form
/// that holds it (old Electron programs on Linux send that). What cannot be unwrapped stays as it is.
pub(super) async fn files(
    gathered: &mut Gathered<'_>,
    unpacked: u64,
) -> Result<Vec<ReportFile>, ParseError> {
    let files = std::mem::take(&mut gathered.files);
    let main = gathered.main();
    let mut files = files.named(main, &mut gathered.notes, &mut gathered.memory)?;
    let found = files.iter_mut().find(|file| file.name == *main);
    if let Some(file) = found.filter(|file| !is_minidump(&file.content)) {
        look_inside(file, gathered, unpacked).await?;
    }
    Ok(files.into_iter().map(ReportFile::from).collect())
}

fn is_minidump(content: &Content) -> bool {
    MINIDUMPS
        .iter()
        .any(|magic| content.magic().starts_with(magic))
}

async fn look_inside(
    file: &mut NamedFile,
    gathered: &mut Gathered<'_>,
    unpacked: u64,
) -> Result<(), ParseError> {
    let name = file.name.clone();
    let magic = file.content.magic();
    let (what, inner) = if magic.starts_with(&gunzip::MAGIC) {
        (
            "compressed with gzip",
            inflate(&file.content, gathered, unpacked).await,
        )
    } else if magic.starts_with(FORM) {
        (
            "inside of another form",
            take_out(&file.content, gathered).await,
        )
    } else {
        let kind = NAMED.iter().find(|(_, known)| magic.starts_with(known));
        let kind = kind
            .map(|(kind, _)| format!(", but {kind}"))
            .unwrap_or_default();
        let note = || format!("{name} is not a minidump{kind}");
        return gathered.notes.observe(note, &mut gathered.memory);
    };
    match inner? {
        Some(inner) if is_minidump(&inner) => {
            let outer = std::mem::replace(&mut file.content, inner);
            outer.discard(&mut gathered.memory).await;
            let note = format!("{name} was {what}");
            gathered.notes.add(note, &mut gathered.memory)
        }
        inner => {
            if let Some(inner) = inner {
                inner.discard(&mut gathered.memory).await;
            }
            let note = || format!("{name} is not a minidump");
            gathered.notes.observe(note, &mut gathered.memory)
        }
    }
}

/// The content of a gzip file; `None` when it is damaged or larger than allowed.
async fn inflate(
    content: &Content,
    gathered: &mut Gathered<'_>,
    unpacked: u64,
) -> Result<Option<Content>, ParseError> {
    let limits = gathered.limits();
    let most = match limits.unpacked {
        0 => 0,
        most => most.saturating_sub(unpacked).max(1),
    };
    let memory = &mut gathered.memory;
    let chunks = chunks(&content.dump).await?;
    let mut source = Source::open(chunks, Packing::Gzip, most, memory).await?;
    let mut window = Window::new(window::CAPACITY, memory)?;
    let mut writer = Writer::new(limits.file);
    let result = loop {
        match source.fill(&mut window).await {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
        let written = writer
            .write(window.filled(), &mut gathered.space, memory)
            .await;
        window.consume(usize::MAX);
        if let Err(error) = written {
            break Err(error);
        }
    };
    window.release(memory);
    source.release(memory);
    finished(writer, result, gathered).await
}

/// The file of the same field in a form; `None` when there is none that can be read.
async fn take_out(
    content: &Content,
    gathered: &mut Gathered<'_>,
) -> Result<Option<Content>, ParseError> {
    let Some(boundary) = first_line(content).await? else {
        return Ok(None);
    };
    let limits = gathered.limits();
    let memory = &mut gathered.memory;
    let chunks = chunks(&content.dump).await?;
    // What is as large as the file at most needs no further bound.
    let source = Source::open(chunks, Packing::Plain, 0, memory).await?;
    let mut form = Multipart::new(source, &boundary, limits, memory)?;
    let mut writer = Writer::new(limits.file);
    let result = write_main(&mut form, &mut writer, gathered).await;
    form.release(&mut gathered.memory);
    finished(writer, result, gathered).await
}

async fn write_main(
    form: &mut Multipart<Chunks>,
    writer: &mut Writer,
    gathered: &mut Gathered<'_>,
) -> Result<(), ParseError> {
    while let Some(head) = form.next_part().await? {
        if head.name(false).as_deref() != Some(gathered.main().as_str()) {
            continue;
        }
        while let Some(data) = form.content().await? {
            writer
                .write(data, &mut gathered.space, &mut gathered.memory)
                .await?;
        }
        return Ok(());
    }
    Err(Malformed::InvalidPayloadStructure.into())
}

/// What was written, if it is complete. That the content is not what it seems to be is no error.
async fn finished(
    writer: Writer,
    result: Result<(), ParseError>,
    gathered: &mut Gathered<'_>,
) -> Result<Option<Content>, ParseError> {
    let (space, memory) = (&mut gathered.space, &mut gathered.memory);
    match result {
        Ok(()) => writer.finish(space, memory).await.map(Some),
        Err(ParseError::Malformed(_)) => {
            writer.abandon(memory).await;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The boundary of a form that begins with a delimiter.
async fn first_line(content: &Content) -> Result<Option<Vec<u8>>, ParseError> {
    /// Two hyphens, the longest boundary, a line end.
    const LONGEST: usize = 2 + 70 + 2;
    let mut start = Vec::new();
    let mut chunks = chunks(&content.dump).await?;
    while start.len() < LONGEST
        && let Some(chunk) = chunks.next().await
    {
        let chunk = chunk?;
        start.extend_from_slice(&chunk[..chunk.len().min(LONGEST - start.len())]);
    }
    let end = memchr::memmem::find(&start, b"\r\n");
    let boundary = end.and_then(|end| start[..end].strip_prefix(FORM));
    let boundary = boundary.map(<[u8]>::trim_ascii_end);
    Ok(boundary
        .filter(|boundary| !boundary.is_empty())
        .map(<[u8]>::to_vec))
}

/// A file in pieces.
async fn chunks(dump: &Dump) -> Result<Chunks, ParseError> {
    Ok(match dump {
        Dump::Bytes(bytes) => stream::iter([Ok(bytes.clone())]).boxed(),
        Dump::File { path, .. } => {
            let file = File::open(path).await?;
            stream::try_unfold(file, |mut file| async move {
                let mut piece = BytesMut::with_capacity(PIECE);
                let count = file.read_buf(&mut piece).await?;
                Ok((count > 0).then(|| (piece.freeze(), file)))
            })
            .boxed()
        }
    })
}
