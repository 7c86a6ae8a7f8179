//! Dropping what stands before the function's own name.

/// The closing delimiter of an opening one. Spaces between the two do not separate.
fn closer_of(open: u8) -> Option<u8> {
    match open {
        b'(' => Some(b')'),
        b'{' => Some(b'}'),
        b'[' => Some(b']'),
        b'<' => Some(b'>'),
        b'`' => Some(b'\''),
        _ => None,
    }
}

/// The last word of a declaration: `static void foo(int)` gives `foo(int)`.
///
/// Words are separated by single spaces outside of delimiters. A last word that starts with `(` or `[clone` belongs
/// to the word before it. `None` for the empty text, which has no word.
///
/// Source: Socorro `socorro/signature/utils.py` (`drop_prefix_and_return_type`).
pub(crate) fn drop_prefix_and_return_type(declaration: &str) -> Option<&str> {
    if !declaration.is_empty() && !declaration.contains(' ') {
        return Some(declaration);
    }
    let bytes = declaration.as_bytes();
    let mut expected_closers = Vec::new();
    let mut words = Words {
        declaration,
        last: None,
    };
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if let Some(closer) = closer_of(*byte) {
            expected_closers.push(closer);
        } else if expected_closers.last() == Some(byte) {
            expected_closers.pop();
        } else if *byte == b' ' && expected_closers.is_empty() {
            words.add(start, at);
            start = at + 1;
        }
    }
    if start < bytes.len() {
        words.add(start, bytes.len());
    }
    let (start, end) = words.last?;
    Some(&declaration[start..end])
}

/// Remembers the last word, with the words it is joined to.
struct Words<'a> {
    declaration: &'a str,
    last: Option<(usize, usize)>,
}

impl Words<'_> {
    fn add(&mut self, start: usize, end: usize) {
        let word = &self.declaration[start..end];
        let joins = word.starts_with('(') || word.starts_with("[clone");
        let start = match self.last {
            Some((previous_start, _)) if joins => previous_start,
            _ => start,
        };
        self.last = Some((start, end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_the_name() {
        for (declaration, name) in [
            ("static void foo(int, char)", "foo(int, char)"),
            ("void* std::map<a, b>::get(int) const", "const"),
            ("foo(int) [clone .isra.0]", "foo(int) [clone .isra.0]"),
            (
                "void (anonymous namespace)::f()",
                "void (anonymous namespace)::f()",
            ),
            ("int `anonymous namespace'::f", "`anonymous namespace'::f"),
            ("int f ", "f"),
            ("int f  ", ""),
            ("operator) f", "f"),
        ] {
            assert_eq!(
                drop_prefix_and_return_type(declaration),
                Some(name),
                "{declaration:?}"
            );
        }
        assert_eq!(drop_prefix_and_return_type(""), None);
    }
}
