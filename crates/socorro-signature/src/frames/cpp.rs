//! Names of C and C++ functions.

use std::borrow::Cow;

use super::enclosed::{Enclosed, replace_enclosed};
use super::punctuation::fix_punctuation;
use super::return_type::drop_prefix_and_return_type;
use super::{NormalizeError, Normalized, map_text};
use crate::crash_data::Scalar;
use crate::lists::PatternList;
use crate::python::digits::is_decimal;
use crate::python::text::strip;

/// How deep `IPC::ParamTraits<…>` may nest before its argument becomes `<T>` like any other. Real names have one.
const MAXIMUM_PARAM_TRAITS_DEPTH: usize = 8;

/// Qualifiers that are cut off the end, each once and in this order.
const TRAILING_QUALIFIERS: [&str; 5] = ["const", "const&", "const &", "&&", "&"];

/// Reduces a C or C++ function to the part that identifies it: no return type, argument types, or template arguments.
///
/// Source: Socorro `socorro/signature/rules.py` (`CSignatureTool.normalize_cpp_function`).
///
/// # Errors
///
/// If there is nothing in the name but qualifiers, such as `const`.
pub(crate) fn normalize_cpp_function<'a>(
    function: &'a str,
    line: Option<&Scalar<'_>>,
    with_line_numbers: &PatternList,
) -> Result<Normalized<'a>, NormalizeError> {
    let mut name = function;
    for qualifier in TRAILING_QUALIFIERS {
        if let Some(rest) = name.strip_suffix(qualifier) {
            name = strip(rest);
        }
    }
    if !name.contains("::operator") {
        name = drop_prefix_and_return_type(name).ok_or_else(|| NormalizeError::OnlyQualifiers {
            function: function.to_owned(),
        })?;
    }
    let name = replace_text(
        Cow::Borrowed(name),
        "`anonymous namespace'",
        "(anonymous namespace)",
    );
    let name = map_text(name, drop_lambda_numbers);
    let name = map_text(name, collapse_types);
    let name = map_text(name, collapse_arguments);
    let name = if name.contains("clone .cold") {
        map_text(name, drop_brackets)
    } else {
        name
    };
    Ok(Normalized::new(name, line, with_line_numbers).map(fix_punctuation))
}

/// Replaces template arguments by `T`: `Foo<Bar<int>>::f` gives `Foo<T>::f`.
///
/// Kept as they are: casts and nested functions as Rust and some compilers write them (` as `, ` in `),
/// `<name omitted>`, and what belongs to an operator's name.
pub(crate) fn collapse_types(name: &str) -> Cow<'_, str> {
    collapse_types_to_depth(name, MAXIMUM_PARAM_TRAITS_DEPTH)
}

fn collapse_types_to_depth(name: &str, depth: usize) -> Cow<'_, str> {
    replace_enclosed(name, b'<', b'>', |before, inside| {
        if inside == "<name omitted>" || inside.contains(" as ") || inside.contains(" in ") {
            return Enclosed::Keep;
        }
        if before.ends_with("operator") {
            return Enclosed::Keep;
        }
        if depth > 0 && before.ends_with("IPC::ParamTraits") {
            let arguments = without_ends(inside);
            return Enclosed::Replace(
                format!("<{}>", collapse_types_to_depth(arguments, depth - 1)).into(),
            );
        }
        Enclosed::Replace("<T>".into())
    })
}

/// The text without its first and last character.
fn without_ends(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.next_back();
    characters.as_str()
}

/// Removes argument lists: `f(int)::{lambda()#1}` gives `f::{lambda#1}`.
///
/// Kept: `(anonymous namespace)` and the name of the call operator.
pub(crate) fn collapse_arguments(name: &str) -> Cow<'_, str> {
    replace_enclosed(name, b'(', b')', |before, inside| {
        if inside == "(anonymous namespace)" || before.ends_with("operator") {
            Enclosed::Keep
        } else {
            Enclosed::Replace("".into())
        }
    })
}

fn drop_brackets(name: &str) -> Cow<'_, str> {
    replace_enclosed(name, b'[', b']', |_, _| Enclosed::Replace("".into()))
}

/// Takes the number out of the names that clang gives to lambdas and blocks: `::$_12::` gives `::$::`.
///
/// Matches do not overlap, so of `::$_1::$_2::` only the first loses its number.
fn drop_lambda_numbers(name: &str) -> Cow<'_, str> {
    const START: &str = "::$_";
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = name[at..].find(START) {
        let start = at + found;
        let after_start = &name[start + START.len()..];
        let rest = after_start.trim_start_matches(is_decimal);
        if rest.len() < after_start.len() && rest.starts_with("::") {
            out.push_str(&name[copied..start]);
            out.push_str("::$::");
            copied = name.len() - rest.len() + 2;
            at = copied;
        } else {
            at = name.len() - rest.len();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(name);
    }
    out.push_str(&name[copied..]);
    Cow::Owned(out)
}

fn replace_text<'a>(text: Cow<'a, str>, from: &str, to: &str) -> Cow<'a, str> {
    if text.contains(from) {
        Cow::Owned(text.replace(from, to))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(function: &str) -> String {
        let normalized = normalize_cpp_function(function, None, &PatternList::default());
        normalized.unwrap().text.into_owned()
    }

    #[test]
    fn names_lose_what_varies() {
        for (function, name) in [
            (
                "static void Foo<Bar<int>, 3>::run(int *, char) const",
                "Foo<T>::run",
            ),
            (
                "js::`anonymous namespace'::f(int)",
                "js::(anonymous namespace)::f",
            ),
            ("A::operator()(int)", "A::operator()"),
            ("bool A::operator<(A const&) const", "bool A::operator<"),
            ("a::$_1::$_2::b()", "a::$::$_2::b"),
            (
                "IPC::ParamTraits<Foo<Bar>, int>::Read(int)",
                "IPC::ParamTraits<Foo<T>, int>::Read",
            ),
            ("f(int) [clone .cold]", "f "),
            ("decltype(x) f()", "f"),
        ] {
            assert_eq!(normalized(function), name, "{function:?}");
        }
    }

    #[test]
    fn a_name_of_qualifiers_only_is_an_error() {
        assert!(normalize_cpp_function("const", None, &PatternList::default()).is_err());
    }

    #[test]
    fn deep_nesting_ends() {
        let deep = "IPC::ParamTraits<".repeat(10_000);
        assert!(collapse_types(&deep).ends_with("<T>>>>>>>>>"));
    }
}
