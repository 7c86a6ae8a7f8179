//! Repetition.

use super::DialectError;
use super::parser::{LastItem, Parser};

/// Highest count that a repetition may ask for.
const MAXIMUM_COUNT: u32 = 1000;

/// `*`, `+` or `?`, which has been read.
pub(super) fn repeat_with(parser: &mut Parser<'_>, sign: char) -> Result<(), DialectError> {
    check_repeatable(parser)?;
    let mut repetition = String::from(sign);
    finish(parser, &mut repetition)
}

/// `{`, which has been read: a repetition if a valid count follows, otherwise a plain brace.
pub(super) fn repeat_counted(parser: &mut Parser<'_>) -> Result<(), DialectError> {
    let Some((body, rest)) = parser.rest().split_once('}') else {
        parser.literal_character('{');
        return Ok(());
    };
    let (low, high) = match body.split_once(',') {
        Some((low, high)) => (low, Some(high)),
        None => (body, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if body.is_empty() || !all_digits(low) || !high.is_none_or(all_digits) {
        parser.literal_character('{');
        return Ok(());
    }
    parser.set_rest(rest);
    let low = count(low)?.unwrap_or(0);
    let high = high.map(count).transpose()?;
    check_repeatable(parser)?;
    let mut repetition = match high {
        None => format!("{{{low}}}"),
        Some(None) => format!("{{{low},}}"),
        Some(Some(high)) if high < low => {
            return Err(DialectError::bad(
                "the lowest count is higher than the highest",
            ));
        }
        Some(Some(high)) => format!("{{{low},{high}}}"),
    };
    finish(parser, &mut repetition)
}

fn count(digits: &str) -> Result<Option<u32>, DialectError> {
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.parse() {
        Ok(count) if count <= MAXIMUM_COUNT => Ok(Some(count)),
        _ => Err(DialectError::unsupported(format!(
            "repetition counts above {MAXIMUM_COUNT}"
        ))),
    }
}

fn check_repeatable(parser: &Parser<'_>) -> Result<(), DialectError> {
    match parser.last {
        LastItem::Atom => Ok(()),
        LastItem::NotRepeatable => Err(DialectError::bad("nothing to repeat")),
        LastItem::Repeated => Err(DialectError::bad("a repetition of a repetition")),
    }
}

fn finish(parser: &mut Parser<'_>, repetition: &mut String) -> Result<(), DialectError> {
    if parser.take_if('+') {
        return Err(DialectError::unsupported(
            "possessive repetition; write it without the second +",
        ));
    }
    if parser.take_if('?') {
        repetition.push('?');
    }
    parser.not_plain();
    parser.out.insert_str(parser.last_start, "(?:");
    parser.out.push(')');
    parser.out.push_str(repetition);
    parser.last = LastItem::Repeated;
    Ok(())
}
