//! Taking the streams out of a minidump that would harm its reader.

use bytes::{Bytes, BytesMut};
use tracing::warn;

use super::amplification::{self, Budget};
use super::directory::{Reader, Stream};
use super::handles;
use super::load::LoadedDump;
use crate::error::WalkError;
use crate::map::map_privately;

/// `HandleDataStream`.
const HANDLE_DATA: u32 = 12;

/// Returns the minidump without the streams that cannot be handed to the reader. What is good is not copied.
///
/// A stream is taken out by turning its directory entry, in a private copy, into that of an unused stream (type 0);
/// the rest of the minidump is walked as if it had never had it. Of a mapped file, only the page with the entry is
/// copied.
pub(crate) fn sanitize(dump: LoadedDump) -> Result<Bytes, WalkError> {
    let harmful = harmful_streams(&dump.bytes);
    if harmful.is_empty() {
        return Ok(dump.bytes);
    }
    if let Some((path, file)) = dump.mapped {
        let mut copy = map_privately(&file).map_err(|source| WalkError::File { path, source })?;
        take_out(&harmful, &mut copy);
        return Ok(Bytes::from_owner(copy));
    }
    // Bytes that nobody else holds need no copy.
    let mut own = dump
        .bytes
        .try_into_mut()
        .unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    take_out(&harmful, &mut own);
    Ok(own.freeze())
}

fn take_out(harmful: &[Stream], bytes: &mut [u8]) {
    for stream in harmful {
        warn!(
            stream = stream.kind,
            "minidump has a malformed stream; walking without it"
        );
        if let Some(kind) = bytes.get_mut(stream.entry_offset..stream.entry_offset + 4) {
            kind.fill(0);
        }
    }
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
    let mut left = *budget;
    let is_safe = if stream.kind == HANDLE_DATA {
        handles::is_safe(reader, stream, &mut left)
    } else {
        amplification::layout(stream.kind)
            .is_none_or(|layout| amplification::is_safe(reader, stream, layout, &mut left))
    };
    // A stream that is left out costs nothing.
    if is_safe {
        *budget = left;
    }
    is_safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::load::{OwnedDump, load};
    use super::*;

    /// A minidump with one stream, at offset 44.
    fn with_stream(kind: u32, stream: &[u32]) -> Bytes {
        let size = 4 * u32::try_from(stream.len()).unwrap();
        let header = [0x504d_444d, 0xa793, 1, 32, 0, 0, 0, 0, kind, size, 44];
        let words = [&header, stream].concat();
        words
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect::<Vec<_>>()
            .into()
    }

    fn sanitized(bytes: Bytes) -> Bytes {
        let dump = LoadedDump {
            bytes,
            mapped: None,
        };
        sanitize(dump).unwrap()
    }

    #[test]
    fn a_good_minidump_is_not_copied() {
        let good = with_stream(HANDLE_DATA, &[16, 32, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let pointer = good.as_ptr();
        assert_eq!(sanitized(good).as_ptr(), pointer);
    }

    #[test]
    fn only_the_type_of_a_harmful_stream_is_changed() {
        let harmful = with_stream(HANDLE_DATA, &[16, 0, u32::MAX, 0]);
        let mut expected = harmful.to_vec();
        expected[32] = 0;
        let shared = harmful.clone();
        assert_eq!(sanitized(harmful), expected);
        assert_ne!(shared, expected);
    }

    #[test]
    fn the_file_of_a_harmful_minidump_is_left_alone() {
        let harmful = with_stream(HANDLE_DATA, &[16, 0, u32::MAX, 0]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &harmful).unwrap();
        let dump = load(OwnedDump::Path(file.path().to_owned()), u64::MAX).unwrap();
        assert_eq!(sanitize(dump).unwrap()[32], 0);
        assert_eq!(std::fs::read(file.path()).unwrap(), harmful);
    }

    #[test]
    fn object_information_that_bites_its_tail_is_harmful() {
        // The only descriptor begins at 44 + 16; its chain leads to offset 100, and from there to 100 or nowhere.
        let stream = |next| [16, 40, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, next, 0, 0];
        assert_eq!(
            harmful_streams(&with_stream(HANDLE_DATA, &stream(100))).len(),
            1
        );
        assert_eq!(
            harmful_streams(&with_stream(HANDLE_DATA, &stream(0))).len(),
            0
        );
    }

    proptest! {
        #[test]
        fn a_sanitized_minidump_has_nothing_harmful_left(
            kind in prop::sample::select(vec![4_u32, 12, 14, 24]),
            stream in prop::collection::vec(prop_oneof![0_u32..200, any::<u32>()], 0..60),
        ) {
            let sanitized = sanitized(with_stream(kind, &stream));
            prop_assert!(harmful_streams(&sanitized).is_empty());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let dump = [&b"MDMP"[..], &bytes].concat();
            prop_assert_eq!(sanitized(dump.clone().into()).len(), dump.len());
        }
    }
}
