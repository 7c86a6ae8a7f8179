//! Pieces of JSON text in Python's spelling.

use std::fmt::Write as _;

/// Appends `text` with everything outside U+0020..U+007E escaped, the way Python's `json.dumps`
/// does it: short escapes where they exist, else `\uXXXX` with lower-case digits, characters
/// beyond the basic plane as surrogate pairs. Quotation marks around it are the caller's.
pub fn escape_ascii(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
}

/// A finite float as Python's `repr` writes it: the shortest digits that read back to the same
/// value, always with a fraction or an exponent; the exponent form when the decimal exponent is
/// below -4 or at least 16.
///
/// ```
/// use socorro_core::json::float_text;
///
/// assert_eq!(float_text(100.0), "100.0");
/// assert_eq!(float_text(1e16), "1e+16");
/// assert_eq!(float_text(0.0000001), "1e-07");
/// ```
#[must_use]
pub fn float_text(value: f64) -> String {
    // Rust's exponent form has the shortest digits: "1.25e-7".
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelled_as_python_spells_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.25e300, "1.25e+300"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        ] {
            assert_eq!(float_text(value), text);
        }
    }

    #[test]
    fn escapes_cover_controls_and_all_planes() {
        let mut out = String::new();
        escape_ascii("a\u{0}\u{1f}\u{7f}é☃😀\"\\/\u{8}\u{c}", &mut out);
        assert_eq!(
            out,
            "a\\u0000\\u001f\\u007fé☃😀\"\\\\/\\b\\f"
                .replace("é☃😀\"", "\\u00e9\\u2603\\ud83d\\ude00\\\"")
        );
    }
}
