//! The path in a symbol file's source file name.

/// The path of a source file, if the name has a known form.
///
/// Known are `vcs:root:path:revision` (the third part), `c:\path` (what follows the drive) and absolute paths.
///
/// Source: Socorro `socorro/signature/utils.py` (`parse_source_file`).
pub(crate) fn parse_source_file(file: &str) -> Option<&str> {
    if file.is_empty() {
        return None;
    }
    let mut parts = file.split(':');
    match (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) {
        (_, _, Some(path), Some(_), None) | (_, Some(path), None, _, _) => Some(path),
        _ => file.starts_with('/').then_some(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forms_have_a_path() {
        for (file, path) in [
            (
                "hg:example.org/repo:dom/base/a.cpp:0123abc",
                Some("dom/base/a.cpp"),
            ),
            ("c:\\build\\a.cpp", Some("\\build\\a.cpp")),
            ("/build/a.rs", Some("/build/a.rs")),
            ("/a:b:c.rs", Some("/a:b:c.rs")),
            ("src/lib.rs", None),
            ("a:b:c:d:e", None),
            ("", None),
        ] {
            assert_eq!(parse_source_file(file), path, "{file:?}");
        }
    }
}
