//! Which normalised names a text can stand for.

use crate::crash_data::{Frame, Thread};
use crate::frames::{Grouping, Normalizer};
use crate::lists::PatternList;

/// A source file that makes a function one of Rust.
const RUST_SOURCE_FILE: &str = "/lib.rs";

/// The normalised names of a frame with this function, or module.
///
/// The text may be a function as symbols name it, of C++ or of Rust, or a name that is normalised already.
pub(super) fn frame_names(text: &str, with_line_numbers: &PatternList) -> Vec<String> {
    let mut names = function_names(text, with_line_numbers);
    if may_name_module(text) {
        names.push(text.to_owned());
    }
    names
}

/// The normalised names of a function, as one of C++ and as one of Rust.
pub(super) fn function_names(function: &str, with_line_numbers: &PatternList) -> Vec<String> {
    let normalizer = Normalizer {
        lower_case_modules: false,
        grouping: Grouping::Compatible,
        with_line_numbers,
        cache: None,
    };
    let named_in = |file: Option<&'static str>| {
        let frame = Frame {
            function: Some(function.into()),
            file: file.map(Into::into),
            ..Frame::default()
        };
        let thread = Thread {
            frames: vec![frame],
            ..Thread::default()
        };
        let name = normalizer.stack_names(&thread).ok()?.into_iter().next()?;
        Some(name.text().to_string())
    };
    let names = [None, Some(RUST_SOURCE_FILE)].into_iter();
    names.filter_map(named_in).collect()
}

/// Whether the text may name a frame without a function: by module, source line or address.
pub(super) fn may_name_module(text: &str) -> bool {
    text.starts_with("(unloaded ") || !(text.contains("::") || text.contains(['(', '<', '*', '&']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_both_languages_and_modules_are_named() {
        let names = |text| frame_names(text, &PatternList::default());
        assert_eq!(names("void a::f<int>(char)"), ["a::f<T>", "a::f<T>"]);
        assert_eq!(
            names("a::b::h0123456789abcdef"),
            ["a::b::h0123456789abcdef", "a::b"]
        );
        assert!(names("My Program.exe").contains(&"My Program.exe".to_owned()));
        assert!(names("(unloaded a.dll)").contains(&"(unloaded a.dll)".to_owned()));
    }
}
