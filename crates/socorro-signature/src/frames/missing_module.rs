//! Functions of the Rust standard library that old symbols name without their module.

/// Source file, function without module, function with module.
///
/// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.fix_missing_module`).
const MISSING_MODULES: [(&str, &str, &str); 9] = [
    (
        "src/liballoc/raw_vec.rs",
        "capacity_overflow",
        "alloc::raw_vec::capacity_overflow",
    ),
    (
        "src/libcore/option.rs",
        "expect_failed",
        "core::option::expect_failed",
    ),
    (
        "src/libcore/panicking.rs",
        "panic",
        "core::panicking::panic",
    ),
    (
        "src/libcore/panicking.rs",
        "panic_bounds_check",
        "core::panicking::panic_bounds_check",
    ),
    (
        "src/libcore/panicking.rs",
        "panic_fmt",
        "core::panicking::panic_fmt",
    ),
    (
        "src/libcore/slice/mod.rs",
        "slice_index_order_fail",
        "core::slice::slice_index_order_fail",
    ),
    (
        "src/libstd/panicking.rs",
        "begin_panic_fmt",
        "std::panicking::begin_panic_fmt",
    ),
    (
        "src/libstd/panicking.rs",
        "continue_panic_fmt",
        "std::panicking::continue_panic_fmt",
    ),
    (
        "src/libstd/panicking.rs",
        "rust_panic_with_hook",
        "std::panicking::rust_panic_with_hook",
    ),
];

/// The function with its module, if it is one that old symbols give without.
///
/// The path is that of the source file as [`parse_source_file`](super::source_file::parse_source_file) gives it.
pub(crate) fn function_with_module(path: Option<&str>, function: &str) -> Option<&'static str> {
    let path = path?;
    MISSING_MODULES
        .iter()
        .find(|(known, bare, _)| *known == path && *bare == function)
        .map(|(_, _, full)| *full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_function_must_both_match() {
        let file = Some("src/libcore/panicking.rs");
        assert_eq!(
            function_with_module(file, "panic"),
            Some("core::panicking::panic")
        );
        assert_eq!(function_with_module(file, "expect_failed"), None);
        assert_eq!(
            function_with_module(Some("/src/libcore/panicking.rs"), "panic"),
            None
        );
        assert_eq!(function_with_module(None, "panic"), None);
    }
}
