//! Groups and everything else that starts with a parenthesis.

use super::DialectError;
use super::flags::Flags;
use super::parser::{LastItem, Parser};

/// Deepest nesting of groups; the regex engine has a limit too.
const MAXIMUM_DEPTH: usize = 40;

/// An open group.
#[derive(Debug)]
pub(super) struct Group {
    /// Flags to go back to at its end.
    outer_flags: Flags,
    /// Where it starts in the output.
    start: usize,
}

/// Reads what follows `(`.
pub(super) fn open(parser: &mut Parser<'_>) -> Result<(), DialectError> {
    if !parser.take_if('?') {
        parser.capture_count += 1;
        return open_group(parser, parser.flags);
    }
    match parser.take() {
        Some(':') => open_group(parser, parser.flags),
        Some('P') => open_named(parser),
        Some('#') => skip_comment(parser),
        Some('=' | '!') => Err(look_around()),
        Some('<') => Err(match parser.take() {
            Some('=' | '!') => look_around(),
            _ => DialectError::bad("unknown kind of group (?<"),
        }),
        Some('>') => Err(DialectError::unsupported(
            "atomic groups; write (?:…) instead",
        )),
        Some('(') => Err(DialectError::unsupported(
            "conditional groups; write the alternatives out",
        )),
        Some(first) if first == '-' || first.is_ascii_alphabetic() => {
            open_with_flags(parser, first)
        }
        Some(other) => Err(DialectError::bad(format!(
            "unknown kind of group (?{other}"
        ))),
        None => Err(DialectError::bad("the expression ends within a group")),
    }
}

/// Reads `)`.
pub(super) fn close(parser: &mut Parser<'_>) -> Result<(), DialectError> {
    let group = parser
        .open_groups
        .pop()
        .ok_or_else(|| DialectError::bad("a parenthesis closes nothing"))?;
    parser.out.push(')');
    parser.flags = group.outer_flags;
    parser.last = LastItem::Atom;
    parser.last_start = group.start;
    Ok(())
}

fn open_group(parser: &mut Parser<'_>, flags: Flags) -> Result<(), DialectError> {
    if parser.open_groups.len() >= MAXIMUM_DEPTH {
        return Err(DialectError::unsupported(format!(
            "groups nested more than {MAXIMUM_DEPTH} deep"
        )));
    }
    parser.not_plain();
    parser.open_groups.push(Group {
        outer_flags: parser.flags,
        start: parser.out.len(),
    });
    parser.flags = flags;
    parser.out.push_str("(?:");
    parser.last = LastItem::NotRepeatable;
    Ok(())
}

fn look_around() -> DialectError {
    DialectError::unsupported(
        "look-around, which needs a backtracking engine; write out what may follow",
    )
}

fn skip_comment(parser: &mut Parser<'_>) -> Result<(), DialectError> {
    match parser.rest().split_once(')') {
        Some((_, rest)) => {
            parser.set_rest(rest);
            Ok(())
        }
        None => Err(DialectError::bad("a comment is not closed")),
    }
}

/// Reads what follows `(?P`.
fn open_named(parser: &mut Parser<'_>) -> Result<(), DialectError> {
    match parser.take() {
        Some('<') => {
            let name = read_name(parser, '>')?;
            if parser.group_names.contains(&name) {
                return Err(DialectError::bad(format!(
                    "two groups have the name {name:?}"
                )));
            }
            parser.group_names.push(name);
            parser.capture_count += 1;
            open_group(parser, parser.flags)
        }
        Some('=') => {
            let name = read_name(parser, ')')?;
            Err(if parser.group_names.contains(&name) {
                DialectError::unsupported("back-references, which need a backtracking engine")
            } else {
                DialectError::bad(format!("there is no group of the name {name:?}"))
            })
        }
        _ => Err(DialectError::bad("unknown kind of group (?P")),
    }
}

fn read_name(parser: &mut Parser<'_>, end: char) -> Result<String, DialectError> {
    let Some((name, rest)) = parser.rest().split_once(end) else {
        return Err(DialectError::bad("the name of a group does not end"));
    };
    let mut characters = name.chars();
    let starts_well = characters
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic());
    if !starts_well || !characters.all(|character| character == '_' || character.is_alphanumeric())
    {
        return Err(DialectError::bad(format!(
            "{name:?} is no name for a group"
        )));
    }
    parser.set_rest(rest);
    Ok(name.to_owned())
}

/// Reads flags, of which the first letter (or minus sign) has been read.
fn open_with_flags(parser: &mut Parser<'_>, first: char) -> Result<(), DialectError> {
    let mut flags = parser.flags;
    let mut added = Flags::default();
    let mut on = true;
    let mut next = Some(first);
    loop {
        match next {
            Some(':') => return open_group(parser, flags),
            Some(')') if on => return set_global_flags(parser, flags, added),
            Some('-') if on => on = false,
            Some(letter) if letter.is_ascii_alphabetic() => {
                flags.set(letter, on)?;
                if on {
                    added.set(letter, true)?;
                }
            }
            _ => return Err(DialectError::bad("flags must end with : or )")),
        }
        next = parser.take();
    }
}

fn set_global_flags(
    parser: &mut Parser<'_>,
    flags: Flags,
    added: Flags,
) -> Result<(), DialectError> {
    if !parser.at_start() {
        return Err(DialectError::bad(
            "flags for the whole expression must stand at its start",
        ));
    }
    parser.flags = flags;
    parser.global_flags = parser.global_flags.union(added);
    if flags.ignore_case {
        parser.not_plain();
    }
    Ok(())
}
