//! Frames and their normalised names.
//!
//! A normalised name is what is compared, listed and shown: equal for the same function in builds of different
//! compilers, platforms and versions.

mod cpp;
mod enclosed;
mod missing_module;
mod names;
mod offset;
mod punctuation;
mod return_type;
mod rust;
mod source_file;

use std::borrow::Cow;

pub(crate) use self::names::{FrameName, ListVerdict, NameCache};
use self::names::{NameKind, NameLookup};
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
    pub(crate) line: Option<&'a Scalar<'a>>,
    pub(crate) offset: Option<&'a Scalar<'a>>,
    pub(crate) module_offset: Option<&'a str>,
    pub(crate) debug_id: Option<&'a str>,
    /// The stackwalker found the frame by scanning the stack for what looks like a return address.
    pub(crate) scanned: bool,
    pub(crate) unloaded_modules: &'a [UnloadedModule<'a>],
}

/// The first [`FRAME_LIMIT`] entries of a stack: before each frame the functions inlined into it.
pub(crate) fn stack_entries<'a>(thread: &'a Thread<'a>) -> impl Iterator<Item = StackEntry<'a>> {
    let entries = thread.frames.iter().flat_map(|frame| {
        let whole = StackEntry {
            module: frame.module.as_deref(),
            function: frame.function.as_deref(),
            file: frame.file.as_deref(),
            line: frame.line.as_ref(),
            offset: frame.offset.as_ref(),
            module_offset: frame.module_offset.as_deref(),
            debug_id: frame.debug_id.as_deref(),
            scanned: matches!(frame.trust.as_deref(), Some("scan" | "cfi_scan")),
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

/// How names of frames are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalizer<'a> {
    /// Module names are compared in lower case, as on Windows.
    pub(crate) lower_case_modules: bool,
    /// Frames are weighed by how they were found, and modules get offsets.
    pub(crate) grouping: Grouping,
    /// Functions that are shown with their line number.
    pub(crate) with_line_numbers: &'a PatternList,
    /// Names made before.
    pub(crate) cache: Option<&'a NameCache>,
}

impl Normalizer<'_> {
    /// The normalised names of a stack, at most [`FRAME_LIMIT`].
    pub(crate) fn stack_names(
        &self,
        thread: &Thread<'_>,
    ) -> Result<Vec<FrameName>, NormalizeError> {
        let mut lookup = NameLookup::new(self.cache);
        let names: Result<Vec<_>, _> = stack_entries(thread)
            .map(|entry| {
                let name = self.frame_name(&entry, &mut lookup)?;
                Ok(name.scanned(entry.scanned && self.grouping == Grouping::TrustWeighted))
            })
            .collect();
        lookup.finish();
        names
    }

    /// The normalised name of one entry: its function, else its source line, module, unloaded module or address.
    ///
    /// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.normalize_frame`).
    fn frame_name<'text>(
        &self,
        entry: &StackEntry<'text>,
        lookup: &mut NameLookup<'_, 'text>,
    ) -> Result<FrameName, NormalizeError> {
        if let Some(function) = present(entry.function)
            && (self.grouping == Grouping::Compatible || !is_placeholder(function))
        {
            return self.function_name(function, entry, lookup);
        }
        let line = entry.line.filter(|line| line.is_truthy());
        if let (Some(file), Some(line)) = (present(entry.file), line) {
            return Ok(FrameName::new(&format!("{}#{line}", file_name(file))));
        }
        if let Some(module) = present(entry.module) {
            let name = self.module_name(module, lookup);
            return Ok(match self.grouping {
                Grouping::Compatible => name,
                Grouping::TrustWeighted => with_offset(name, entry),
            });
        }
        if let Some(unloaded) = entry.unloaded_modules.first() {
            let module = unloaded.module.as_deref().unwrap_or("None");
            return Ok(FrameName::new(&format!("(unloaded {module})")));
        }
        Ok(match entry.offset.filter(|offset| offset.is_truthy()) {
            Some(offset) => FrameName::new(&format!("@{}", offset::strip_leading_zeros(offset))),
            None => FrameName::new(""),
        })
    }

    fn function_name<'text>(
        &self,
        function: &'text str,
        entry: &StackEntry<'text>,
        lookup: &mut NameLookup<'_, 'text>,
    ) -> Result<FrameName, NormalizeError> {
        let path = entry.file.and_then(source_file::parse_source_file);
        let function = missing_module::function_with_module(path, function).unwrap_or(function);
        let kind = match path {
            Some(path) if path.ends_with(".rs") => NameKind::Rust,
            _ => NameKind::Cpp,
        };
        if let Some(name) = lookup.get(kind, function) {
            return Ok(name);
        }
        let normalized = match kind {
            NameKind::Rust => {
                rust::normalize_rust_function(function, entry.line, self.with_line_numbers)?
            }
            _ => cpp::normalize_cpp_function(function, entry.line, self.with_line_numbers)?,
        };
        let name = FrameName::new(&normalized.text);
        if !normalized.has_line {
            lookup.keep(kind, function, &name);
        }
        Ok(name)
    }

    fn module_name<'text>(
        &self,
        module: &'text str,
        lookup: &mut NameLookup<'_, 'text>,
    ) -> FrameName {
        let kind = if self.lower_case_modules {
            NameKind::LowerCaseModule
        } else {
            NameKind::Module
        };
        if let Some(name) = lookup.get(kind, module) {
            return name;
        }
        let spelled = match kind {
            NameKind::LowerCaseModule => Cow::Owned(module.to_lowercase()),
            _ => Cow::Borrowed(module),
        };
        let name = FrameName::new(spelled.trim_matches(['[', ']']));
        lookup.keep(kind, module, &name);
        name
    }
}

