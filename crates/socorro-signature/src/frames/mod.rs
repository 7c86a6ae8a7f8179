//! Frames and their normalised names.
//!
//! A normalised name is what is compared, listed and shown: equal for the same function in builds of different
//! compilers, platforms and versions.

mod cpp;
mod enclosed;
mod missing_module;
mod offset;
mod punctuation;
mod return_type;
mod rust;
mod source_file;

use std::borrow::Cow;

#[cfg(feature = "testkit")]
pub(crate) use self::{
    cpp::{collapse_arguments, collapse_types, normalize_cpp_function},
    enclosed::enclosed_slices,
    missing_module::function_with_module,
    offset::strip_leading_zeros,
    return_type::drop_prefix_and_return_type,
    rust::normalize_rust_function,
    source_file::parse_source_file,
};
use crate::crash_data::{Scalar, Thread, UnloadedModule, present};
use crate::lists::PatternList;

/// How many entries of a stack are looked at, inlined functions counted.
pub const FRAME_LIMIT: usize = 40;

/// Why a frame has no normalised name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NormalizeError {
    /// Nothing is left of the function.
    #[error("function {function:?} has no name, only qualifiers")]
    OnlyQualifiers {
        /// The function as the stack has it.
        function: String,
    },
}

/// One entry of a stack: a frame, or a function inlined into it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StackEntry<'a> {
    pub(crate) module: Option<&'a str>,
    pub(crate) function: Option<&'a str>,
    pub(crate) file: Option<&'a str>,
    pub(crate) line: Option<&'a Scalar>,
    pub(crate) offset: Option<&'a Scalar>,
    pub(crate) unloaded_modules: &'a [UnloadedModule],
}

/// The first [`FRAME_LIMIT`] entries of a stack: before each frame the functions inlined into it.
pub(crate) fn stack_entries(thread: &Thread) -> impl Iterator<Item = StackEntry<'_>> {
    let entries = thread.frames.iter().flat_map(|frame| {
        let whole = StackEntry {
            module: frame.module.as_deref(),
            function: frame.function.as_deref(),
            file: frame.file.as_deref(),
            line: frame.line.as_ref(),
            offset: frame.offset.as_ref(),
            unloaded_modules: &frame.unloaded_modules,
        };
        let inlined = frame.inlines.iter().map(move |inline| StackEntry {
            function: inline.function.as_deref(),
            file: inline.file.as_deref(),
            line: inline.line.as_ref(),
            unloaded_modules: &[],
            ..whole
        });
        inlined.chain(std::iter::once(whole))
    });
    entries.take(FRAME_LIMIT)
}

/// The normalised names of a stack, at most [`FRAME_LIMIT`].
pub(crate) fn normalize_stack(
    thread: &Thread,
    lower_case_modules: bool,
    with_line_numbers: &PatternList,
) -> Result<Vec<String>, NormalizeError> {
    stack_entries(thread)
        .map(|entry| {
            let lower_case = entry
                .module
                .filter(|_| lower_case_modules)
                .map(str::to_lowercase);
            let function = entry.function.map(|function| {
                missing_module::function_with_module(entry.file, function).unwrap_or(function)
            });
            let module = lower_case.as_deref().or(entry.module);
            normalize_frame(
                &StackEntry {
                    module,
                    function,
                    ..entry
                },
                with_line_numbers,
            )
        })
        .collect()
}

/// The normalised name of one entry: its function, else its source line, module, unloaded module or address.
///
/// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.normalize_frame`).
pub(crate) fn normalize_frame(
    entry: &StackEntry<'_>,
    with_line_numbers: &PatternList,
) -> Result<String, NormalizeError> {
    if let Some(function) = present(entry.function) {
        let path = entry.file.and_then(source_file::parse_source_file);
        return if path.is_some_and(|path| path.ends_with(".rs")) {
            rust::normalize_rust_function(function, entry.line, with_line_numbers)
        } else {
            cpp::normalize_cpp_function(function, entry.line, with_line_numbers)
        };
    }
    let line = entry.line.filter(|line| line.is_truthy());
    if let (Some(file), Some(line)) = (present(entry.file), line) {
        return Ok(format!("{}#{line}", file_name(file)));
    }
    if let Some(module) = present(entry.module) {
        return Ok(module.trim_matches(['[', ']']).to_owned());
    }
    if let Some(unloaded) = entry.unloaded_modules.first() {
        return Ok(format!(
            "(unloaded {})",
            unloaded.module.as_deref().unwrap_or("None")
        ));
    }
    match entry.offset.filter(|offset| offset.is_truthy()) {
        Some(offset) => Ok(format!("@{}", offset::strip_leading_zeros(offset))),
        None => Ok(String::new()),
    }
}

/// The last part of a path of either kind; a backslash anywhere makes it a Windows path.
fn file_name(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    let separator = if path.contains('\\') { '\\' } else { '/' };
    path.rsplit(separator).next().unwrap_or(path)
}

/// Adds the line to functions in which only the line tells crashes apart.
fn add_line_number<'a>(
    name: Cow<'a, str>,
    line: Option<&Scalar>,
    with_line_numbers: &PatternList,
) -> Cow<'a, str> {
    if !with_line_numbers.matches(&name) {
        return name;
    }
    match line {
        Some(line) => Cow::Owned(format!("{name}:{line}")),
        None => Cow::Owned(format!("{name}:None")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash_data::{Frame, InlineFrame};

    fn normalized(entry: &StackEntry<'_>) -> String {
        normalize_frame(entry, &PatternList::default()).unwrap()
    }

    #[test]
    fn the_best_known_part_names_the_frame() {
        let (line, zero, offset) = (
            Scalar::Integer(7),
            Scalar::Integer(0),
            Scalar::from("0x0010"),
        );
        let unloaded = [UnloadedModule::default()];
        let address = StackEntry {
            offset: Some(&offset),
            ..StackEntry::default()
        };
        let gone = StackEntry {
            unloaded_modules: &unloaded,
            ..address
        };
        let module = StackEntry {
            module: Some("[vdso]"),
            ..gone
        };
        let source = StackEntry {
            file: Some("c:\\a\\b.c/"),
            line: Some(&line),
            ..module
        };
        let function = StackEntry {
            function: Some("f(int)"),
            ..source
        };
        assert_eq!(normalized(&StackEntry::default()), "");
        assert_eq!(normalized(&address), "@0x10");
        assert_eq!(normalized(&gone), "(unloaded None)");
        assert_eq!(normalized(&module), "vdso");
        assert_eq!(normalized(&source), "b.c#7");
        assert_eq!(
            normalized(&StackEntry {
                line: Some(&zero),
                ..source
            }),
            "vdso"
        );
        assert_eq!(normalized(&function), "f");
    }

    #[test]
    fn inlined_functions_come_before_their_frame_and_count() {
        let inline = InlineFrame {
            function: Some("inner".to_owned()),
            ..InlineFrame::default()
        };
        let frame = Frame {
            function: Some("outer".to_owned()),
            inlines: vec![inline; 2],
            ..Frame::default()
        };
        let thread = Thread {
            frames: vec![frame; 30],
            last_error_value: None,
        };
        let names = normalize_stack(&thread, false, &PatternList::default()).unwrap();
        assert_eq!(names.len(), FRAME_LIMIT);
        assert_eq!(names[..4], ["inner", "inner", "outer", "inner"]);
    }
}
