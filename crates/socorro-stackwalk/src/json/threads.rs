//! Threads and their frames.

use minidump::{MinidumpContext, MinidumpContextValidity};
use minidump_common::utils::basename;
use minidump_processor::ProcessState;
use minidump_unwind::{CallStack, InlineFrame, StackFrame};
use serde_json::{Map, Value};

use super::value::{Addresses, array, object};

pub(super) fn threads(state: &ProcessState, addresses: Addresses) -> Vec<Value> {
    state
        .threads
        .iter()
        .map(|thread| thread_value(thread, addresses))
        .collect()
}

/// The crashing thread again, with its index and the registers of its first frame. `None` without a crashing thread
/// or if it has no frames.
pub(super) fn crashing_thread(state: &ProcessState, threads: &[Value]) -> Option<Value> {
    let index = state.requesting_thread?;
    let registers = registers(&state.threads.get(index)?.frames.first()?.context);
    let mut thread = threads.get(index)?.clone();
    let first = thread.pointer_mut("/frames/0")?.as_object_mut()?;
    insert_sorted(first, "registers", registers);
    insert_sorted(thread.as_object_mut()?, "threads_index", index.into());
    Some(thread)
}

/// Inserts a member where it belongs in the order of keys.
fn insert_sorted(object: &mut Map<String, Value>, key: &str, value: Value) {
    let index = object
        .keys()
        .take_while(|present| present.as_str() < key)
        .count();
    object.shift_insert(index, key.to_owned(), value);
}

fn thread_value(thread: &CallStack, addresses: Addresses) -> Value {
    let frames = thread
        .frames
        .iter()
        .enumerate()
        .map(|(index, frame)| frame_value(index, frame, addresses));
    object([
        ("frame_count", thread.frames.len().into()),
        ("frames", array(frames)),
        (
            "last_error_value",
            thread
                .last_error_value
                .map(|error| error.to_string())
                .into(),
        ),
        ("thread_id", thread.thread_id.into()),
        ("thread_name", thread.thread_name.clone().into()),
    ])
}

fn frame_value(index: usize, frame: &StackFrame, addresses: Addresses) -> Value {
    let module = frame.module.as_ref();
    let offset_from = |base: u64| addresses.write(frame.instruction.wrapping_sub(base));
    object([
        ("file", frame.source_file_name.clone().into()),
        ("frame", index.into()),
        ("function", frame.function_name.clone().into()),
        (
            "function_offset",
            frame.function_base.map(offset_from).into(),
        ),
        ("inlines", inlines(&frame.inlines)),
        ("line", frame.source_line.into()),
        ("missing_symbols", frame.function_name.is_none().into()),
        ("module", module.map(|module| basename(&module.name)).into()),
        (
            "module_offset",
            module
                .map(|module| offset_from(module.raw.base_of_image))
                .into(),
        ),
        ("offset", addresses.write(frame.instruction)),
        ("trust", frame.trust.as_str().into()),
        ("unloaded_modules", unloaded_modules(frame, addresses)),
    ])
}

/// Inlined functions, innermost first; null if there are none.
fn inlines(inlines: &[InlineFrame]) -> Value {
    if inlines.is_empty() {
        return Value::Null;
    }
    array(inlines.iter().map(|inline| {
        object([
            ("file", inline.source_file_name.clone().into()),
            ("function", inline.function_name.clone().into()),
            ("line", inline.source_line.into()),
        ])
    }))
}

fn unloaded_modules(frame: &StackFrame, addresses: Addresses) -> Value {
    if frame.unloaded_modules.is_empty() {
        return Value::Null;
    }
    array(frame.unloaded_modules.iter().map(|(name, offsets)| {
        let offsets = array(offsets.iter().map(|offset| addresses.write(*offset)));
        object([("module", name.clone().into()), ("offsets", offsets)])
    }))
}

fn registers(context: &MinidumpContext) -> Value {
    let is_valid = |register: &str| match &context.valid {
        MinidumpContextValidity::All => true,
        MinidumpContextValidity::Some(valid) => valid.contains(register),
    };
    let mut names: Vec<_> = context
        .general_purpose_registers()
        .iter()
        .filter(|register| is_valid(register))
        .collect();
    names.sort_unstable();
    let registers = names
        .into_iter()
        .map(|name| ((*name).to_owned(), context.format_register(name).into()));
    Value::Object(registers.collect())
}
