//! Translation of list entries, which are Python expressions, into the dialect of the `regex` crate.
//!
//! Existing lists are written for Python's `re`. Most of its syntax means the same in both dialects; this
//! translator reads an entry by Python's rules and writes out what it means, so that nothing that merely looks
//! alike (`\<`, `[a&&b]`, `{`) slips through. What needs backtracking (look-around, back-references, atomic groups)
//! is refused, because matching must take linear time whatever a crash report holds.
//!
//! Source of the rules: Python 3.11, `Lib/re/_parser.py` and the documentation of the `re` module.

mod class;
mod escape;
mod flags;
mod group;
mod parser;
mod repeat;

pub(crate) use self::flags::Flags;
pub(crate) use self::parser::translate;

/// Why an entry cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DialectError {
    /// Python would not take it either.
    Bad(String),
    /// Python takes it, this product does not.
    Unsupported(String),
}

impl DialectError {
    fn bad(reason: impl Into<String>) -> Self {
        Self::Bad(reason.into())
    }

    fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}

/// What an entry means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Translation {
    /// The expression in the dialect of the `regex` crate, without captures.
    pub(crate) expression: String,
    /// The plain text that the expression stands for, if it stands for one.
    pub(crate) plain: Option<PlainText>,
    /// Whether it asks, anywhere, what comes next or that nothing does: `$`, `\b` and the like. If it does not, it
    /// also matches whatever begins with a name that it matches.
    pub(crate) looks_ahead: bool,
    /// Flags that hold for the whole list, from `(?i)` and the like at the start.
    pub(crate) global_flags: Flags,
    /// Names of groups.
    pub(crate) group_names: Vec<String>,
}

/// A text that needs no expression to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlainText {
    /// Names that start with it match.
    Prefix(String),
    /// Only this name matches (and, as Python's `$` has it, the name with a newline at its end).
    Whole(String),
}

