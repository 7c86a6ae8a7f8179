//! What can be saved of a minidump that somebody died of.

use std::fs::File;
use std::io;

use bytes::Bytes;

use super::directory::{Reader, Stream};
use crate::map::{map, map_privately};

/// `ThreadListStream`.
const THREAD_LIST: u32 = 3;

/// The streams that are read without following stacks, chains or whole address spaces, by type.
const HARMLESS: [u32; 12] = [
    THREAD_LIST,
    4,           // ModuleListStream
    6,           // ExceptionStream
    7,           // SystemInfoStream
    15,          // MiscInfoStream
    24,          // ThreadNamesStream
    0x4350_0001, // MD_CRASHPAD_INFO_STREAM
    0x4767_0001, // MD_BREAKPAD_INFO_STREAM
    0x4767_0002, // MD_ASSERTION_INFO_STREAM
    0x4767_0003, // MD_LINUX_CPU_INFO
    0x4767_0004, // MD_LINUX_PROC_STATUS
    0x4767_0005, // MD_LINUX_LSB_RELEASE
];

/// Bytes of `MINIDUMP_THREAD`, and where in it the size of its stack is.
const THREAD_SIZE: usize = 48;
const STACK_SIZE: usize = 32;

/// Returns the minidump with system information, crash reason, modules and threads, but without memory: every thread
/// has the frame of its registers and no other. The file is left as it is.
pub(crate) fn salvageable(file: &File) -> io::Result<Bytes> {
    let whole = map(file)?;
    if whole.is_empty() {
        return Ok(whole);
    }
    let mut reduced = map_privately(file)?;
    reduce(&whole, &mut reduced);
    Ok(Bytes::from_owner(reduced))
}

fn reduce(whole: &[u8], reduced: &mut [u8]) {
    let Some(reader) = Reader::new(whole) else {
        return;
    };
    for stream in reader.streams() {
        if !HARMLESS.contains(&stream.kind) {
            clear(reduced, Some(stream.entry_offset));
        } else if stream.kind == THREAD_LIST {
            clear_stacks(reduced, reader, stream);
        }
    }
}

fn clear_stacks(reduced: &mut [u8], reader: Reader<'_>, stream: Stream) {
    let (first, count) = reader.counted_list(stream, THREAD_SIZE);
    let fitting = stream.size.saturating_sub(first) / THREAD_SIZE;
    for index in 0..count.min(fitting) {
        let size = stream
            .offset
            .checked_add(first + index * THREAD_SIZE + STACK_SIZE);
        clear(reduced, size);
    }
}

/// Makes the 32-bit number at `offset` zero.
fn clear(bytes: &mut [u8], offset: Option<usize>) {
    let field = offset.and_then(|start| bytes.get_mut(start..start.checked_add(4)?));
    if let Some(field) = field {
        field.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(words: &[u32]) -> Vec<u32> {
        let whole: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut reduced = whole.clone();
        reduce(&whole, &mut reduced);
        let words = reduced.chunks(4);
        words
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    }

    #[test]
    fn memory_and_what_leads_to_it_is_taken_out() {
        let mut words = vec![0x504d_444d, 0xa793, 3, 32, 0, 0, 0, 0];
        // The directory: two threads, a list of memory, handles.
        words.extend([THREAD_LIST, 4 + 2 * 48, 68, 5, 4, 68, 12, 16, 68]);
        words.push(2);
        words.extend((1..=24).map(|word| word * 0x0101));
        let mut expected = words.clone();
        // The types of the last two streams, and the size of each thread's stack.
        (expected[11], expected[14]) = (0, 0);
        (expected[18 + 8], expected[18 + 12 + 8]) = (0, 0);
        assert_eq!(reduced(&words), expected);
    }

    #[test]
    fn a_list_that_leads_out_of_the_file_is_survived() {
        let words = [
            0x504d_444d,
            0xa793,
            1,
            32,
            0,
            0,
            0,
            0,
            THREAD_LIST,
            u32::MAX,
            u32::MAX - 8,
        ];
        assert_eq!(reduced(&words), words);
    }
}
