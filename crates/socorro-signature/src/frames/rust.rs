//! Names of Rust functions.

use std::borrow::Cow;

use super::enclosed::{Enclosed, replace_enclosed};
use super::punctuation::fix_punctuation;
use super::return_type::drop_prefix_and_return_type;
use super::{NormalizeError, Normalized, map_text};
use crate::crash_data::Scalar;
use crate::lists::PatternList;

/// Reduces a demangled Rust function to the part that identifies it: no type arguments, parameters, or symbol hash.
///
/// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.normalize_rust_function`).
///
/// # Errors
///
/// If the name is empty.
pub(crate) fn normalize_rust_function<'a>(
    function: &'a str,
    line: Option<&Scalar<'_>>,
    with_line_numbers: &PatternList,
) -> Result<Normalized<'a>, NormalizeError> {
    let name =
        drop_prefix_and_return_type(function).ok_or_else(|| NormalizeError::OnlyQualifiers {
            function: function.to_owned(),
        })?;
    let name = replace_enclosed(name, b'<', b'>', |_, inside| {
        // `<Type as Trait>::method` says which method it is.
        if inside.contains(" as ") {
            Enclosed::Keep
        } else {
            Enclosed::Replace("<T>".into())
        }
    });
    let name = map_text(name, |name| {
        replace_enclosed(name, b'(', b')', |_, _| Enclosed::Replace("".into()))
    });
    let name = Normalized::new(name, line, with_line_numbers);
    Ok(name.map(fix_punctuation).map(drop_symbol_hash))
}

/// Removes the hash that the legacy mangling puts at the end: `::h0123456789abcdef`.
///
/// Like Python's `$`, the end may be before one last newline, which stays.
fn drop_symbol_hash(name: Cow<'_, str>) -> Cow<'_, str> {
    let (body, end) = match name.strip_suffix('\n') {
        Some(body) => (body, "\n"),
        None => (&*name, ""),
    };
    let without_digits = body.trim_end_matches(|character: char| character.is_ascii_hexdigit());
    match without_digits.strip_suffix("::h") {
        Some(rest) if without_digits.len() < body.len() => Cow::Owned(format!("{rest}{end}")),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_varies() {
        for (function, name) in [
            (
                "core::ptr::drop_in_place::<alloc::vec::Vec<u8>>::h0123456789abcdef",
                "core::ptr::drop_in_place::<T>",
            ),
            ("<A<B> as C<D>>::run::h1", "<A<B> as C<D>>::run"),
            ("a::b(c)::h", "a::b::h"),
            ("a::b::hxyz", "a::b::hxyz"),
            ("a::b::hff\n", "a::b\n"),
        ] {
            let normalized =
                normalize_rust_function(function, None, &PatternList::default()).unwrap();
            assert_eq!(normalized.text, name, "{function:?}");
        }
        assert!(normalize_rust_function("", None, &PatternList::default()).is_err());
    }
}