impl PlainText {
    /// Whether the name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Self::Whole(whole) => name == whole || name.strip_suffix('\n') == Some(whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn matches(entry: &str, name: &str) -> bool {
        let translation = translate(entry, Flags::default()).unwrap();
        let expression = format!(r"\A(?:{})", translation.expression);
        Regex::new(&expression).unwrap().is_match(name)
    }

    #[test]
    fn entries_mean_what_they_mean_in_python() {
        for (entry, matching, other) in [
            ("a{{b}}", "a{{b}}", "a{b}"),
            ("{a b}", "{a b}", "a b"),
            ("a{,2}b", "aab", "aaab"),
            ("a{}", "a{}", "a"),
            ("a{2}", "aa", "a{2}"),
            ("x{1,y", "x{1,y", "x"),
            (r"\<name omitted\>", "<name omitted>", "name omitted"),
            ("foo$", "foo\n", "foox"),
            (r"foo\Z", "foo", "foo\n"),
            ("a.b", "a\rb", "a\nb"),
            ("(?s)a.b", "a\nb", "ab"),
            (r"\d+x", "\u{661}x", "x"),
            (r"\w+!", "é_1!", "!"),
            (r"a\sb", "a\u{1c}b", "ab"),
            (r"a\Sb", "a-b", "a\u{1c}b"),
            ("[[a]b", "[b", "b"),
            ("[a&&b]c", "&c", "dc"),
            ("[]a]x", "]x", "x"),
            ("[^]a]x", "bx", "]x"),
            ("[a-]x", "-x", "bx"),
            (r"[\d\-]x", "-x", "ax"),
            ("(?x) a b # c", "ab", "a b"),
            ("(?#comment)ab", "ab", "b"),
            (r"\x41\u0042\101", "ABA", "AB"),
            (r"[\101\b]", "\u{8}", "b"),
            ("(?i:É)x", "éx", "éX"),
            ("(?m:^a$)", "a\nb", "ab"),
            (r"(?a:\w)x", "ax", "éx"),
            ("(?P<n>a|b)+c", "abc", "c"),
            ("ab*?c", "ac", "bc"),
            ("(?i)a(?-i:b)", "Ab", "AB"),
        ] {
            assert!(matches(entry, matching), "{entry:?} {matching:?}");
            assert!(!matches(entry, other), "{entry:?} {other:?}");
        }
    }

    #[test]
    fn plain_texts_are_seen() {
        let plain = |entry| translate(entry, Flags::default()).unwrap().plain;
        assert_eq!(
            plain(r"a\.b\(c"),
            Some(PlainText::Prefix("a.b(c".to_owned()))
        );
        assert_eq!(plain("ab$"), Some(PlainText::Whole("ab".to_owned())));
        for entry in ["a.b", "(?i)a", "a|b", "a$b", "a$$", "ab?", "(?m)a$", "(a)"] {
            assert_eq!(plain(entry), None, "{entry:?}");
        }
    }

    #[test]
    fn expressions_that_depend_on_what_follows_are_seen() {
        let looks_ahead = |entry| translate(entry, Flags::default()).unwrap().looks_ahead;
        for entry in ["a$", "(a$|b)", r"a\Z", r"a\b", r"a\Bb", "(?m)a$b"] {
            assert!(looks_ahead(entry), "{entry:?}");
        }
        for entry in ["a", "^a.*b", "(a|b)+", "[$]", r"a\$", r"\Aa"] {
            assert!(!looks_ahead(entry), "{entry:?}");
        }
    }

    #[test]
    fn what_python_refuses_is_bad() {
        let refused = [
            "a(b",
            "a)",
            "a[b",
            "*x",
            "+a",
            "?a",
            "a**",
            "a{2}{3}",
            "a{3,2}",
            "[z-a]",
            "[a--b]",
            r"a\",
            r"a\qb",
            r"\1",
            "(?P<x>a)(?P<x>b)",
            "(?z)a",
            "(?i:a",
            "a(?i)b",
            "(?P<1>a)",
            "(?P=n)",
            "(?<n>a)",
            "^*",
            "a|*",
            "(?L)a",
            r"\x4",
            r"\400",
            "(?#",
            "(?",
            "(?P",
            "(?-a:b)",
            "{2}",
            r"[\d-z]",
            r"\U00110000",
        ];
        for entry in refused {
            let result = translate(entry, Flags::default());
            assert!(
                matches!(result, Err(DialectError::Bad(_))),
                "{entry:?} {result:?}"
            );
        }
    }

    #[test]
    fn what_needs_backtracking_is_refused() {
        let refused = [
            "a(?=b)",
            "a(?!b)",
            "(?<=a)b",
            "(?<!a)b",
            r"(a)\1",
            "(?P<n>a)(?P=n)",
            "(?>a)",
            "a*+",
            "(a)(?(1)b|c)",
            r"\N{BULLET}",
            "(?ai)a",
            "a{5000}",
        ];
        for entry in refused {
            let result = translate(entry, Flags::default());
            assert!(
                matches!(result, Err(DialectError::Unsupported(_))),
                "{entry:?} {result:?}"
            );
        }
    }

    #[test]
    fn length_and_depth_are_bounded() {
        let nested = |depth| format!("{}a{}", "(".repeat(depth), ")*".repeat(depth));
        let deepest = translate(&nested(40), Flags::default()).unwrap();
        assert!(Regex::new(&deepest.expression).is_ok());
        for entry in [nested(41), "a".repeat(5000)] {
            let result = translate(&entry, Flags::default());
            assert!(
                matches!(result, Err(DialectError::Unsupported(_))),
                "{result:?}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_translates_is_an_expression(
            entry in r"[ab(){}\[\]?:*+|^$.\\dswAZ1P<>=,#iamx-]{0,12}",
        ) {
            if let Ok(translation) = translate(&entry, Flags::default()) {
                let compiled = Regex::new(&format!(r"\A(?:{})", translation.expression));
                proptest::prop_assert!(compiled.is_ok(), "{entry:?} {compiled:?}");
            }
        }
    }
}