/// A module's name with the place in it, `module/BUILD@0xOFFSET`, if that is known.
///
/// An offset means something within one build only, so eight digits of the debug id tell builds apart.
fn with_offset(module: FrameName, entry: &StackEntry<'_>) -> FrameName {
    let Some(offset) = present(entry.module_offset) else {
        return module;
    };
    let offset = offset::strip_leading_zeros(&Scalar::from(offset));
    let digits = entry.debug_id.and_then(|id| id.get(..8));
    let build = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let name = module.text();
    let text = match build.filter(|digits| digits.bytes().any(|digit| digit != b'0')) {
        Some(build) => format!("{name}/{build}@{offset}"),
        None => format!("{name}@{offset}"),
    };
    FrameName::with_offset(&text, name)
}

/// Whether a function is no function but what stands for one in symbols of a stripped module, such as
/// `<.text ELF section in libfoo.so>`.
pub(crate) fn is_placeholder(function: &str) -> bool {
    function == "<name omitted>"
        || function.starts_with("<unknown in ")
        || function.starts_with("<.") && function.contains(" ELF section in ")
}

/// How frames make groups: what a signature is to be compared by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grouping {
    /// As Mozilla's crash processor groups: all frames count alike, and one without a symbol is its module.
    #[default]
    Compatible,
    /// So that missing symbols do not put unrelated crashes together.
    ///
    /// Frames that the stackwalker found by scanning (trust `scan` or `cfi_scan`) are left out if the others alone
    /// have one that ends the walk. A frame without a symbol is its module, the start of the module's debug id and
    /// the offset in it, `module/4C4C44A8@0x1a2b`; lists are asked about the module alone, and at most three such
    /// frames are taken.
    TrustWeighted,
}

/// A function's normalised name.
#[derive(Debug)]
pub(crate) struct Normalized<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The frame's line is part of it, so it is no name of the function alone.
    pub(crate) has_line: bool,
}

impl<'a> Normalized<'a> {
    /// Adds the line to functions in which only the line tells crashes apart.
    fn new(name: Cow<'a, str>, line: Option<&Scalar<'_>>, with_line_numbers: &PatternList) -> Self {
        if !with_line_numbers.matches(&name) {
            return Self {
                text: name,
                has_line: false,
            };
        }
        let text = match line {
            Some(line) => format!("{name}:{line}"),
            None => format!("{name}:None"),
        };
        Self {
            text: Cow::Owned(text),
            has_line: true,
        }
    }

    fn map(self, step: impl FnOnce(Cow<'a, str>) -> Cow<'a, str>) -> Self {
        Self {
            text: step(self.text),
            ..self
        }
    }
}

/// Applies a step that mostly changes nothing, without copying the text then.
fn map_text<'a>(
    text: Cow<'a, str>,
    step: impl for<'b> Fn(&'b str) -> Cow<'b, str>,
) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => step(text),
        Cow::Owned(text) => match step(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(changed) => Cow::Owned(changed),
        },
    }
}

/// The last part of a path of either kind; a backslash anywhere makes it a Windows path.
fn file_name(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    let separator = if path.contains('\\') { '\\' } else { '/' };
    path.rsplit(separator).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash_data::{Frame, InlineFrame};

    fn normalizer(with_line_numbers: &PatternList) -> Normalizer<'_> {
        Normalizer {
            lower_case_modules: false,
            grouping: Grouping::Compatible,
            with_line_numbers,
            cache: None,
        }
    }

    fn normalized(entry: &StackEntry<'_>) -> String {
        let list = PatternList::default();
        let name = normalizer(&list).frame_name(entry, &mut NameLookup::new(None));
        name.unwrap().text().to_string()
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
            function: Some("inner".into()),
            ..InlineFrame::default()
        };
        let frame = Frame {
            function: Some("outer".into()),
            inlines: vec![inline; 2],
            ..Frame::default()
        };
        let thread = Thread {
            frames: vec![frame; 30],
            last_error_value: None,
        };
        let list = PatternList::default();
        let names = normalizer(&list).stack_names(&thread).unwrap();
        assert_eq!(names.len(), FRAME_LIMIT);
        let first: Vec<_> = names[..4].iter().map(|name| &**name.text()).collect();
        assert_eq!(first, ["inner", "inner", "outer", "inner"]);
    }
}
