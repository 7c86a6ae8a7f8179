//! Taking the streams out of a minidump that would harm its reader.

use bytes::Bytes;
use tracing::warn;

use super::amplification::{self, Budget};
use super::directory::{Reader, Stream};
use super::handles;

/// `HandleDataStream`.
const HANDLE_DATA: u32 = 12;

/// Returns the minidump without the streams that cannot be handed to the reader. What is good is not copied.
///
/// A stream is taken out by turning its directory entry, in a private copy, into that of an unused stream (type 0);
/// the rest of the minidump is walked as if it had never had it.
pub(crate) fn sanitize(bytes: Bytes) -> Bytes {
    let harmful = harmful_streams(&bytes);
    if harmful.is_empty() {
        return bytes;
    }
    let mut patched = Vec::from(bytes);
    for stream in harmful {
        warn!(
            stream = stream.kind,
            "minidump has a malformed stream; walking without it"
        );
        if let Some(kind) = patched.get_mut(stream.entry_offset..stream.entry_offset + 4) {
            kind.fill(0);
        }
    }
    patched.into()
}

fn harmful_streams(bytes: &[u8]) -> Vec<Stream> {
    let Some(reader) = Reader::new(bytes) else {
        return Vec::new();
    };
    let mut budget = Budget::new();
    reader
        .streams()
        .filter(|stream| reader.holds(stream.offset, stream.size))
        .filter(|stream| !is_safe(reader, *stream, &mut budget))
        .collect()
}

fn is_safe(reader: Reader<'_>, stream: Stream, budget: &mut Budget) -> bool {
    if stream.kind == HANDLE_DATA {
        return handles::is_safe(reader, stream, budget);
    }
    amplification::layout(stream.kind)
        .is_none_or(|layout| amplification::is_safe(reader, stream, layout, budget))
}
