//! Classes of characters in brackets.

use super::DialectError;
use super::escape::{Category, category, read_class_escape};
use super::parser::{Parser, push_literal};

/// A member of a class.
enum Member {
    Character(char),
    Category(Category),
}

/// Reads what follows `[` and gives the class in the other dialect, where `[`, `&&`, `--` and `~~` within a class
/// would mean something.
pub(super) fn read_class(parser: &mut Parser<'_>) -> Result<String, DialectError> {
    let mut class = String::from(if parser.take_if('^') { "[^" } else { "[" });
    let mut first = true;
    loop {
        if !first && parser.take_if(']') {
            break;
        }
        first = false;
        let member = read_member(parser)?;
        if !parser.take_if('-') {
            write_member(parser, &member, &mut class);
            continue;
        }
        if parser.take_if(']') {
            write_member(parser, &member, &mut class);
            push_literal('-', &mut class);
            break;
        }
        match (member, read_member(parser)?) {
            (Member::Character(low), Member::Character(high)) if low <= high => {
                push_literal(low, &mut class);
                class.push('-');
                push_literal(high, &mut class);
            }
            _ => return Err(DialectError::bad("bad range of characters")),
        }
    }
    class.push(']');
    Ok(if parser.flags.ignore_case {
        format!("(?i:{class})")
    } else {
        class
    })
}

fn read_member(parser: &mut Parser<'_>) -> Result<Member, DialectError> {
    match parser.take() {
        None => Err(DialectError::bad("a class of characters is not closed")),
        Some('\\') => {
            if let Some(category) = parser.peek().and_then(category) {
                parser.take();
                return Ok(Member::Category(category));
            }
            let (character, rest) = read_class_escape(parser.rest())?;
            parser.set_rest(rest);
            Ok(Member::Character(character))
        }
        Some(character) => Ok(Member::Character(character)),
    }
}

fn write_member(parser: &Parser<'_>, member: &Member, class: &mut String) {
    match member {
        Member::Character(character) => push_literal(*character, class),
        Member::Category(category) => category.write_members(parser.flags.ascii, class),
    }
}
