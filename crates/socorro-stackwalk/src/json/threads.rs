//! Threads and their frames.

use minidump::{MinidumpContext, MinidumpContextValidity};
use minidump_common::utils::basename;
use minidump_unwind::{CallStack, InlineFrame, StackFrame};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Document;
use super::value::{Address, Addresses, List, Text};

pub(super) fn threads(document: Document<'_>) -> impl Serialize {
    List(move || {
        let threads = &document.state.threads;
        threads
            .iter()
            .map(move |thread| thread_fields(document, thread, None))
    })
}

/// The crashing thread again, with its index and the registers of its first frame. `None` without a crashing thread
/// or if it has no frames.
pub(super) fn crashing_thread(document: Document<'_>) -> Option<impl Serialize> {
    let index = document.state.requesting_thread?;
    let thread = document.state.threads.get(index)?;
    thread.frames.first()?;
    Some(thread_fields(document, thread, Some(index)))
}

#[derive(Serialize)]
struct ThreadFields<'a, F, E> {
    frame_count: usize,
    frames: F,
    last_error_value: Option<E>,
    thread_id: u32,
    thread_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads_index: Option<usize>,
}

/// A thread; with the index of the crashing thread, its copy.
fn thread_fields<'a>(
    document: Document<'a>,
    thread: &'a CallStack,
    threads_index: Option<usize>,
) -> impl Serialize + 'a {
    let addresses = document.addresses();
    let is_copy = threads_index.is_some();
    let frames = &thread.frames;
    let left_out = frames.len().saturating_sub(document.frames_per_thread);
    let cut = document.frames_per_thread.div_ceil(2).min(frames.len());
    ThreadFields {
        frame_count: frames.len(),
        frames: List(move || {
            let frames = frames.iter().enumerate();
            let shown = frames.filter(move |(index, _)| *index < cut || *index >= cut + left_out);
            shown.map(move |(index, frame)| {
                let has_registers = is_copy && index == 0;
                frame_fields(index, frame, addresses, has_registers)
            })
        }),
        last_error_value: thread.last_error_value.as_ref().map(Text),
        thread_id: thread.thread_id,
        thread_name: thread.thread_name.as_deref(),
        threads_index,
    }
}

#[derive(Serialize)]
struct FrameFields<'a, U> {
    file: Option<&'a str>,
    frame: usize,
    function: Option<&'a str>,
    function_offset: Option<Address>,
    inlines: Option<Inlines<'a>>,
    line: Option<u32>,
    missing_symbols: bool,
    module: Option<&'a str>,
    module_offset: Option<Address>,
    offset: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    registers: Option<Registers<'a>>,
    trust: &'static str,
    unloaded_modules: Option<U>,
}

fn frame_fields(
    index: usize,
    frame: &StackFrame,
    addresses: Addresses,
    has_registers: bool,
) -> impl Serialize {
    let module = frame.module.as_ref();
    let offset_from = |base: u64| addresses.write(frame.instruction.wrapping_sub(base));
    FrameFields {
        file: frame.source_file_name.as_deref(),
        frame: index,
        function: frame.function_name.as_deref(),
        function_offset: frame.function_base.map(offset_from),
        inlines: (!frame.inlines.is_empty()).then_some(Inlines(&frame.inlines)),
        line: frame.source_line,
        missing_symbols: frame.function_name.is_none(),
        module: module.map(|module| basename(&module.name)),
        module_offset: module.map(|module| offset_from(module.raw.base_of_image)),
        offset: addresses.write(frame.instruction),
        registers: has_registers.then_some(Registers(&frame.context)),
        trust: frame.trust.as_str(),
        unloaded_modules: (!frame.unloaded_modules.is_empty())
            .then(|| unloaded_modules(frame, addresses)),
    }
}

/// Inlined functions, innermost first.
struct Inlines<'a>(&'a [InlineFrame]);

impl Serialize for Inlines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct InlineFields<'a> {
            file: Option<&'a str>,
            function: &'a str,
            line: Option<u32>,
        }
        serializer.collect_seq(self.0.iter().map(|inline| InlineFields {
            file: inline.source_file_name.as_deref(),
            function: &inline.function_name,
            line: inline.source_line,
        }))
    }
}

fn unloaded_modules(frame: &StackFrame, addresses: Addresses) -> impl Serialize {
    #[derive(Serialize)]
    struct UnloadedFields<'a, O> {
        module: &'a str,
        offsets: O,
    }
    List(move || {
        let modules = frame.unloaded_modules.iter();
        modules.map(move |(module, offsets)| UnloadedFields {
            module,
            offsets: List(move || offsets.iter().map(move |offset| addresses.write(*offset))),
        })
    })
}

/// The registers whose values are known, by name.
struct Registers<'a>(&'a MinidumpContext);

impl Serialize for Registers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_valid = |register: &str| match &self.0.valid {
            MinidumpContextValidity::All => true,
            MinidumpContextValidity::Some(valid) => valid.contains(register),
        };
        let registers = self.0.general_purpose_registers().iter();
        let mut names: Vec<_> = registers.filter(|register| is_valid(register)).collect();
        names.sort_unstable();
        let mut map = serializer.serialize_map(Some(names.len()))?;
        for name in names {
            map.serialize_entry(name, &self.0.format_register(name))?;
        }
        map.end()
    }
}
