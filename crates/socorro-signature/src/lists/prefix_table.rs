//! Plain texts that a name may start with.

/// A set of prefixes, looked up in logarithmic time.
#[derive(Debug, Default)]
pub(crate) struct PrefixTable {
    /// Sorted; none is a prefix of another.
    prefixes: Vec<Box<str>>,
}

impl PrefixTable {
    /// A table of the given prefixes.
    pub(crate) fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sorted: Vec<&str> = prefixes.into_iter().collect();
        sorted.sort_unstable();
        let mut kept: Vec<Box<str>> = Vec::with_capacity(sorted.len());
        for prefix in sorted {
            // What starts with a longer prefix starts with the shorter one too, which is sorted before it.
            if !kept
                .last()
                .is_some_and(|shorter| prefix.starts_with(&**shorter))
            {
                kept.push(prefix.into());
            }
        }
        Self { prefixes: kept }
    }

    /// Whether the name starts with one of the prefixes.
    pub(crate) fn matches(&self, name: &str) -> bool {
        // All texts between a prefix and the name start with the prefix, and none of those is in the table: only the
        // greatest entry that is not greater than the name can be its prefix.
        let following = self.prefixes.partition_point(|prefix| **prefix <= *name);
        let candidate = following
            .checked_sub(1)
            .and_then(|position| self.prefixes.get(position));
        candidate.is_some_and(|prefix| name.starts_with(&**prefix))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prefixes_are_found() {
        let table = PrefixTable::new(["mem", "memcpy", "str", "é"]);
        for name in ["mem", "memcpy", "memz", "strlen", "école"] {
            assert!(table.matches(name), "{name}");
        }
        for name in ["", "me", "ztr", "nmem", "e"] {
            assert!(!table.matches(name), "{name}");
        }
        assert!(PrefixTable::new([""]).matches("anything"));
        assert!(!PrefixTable::default().matches("anything"));
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_trying_all(
            prefixes in proptest::collection::vec("[ab]{0,4}", 0..12), name in "[abc]{0,6}",
        ) {
            let table = PrefixTable::new(prefixes.iter().map(String::as_str));
            let expected = prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()));
            prop_assert_eq!(table.matches(&name), expected);
        }
    }
}
