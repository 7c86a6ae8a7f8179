//! `--exclude` and `--include`.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, error::Error};

/// Which files are meant: all, unless the last pattern that fits a file excludes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters(Vec<(Effect, Vec<char>)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Exclude,
    Include,
}

const OPTIONS: [(&str, Effect, &str); 2] = [
    (
        "exclude",
        Effect::Exclude,
        "Leave out files whose path below the source fits: * stands for anything, ? for a character, [ab] for one of these; may be repeated, and the last that fits counts",
    ),
    (
        "include",
        Effect::Include,
        "Take files in again that an earlier --exclude leaves out",
    ),
];

impl Filters {
    /// Whether a file is meant, by its path below the root.
    pub(super) fn take(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let last = self
            .0
            .iter()
            .rev()
            .find(|(_, pattern)| fits(pattern, &name));
        last.is_none_or(|(effect, _)| *effect == Effect::Include)
    }
}

/// By hand, since the order of both options among each other counts.
impl FromArgMatches for Filters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut found = Vec::new();
        for (option, effect, _) in OPTIONS {
            let places = matches.indices_of(option).into_iter().flatten();
            let patterns = matches.get_many::<String>(option).into_iter().flatten();
            let pairs = places.zip(patterns);
            found.extend(pairs.map(|(place, text)| (place, effect, text.chars().collect())));
        }
        found.sort_by_key(|(place, ..)| *place);
        let filters = found.into_iter().map(|(_, effect, text)| (effect, text));
        Ok(Self(filters.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Filters {
    fn augment_args(command: Command) -> Command {
        OPTIONS
            .into_iter()
            .fold(command, |command, (name, _, help)| {
                let option = Arg::new(name)
                    .long(name)
                    .value_name("PATTERN")
                    .action(ArgAction::Append)
                    .value_parser(clap::builder::NonEmptyStringValueParser::new())
                    .help(help);
                command.arg(option)
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Whether a shell pattern fits all of a text. `*` also stands for `/`, as `aws s3` has it.
fn fits(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when it does not fit: after the last star, one character further each time.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let next = match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => one_of(&pattern[p..], text[t]).map(|length| p + length),
            Some(character) if *character == text[t] => Some(p + 1),
            _ => None,
        };
        match (next, star) {
            (Some(next), _) => (p, t) = (next, t + 1),
            (None, Some((after, taken))) => {
                (p, t) = (after, taken + 1);
                star = Some((after, taken + 1));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

/// The length of a `[…]` at the beginning of a pattern, if it fits the character.
fn one_of(pattern: &[char], character: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'!');
    let start = 1 + usize::from(negated);
    // A bracket right at the beginning stands for itself.
    let end = pattern.iter().skip(start + 1).position(|c| *c == ']');
    let Some(end) = end.map(|place| place + start + 1) else {
        return (character == '[').then_some(1);
    };
    let set = &pattern[start..end];
    let mut found = false;
    let mut place = 0;
    while place < set.len() {
        if set.get(place + 1) == Some(&'-') && place + 2 < set.len() {
            found |= (set[place]..=set[place + 2]).contains(&character);
            place += 3;
        } else {
            found |= set[place] == character;
            place += 1;
        }
    }
    (found != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn patterns_are_those_of_shells() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "v1/dump/x", true),
            ("v1/*", "v1/dump/x", true),
            ("v1/*", "v2/v1/x", false),
            ("*.json", "a/b.json", true),
            ("*a*b", "xaab", true),
            ("*a*b", "xaabc", false),
            ("?é?", "aéb", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[ab", "[ab", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(
                fits(&chars(pattern), &chars(text)),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn the_last_pattern_that_fits_counts() {
        let words = [
            "x",
            "--exclude",
            "*",
            "--include",
            "v1/*",
            "--exclude",
            "*.tmp",
        ];
        let words = words.map(OsString::from);
        let matches = Filters::augment_args(Command::new("x")).get_matches_from(words);
        let filters = Filters::from_arg_matches(&matches).unwrap();
        assert!(filters.take("v1/dump/a"));
        assert!(!filters.take("v1/dump/a.tmp"));
        assert!(!filters.take("other"));
        assert!(Filters::default().take("anything"));
    }
}
