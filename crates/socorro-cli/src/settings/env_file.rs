//! Files with lines `NAME=value`, as containers and shells have them.

use std::{collections::BTreeMap, path::Path};

use super::{origin::Place, text};
use crate::failure::Failure;

const FORM: &str = "a line is NAME=value, NAME=\"value\", NAME='value', # a comment, or empty";

/// A value and the line that it is on.
pub(super) type Entry = (String, Place);

/// Reads such a file. A name that comes twice has its last value.
///
/// Names may have dots, as Socorro's had until 2019. `export` before a name is passed over, a
/// comment begins with `#` at the start of a line or after a blank. Between single quotes
/// everything stands for itself; between double quotes `\"`, `\\`, `\$` and `\n` are escapes.
///
/// # Errors
///
/// When the file cannot be read, or a line cannot be understood; the message does not repeat the
/// line, as it may hold a secret.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Entry>, Failure> {
    let text = text::read(path, "environment file")?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<BTreeMap<String, Entry>, Failure> {
    let mut entries = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let place = Place {
            file: path.to_owned(),
            line: index + 1,
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = entry(line)
            .map_err(|problem| Failure::usage(format!("{place}: {problem}")).hint(FORM))?;
        entries.insert(name.to_owned(), (value, place));
    }
    Ok(entries)
}

fn entry(line: &str) -> Result<(&str, String), &'static str> {
    let line = line
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("there is no = in this line")?;
    let name = name.trim_end();
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    if !begins_well || !name.bytes().all(plain) {
        return Err("the name of a variable has letters, digits, _ and . only");
    }
    Ok((name, self::value(value.trim())?))
}

fn value(text: &str) -> Result<String, &'static str> {
    let (value, rest) = match text.chars().next() {
        Some('\'') => text[1..]
            .split_once('\'')
            .map(|(value, rest)| (value.to_owned(), rest))
            .ok_or("the closing ' is missing")?,
        Some('"') => in_double_quotes(&text[1..]).ok_or("the closing \" is missing")?,
        Some('#') | None => return Ok(String::new()),
        Some(_) => {
            let end = [" #", "\t#"]
                .iter()
                .filter_map(|comment| text.find(comment));
            let end = end.min().unwrap_or(text.len());
            return Ok(text[..end].trim_end().to_owned());
        }
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(value)
    } else {
        Err("there is more after the closing quote")
    }
}

/// The value up to the closing quote, and what follows.
fn in_double_quotes(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text, Path::new("my.env"))
            .unwrap()
            .into_iter()
            .map(|(name, (value, _))| (name, value))
            .collect()
    }

    #[test]
    fn lines_have_the_forms_of_shells_and_containers() {
        let text = "# settings\n\n A=1\nexport B = two # comment\nC='a b # \\n' # c\n\
                    D=\"a \\\"b\\\" \\\\ \\$\" \nE=\nF=a#b\nresource.boto.region=us-west-2\n\
                    exported=x\nA=last\nG=k=v\nH= # nothing\r\n";
        let expected = [
            ("A", "last"),
            ("B", "two"),
            ("C", "a b # \\n"),
            ("D", "a \"b\" \\ $"),
            ("E", ""),
            ("F", "a#b"),
            ("G", "k=v"),
            ("H", ""),
            ("exported", "x"),
            ("resource.boto.region", "us-west-2"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values(text), expected);
    }

    #[test]
    fn a_bad_line_is_named_and_not_repeated() {
        for (line, part) in [
            ("secret", "no ="),
            ("se cret=1", "letters"),
            ("=secret", "letters"),
            ("A='secret", "closing '"),
            ("A=\"secret", "closing \""),
            ("A=\"x\\", "closing \""),
            ("A='x' secret", "after the closing quote"),
        ] {
            let failure = parse(&format!("\n{line}"), Path::new("my.env")).unwrap_err();
            let message = failure.message();
            assert!(message.starts_with("my.env:2: "), "{message}");
            assert!(message.contains(part), "{message}");
            assert!(!message.contains("cret"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(value in "[^\r\n]*") {
            let mut quoted = String::new();
            for character in value.chars() {
                if matches!(character, '"' | '\\' | '$') {
                    quoted.push('\\');
                }
                quoted.push(character);
            }
            let text = format!("NAME=\"{quoted}\"");
            prop_assume!(text.lines().count() == 1);
            prop_assert_eq!(values(&text), [("NAME".to_owned(), value)]);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}(\n.{0,40}){0,4}") {
            let _ = parse(&text, Path::new("my.env"));
        }
    }
}
