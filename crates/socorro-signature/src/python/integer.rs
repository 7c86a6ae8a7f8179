//! Integers from text (`int(text)`, `int(text, 16)`).

use super::digits::decimal_value;
use super::text::strip;

/// The digits of an integer that Python's `int` would read, of any length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    /// A minus sign stood before the digits.
    pub(crate) negative: bool,
    /// Lower-case ASCII digits without leading zeros; `0` for zero.
    pub(crate) digits: String,
}

impl Digits {
    /// The value; what does not fit takes the nearest end of the range.
    fn saturated(&self, radix: u32) -> i128 {
        match i128::from_str_radix(&self.digits, radix) {
            Ok(value) if self.negative => -value,
            Ok(value) => value,
            Err(_) if self.negative => i128::MIN,
            Err(_) => i128::MAX,
        }
    }
}

/// `int(text)`, saturating at the ends of [`i128`].
pub(crate) fn parse_decimal(text: &str) -> Option<i128> {
    let (negative, digits) = split_sign(strip(text));
    let digits = collect_digits(digits, 10)?;
    Some(Digits { negative, digits }.saturated(10))
}

/// `int(text, 16)`: sign, optional `0x`, single underscores between digits or after the prefix.
pub(crate) fn parse_hexadecimal(text: &str) -> Option<Digits> {
    let (negative, unsigned) = split_sign(strip(text));
    let digits = match unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"))
    {
        Some(prefixed) => prefixed.strip_prefix('_').unwrap_or(prefixed),
        None => unsigned,
    };
    let digits = collect_digits(digits, 16)?;
    let negative = negative && digits != "0";
    Some(Digits { negative, digits })
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Checks and reduces digits with single underscores between them.
fn collect_digits(text: &str, radix: u32) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    let mut seen_digit = false;
    let mut after_digit = false;
    for character in text.chars() {
        if character == '_' {
            if !after_digit {
                return None;
            }
            after_digit = false;
            continue;
        }
        let value = decimal_value(character).or_else(|| character.to_digit(radix))?;
        let digit = char::from_digit(value, radix)?;
        if digit != '0' || !digits.is_empty() {
            digits.push(digit);
        }
        seen_digit = true;
        after_digit = true;
    }
    if !seen_digit || !after_digit {
        return None;
    }
    if digits.is_empty() {
        digits.push('0');
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_reads_as_python_reads_it() {
        assert_eq!(parse_decimal(" 7 "), Some(7));
        assert_eq!(parse_decimal("-0_3"), Some(-3));
        assert_eq!(parse_decimal("\u{661}\u{660}"), Some(10));
        for bad in ["", "_1", "1_", "1__0", "0x10", "1.0", "+-1", "- 1"] {
            assert_eq!(parse_decimal(bad), None, "{bad:?}");
        }
        assert_eq!(parse_decimal(&"9".repeat(60)), Some(i128::MAX));
        assert_eq!(
            parse_decimal(&format!("-{}", "9".repeat(60))),
            Some(i128::MIN)
        );
    }

    #[test]
    fn hexadecimal_text_may_be_of_any_length() {
        let parsed = parse_hexadecimal("0X00FFFFffffffffffffffffffffffffffffffffffff0").unwrap();
        assert_eq!(parsed.digits, "ffffffffffffffffffffffffffffffffffffffff0");
        assert_eq!(parse_hexadecimal("0b11").unwrap().digits, "b11");
        assert!(parse_hexadecimal("-0x10").unwrap().negative);
        assert!(!parse_hexadecimal("-0").unwrap().negative);
        for bad in ["0x", "0x__1", "0o7", "", "0x_"] {
            assert_eq!(parse_hexadecimal(bad), None, "{bad:?}");
        }
    }
}
